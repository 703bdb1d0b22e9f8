"""Answers as plain JSON, read as the page would have posted them; what is wrong with them, each with its place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from forms.builder import PREFIX
from forms.definition import FormDefinition
from forms.fields.base import Field
from forms.fields.file import File
from services.rating_forms import FormRefused
from services.refusal import Refusal


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong. field: key of the question. pointer: where in what was sent (RFC 6901)."""

    field: str
    pointer: str
    sentence: str


class AnswersRefused(Refusal):
    """Answers that cannot be taken; `faults` names each with its place."""

    def __init__(self, faults: Iterable[Fault], code: str = "answers_refused") -> None:
        self.faults = tuple(faults)
        super().__init__(code, "；".join(f"{one.field}：{one.sentence}" for one in self.faults[:20]), 422)


def refused_plainly(refused: FormRefused) -> Refusal:
    """What a page would have said beside its questions, or above them, as a refusal for a program."""
    if refused.beyond_fields:
        return Refusal(refused.code, refused.sentence, refused.status)
    return AnswersRefused(
        Fault(key, place("answers", key), sentence)
        for name, sentence in refused.bound.form.fault_list
        if (key := name.removeprefix(PREFIX))
    )


def place(*steps: str | int) -> str:
    """A JSON pointer.

    >>> place("answers", "a/b", 0)
    '/answers/a~1b/0'
    """
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def as_posted(form: FormDefinition, answers: dict[str, Any]) -> MultiDict[str, str]:
    """Plain answers as the page would have posted them. Raises AnswersRefused for what has not the right shape."""
    faults: list[Fault] = []
    posted: MultiDict[str, str] = MultiDict()
    for key, answer in answers.items():
        field = form.field(key)
        if field is None or not field.asks:
            faults.append(Fault(key, place("answers", key), "表单里没有这一题"))
        elif answer is not None:
            faults += _add(posted, field, answer)
    if faults:
        raise AnswersRefused(faults)
    return posted


#: JSON Schema's word for a type → what Python reads it as, and how it is called.
_SHAPES: dict[str, tuple[tuple[type, ...], str]] = {
    "string": ((str,), "文字"),
    "integer": ((int,), "整数"),
    "boolean": ((bool,), "true 或 false"),
    "array": ((list,), "列表"),
    "object": ((dict,), "对象"),
}


def _add(posted: MultiDict[str, str], field: Field, answer: Any) -> list[Fault]:
    """Add the answer to what is posted; or what is wrong with its shape."""
    wrong = misfit(field.answer_schema(), answer, place("answers", field.key))
    if wrong is not None:
        return [Fault(field.key, wrong[0], wrong[1])]
    if isinstance(field, File) and any("id" not in item for item in answer):
        return [Fault(field.key, place("answers", field.key), "文件要先单独上传，这里写上传后得到的 id")]
    for suffix, values in field.posted_from(answer).items():
        for value in values:
            posted.add(f"{PREFIX}{field.key}" + (f"-{suffix}" if suffix else ""), value)
    return []


def misfit(schema: dict[str, Any], answer: Any, pointer: str) -> tuple[str, str] | None:
    """Where, and how, an answer has not the shape its schema says; None when it has.

    What it holds is for the form to judge.
    """
    if "anyOf" in schema:
        tried = [misfit(part, answer, pointer) for part in schema["anyOf"]]
        return None if None in tried else tried[0]
    wanted, word = _SHAPES.get(schema.get("type", ""), ((object,), ""))
    if not isinstance(answer, wanted) or (isinstance(answer, bool) and bool not in wanted and word):
        return pointer, f"写法不对，这里应是{word}，请对照这一版的 JSON Schema"
    if isinstance(answer, list):
        return _first(
            misfit(schema.get("items", {}), item, pointer + place(n)) for n, item in enumerate(answer)
        )
    if isinstance(answer, dict):
        return _first(_member(schema, name, item, pointer + place(name)) for name, item in answer.items())
    return None


def _member(schema: dict[str, Any], name: str, item: Any, pointer: str) -> tuple[str, str] | None:
    known, other = schema.get("properties", {}), schema.get("additionalProperties", {})
    if name in known:
        return misfit(known[name], item, pointer)
    return misfit(other, item, pointer) if isinstance(other, dict) else (pointer, "没有这一项")


def _first(found: Iterable[tuple[str, str] | None]) -> tuple[str, str] | None:
    return next((one for one in found if one is not None), None)
