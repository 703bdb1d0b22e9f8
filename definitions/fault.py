"""Faults of a definition: all at once, each with its place, in the words of the person who wrote it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import ValidationError


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong in a definition.

    place: where, as a path a person can follow, e.g. ``workflow.states[3].deadline``.
    what: what is wrong there and, where it helps, what to do.
    """

    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


class DefinitionFaults(Exception):
    """A definition was refused; carries every fault found, not only the first."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


#: Pydantic's error types that a clerk meets, said in Chinese; the rest keep pydantic's own sentence.
SENTENCES: dict[str, str] = {
    "missing": "缺少此项",
    "extra_forbidden": "不认识的键，请检查拼写",
    "string_type": "应为文字",
    "int_type": "应为整数",
    "int_parsing": "应为整数",
    "bool_type": "应为 true 或 false",
    "bool_parsing": "应为 true 或 false",
    "list_type": "应为列表",
    "tuple_type": "应为列表",
    "dict_type": "应为键值表",
    "model_type": "应为键值表",
    "string_too_short": "不能为空",
    "string_pattern_mismatch": "写法不符合要求（键名只用小写字母、数字和下划线，以字母开头）",
}


def faults_from_pydantic(error: ValidationError, root: str = "") -> list[Fault]:
    """All faults pydantic found, with places written as ``root.states[3].key``."""
    faults = []
    for item in error.errors():
        place = root
        for part in item["loc"]:
            if isinstance(part, int):
                place += f"[{part}]"
            else:
                place += f".{part}" if place else str(part)
        sentence = SENTENCES.get(item["type"])
        if sentence is None:
            sentence = item["msg"].removeprefix("Value error, ")
        faults.append(Fault(place, sentence))
    return faults
