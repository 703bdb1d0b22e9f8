"""Published definitions as the rules want them, read once: a published row never changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, select
from sqlalchemy.orm import Session

from forms.definition import FormDefinition, load_form
from models.campaign import Campaign, Definition, DefinitionKind, DefinitionStatus
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


def known_workflow(session: Session, definition_id: int) -> Workflow | None:
    """The procedure with this id if this process has read it before; asks the database nothing."""
    live = _known.get(session.get_bind(), {}).get(definition_id)
    return live.content if live is not None and isinstance(live.content, Workflow) else None


def form_of(session: Session, definition_id: int) -> FormDefinition:
    """The form with this id, whatever its version: a rating opens for ever in the form it was made with."""
    return _read(session, definition_id, load_form)


def notice_kind_of(session: Session, definition_id: int) -> NoticeKind:
    """The kind of notice with this id."""
    return _read(session, definition_id, load_notice_kind)


def form_of_campaign(session: Session, campaign: Campaign, key: str) -> tuple[int, FormDefinition]:
    """The form a campaign uses under this key, with its id."""
    definition_id = _used(campaign, "forms", key)
    return definition_id, form_of(session, definition_id)


def notice_kind_of_campaign(session: Session, campaign: Campaign, key: str) -> tuple[Live, NoticeKind]:
    """The kind of notice a campaign uses under this key."""
    definition_id = _used(campaign, "notice_kinds", key)
    kind = notice_kind_of(session, definition_id)
    return _known[session.get_bind()][definition_id], kind


def _used(campaign: Campaign, kind: str, key: str) -> int:
    definition_id = campaign.settings[kind].get(key)
    if definition_id is None:
        raise Refusal(
            "definition_missing", f"活动“{campaign.name}”没有代号为“{key}”的定义，请管理员检查方案包。"
        )
    return int(definition_id)


def ids_in_force(session: Session, pack_key: str, kind: DefinitionKind) -> dict[str, int]:
    """Key to id of the published definitions of one kind of a pack."""
    rows = session.execute(
        select(Definition.key, Definition.id).where(
            Definition.pack_key == pack_key,
            Definition.kind == kind,
            Definition.status == DefinitionStatus.PUBLISHED,
        )
    )
    return {row.key: row.id for row in rows}


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
