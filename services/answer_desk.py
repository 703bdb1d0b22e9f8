"""A collection as whoever fills it in meets it: found by its link, opened by whoever may."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.choices import Entry
from forms.definition import FormDefinition
from models.campaign import Definition, DefinitionStatus
from models.collection import Collection, CollectionCode
from services.actor import Actor
from services.answer_access import refuse_second
from services.answer_drafts import (
    Place,
    account_place,
    code_place,
    resume_place,
)
from services.answers import CARDHOLDER, VISITOR
from services.card_fixed import fixed_by
from services.choices import StoredChoices
from services.definitions import form_of
from services.one_time_codes import code_hash, count_wrong
from services.refusal import Refusal, forbidden, not_found

_KEPT = re.compile(r"file-(\d{1,12})")


class SentChoices(StoredChoices):
    """The office's lists, but of the monitors only one's own: whoever has a link may not learn who they are."""

    def __init__(self, session: Session, monitor: str = "") -> None:
        super().__init__(session)
        self._monitor = monitor

    def entries(self, of: str) -> Sequence[Entry]:
        """See `forms.choices.ChoiceSource`."""
        found = super().entries(of)
        return tuple(entry for entry in found if entry.key == self._monitor) if of == "monitor" else found


@dataclass(frozen=True)
class Desk:
    """One filling of one collection, by one person.

    actor: under whose name it happens. code: the one-time code it is done with. fixed: answers that stand whatever
    is sent. resume: the code of the draft, as it was typed; empty for none. source: as of `services.answers.Way`.
    """

    held: Collection
    form_id: int
    form: FormDefinition
    actor: Actor
    choices: StoredChoices
    fixed: Mapping[str, str]
    code: CollectionCode | None = None
    resume: str = ""
    source: str = "web"
    #: The account through which another system hands in; files it sent ahead may be named.
    sender: int | None = None

    @property
    def place(self) -> Place | None:
        """Where the draft belongs; None where none is kept."""
        if self.held.anonymous:
            return None
        if self.code is not None:
            return code_place(self.held, self.code.id)
        if self.actor.user_id is not None:
            return account_place(self.actor, self.held)
        return resume_place(self.held, self.resume) if self.resume else None


def collection_by_slug(session: Session, slug: str) -> Collection:
    """The collection behind a link."""
    held = session.execute(select(Collection).where(Collection.slug == slug)).scalar_one_or_none()
    if held is None:
        raise not_found("这份表单；链接可能不完整")
    return held


def desk_for_visitor(
    session: Session, held: Collection, *, form_id: int | None = None, resume: str = ""
) -> Desk:
    """For anyone with the link."""
    if held.access != "open":
        raise not_found("这份表单的公开填写页")
    return _desk(session, held, VISITOR, form_id=form_id, resume=resume)


def desk_for_account(session: Session, held: Collection, actor: Actor, *, form_id: int | None = None) -> Desk:
    """For a person who logged in and holds one of the roles."""
    if held.access != "account":
        raise not_found("这份表单的登录填写页")
    refuse_stranger(held, actor)
    refuse_second(session, actor, held)
    return _desk(session, held, actor, form_id=form_id)


def refuse_stranger(held: Collection, actor: Actor) -> None:
    """Refuse whoever holds none of the roles a collection for accounts is meant for."""
    if held.access == "account" and not actor.roles & set(held.roles):
        raise forbidden(f"填写“{held.title}”")


def desk_for_system(
    session: Session,
    held: Collection,
    actor: Actor,
    system: str,
    *,
    code: str,
    form_id: int | None,
    again: bool,
    now: datetime,
) -> Desk:
    """For another system that hands in what it was given, by the same rules as the page.

    actor: the account of its token. system: its name, for the log. again: the answer is here already.
    """
    if held.access == "account":
        refuse_stranger(held, actor)
        desk = (
            _desk(session, held, actor, form_id=form_id) if again else desk_for_account(session, held, actor)
        )
    elif held.access == "code":
        if not code.strip():
            raise Refusal("code_missing", f"“{held.title}”凭代码卡填写，请写卡片上的代码（code）。", 422)
        desk = desk_for_code(session, held, code[:80], form_id=form_id, now=now)
    else:
        desk = desk_for_visitor(session, held, form_id=form_id)
    if held.access != "account":
        # Who answers is not known; through which system it came is. Of anonymous answers nothing is written down.
        desk = replace(desk, actor=replace(desk.actor, name=f"{desk.actor.name[:-1]}，接口：{system[:40]}）"))
    return replace(desk, source="api", sender=actor.user_id)


def desk_for_code(
    session: Session, held: Collection, code: str, *, form_id: int | None = None, now: datetime
) -> Desk:
    """For the holder of a card. The same refusal for every code that opens nothing."""
    row = session.execute(
        select(CollectionCode).where(
            CollectionCode.collection_id == held.id, CollectionCode.code_hash == code_hash(code)
        )
    ).scalar_one_or_none()
    if row is None:
        if held.closed_at is not None:
            raise Refusal("closed", f"“{held.title}”已经结束，不再接收填写。")
        count_wrong(session, now)
        raise Refusal("code_unknown", "代码不对，请核对卡片上的代码，横线可以不输。", 404)
    return _desk(session, held, CARDHOLDER, form_id=form_id, code=row)


def _desk(
    session: Session,
    held: Collection,
    actor: Actor,
    *,
    form_id: int | None,
    code: CollectionCode | None = None,
    resume: str = "",
) -> Desk:
    chosen = _given_out(session, held, form_id)
    form = form_of(session, chosen)
    fixed = fixed_by(held, form, code)
    monitor = ""
    if code is not None and code.monitor is not None:
        monitor = code.monitor.key
    own = actor.user_id is not None
    choices = StoredChoices(session) if own else SentChoices(session, monitor)
    return Desk(held, chosen, form, actor, choices, fixed, code, resume)


def _given_out(session: Session, held: Collection, form_id: int | None) -> int:
    """The version a page was shown in, if this collection gave it out; else the one given out now.

    Whoever was filling in when the office took a newer version is not made to begin anew.
    """
    if form_id is None or form_id == held.form_id:
        return held.form_id
    row = session.get(Definition, form_id)
    now = session.get_one(Definition, held.form_id)
    known = row is not None and row.status is not DefinitionStatus.DRAFT
    if row is None or not known or (row.pack_key, row.kind, row.key) != (now.pack_key, now.kind, now.key):
        return held.form_id
    return form_id if row.version <= now.version else held.form_id
