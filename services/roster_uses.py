"""What refers to a row of the roster, so that nothing in use is ever deleted."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.base import Base
from models.campaign import DictionaryEntry
from models.case import Case
from models.notice import ServiceRecord
from models.rating import BallotRound, Rating
from models.roster import Delegate, Target

#: What the rows of a table are called in sentences.
_TABLES = {
    "unit": "单位",
    "target": "测评对象",
    "user_account": "账号",
    "rating": "测评记录",
    "tally": "测评计数",
    "standing": "得分",
    "rectification_case": "整改事项",
    "deduction": "扣分",
    "notice": "文书",
}
#: Dictionaries whose entries stand in columns of their own; entries of others can stand in any answer.
_COLUMNS: dict[str, tuple[Any, str]] = {
    "delegate_groups": (Delegate.group, "代表"),
    "channels": (Case.channel, "整改事项"),
    "service_ways": (ServiceRecord.way, "送达记录"),
}


def uses_of(session: Session, row: Any) -> list[str]:
    """Kinds of record that refer to the row, in words; empty when it can be deleted."""
    if isinstance(row, DictionaryEntry):
        return _entry_uses(session, row)
    found = []
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if (
                any(key.column.table is row.__table__ for key in column.foreign_keys)
                and session.execute(select(column).where(column == row.id).limit(1)).first()
            ):
                found.append(_TABLES.get(table.name, table.name))
                break
    if isinstance(row, Target) and any(
        row.id in target_ids for target_ids in session.execute(select(BallotRound.target_ids)).scalars()
    ):
        found.append("集中测评")
    return found


def _entry_uses(session: Session, row: DictionaryEntry) -> list[str]:
    below = select(DictionaryEntry.id).where(
        DictionaryEntry.dictionary_key == row.dictionary_key, DictionaryEntry.parent == row.key
    )
    found = ["下级条目"] if session.execute(below.limit(1)).first() else []
    if row.dictionary_key in _COLUMNS:
        column, words = _COLUMNS[row.dictionary_key]
        if session.execute(select(column).where(column == row.key).limit(1)).first():
            found.append(words)
        return found
    # Answers are kept as they were written and not indexed by entry: once there are any, entries stay.
    if session.execute(select(Rating.id).limit(1)).first():
        found.append("测评记录")
    if session.execute(select(Case.id).limit(1)).first():
        found.append("整改事项")
    return found
