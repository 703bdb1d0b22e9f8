"""One spelling of plain data, so that the same content has the same hash everywhere."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def canonical_json(data: Any) -> str:
    """Plain data as JSON with sorted keys and no spaces; numbers must be integers or strings for exactness.

    >>> canonical_json({"b": 1, "a": "优"})
    '{"a":"优","b":1}'
    """
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def sha256_of(data: Any) -> str:
    """Hex SHA-256 of the canonical JSON."""
    return hashlib.sha256(canonical_json(data).encode()).hexdigest()
