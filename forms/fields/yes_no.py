"""Yes or no."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Literal

from definitions.expression import ValueType
from forms.choices import Entry
from forms.context import Context
from forms.fields.base import AnswerRefused, Field, Posted, SheetColumn, Summary
from forms.fields.ticked import counts_by_name
from forms.handwriting import Markup, Picture, ticks
from forms.tally import Tally


class YesNo(Field):
    """A question answered by 是 or 否; unanswered is neither."""

    type: Literal["yes_no"] = "yes_no"
    words: ClassVar[str] = "是否"
    value_type: ClassVar[ValueType | None] = ValueType.BOOLEAN
    grouped: ClassVar[bool] = True

    def options_for(self, context: Context) -> Sequence[Entry]:
        return [Entry("yes", "是"), Entry("no", "否")]

    def parse(self, posted: Posted, context: Context) -> bool | None:
        chosen = self.first(posted)
        if not chosen:
            return None
        if chosen not in ("yes", "no"):
            raise AnswerRefused(f"“{self.label}”只能选“是”或“否”")
        return chosen == "yes"

    def posted_from(self, answer: Any) -> Posted:
        return {"": [] if answer is None else ["yes" if answer else "no"]}

    def missing_sentence(self) -> str:
        return f"请选择“{self.label}”"

    def printed(self, answer: Any, context: Context | None = None) -> str:
        return "" if answer is None else ("是" if answer else "否")

    def counted(self, answer: Any) -> Iterable[Hashable]:
        return ("yes" if answer else "no",)

    def summed(self, tally: Tally, context: Context | None = None) -> Summary:
        return Summary(tally.answered, counts_by_name({"yes": "是", "no": "否"}, tally), {})

    def answer_schema(self) -> dict[str, Any]:
        return {"type": "boolean"}

    def example(self, context: Context) -> Posted:
        return {"": ["yes"]}

    def blank(self, context: Context) -> Markup:
        return ticks(self.options_for(context))

    def filled(self, answer: Any, context: Context, pictures: Sequence[Picture] = ()) -> Markup:
        return ticks(self.options_for(context), self.posted_from(answer)[""])

    def sheet_columns(self, context: Context) -> tuple[SheetColumn, ...]:
        return (SheetColumn("", self.label, "填“是”或“否”", ("是", "否")),)

    def posted_from_cells(self, cells: Mapping[str, str], context: Context) -> Posted:
        typed = cells.get("", "")
        return {"": [{"是": "yes", "否": "no"}.get(typed, typed)] if typed else []}

    def cells_from(self, answer: Any, context: Context) -> Mapping[str, str]:
        return {"": self.printed(answer)}
