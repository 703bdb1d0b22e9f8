"""Rules on pages: as lines to be filled in, and back from the lines that were posted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

from definitions.expression import in_words
from definitions.sentences import (
    Facts,
    Line,
    LineRefused,
    Sentence,
    expression_of,
    read_sentence,
    sentence_of,
)
from definitions.value_type import ValueType

Posted = MultiDict[str, str]


class Unreadable(ValueError):
    """A rule or formula that cannot be kept; faults: setting → sentence; rules: the lines as typed."""

    def __init__(self, faults: Mapping[str, str], rules: Mapping[str, Sentence]) -> None:
        super().__init__("；".join(faults.values()))
        self.faults = dict(faults)
        self.rules = dict(rules)


def read_rule(
    name: str,
    form: Posted,
    facts: Facts,
    settings: dict[str, Any],
    faults: dict[str, str],
    rules: dict[str, Sentence],
) -> None:
    """Put the rule of that name into the settings, or its fault and its lines beside them."""
    if form.get(f"{name}-kept"):
        # Says more than lines can: it stays, or goes as a whole.
        if form.get(f"{name}-clear"):
            settings[name] = None
        return
    rules[name] = read_sentence(name, form)
    if rules[name].lines and rules[name] == sentence_of(settings.get(name), facts):
        # The same sentence can be kept in several spellings; an untouched one keeps its own.
        return
    try:
        settings[name] = expression_of(rules[name], facts)
    except LineRefused as refused:
        faults[name] = str(refused)


def rule_shown(
    expression: Any, facts: Facts, labels: Mapping[str, str], typed: Sentence | None
) -> tuple[Sentence | None, str]:
    """A rule's lines with a blank one to fill in, and what it says as it is kept."""
    said = "" if expression is None else in_words(expression, labels)
    kept = typed or sentence_of(expression, facts)
    if kept is None:
        return None, said
    return Sentence((*kept.lines, Line("", "is")), kept.mode), said


def rule_options(facts: Facts) -> dict[str, list[str]]:
    """Name of a fact → what can be written after it in a rule, where that is a closed list."""
    return {
        name: ["是", "否"] if kind is ValueType.BOOLEAN else list(facts.options[name].values())
        for name, kind in facts.types.items()
        if kind is ValueType.BOOLEAN or name in facts.options
    }
