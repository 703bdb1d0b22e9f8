"""A roster out of a workbook: tried first, then applied wholly or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from definitions.canonical import canonical_json
from models.base import Base
from models.campaign import DictionaryEntry
from models.people import Role
from models.roster import Category, Delegate, Monitor, Target, Unit
from packs import roster as plan
from packs.roster_import import Import, RosterRow, check
from packs.roster_sheets import SHEETS, sheets_of
from packs.workbook import Sheets, WorkbookRefused, read, write, write_marked
from services.actor import Actor
from services.history import record
from services.refusal import Refusal
from services.transaction import transaction

_NOUNS: dict[str, type[Base]] = {
    "categories": Category,
    "units": Unit,
    "targets": Target,
    "monitors": Monitor,
    "delegates": Delegate,
}


@dataclass(frozen=True)
class DryRun:
    """What an import would do, and to which state of the roster it would do it."""

    sheets: Sheets
    changes: Import
    #: Of the roster as it was compared with; the act is refused when it is another by then.
    fingerprint: str

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.changes.add or self.changes.change)


def delegate_groups(session: Session) -> dict[str, str]:
    """Names of the delegate groups by key."""
    rows = session.execute(
        select(DictionaryEntry.key, DictionaryEntry.name)
        .where(DictionaryEntry.dictionary_key == "delegate_groups", DictionaryEntry.active)
        .order_by(DictionaryEntry.position, DictionaryEntry.id)
    )
    return dict(rows.all())


def stored_roster(session: Session) -> plan.Roster:
    """The roster as it stands, in the form in which packs and workbooks speak of it."""
    categories = _all(session, Category, Category.position)
    units = _all(session, Unit, Unit.category_id, Unit.position)
    category_keys = {row.id: row.key for row in categories}
    unit_keys = {row.id: row.key for row in units}
    return plan.Roster.model_construct(
        key="roster",
        name="名册",
        version=1,
        source="",
        categories=tuple(plan.Category.model_construct(key=row.key, name=row.name) for row in categories),
        units=tuple(
            plan.Unit.model_construct(
                key=row.key, name=row.name, category=category_keys[row.category_id], active=row.active
            )
            for row in units
        ),
        targets=tuple(
            plan.Target.model_construct(
                key=row.key,
                name=row.name,
                unit=unit_keys[row.unit_id],
                person_in_charge=row.person_in_charge,
                active=row.active,
            )
            for row in _all(session, Target, Target.unit_id, Target.position)
        ),
        monitors=tuple(_plain(plan.Monitor, row) for row in _all(session, Monitor)),
        delegates=tuple(_plain(plan.Delegate, row) for row in _all(session, Delegate)),
    )


def _all(session: Session, kind: type[Any], *order: Any) -> list[Any]:
    return list(session.execute(select(kind).order_by(*order, kind.id)).scalars())


def _plain(kind: Any, row: Any) -> Any:
    return kind.model_construct(**{name: getattr(row, name) for name in kind.model_fields})


def roster_workbook(session: Session, actor: Actor) -> bytes:
    """The roster as an .xlsx file; changed and handed in again it is an import."""
    actor.require(Role.ADMIN, to="下载名册")
    return write(sheets_of(stored_roster(session), groups=delegate_groups(session)))


def dry_run(session: Session, actor: Actor, data: bytes) -> DryRun:
    """What the workbook would add and change, with every cell at fault. Changes nothing."""
    actor.require(Role.ADMIN, to="导入名册")
    try:
        sheets = read(data)
    except WorkbookRefused as refused:
        raise Refusal(refused.code, refused.sentence, 422) from refused
    return _tried(session, sheets)


def _tried(session: Session, sheets: Sheets) -> DryRun:
    roster, groups = stored_roster(session), delegate_groups(session)
    return DryRun(sheets, check(sheets, roster, groups=groups), _fingerprint(roster, groups))


def marked_workbook(run: DryRun) -> bytes:
    """The workbook as it came, with every cell at fault coloured and explained."""
    return write_marked(run.sheets, run.changes.marks())


def _fingerprint(roster: plan.Roster, groups: dict[str, str]) -> str:
    """SHA-256 over all that an import is compared with."""
    rows = {sheet.kind: [row.model_dump() for row in getattr(roster, sheet.kind)] for sheet in SHEETS}
    return hashlib.sha256(canonical_json({"rows": rows, "groups": groups}).encode()).hexdigest()


def apply(session: Session, actor: Actor, data: bytes, *, fingerprint: str, now: datetime) -> Import:
    """Do what the dry run showed, wholly or not at all. Rows that the workbook does not name stay as they are."""
    sheets = dry_run(session, actor, data).sheets
    with transaction(session):
        run = _tried(session, sheets)
        if run.fingerprint != fingerprint:
            raise Refusal(
                "roster_moved",
                "试导入之后名册已被修改，没有导入。请重新上传工作簿，核对新的比对结果后再确认。",
            )
        if not run.changes.good:
            raise Refusal(
                "roster_faults", "工作簿中还有错误，没有导入。请下载标注了错误的文件，改正后重新上传。", 422
            )
        if run.empty:
            raise Refusal("roster_same", "工作簿与现有名册一致，没有需要导入的内容。", 422)
        _Writer(session).write(run.changes)
        record(
            session,
            actor,
            "roster.imported",
            object_kind="roster",
            object_id="roster",
            payload={
                "sha256": hashlib.sha256(data).hexdigest(),
                "added": _keys(run.changes.add),
                "changed": _keys(change.row for change in run.changes.change),
            },
            now=now,
        )
    return run.changes


def _keys(rows: Iterable[RosterRow]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row.kind, []).append(row.key)
    return found


class _Writer:
    """Writes the rows of an import, kind by kind, so that references are there when they are needed."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._rows: dict[type[Any], dict[str, Any]] = {}

    def write(self, changes: Import) -> None:
        self._free_names(changes)
        for sheet in SHEETS:
            kind = _NOUNS[sheet.kind]
            self._read(kind)
            for row in (change.row for change in changes.change if change.row.kind == sheet.kind):
                stored = self._find(kind, row.key)
                for name, value in self._values(row).items():
                    setattr(stored, name, value)
            last = self._last_position(kind)
            for number, row in enumerate((row for row in changes.add if row.kind == sheet.kind), start=1):
                place = {} if last is None else {"position": last + number}
                added: Any = kind(**self._values(row), **place)
                self._session.add(added)
                self._rows[kind][row.key] = added
            self._session.flush()

    def _free_names(self, changes: Import) -> None:
        """Names that wander from row to row: all are let go of before any is taken."""
        for change in changes.change:
            kind = _NOUNS[change.row.kind]
            if kind in (Category, Unit) and "name" in change.before:
                stored = self._find(kind, change.row.key)
                stored.name = f"（改名中）{stored.id}"
        self._session.flush()

    def _find(self, kind: type[Any], key: str) -> Any:
        self._read(kind)
        return self._rows[kind][key]

    def _read(self, kind: type[Any]) -> None:
        """All rows of a kind are read and locked once."""
        if kind not in self._rows:
            rows = self._session.execute(select(kind).with_for_update()).scalars()
            self._rows[kind] = {row.key: row for row in rows}

    def _last_position(self, kind: type[Any]) -> int | None:
        if not hasattr(kind, "position"):
            return None
        return self._session.execute(select(func.coalesce(func.max(kind.position), 0))).scalar_one()

    def _values(self, row: RosterRow) -> dict[str, Any]:
        values = dict(row.values)
        for name, kind in (("category", Category), ("unit", Unit)):
            if name in values:
                values[f"{name}_id"] = self._find(kind, values.pop(name)).id
        return values
