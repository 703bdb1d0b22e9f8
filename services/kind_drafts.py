"""The changes a designer makes to a kind of notice, each one step with words that say what it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from definitions.fault import DefinitionFaults, Fault
from definitions.source import read_yaml
from models.campaign import Definition
from notices import edit
from notices.definition import load_notice_kind
from notices.edit import Block, Document, EditRefused
from notices.unfinished import unfinished
from notices.worded import worded_pair
from packs.check import check
from packs.diff import changes_between
from packs.provision import issuers_of
from services import definition_drafts as drafts
from services.actor import Actor
from services.definition_publishing import (
    Outlook,
    campaigns_that_may_adopt,
    issued,
    publish,
    used_by_version,
)
from services.definition_versions import Draft, in_force, may_design, office_pack, versions_of
from services.kind_versions import KIND, draft_of, issued_by_version, series_names
from services.refusal import Refusal
from services.stored_pack import new_faults, stored_pack, with_kind
from services.transaction import transaction


@dataclass(frozen=True)
class KindHand:
    """Who changes which draft, having seen what, when. joined: the page saves itself while somebody types."""

    session: Session
    actor: Actor
    key: str
    seen: str
    now: datetime
    joined: bool = False

    def make(self, change: Callable[[Document], Document], words: str) -> Draft:
        """One change; see `services.definition_drafts.edit_draft`."""

        def made(document: Document) -> Document:
            try:
                return change(document)
            except EditRefused as refused:
                raise Refusal(refused.code, refused.sentence, 422) from refused

        return drafts.edit_draft(
            self.session, self.actor, KIND, self.key, made,
            seen=self.seen, words=words, now=self.now, joined=self.joined,
        )  # fmt: skip

    def make_part(self, change: Callable[[Document], tuple[Document, str]], words: str) -> tuple[Draft, str]:
        """One change that gives the address of a part too."""
        parts: list[str] = []

        def made(document: Document) -> Document:
            changed, part = change(document)
            parts.append(part)
            return changed

        draft = self.make(made, words)
        return draft, parts[0]


# -- beginning and ending ------------------------------------------------------------------------------------


def open_draft(
    session: Session, actor: Actor, key: str, *, version: int | None = None, now: datetime
) -> Draft:
    """The draft of a kind; version: put this older one back as a new draft."""
    return drafts.open_draft(session, actor, KIND, key, version=version, now=now)


def start_kind(
    session: Session, actor: Actor, *, name: str, copy_of: str = "", key: str = "", now: datetime
) -> Draft:
    """A new kind from an empty page, or with the words of another. key: empty for the next free one."""
    may_design(actor, KIND)
    typed = drafts.named(KIND, name)
    with transaction(session):
        pack_key = office_pack(session)
        own = drafts.new_key(session, KIND, pack_key, key, stem="notice")
        if copy_of:
            found = drafts.newest_document(session, KIND, pack_key, copy_of)
            document = edit.copied_document(found, key=own, name=typed)
        else:
            document = edit.new_document(own, typed, next(iter(series_names(session)), ""))
        return drafts.begin_draft(
            session, actor, KIND, document, "新建文书", pack_key=pack_key, based_on=None, now=now
        )


def discard_draft(session: Session, actor: Actor, key: str, *, seen: str, now: datetime) -> None:
    """Throw a draft away; published versions and issued notices stay as they are."""
    drafts.discard_draft(session, actor, KIND, key, seen=seen, now=now)


def turn(session: Session, actor: Actor, key: str, *, seen: str, now: datetime, back: bool) -> Draft:
    """One step back, or forth again."""
    return drafts.turn(session, actor, KIND, key, seen=seen, now=now, back=back)


# -- changing ------------------------------------------------------------------------------------------------

_WORDS = {"paragraph": "段落", "heading": "标题", "table": "表格", "form": "填写栏"}


def add(hand: KindHand, kind: str, *, owner: int | None, after: int | None) -> tuple[Draft, str]:
    """A new block after another (-1: first, None: last) of the text or an attachment; gives its address too."""
    words = f"增加{_WORDS.get(kind, '一段')}"
    return hand.make_part(lambda document: edit.add_block(document, kind, owner=owner, after=after), words)


def change_block(hand: KindHand, part: str, block: Block) -> Draft:
    """One block, whole."""
    return hand.make(lambda document: edit.change_block(document, part, block), f"修改{part_words(part)}")


def move(hand: KindHand, part: str, *, up: bool) -> tuple[Draft, str]:
    """One place up or down; gives the new address too."""
    words = f"{part_words(part)}{'上移' if up else '下移'}"
    return hand.make_part(lambda document: edit.move_block(document, part, up=up), words)


def copy(hand: KindHand, part: str) -> tuple[Draft, str]:
    """A copy right after a block; gives its address too."""
    return hand.make_part(lambda document: edit.copy_block(document, part), f"复制{part_words(part)}")


def delete(hand: KindHand, part: str) -> Draft:
    """Without a block or an attachment."""
    change = edit.delete_block if "-" in part else edit.delete_attachment
    return hand.make(lambda document: change(document, part), f"删除{part_words(part)}")


def add_attachment(hand: KindHand) -> tuple[Draft, str]:
    """A new attachment; gives its address too."""
    return hand.make_part(edit.add_attachment, "增加附件")


def change_attachment(hand: KindHand, part: str, settings: Mapping[str, Any]) -> Draft:
    """Settings of one attachment; None takes one away."""
    return hand.make(
        lambda document: edit.change_attachment(document, part, settings), f"修改{part_words(part)}的设置"
    )


def change_settings(
    hand: KindHand, settings: Mapping[str, Any], words: str, *, absent: Mapping[str, Any]
) -> Draft:
    """Settings of the kind itself; absent: what each is when it is not written."""
    return hand.make(lambda document: edit.change_settings(document, settings, absent=absent), words)


def replace(hand: KindHand, text: str) -> Draft:
    """All of it by a YAML file; one step, which can be taken back."""
    document = read_document(text, key=hand.key)
    return hand.make(lambda _document: document, "导入文件")


def read_document(text: str, *, key: str) -> Document:
    """A kind out of a YAML text. Refusal 422 with every reason and its line."""
    try:
        return edit.sound_document(read_yaml(text, name="文件"), key=key)
    except DefinitionFaults as refused:
        sentence = "；".join(str(fault) for fault in refused.faults[:5])
        raise Refusal("unreadable_notice_kind", sentence, 422) from refused
    except EditRefused as refused:
        raise Refusal("unreadable_notice_kind", refused.sentence, 422) from refused


def difference_to(draft: Draft, text: str) -> tuple[list[str], list[Fault]]:
    """What a YAML file would change of a draft, in words, and the faults it would bring along."""
    document = read_document(text, key=draft.key)
    known = set(unfinished(draft.document).faults)
    faults = [fault for fault in unfinished(document).faults if fault not in known]
    return changes_between(*worded_pair(draft.document, document)), faults


def part_words(part: str) -> str:
    """What people call a part by its address.

    >>> part_words("body-2"), part_words("a0"), part_words("a0-1")
    ('正文第3段', '附件1', '附件1第2段')
    """
    owner, _, position = part.partition("-")
    noun = "正文" if owner == "body" else f"附件{int(owner[1:]) + 1}" if _is_figure(owner[1:]) else owner
    return f"{noun}第{int(position) + 1}段" if _is_figure(position) else noun


def _is_figure(text: str) -> bool:
    """Whether it is a number as addresses write it: other scripts' digits, or ², are none."""
    return text.isascii() and text.isdigit() and len(text) < 10


