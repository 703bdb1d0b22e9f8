"""Published definitions as the rules want them, read once: a published row never changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, select
from sqlalchemy.orm import Session

from forms.definition import FormDefinition, load_form
from models.campaign import Definition, DefinitionKind, DefinitionStatus
from notices.definition import NoticeKind, load_notice_kind
from scoring.definition import Scheme, load_scheme
from services.refusal import Refusal
from workflow.definition import Workflow, load_workflow

Parsed = TypeVar("Parsed")


@dataclass(frozen=True)
class Live:
    """A definition in force: its row's id, version and parsed content."""

    id: int
    version: int
    content: Any


#: Per database, because ids of two databases mean different things.
_known: WeakKeyDictionary[Engine | Connection, dict[Any, Live]] = WeakKeyDictionary()


def scheme_of(session: Session, definition_id: int) -> Scheme:
    """The scheme with this id."""
    return _read(session, definition_id, load_scheme)


def workflow_of(session: Session, definition_id: int) -> Workflow:
    """The procedure with this id."""
    return _read(session, definition_id, load_workflow)


def form_of(session: Session, definition_id: int) -> FormDefinition:
    """The form with this id, whatever its version: a rating opens for ever in the form it was made with."""
    return _read(session, definition_id, load_form)


def notice_kind_of(session: Session, definition_id: int) -> NoticeKind:
    """The kind of notice with this id."""
    return _read(session, definition_id, load_notice_kind)


def form_in_force(session: Session, pack_key: str, key: str) -> tuple[int, FormDefinition]:
    """The published form of a pack by its key, with its id."""
    live = in_force(session, pack_key, DefinitionKind.FORM, key)
    return live.id, form_of(session, live.id)


def notice_kind_in_force(session: Session, pack_key: str, key: str) -> tuple[Live, NoticeKind]:
    """The published kind of notice of a pack by its key."""
    live = in_force(session, pack_key, DefinitionKind.NOTICE_KIND, key)
    return live, notice_kind_of(session, live.id)


def in_force(session: Session, pack_key: str, kind: DefinitionKind, key: str) -> Live:
    """The published version of one definition of a pack; Refusal when there is none."""
    row = session.execute(
        select(Definition.id, Definition.version)
        .where(
            Definition.pack_key == pack_key,
            Definition.kind == kind,
            Definition.key == key,
            Definition.status == DefinitionStatus.PUBLISHED,
        )
        .order_by(Definition.version.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        raise Refusal("definition_missing", f"方案包“{pack_key}”中没有已发布的定义“{key}”，请管理员检查方案包。")
    return Live(id=row.id, version=row.version, content=None)


def _read(session: Session, definition_id: int, load: Callable[[Any], Parsed]) -> Parsed:
    known = _known.setdefault(session.get_bind(), {})
    live = known.get(definition_id)
    if live is None:
        row = session.get(Definition, definition_id)
        if row is None:
            raise Refusal("definition_missing", f"找不到编号为{definition_id}的定义，请管理员检查方案包。")
        live = Live(id=row.id, version=row.version, content=load(row.body))
        if row.status is not DefinitionStatus.DRAFT:
            known[definition_id] = live
    content: Parsed = live.content
    return content
