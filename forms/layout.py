"""A form laid out for reading: pages, sections, and what stands in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from definitions.expression import in_words
from forms.fields.base import Field

if TYPE_CHECKING:
    from forms.builder import AnswerField, AnswerForm
    from forms.definition import FormDefinition


@dataclass(frozen=True)
class Item:
    """One thing in a section: a question with its control, or a note (no control).

    when: under which answers it is asked, in words; empty for always.
    """

    spec: Field
    control: AnswerField | None
    when: str


@dataclass(frozen=True)
class Block:
    """One section; without a heading for questions that stand before the first one. asked: is it shown now."""

    heading: Field | None
    when: str = ""
    asked: bool = True
    items: list[Item] = field(default_factory=list)


@dataclass(frozen=True)
class Sheet:
    """One page; without a heading for a form of one page."""

    heading: Field | None
    when: str = ""
    asked: bool = True
    blocks: list[Block] = field(default_factory=list)


def sheets(definition: FormDefinition, form: AnswerForm) -> list[Sheet]:
    """The pages of a filled or empty form, in order."""
    labels = definition.words_for_expressions()
    laid = [Sheet(None)]
    for spec in definition.fields:
        if spec.type == "page":
            laid.append(Sheet(spec, _when(spec, labels), form.heading_asked(spec)))
        elif spec.type == "section":
            laid[-1].blocks.append(Block(spec, _when(spec, labels), form.heading_asked(spec)))
        else:
            if not laid[-1].blocks:
                laid[-1].blocks.append(Block(None))
            laid[-1].blocks[-1].items.append(Item(spec, form.control(spec), _when(spec, labels)))
    return [sheet for sheet in laid if sheet.heading or sheet.blocks]


def _when(spec: Field, labels: Mapping[str, str]) -> str:
    return "" if spec.visible_when is None else in_words(spec.visible_when, labels)
