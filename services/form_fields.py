"""The changes a designer makes to a form, each one step with words that say what it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from definitions.fault import DefinitionFaults, Fault
from definitions.source import read_yaml
from forms.edit import (
    Document,
    EditRefused,
    add_field,
    change_field,
    change_head,
    copy_field,
    delete_field,
    field_in,
    keys_of,
    move_field,
    place_field,
    rename_field,
)
from forms.fields import TYPES
from forms.foreign import sound_document
from forms.references import worded
from forms.unfinished import unfinished
from packs.diff import changes_between
from services.actor import Actor
from services.definition_versions import Draft, may_design, office_pack
from services.form_drafts import edit_draft
from services.form_versions import FORM, dictionary_names, draft_of, earlier_types, sheet_of
from services.refusal import Refusal


@dataclass(frozen=True)
class Hand:
    """Who changes which draft, having seen what, when: what every change needs to know."""

    session: Session
    actor: Actor
    key: str
    seen: str
    now: datetime

    def make(self, change: Any, words: str) -> Draft:
        """One change; see `services.form_drafts.edit_draft`."""
        return edit_draft(
            self.session, self.actor, self.key, change, seen=self.seen, words=words, now=self.now
        )

    def label(self, field: str) -> str:
        """What people call a field of the draft; its key when it is gone."""
        document = draft_of(self.session, self.actor, self.key).document
        if field not in keys_of(document):
            return field
        return str(field_in(document, field).get("label") or field)[:40]


def add(hand: Hand, word: str, *, after: str | None) -> tuple[Draft, str]:
    """A new field of a type after another (empty: first, None: last); gives its key too."""
    may_design(hand.actor, FORM)
    if word not in TYPES:
        raise Refusal("no_type", "请选择要增加的字段类型。", 422)
    pack_key = office_pack(hand.session)
    taken = frozenset(earlier_types(hand.session, pack_key, hand.key))
    settings = _beginning(hand.session, pack_key, word)
    made: list[str] = []

    def change(document: Document) -> Document:
        changed, key = add_field(document, word, after=after, settings=settings, taken=taken)
        made.append(key)
        return changed

    draft = hand.make(change, f"增加{TYPES[word].words}字段")
    return draft, made[0]


def _beginning(session: Session, pack_key: str, word: str) -> dict[str, Any]:
    """What a new field takes from the office's own pack: its grades, its first dictionary."""
    if word == "grade":
        grades = sheet_of(session, pack_key).get("grades") or ()
        options = [{"key": grade["key"], "name": grade["name"]} for grade in grades]
        return {"options": options} if options else {}
    if word == "dictionary":
        return {"dictionary": next(iter(dictionary_names(session, pack_key)), "")}
    return {}


def change(hand: Hand, field: str, settings: Mapping[str, Any]) -> Draft:
    """Settings of one field; None takes one away."""
    return hand.make(
        lambda document: change_field(document, field, settings), f"修改“{hand.label(field)}”的设置"
    )


def rename(hand: Hand, field: str, new: str) -> Draft:
    """Another key for a field, in all places of the form at once."""
    taken = earlier_types(hand.session, office_pack(hand.session), hand.key)
    return hand.make(
        lambda document: rename_field(document, field, new, taken=taken),
        f"“{hand.label(field)}”的键改为 {new[:60]}",
    )


def move(hand: Hand, field: str, *, up: bool) -> Draft:
    """One place up or down; a heading takes along what stands under it."""
    words = f"“{hand.label(field)}”{'上移' if up else '下移'}"
    return hand.make(lambda document: move_field(document, field, up=up), words)


def place(hand: Hand, field: str, *, after: str) -> Draft:
    """To right after another field; empty: to the beginning."""
    words = f"移动“{hand.label(field)}”"
    return hand.make(lambda document: place_field(document, field, after=after), words)


def copy(hand: Hand, field: str) -> tuple[Draft, str]:
    """A copy right after a field; gives its key too."""
    taken = frozenset(earlier_types(hand.session, office_pack(hand.session), hand.key))
    made: list[str] = []

    def copied(document: Document) -> Document:
        changed, key = copy_field(document, field, taken=taken)
        made.append(key)
        return changed

    return hand.make(copied, f"复制“{hand.label(field)}”"), made[0]


def delete(hand: Hand, field: str, *, with_uses: bool) -> Draft:
    """Without a field. Raises FieldInUse while other places need it, unless they go along."""
    words = f"删除“{hand.label(field)}”"
    return hand.make(lambda document: delete_field(document, field, with_uses=with_uses), words)


def change_form(hand: Hand, settings: Mapping[str, Any]) -> Draft:
    """The form's own settings: name, words, access, binding."""
    return hand.make(lambda document: change_head(document, settings), "修改表单设置")


def replace(hand: Hand, text: str) -> Draft:
    """All of it by a YAML file; one step, which can be taken back."""
    document = read_document(text, key=hand.key)
    return hand.make(lambda _document: document, "导入文件")


def read_document(text: str, *, key: str) -> Document:
    """A form out of a YAML text. Refusal 422 with every reason and its line."""
    try:
        return sound_document(read_yaml(text, name="文件"), key=key)
    except DefinitionFaults as refused:
        raise Refusal(
            "unreadable_form", "；".join(str(fault) for fault in refused.faults[:5]), 422
        ) from refused
    except EditRefused as refused:
        raise Refusal("unreadable_form", refused.sentence, 422) from refused


def difference_to(draft: Draft, text: str) -> tuple[list[str], list[Fault]]:
    """What a YAML file would change of a draft, in words, and the faults it would bring along."""
    document = read_document(text, key=draft.key)
    found = unfinished(document)
    known = set(unfinished(draft.document).faults)
    return changes_between(worded(draft.document), worded(document)), [
        fault for fault in found.faults if fault not in known
    ]
