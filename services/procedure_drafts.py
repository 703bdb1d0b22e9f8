"""Procedures being made: how `services.definition_drafts` serves them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from definitions.fault import DefinitionFaults, Fault
from services import definition_drafts as drafts
from services.actor import Actor
from services.definition_drafts import DraftChanged
from services.definition_versions import Document, Draft, may_design, office_pack
from services.procedure_versions import PROCEDURE
from services.refusal import Refusal
from services.stored_pack import stored_pack
from services.transaction import transaction
from workflow.definition import Workflow
from workflow.edit import ProcedureEditRefused, copied_document, new_document
from workflow.uses import Use

__all__ = [
    "DraftChanged",
    "EntryInUse",
    "Hand",
    "Unfit",
    "discard_draft",
    "open_draft",
    "redo",
    "start_procedure",
    "undo",
]


class EntryInUse(Refusal):
    """An entry that other places need; carries them."""

    def __init__(self, sentence: str, uses: tuple[Use, ...]) -> None:
        super().__init__("entry_in_use", sentence, 409)
        self.uses = uses


class Unfit(Refusal):
    """Settings that are no settings: nothing was kept. faults: each with its place in the document."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("procedure_unfit", "；".join(fault.what for fault in faults), 422)
        self.faults = faults


@dataclass(frozen=True)
class Hand:
    """Whoever posted, with what the page had shown."""

    session: Session
    actor: Actor
    key: str
    seen: str
    now: datetime

    def edit(self, words: str, change: Callable[[Document], Document]) -> Draft:
        """Make one change (see `workflow.edit`) and keep it at once. words: the change, for the way back.

        Raises EntryInUse with the places that forbid it, Unfit when the document could not be read any more.
        """

        def made(document: Document) -> Document:
            try:
                after = change(document)
            except ProcedureEditRefused as refused:
                if refused.uses:
                    raise EntryInUse(refused.sentence, refused.uses) from refused
                raise Refusal(refused.code, refused.sentence, 422) from refused
            try:
                Workflow.read(after)
            except DefinitionFaults as refused:
                raise Unfit(refused.faults) from refused
            return after

        return drafts.edit_draft(
            self.session, self.actor, PROCEDURE, self.key, made, seen=self.seen, words=words, now=self.now
        )

    def edit_with_key(
        self, words: str, change: Callable[[Document], tuple[Document, str]]
    ) -> tuple[Draft, str]:
        """The same for a change that makes a new entry; gives its key too."""
        made: list[str] = []

        def kept(document: Document) -> Document:
            after, key = change(document)
            made.append(key)
            return after

        return self.edit(words, kept), made[-1]


def open_draft(session: Session, actor: Actor, key: str, *, now: datetime) -> Draft:
    """The draft of a published procedure: the one there is, else a new one that begins as the newest version."""
    return drafts.open_draft(session, actor, PROCEDURE, key, now=now)


def start_procedure(
    session: Session, actor: Actor, *, name: str, copy_of: str = "", key: str = "", now: datetime
) -> Draft:
    """A new procedure from two states, or with all of another. key: empty for the next free one."""
    may_design(actor, PROCEDURE)
    typed = drafts.named(PROCEDURE, name)
    with transaction(session):
        pack_key = office_pack(session)
        own = drafts.new_key(session, PROCEDURE, pack_key, key, stem="procedure")
        document: dict[str, Any]
        if copy_of:
            found = drafts.newest_document(session, PROCEDURE, pack_key, copy_of)
            document = copied_document(found, key=own, name=typed)
        else:
            document = new_document(own, typed, calendar=stored_pack(session, pack_key).calendar.key)
        return drafts.begin_draft(
            session, actor, PROCEDURE, document, "新建流程", pack_key=pack_key, based_on=None, now=now
        )


def discard_draft(session: Session, actor: Actor, key: str, *, seen: str, now: datetime) -> None:
    """Throw a draft away; published versions stay as they are."""
    drafts.discard_draft(session, actor, PROCEDURE, key, seen=seen, now=now)


def undo(session: Session, actor: Actor, key: str, *, seen: str, now: datetime) -> Draft:
    """Take the last change back, whoever made it."""
    return drafts.turn(session, actor, PROCEDURE, key, seen=seen, now=now, back=True)


def redo(session: Session, actor: Actor, key: str, *, seen: str, now: datetime) -> Draft:
    """Make the change again that was last taken back."""
    return drafts.turn(session, actor, PROCEDURE, key, seen=seen, now=now, back=False)
