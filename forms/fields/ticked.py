"""What all fields with a list to tick or pick from share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from definitions.expression import ValueType
from forms.choices import Entry
from forms.context import Context
from forms.fields.base import AnswerRefused, Field, Option, Posted, SheetColumn, Summary, Words
from forms.handwriting import MOST_TICKED, Markup, Picture, ruled, ticks
from forms.tally import Tally

#: So few options are all shown again on a filled paper, with the chosen one ticked.
FEW = 8


def repeated(keys: Iterable[str]) -> list[str]:
    """Keys that occur more than once."""
    return [key for key, count in Counter(keys).items() if count > 1]


def written(entry: Entry) -> str:
    """An entry as a cell of a workbook names it, unlike any other of its list."""
    return f"{entry.group}／{entry.label}" if entry.group else entry.label


def key_written(text: str, entries: Sequence[Entry]) -> str:
    """The key of the entry that a cell names: as offered, by its bare name if only one has it, or by its key.

    A text that names none comes back as it is, to be refused.
    """
    for spelt in (written, lambda entry: entry.label, lambda entry: entry.key):
        found = [entry.key for entry in entries if spelt(entry) == text]
        if len(found) == 1:
            return found[0]
    return text


class OneOf(Field):
    """Exactly one out of a list."""

    value_type: ClassVar[ValueType | None] = ValueType.CHOICE

    def parse(self, posted: Posted, context: Context) -> str | None:
        chosen = self.first(posted)
        if not chosen:
            return None
        if all(entry.key != chosen for entry in self.options_for(context)):
            raise AnswerRefused(f"“{self.label}”没有选中的这一项了，请在列表中重新选择")
        return chosen

    def missing_sentence(self) -> str:
        return f"请选择“{self.label}”"

    def printed(self, answer: Any, context: Context | None = None) -> str:
        if answer is None:
            return ""
        entries = self.options_for(context or Context())
        return next((entry.label for entry in entries if entry.key == answer), str(answer))

    def counted(self, answer: Any) -> Iterable[Hashable]:
        return (answer,)

    def summed(self, tally: Tally, context: Context | None = None) -> Summary:
        names = distinct_names(self.options_for(context or Context()))
        return Summary(tally.answered, counts_by_name(names, tally), {})

    def example(self, context: Context) -> Posted:
        entries = self.options_for(context)
        return {"": [entries[0].key] if entries else []}

    def blank(self, context: Context) -> Markup:
        entries = self.options_for(context)
        return ticks(entries) if 0 < len(entries) <= MOST_TICKED else ruled()

    def filled(self, answer: Any, context: Context, pictures: Sequence[Picture] = ()) -> Markup:
        entries = self.options_for(context)
        known = any(entry.key == answer for entry in entries)
        if known and len(entries) <= FEW:
            return ticks(entries, [answer])
        return super().filled(answer, context)

    def sheet_columns(self, context: Context) -> tuple[SheetColumn, ...]:
        offered = tuple(written(entry) for entry in self.options_for(context))
        return (SheetColumn("", self.label, "从列表中选一项", offered),)

    def posted_from_cells(self, cells: Mapping[str, str], context: Context) -> Posted:
        typed = cells.get("", "")
        return {"": [key_written(typed, self.options_for(context))] if typed else []}

    def cells_from(self, answer: Any, context: Context) -> Mapping[str, str]:
        found = (written(entry) for entry in self.options_for(context) if entry.key == answer)
        return {"": next(found, "" if answer is None else str(answer))}


class OneOption(OneOf):
    """Exactly one out of options written in the form itself."""

    options: tuple[Option, ...]
    grouped: ClassVar[bool] = True
    asked_as: ClassVar[Mapping[str, Words]] = {"options": Words("选项")}
    starter: ClassVar[Mapping[str, Any]] = {
        "options": ({"key": "option_1", "name": "选项一"}, {"key": "option_2", "name": "选项二"})
    }

    def own_faults(self) -> Iterator[tuple[str, str]]:
        yield from option_faults(self.options)

    def options_for(self, context: Context) -> Sequence[Entry]:
        return [Entry(option.key, option.name) for option in self.options]

    def fact_literals(self) -> frozenset[str] | None:
        return frozenset(option.key for option in self.options)

    def value_labels(self) -> dict[str, str]:
        return {option.key: option.name for option in self.options}

    def answer_schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": [option.key for option in self.options]}


def distinct_names(entries: Sequence[Entry]) -> dict[str, str]:
    """Key → name; names that several entries bear (two units' 办税服务厅) with their heading before them."""
    borne = Counter(entry.label for entry in entries)
    return {
        entry.key: f"{entry.group}{entry.label}" if entry.group and borne[entry.label] > 1 else entry.label
        for entry in entries
    }


def counts_by_name(names: Mapping[str, str], tally: Tally) -> Counter[str]:
    """Label → times, in the order of the list; what stands on no list any more goes under its key."""
    counts: Counter[str] = Counter(dict.fromkeys(names.values(), 0))
    for key, times in tally.cells.items():
        counts[names.get(str(key), str(key))] += times
    return counts


def option_faults(options: Sequence[Option]) -> Iterator[tuple[str, str]]:
    """What can be wrong with a list of options."""
    if len(options) < 2:
        yield "options", "至少要有两个选项"
    for key in repeated(option.key for option in options):
        yield "options", f"选项的键“{key}”重复"
    for name in repeated(option.name for option in options):
        yield "options", f"选项的名称“{name}”重复，填表人无法区分"
