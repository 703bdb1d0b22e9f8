"""Multiple choice."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

from definitions.expression import ValueType
from definitions.texts import names_among
from forms.choices import Entry
from forms.context import Context
from forms.fields.base import AnswerRefused, Field, Option, Posted, SheetColumn, Summary, Words
from forms.fields.ticked import counts_by_name, key_written, option_faults, written
from forms.handwriting import Markup, Picture, ticks
from forms.tally import Tally


class MultiChoice(Field):
    """Any number of options, within bounds."""

    type: Literal["multi_choice"] = "multi_choice"
    options: tuple[Option, ...]
    at_least: int = 0
    at_most: int | None = None

    words: ClassVar[str] = "多选"
    asked_as: ClassVar[Mapping[str, Words]] = {
        "options": Words("选项"),
        "at_least": Words("至少选几项", "0 表示不限"),
        "at_most": Words("至多选几项", "不填表示不限"),
    }
    starter: ClassVar[Mapping[str, Any]] = {
        "options": ({"key": "option_1", "name": "选项一"}, {"key": "option_2", "name": "选项二"})
    }
    value_type: ClassVar[ValueType | None] = ValueType.CHOICES
    grouped: ClassVar[bool] = True

    def own_faults(self) -> Iterator[tuple[str, str]]:
        yield from option_faults(self.options)
        if not 0 <= self.at_least <= len(self.options):
            yield "at_least", "至少几项应在 0 和选项个数之间"
        if self.at_most is not None and not max(self.at_least, 1) <= self.at_most <= len(self.options):
            yield "at_most", "至多几项应不小于至少几项，不大于选项个数"

    def options_for(self, context: Context) -> Sequence[Entry]:
        return [Entry(option.key, option.name) for option in self.options]

    def fact_literals(self) -> frozenset[str] | None:
        return frozenset(option.key for option in self.options)

    def value_labels(self) -> dict[str, str]:
        return {option.key: option.name for option in self.options}

    def parse(self, posted: Posted, context: Context) -> list[str] | None:
        chosen = {value for value in posted.get("", ()) if value}
        known = [option.key for option in self.options]
        if not chosen <= set(known):
            raise AnswerRefused(f"“{self.label}”没有选中的这一项了，请重新选择")
        return [key for key in known if key in chosen] or None

    def check(self, answer: Any, context: Context) -> None:
        if len(answer) < self.at_least:
            raise AnswerRefused(f"“{self.label}”至少选 {self.at_least} 项，现在选了 {len(answer)} 项")
        if self.at_most is not None and len(answer) > self.at_most:
            raise AnswerRefused(f"“{self.label}”至多选 {self.at_most} 项，现在选了 {len(answer)} 项")

    def posted_from(self, answer: Any) -> Posted:
        return {"": list(answer or ())}

    def missing_sentence(self) -> str:
        return f"请选择“{self.label}”（可以选几项）"

    def printed(self, answer: Any, context: Context | None = None) -> str:
        names = self.value_labels()
        return "、".join(names.get(key, str(key)) for key in answer or ())

    def counted(self, answer: Any) -> Iterable[Hashable]:
        return tuple(answer)

    def summed(self, tally: Tally, context: Context | None = None) -> Summary:
        return Summary(tally.answered, counts_by_name(self.value_labels(), tally), {})

    def answer_schema(self) -> dict[str, Any]:
        return {
            "type": "array",
            "items": {"type": "string", "enum": [option.key for option in self.options]},
            "uniqueItems": True,
            "minItems": max(self.at_least, 1),
            "maxItems": len(self.options) if self.at_most is None else self.at_most,
        }

    def example(self, context: Context) -> Posted:
        return {"": [option.key for option in self.options[: max(self.at_least, 1)]]}

    def blank(self, context: Context) -> Markup:
        return ticks(self.options_for(context))

    def paper_remark(self, labels: Mapping[str, str]) -> str:
        most = "" if self.at_most is None else f"最多 {self.at_most} 项"
        least = f"至少 {self.at_least} 项" if self.at_least > 1 else ""
        return "可选几项" + "".join(f"，{words}" for words in (least, most) if words)

    def filled(self, answer: Any, context: Context, pictures: Sequence[Picture] = ()) -> Markup:
        return ticks(self.options_for(context), answer or ())

    def sheet_columns(self, context: Context) -> tuple[SheetColumn, ...]:
        offered = tuple(written(entry) for entry in self.options_for(context))
        hint = f"{self.paper_remark({})}；几项之间写顿号"
        return (SheetColumn("", self.label, hint, offered, several=True),)

    def posted_from_cells(self, cells: Mapping[str, str], context: Context) -> Posted:
        entries = self.options_for(context)
        names = names_among(cells.get("", ""), [written(entry) for entry in entries])
        return {"": [key_written(name, entries) for name in names]}

    def cells_from(self, answer: Any, context: Context) -> Mapping[str, str]:
        chosen = [written(entry) for entry in self.options_for(context) if entry.key in (answer or ())]
        return {"": "、".join(chosen)}
