"""What a step's form was told, in words for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workflow.definition import Ask, Trigger
from workflow.vocabulary import AskType


def said_in(trigger: Trigger, asked: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """(label, words) of every answer that was given, in the order of the form; files are left out."""
    return tuple(
        (ask.label, words_of(ask, asked[ask.field]))
        for ask in trigger.asks
        if asked.get(ask.field) not in (None, "", []) and ask.type is not AskType.FILES
    )


def words_of(ask: Ask, value: Any) -> str:
    """One answer as a person reads it.

    >>> words_of(Ask(field="grave", label="严重", type="boolean"), True)
    '是'
    """
    names = {option.key: option.label for option in ask.options}
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "、".join(names.get(str(item), str(item)) for item in value)
    return names.get(str(value), str(value))