# -- publishing ----------------------------------------------------------------------------------------------


def outlook(session: Session, actor: Actor, key: str) -> Outlook:
    """What publishing the draft of a kind would do; nothing is changed."""
    return _outlook(session, draft_of(session, actor, key))


def _outlook(session: Session, draft: Draft) -> Outlook:
    versions = versions_of(session, KIND, draft.pack_key, draft.key)
    faults, sentences = _compared(session, draft, in_force(versions))
    counted = issued_by_version(session, [row.id for row in versions])
    issuers = issuers_of(stored_pack(session, draft.pack_key), draft.key)
    return Outlook(
        draft=draft,
        faults=tuple(faults),
        sentences=tuple(sentences),
        used=used_by_version(versions, counted),
        uses=tuple(issuer.words for issuer in issuers),
        campaigns=campaigns_that_may_adopt(session, draft.pack_key),
    )


def _compared(session: Session, draft: Draft, current: Definition | None) -> tuple[list[Fault], list[str]]:
    """Faults of the draft alone, then of the pack with it; and the difference in words."""
    document = issued(draft.document, version=draft.version)
    try:
        kind = load_notice_kind(document)
    except DefinitionFaults as refused:
        return list(refused.faults), []
    pack = stored_pack(session, draft.pack_key)
    faults = new_faults(check(pack), check(with_kind(pack, document, kind)))
    if current is None:
        return faults, []
    return faults, changes_between(*worded_pair(current.body, document))


def publish_draft(
    session: Session, actor: Actor, key: str, *, seen: str, adopt: Sequence[int] = (), now: datetime
) -> Definition:
    """Publish a draft as the next version; notices issued so far keep theirs for ever."""
    return publish(session, actor, KIND, key, _outlook, seen=seen, adopt=adopt, now=now)


def version_changes(older: Definition, newer: Definition) -> list[str]:
    """The difference between two published versions, in words."""
    return changes_between(*worded_pair(older.body, newer.body))
