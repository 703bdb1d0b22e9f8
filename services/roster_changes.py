"""Rows of the roster and of the dictionaries: added, changed, closed, removed, each as one recorded act."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import String, select
from sqlalchemy.orm import Session

from models.base import Base
from models.campaign import DictionaryEntry
from models.people import Role
from models.roster import Category, Delegate, Monitor, Target, Unit
from services.actor import Actor
from services.history import record
from services.refusal import Refusal, not_found
from services.roster_uses import uses_of
from services.transaction import transaction

Row = TypeVar("Row", Category, Unit, Target, Monitor, Delegate, DictionaryEntry)

#: What each kind of row is called in sentences.
NOUNS: dict[type[Base], str] = {
    Category: "类别",
    Unit: "单位",
    Target: "测评对象",
    Monitor: "监测点",
    Delegate: "代表",
    DictionaryEntry: "字典条目",
}
#: The same, as the log names it.
KINDS: dict[type[Base], str] = {
    Category: "category",
    Unit: "unit",
    Target: "target",
    Monitor: "monitor",
    Delegate: "delegate",
    DictionaryEntry: "dictionary_entry",
}
FIELD_NAMES = {
    "key": "编码",
    "name": "名称",
    "position": "排序",
    "category_id": "类别",
    "unit_id": "单位",
    "person_in_charge": "主要负责人",
    "kind": "类型",
    "contact": "联系人",
    "phone": "联系电话",
    "group": "代表类别",
    "organisation": "所在单位",
    "dictionary_key": "字典",
    "parent": "上级条目",
}
#: Fields inside which a name may stand once; kinds not named may repeat names.
_NAME_WITHIN: dict[type[Base], tuple[str, ...]] = {
    Category: (),
    Unit: (),
    Target: ("unit_id",),
    Monitor: (),
    DictionaryEntry: ("dictionary_key", "parent"),
}
#: Rows about persons and reporters: the log says which fields changed, not what they say.
_CONFIDENTIAL = (Monitor, Delegate)
#: Fields that are set when a row is made and stay.
_FIXED = ("key", "dictionary_key")
_KEY = re.compile(r"[a-z][a-z0-9_]{0,59}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")
LARGEST_POSITION = 1_000_000


def save(
    session: Session,
    actor: Actor,
    kind: type[Row],
    values: Mapping[str, Any],
    *,
    row_id: int | None = None,
    row_version: int | None = None,
    now: datetime,
) -> Row:
    """Add a row (without `row_id`) or change one, and say so in the log.

    values: columns by name; those left out stay. row_version: of the row as the person saw it; a row that
    moved meanwhile is refused. Code and dictionary of a row never change: other rows and files refer to them.
    """
    actor.require(Role.ADMIN, to=f"维护{NOUNS[kind]}")
    clean = {name: _clean(kind, name, value) for name, value in values.items()}
    with transaction(session):
        row = None if row_id is None else _held(session, kind, row_id, row_version)
        if row is not None:
            clean = {name: value for name, value in clean.items() if name not in _FIXED}
        after = {**({} if row is None else _columns(row)), **clean}
        _check(session, kind, after, row_id)
        if row is None:
            row = kind(**clean)
            session.add(row)
            session.flush()
            _log(session, actor, row, "added", clean, now)
            return row
        changed = {name: value for name, value in clean.items() if getattr(row, name) != value}
        if changed:
            before = {name: getattr(row, name) for name in changed}
            for name, value in changed.items():
                setattr(row, name, value)
            session.flush()
            _log(session, actor, row, "changed", changed, now, before=before)
    return row


def remove(
    session: Session, actor: Actor, kind: type[Row], row_id: int, *, row_version: int | None, now: datetime
) -> None:
    """Take a row out that nothing refers to. One in use is refused: it can be closed instead."""
    noun = NOUNS[kind]
    actor.require(Role.ADMIN, to=f"删除{noun}")
    with transaction(session):
        row = _held(session, kind, row_id, row_version)
        uses = uses_of(session, row)
        if uses:
            way = "可改为“停用”，历史记录仍保留" if hasattr(row, "active") else "请先移走这些记录"
            raise Refusal("row_in_use", f"{noun}“{row.name}”已被使用（{'、'.join(uses)}），不能删除；{way}。")
        _log(session, actor, row, "removed", _columns(row), now)
        session.delete(row)
        session.flush()


def refuse_stale(row: Any, row_version: int | None, what: str) -> None:
    """Refuse when the row is no longer the one that the person had before the eyes."""
    if row_version is not None and row.row_version != row_version:
        raise Refusal(
            "row_moved",
            f"在您填写期间，{what}已被他人修改，为免覆盖没有保存。请重新打开此页，核对后再改。",
        )


def _held(session: Session, kind: type[Row], row_id: int, row_version: int | None) -> Row:
    row = session.get(kind, row_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise not_found(NOUNS[kind])
    refuse_stale(row, row_version, f"{NOUNS[kind]}“{row.name}”")
    return row


def _columns(row: Any) -> dict[str, Any]:
    names = (attribute.key for attribute in row.__mapper__.column_attrs)
    return {name: getattr(row, name) for name in names if name not in ("id", "row_version")}


def _clean(kind: type[Base], name: str, value: Any) -> Any:
    """The value without blanks at its ends; refused when the column cannot hold it."""
    label = FIELD_NAMES.get(name, name)
    if name == "position":
        if not isinstance(value, int) or not 0 <= value <= LARGEST_POSITION:
            raise Refusal("position", f"“排序”应为0到{LARGEST_POSITION}之间的整数。", 422)
        return value
    if not isinstance(value, str):
        return value
    text = value.strip()
    if _CONTROL.search(text):
        raise Refusal("control", f"“{label}”含换行或不可见字符，请写成一行。", 422)
    column = kind.__mapper__.column_attrs[name].columns[0]
    longest = column.type.length if isinstance(column.type, String) else None
    if longest is not None and len(text) > longest:
        raise Refusal("too_long", f"“{label}”超过{longest}个字，请缩短。", 422)
    return text


def _check(session: Session, kind: type[Row], after: Mapping[str, Any], row_id: int | None) -> None:
    noun = NOUNS[kind]
    if not after.get("name"):
        raise Refusal("name_missing", f"请填写{noun}的名称。", 422)
    if not _KEY.fullmatch(after.get("key") or ""):
        raise Refusal("key_form", "“编码”以小写字母开头，只含小写字母、数字和下划线，最长60个字。", 422)
    within: tuple[str, ...] = ("dictionary_key",) if kind is DictionaryEntry else ()
    if _taken(session, kind, after, ("key", *within), row_id):
        raise Refusal("key_taken", f"编码“{after['key']}”已有{noun}使用，请换一个。", 422)
    if kind in _NAME_WITHIN and _taken(session, kind, after, ("name", *_NAME_WITHIN[kind]), row_id):
        raise Refusal("name_taken", f"已有同名的{noun}“{after['name']}”，请换一个名称。", 422)
    check = _REFERENCES.get(kind)
    if check is not None:
        check(session, after)


def _taken(
    session: Session, kind: type[Row], after: Mapping[str, Any], fields: tuple[str, ...], row_id: int | None
) -> bool:
    same = select(kind.id).where(*(getattr(kind, name) == after.get(name, "") for name in fields))
    return session.execute(same.where(kind.id != (row_id or 0)).limit(1)).first() is not None


def _check_unit(session: Session, after: Mapping[str, Any]) -> None:
    if session.get(Category, after.get("category_id") or 0) is None:
        raise Refusal("category_missing", "请选择单位所属的类别。", 422)


def _check_target(session: Session, after: Mapping[str, Any]) -> None:
    if session.get(Unit, after.get("unit_id") or 0) is None:
        raise Refusal("unit_missing", "请选择测评对象所属的单位。", 422)


def _check_delegate(session: Session, after: Mapping[str, Any]) -> None:
    if _entry(session, "delegate_groups", after.get("group", "")) is None:
        raise Refusal("group_missing", "请从字典“代表类别”中选择一项。", 422)


def _check_entry(session: Session, after: Mapping[str, Any]) -> None:
    if not after.get("dictionary_key"):
        raise Refusal("dictionary_missing", "请选择字典。", 422)
    parent = after.get("parent", "")
    if not parent:
        return
    above = _entry(session, after["dictionary_key"], parent)
    if above is None or above.parent or parent == after["key"]:
        raise Refusal("parent_wrong", "上级条目应为同一字典的第一级条目，请重新选择。", 422)
    below = select(DictionaryEntry.id).where(
        DictionaryEntry.dictionary_key == after["dictionary_key"], DictionaryEntry.parent == after["key"]
    )
    if session.execute(below.limit(1)).first():
        raise Refusal("two_levels", "此条目下还有下级条目，字典只有两级，不能再放到别的条目之下。", 422)


def _entry(session: Session, dictionary: str, key: str) -> DictionaryEntry | None:
    return session.execute(
        select(DictionaryEntry).where(
            DictionaryEntry.dictionary_key == dictionary, DictionaryEntry.key == key
        )
    ).scalar_one_or_none()


_REFERENCES: dict[type[Base], Callable[[Session, Mapping[str, Any]], None]] = {
    Unit: _check_unit,
    Target: _check_target,
    Delegate: _check_delegate,
    DictionaryEntry: _check_entry,
}


def _log(
    session: Session,
    actor: Actor,
    row: Any,
    act: str,
    values: Mapping[str, Any],
    now: datetime,
    *,
    before: Mapping[str, Any] | None = None,
) -> None:
    payload: dict[str, Any] = {"key": row.key}
    if isinstance(row, _CONFIDENTIAL):
        payload["fields"] = sorted(values)
    else:
        payload["values"] = {name: _plain(value) for name, value in values.items()}
        if before is not None:
            payload["before"] = {name: _plain(value) for name, value in before.items()}
    kind = KINDS[type(row)]
    record(session, actor, f"{kind}.{act}", object_kind=kind, object_id=row.id, payload=payload, now=now)


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
