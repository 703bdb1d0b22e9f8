"""One posted page of the designer, read setting by setting; what could not be read is remembered, not lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from werkzeug.datastructures import MultiDict

from definitions.lines import whole
from definitions.sentences import (
    Facts,
    LineRefused,
    Sentence,
    expression_of,
    read_sentence,
    sentence_of,
)
from definitions.texts import clean

Posted = MultiDict[str, str]
Settings = dict[str, Any]


class Unreadable(ValueError):
    """Settings that cannot be kept; faults: setting → sentence; rules: the lines as typed; settings: the rest."""

    def __init__(
        self, faults: Mapping[str, str], rules: Mapping[str, Sentence], settings: Mapping[str, Any]
    ) -> None:
        super().__init__("；".join(faults.values()))
        self.faults = dict(faults)
        self.rules = dict(rules)
        self.settings = dict(settings)


class Reader:
    """Reads one posted page, and remembers what could not be read."""

    def __init__(self, form: Posted, facts: Facts) -> None:
        self.form, self.facts = form, facts
        self.faults: dict[str, str] = {}
        self.rules: dict[str, Sentence] = {}

    def text(self, name: str) -> str:
        """One line of text."""
        return clean(self.form.get(name, "")).replace("\n", " ")

    def needed(self, name: str, label: str) -> str:
        """One line of text that must not be empty."""
        found = self.text(name)
        if not found:
            self.faults[name] = f"请填写{label}"
        return found

    def long(self, name: str) -> str | None:
        """Several lines; None for nothing."""
        return clean(self.form.get(name, "")) or None

    def number(self, name: str, label: str, *, least: int = 0) -> int | None:
        """A whole number; None for nothing."""
        typed = whole(self.form.get(name, ""))
        if isinstance(typed, str) or (typed is not None and not least <= typed <= 10_000):
            self.faults[name] = f"{label}应为不小于{least}的整数"
            return None
        return typed

    def tick(self, name: str) -> bool | None:
        """True, or None so that the default is left out."""
        return True if self.form.get(name) else None

    def chosen(self, name: str, known: Sequence[str], held: Sequence[str] = ()) -> list[str]:
        """Ticked keys: those that were held in their order, then new ones in that of the page."""
        ticked = set(self.form.getlist(name)) & set(known)
        return [key for key in dict.fromkeys([*held, *known]) if key in ticked]

    def rule(self, name: str, held: Any) -> Any:
        """A condition; None for none."""
        if self.form.get(f"{name}-kept"):
            # Says more than lines can: it stays, or goes as a whole.
            return None if self.form.get(f"{name}-clear") else held
        sentence = read_sentence(name, self.form)
        self.rules[name] = sentence
        if sentence.lines and held is not None and sentence == sentence_of(held, self.facts):
            return held
        try:
            return expression_of(sentence, self.facts)
        except LineRefused as refused:
            self.faults[name] = str(refused)
            return held

    def finished(self, settings: Settings) -> Settings:
        """The settings. Raises Unreadable when anything could not be read."""
        if self.faults:
            raise Unreadable(self.faults, self.rules, settings)
        return settings
