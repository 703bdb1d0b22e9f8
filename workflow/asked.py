"""Are the answers to a step's questions complete and of their type?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from workflow.definition import Ask, Trigger
from workflow.refusal import Because, StepRefused
from workflow.vocabulary import AskType


def check_asked(trigger: Trigger, asked: Mapping[str, Any], asks: Sequence[Ask]) -> None:
    """Raises StepRefused(ASKED) with the first field that is missing, foreign, denied or of a wrong type.

    asks: those of the trigger's questions that this person may answer here.
    """
    known, put = {ask.field: ask for ask in trigger.asks}, {ask.field for ask in asks}
    for field, value in asked.items():
        if field not in known:
            raise StepRefused(Because.ASKED, f"“{trigger.name}”没有名为“{field}”的填写项", field=field)
        if field not in put and value not in (None, "", []):
            raise StepRefused(Because.ASKED, f"“{known[field].label}”在这一状态不能由您填写", field=field)
    for ask in asks:
        sentence = fault_of(ask, asked.get(ask.field))
        if sentence:
            raise StepRefused(Because.ASKED, sentence, field=ask.field)


def fault_of(ask: Ask, value: Any) -> str | None:
    """What is wrong with one answer, as a sentence; None when it can be taken."""
    if value is None or value in ("", [], ()):
        return f"请填写“{ask.label}”" if ask.required else None
    if ask.type is AskType.NUMBER:
        return _number_fault(ask, value)
    if ask.type is AskType.BOOLEAN:
        return None if isinstance(value, bool) else f"“{ask.label}”应为是或否"
    if ask.type is AskType.DATE:
        return None if _is_date(value) else f"“{ask.label}”应为日期，写作 2012-04-09"
    if ask.type in (AskType.CHOICES, AskType.FILES):
        return _list_fault(ask, value)
    if not isinstance(value, str):
        return f"“{ask.label}”应为文字"
    if ask.required and not value.strip():
        return f"请填写“{ask.label}”"
    if ask.type is AskType.CHOICE and value not in {option.key for option in ask.options}:
        return f"“{ask.label}”没有选项“{value}”，可选：{_options(ask)}"
    return None


def _number_fault(ask: Ask, value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return f"“{ask.label}”应为整数"
    if ask.at_least is not None and value < ask.at_least:
        return f"“{ask.label}”不能小于{ask.at_least}"
    if ask.at_most is not None and value > ask.at_most:
        return f"“{ask.label}”不能大于{ask.at_most}"
    return None


def _list_fault(ask: Ask, value: Any) -> str | None:
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        return f"“{ask.label}”应为列表"
    if ask.type is AskType.FILES:
        return None
    foreign = [item for item in value if item not in {option.key for option in ask.options}]
    return f"“{ask.label}”没有选项“{foreign[0]}”，可选：{_options(ask)}" if foreign else None


def _is_date(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _options(ask: Ask) -> str:
    return "、".join(option.label for option in ask.options)
