"""What a browser posted, as people could have typed it."""

from __future__ import annotations

from flask import request
from werkzeug.datastructures import MultiDict

#: Control characters; no keyboard makes them, no page may show them, and PostgreSQL keeps no zero byte.
_CONTROLS = dict.fromkeys([*range(9), 11, 12, *range(14, 32), *range(127, 160), 0xFFFE, 0xFFFF])


def typed_form() -> MultiDict[str, str]:
    """The posted fields without control characters; line ends and tabs stay."""
    pairs = [(name, value.translate(_CONTROLS)) for name, value in request.form.items(multi=True)]
    return MultiDict(pairs)
