"""Yes or no."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Literal

from definitions.expression import ValueType
from forms.choices import Entry
from forms.context import Context
from forms.fields.base import AnswerRefused, Field, Posted, Summary


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

    def summarise(self, answers: Iterable[Any]) -> Summary:
        given = [answer for answer in answers if answer is not None]
        counts = Counter({"是": 0, "否": 0})
        counts.update(self.printed(answer) for answer in given)
        return Summary(len(given), counts, {})

    def example(self, context: Context) -> Posted:
        return {"": ["yes"]}
