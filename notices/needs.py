"""Which values a document of a kind cannot do without, each with the place that prints it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from definitions.sentences import Relation, sentence_of
from notices.definition import NoticeKind
from notices.facts import kind_facts
from notices.template import placeholders_in
from notices.vocabulary import VOCABULARY

#: Places where an optional value may be blank.
_BLANK_OK = frozenset({"copy_number", "secrecy", "urgency", "signer", "note", "cc"})


@dataclass(frozen=True)
class Need:
    """One value that must be there. place: what prints it. given: values without which that part is left out."""

    place: str
    name: str
    given: frozenset[str]


def needs_of(kind: NoticeKind) -> list[Need]:
    """Every value that must be there, once for each place.

    Left out: what stands in a part that is printed only when the value itself is given, and optional values
    where they may be blank.
    """
    return [
        Need(place, name, given)
        for place, name, given in _printed(kind)
        if name in VOCABULARY and name not in given
    ]


def _printed(kind: NoticeKind) -> Iterator[tuple[str, str, frozenset[str]]]:
    guards = _guards(kind)
    for place, text, _rows in kind.texts():
        inside = frozenset().union(*(names for part, names in guards.items() if place.startswith(part)))
        blank = place.split(".")[0] in _BLANK_OK or _is_form_text(place)
        for name in placeholders_in(text):
            if (
                name.startswith("row.")
                or name == "group"
                or (blank and name in VOCABULARY and VOCABULARY[name].optional)
            ):
                continue
            yield place, name, inside
    for place, table, _group in kind.tables():
        inside = frozenset().union(*(names for part, names in guards.items() if place.startswith(part)))
        if table.rows in VOCABULARY and not VOCABULARY[table.rows].optional:
            yield f"{place}.rows", table.rows, inside


def _is_form_text(place: str) -> bool:
    return place.endswith(".text") and ("].form[" in place or place.startswith("reply_slip.form"))


def _guards(kind: NoticeKind) -> dict[str, frozenset[str]]:
    """Part → names that its condition demands to be given."""
    found: dict[str, frozenset[str]] = {}
    for place, condition in kind.conditions():
        found[f"{place.removesuffix('.when')}"] = _demanded(condition)
    return found


def _demanded(condition: Any) -> frozenset[str]:
    """What must be given for the condition to hold; a rule that lines cannot say is read as demanding nothing."""
    sentence = sentence_of(condition, kind_facts())
    if sentence is None or (sentence.mode == "any" and len(sentence.lines) > 1):
        return frozenset()
    return frozenset(
        line.field
        for line in sentence.lines
        if line.relation not in (Relation.MISSING, Relation.IS_NOT, Relation.LACKS)
    )
