"""Whether values suffice for a kind, told before a number is taken and without drawing anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from notices.definition import Block, FormGrid, FormRow, NoticeKind, Paragraph, QrPlace, Value, placeholders
from notices.filling import Filling
from notices.template import ASKED
from notices.vocabulary import VOCABULARY, sample_values

_MAY_BE_BLANK = ("copy_number", "secrecy", "urgency", "signer", "note", "cc")


def missing_values(kind: NoticeKind, values: Mapping[str, Value]) -> tuple[tuple[str, str], ...]:
    """What an issued document of this kind would lack, as (name, Chinese meaning), in order of names.

    Exact: a paragraph whose condition does not hold asks for nothing. Raises NoticeRefused for values that could
    not be printed at all.
    """
    filling = Filling(values, draft=False)
    filling.title(kind.title)
    for place in ("mark", "number", "addressee"):
        filling.text(getattr(kind, place))
    for place in _MAY_BE_BLANK:
        filling.text(getattr(kind, place), blank_ok=True)
    for part in (kind.signature, kind.imprint):
        if part is not None:
            filling.text(part.organ + part.date)
    if kind.signature is not None:
        filling.text(kind.signature.post)
    for organ in kind.joint:
        filling.text(organ.mark + organ.name)
    if kind.qr is not QrPlace.NONE:
        filling.text("{verify_url}")
    _ask_blocks(kind.body, filling)
    for attachment in kind.attachments:
        if filling.holds(attachment.when):
            filling.text(attachment.title)
            _ask_blocks(attachment.blocks, filling)
    if kind.reply_slip is not None:
        filling.text(kind.reply_slip.title + kind.reply_slip.intro + kind.reply_slip.note)
        _ask_form(kind.reply_slip.form, filling)
    return tuple(sorted(filling.missing.items()))


def sample_of(kind: NoticeKind) -> dict[str, Any]:
    """Simulated values for every placeholder: the vocabulary's, what steps ask, and the kind's own over them."""
    asked = {name: VOCABULARY[name].sample for name in placeholders(kind) if name.startswith(ASKED)}
    return {**sample_values(), **asked, **kind.sample}


def _ask_form(form: Sequence[FormRow], filling: Filling) -> None:
    for row in form:
        for cell in row:
            filling.text(cell.label)
            filling.text(cell.text, blank_ok=True)


def _ask_blocks(blocks: Sequence[Block], filling: Filling) -> None:
    for block in blocks:
        if not filling.holds(block.when):
            continue
        if isinstance(block, Paragraph):
            filling.text(block.heading + block.text)
            if block.each is not None:
                filling.rows(block.each)
        elif isinstance(block, FormGrid):
            _ask_form(block.form, filling)
        else:
            filling.rows(block.rows)
