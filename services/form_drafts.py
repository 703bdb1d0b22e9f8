"""Forms being made: how `services.definition_drafts` serves them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from forms.edit import EditRefused, copied_document, new_document
from forms.references import Use
from services import definition_drafts as drafts
from services.actor import Actor
from services.definition_drafts import DraftChanged
from services.definition_versions import Document, Draft, may_design, office_pack
from services.form_versions import FORM
from services.refusal import Refusal
from services.transaction import transaction

__all__ = [
    "DraftChanged",
    "FieldInUse",
    "discard_draft",
    "edit_draft",
    "open_draft",
    "redo",
    "start_form",
    "undo",
]


class FieldInUse(Refusal):
    """A field that other places need; carries them."""

    def __init__(self, sentence: str, uses: tuple[Use, ...]) -> None:
        super().__init__("field_in_use", sentence, 409)
        self.uses = uses


def open_draft(session: Session, actor: Actor, key: str, *, now: datetime) -> Draft:
    """The draft of a published form: the one there is, else a new one that begins as the newest version."""
    return drafts.open_draft(session, actor, FORM, key, now=now)


def start_form(
    session: Session, actor: Actor, *, name: str, copy_of: str = "", key: str = "", now: datetime
) -> Draft:
    """A new form from an empty page, or with the fields of another. key: empty for the next free one."""
    may_design(actor, FORM)
    typed = drafts.named(FORM, name)
    with transaction(session):
        pack_key = office_pack(session)
        own = drafts.new_key(session, FORM, pack_key, key, stem="form")
        if copy_of:
            found = drafts.newest_document(session, FORM, pack_key, copy_of)
            document = copied_document(found, key=own, name=typed)
        else:
            document = new_document(own, typed)
        return drafts.begin_draft(
            session, actor, FORM, document, "新建表单", pack_key=pack_key, based_on=None, now=now
        )


def discard_draft(session: Session, actor: Actor, key: str, *, seen: str, now: datetime) -> None:
    """Throw a draft away; published versions stay as they are."""
    drafts.discard_draft(session, actor, FORM, key, seen=seen, now=now)


def edit_draft(
    session: Session,
    actor: Actor,
    key: str,
    change: Callable[[Document], Document],
    *,
    seen: str,
    words: str,
    now: datetime,
) -> Draft:
    """Make one change (see `forms.edit`) and keep it at once; FieldInUse with the places that forbid it."""

    def made(document: Document) -> Document:
        try:
            return change(document)
        except EditRefused as refused:
            if refused.uses:
                raise FieldInUse(refused.sentence, refused.uses) from refused
            raise Refusal(refused.code, refused.sentence, 422) from refused

    return drafts.edit_draft(session, actor, FORM, key, made, seen=seen, words=words, now=now)


def undo(session: Session, actor: Actor, key: str, *, seen: str, now: datetime) -> Draft:
    """Take the last change back, whoever made it."""
    return drafts.turn(session, actor, FORM, key, seen=seen, now=now, back=True)


def redo(session: Session, actor: Actor, key: str, *, seen: str, now: datetime) -> Draft:
    """Make the change again that was last taken back."""
    return drafts.turn(session, actor, FORM, key, seen=seen, now=now, back=False)
