"""The shipped procedure with changes, published as its next version."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from models.campaign import Definition
from packs.pack import PartKind
from services.packs import publish_pack
from tests.integration.office import INSTALLER, START, district_pack
from workflow.definition import load_workflow


def publish_changed(
    session: Session, change: Callable[[dict[str, Any]], None], *, now: datetime = START
) -> Definition:
    """Publish the procedure as `change` leaves its document; gives the new version's row."""
    pack = district_pack()
    part = next(part for part in pack.parts if part.kind is PartKind.WORKFLOW)
    data = copy.deepcopy(dict(part.data))
    change(data)
    data["version"] = int(data["version"]) + 1
    workflow = load_workflow(data)
    parts = tuple(replace(other, data=data) if other is part else other for other in pack.parts)
    rows = publish_pack(
        session, INSTALLER, replace(pack, parts=parts, workflows={workflow.key: workflow}), now=now
    )
    return next(row for row in rows if row.key == workflow.key)


def renamed(data: dict[str, Any], old: str, new: str) -> None:
    """Another key for a state, everywhere it is named."""
    text = json.dumps(data, ensure_ascii=False).replace(f'"{old}"', f'"{new}"')
    data.clear()
    data.update(json.loads(text))


def state(data: dict[str, Any], key: str) -> dict[str, Any]:
    """A state of the document."""
    found: dict[str, Any] = next(item for item in data["states"] if item["key"] == key)
    return found
