"""What a step asks: from the post of its page to plain answers, all faults named, nothing typed lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage, ImmutableMultiDict

from services.attachments import Checked, Upload, check
from services.refusal import Refusal
from workflow.asked import fault_of
from workflow.definition import Ask
from workflow.vocabulary import AskType

PREFIX = "f_"


@dataclass(frozen=True)
class Answers:
    """One post of a step's page.

    typed: field → the words as they came, to be shown again. asked: field → plain JSON for the procedure.
    faults: field → sentence. files: (field, file), checked and ready to be kept.
    """

    typed: dict[str, Any]
    asked: dict[str, Any]
    faults: dict[str, str]
    files: list[tuple[str, Checked]]


def nothing_typed() -> Answers:
    """The page before anything was sent."""
    return Answers({}, {}, {}, [])


def told_again(asked: Mapping[str, Any]) -> Answers:
    """The page with answers that were given before, for a draft that came back checked."""
    typed = {
        field: value
        if isinstance(value, list)
        else ("yes" if value else "")
        if isinstance(value, bool)
        else str(value)
        for field, value in asked.items()
    }
    return Answers(typed, dict(asked), {}, [])


def read_answers(
    asks: tuple[Ask, ...],
    form: ImmutableMultiDict[str, str],
    files: ImmutableMultiDict[str, FileStorage],
    *,
    grades: frozenset[str] = frozenset(),
) -> Answers:
    """Read, check and type one post. grades: keys that may answer a question for a grade."""
    answers = Answers({}, {}, {}, [])
    for ask in asks:
        if ask.type is AskType.FILES:
            _take_files(ask, files.getlist(PREFIX + ask.field), answers)
        else:
            _take_words(ask, form, answers)
        value = answers.asked.get(ask.field)
        if ask.field not in answers.faults:
            fault = fault_of(ask, value)
            if fault is None and ask.type is AskType.GRADE and value and value not in grades:
                fault = _("请从列出的档次中选择“%(label)s”", label=ask.label)
            if fault:
                answers.faults[ask.field] = f"{fault}。"
    return answers


def _take_words(ask: Ask, form: ImmutableMultiDict[str, str], answers: Answers) -> None:
    name = PREFIX + ask.field
    if ask.type is AskType.CHOICES:
        answers.typed[ask.field] = answers.asked[ask.field] = [
            choice.replace("\0", "") for choice in form.getlist(name)[:200]
        ]
        return
    # Zero bytes are typed by no one, and not every database can keep them.
    words = form.get(name, "").replace("\r\n", "\n").replace("\0", "")
    answers.typed[ask.field] = words
    if ask.type is AskType.BOOLEAN:
        answers.asked[ask.field] = words == "yes"
    elif words.strip():
        answers.asked[ask.field] = _number(words) if ask.type is AskType.NUMBER else words.strip()
    if len(words) > 20_000:
        answers.faults[ask.field] = _("最多20000字，更长的材料请作为附件。")


def _number(words: str) -> int | str:
    """A whole number, also one typed in full-width digits; the words themselves when they are none."""
    text = words.strip()
    try:
        return int(text) if len(text) <= 9 else text
    except ValueError:
        return text


def _take_files(ask: Ask, uploads: list[FileStorage], answers: Answers) -> None:
    kept: list[tuple[str, Checked]] = []
    for upload in uploads:
        if not upload.filename:
            continue
        try:
            kept.append((ask.field, check(Upload(upload.filename, upload.stream.read()))))
        except Refusal as refused:
            answers.faults[ask.field] = refused.sentence
    if len(kept) > 20:
        answers.faults[ask.field] = _("一次最多20个文件。")
    answers.files.extend(kept)
    answers.asked[ask.field] = [file.file_name for _field, file in kept]
