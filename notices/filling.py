"""Values meet a kind: placeholders are replaced, what is missing is noted, conditions are answered."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from notices.definition import Value
from notices.refusal import NoticeRefused
from notices.shapes import ELEMENTS, element_fault
from notices.template import fill
from notices.vocabulary import VOCABULARY

_LONGEST_TEXT = 20_000
_MOST_ROWS = 2_000
_LONGEST_TITLE = 120
_NUMBER = re.compile(r"-?\d{1,12}(?:\.\d{1,6})?")
_URL = re.compile(r"https?://[!-~]{1,300}")
_ISO_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_YES = frozenset({"是", "true", "True", "1"})


def checked_values(values: Mapping[str, Value]) -> dict[str, Value]:
    """The values as plain text and rows, or NoticeRefused naming the value that cannot be printed.

    Refused: unknown shapes, control and direction-changing characters, texts and tables without measure.
    """
    checked: dict[str, Value] = {}
    for name, value in values.items():
        if name not in VOCABULARY:
            continue
        meaning, columns = VOCABULARY[name].meaning, VOCABULARY[name].columns
        if columns:
            if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
                raise NoticeRefused("value_shape", f"“{meaning}”应为表格的行")
            if len(value) > _MOST_ROWS:
                raise NoticeRefused("value_too_long", f"“{meaning}”超过{_MOST_ROWS}行，请分成几份文书")
            checked[name] = [
                {column: _checked_text(row.get(column, ""), meaning) for column in columns} for row in value
            ]
        else:
            checked[name] = _checked_text(value, meaning)
    for name in ELEMENTS:
        if sentence := element_fault(name, str(checked.get(name, ""))):
            raise NoticeRefused("value_element", f"“{VOCABULARY[name].meaning}”写法不合格式：{sentence}")
    url = checked.get("verify_url", "")
    if url and not _URL.fullmatch(str(url)):
        raise NoticeRefused("value_url", "核验网址应以 http:// 或 https:// 开头，且只含网址字符")
    return checked


def _checked_text(value: Any, meaning: str) -> str:
    if not isinstance(value, str):
        raise NoticeRefused("value_shape", f"“{meaning}”应为文字")
    if len(value) > _LONGEST_TEXT:
        raise NoticeRefused("value_too_long", f"“{meaning}”超过{_LONGEST_TEXT}字，请精简或改为附件")
    text = value.replace("\r\n", "\n").replace("\t", "\u3000")
    for character in text:
        if character != "\n" and unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn"):
            raise NoticeRefused(
                "value_control", f"“{meaning}”含有不能印出的控制字符 U+{ord(character):04X}，请删去后重试"
            )
    if (day := _ISO_DAY.fullmatch(text)) is not None:
        # B12: a stored day is printed as the standard writes days.
        return f"{day[1]}年{int(day[2])}月{int(day[3])}日"
    return text


class Filling:
    """One set of values for one document.

    draft: missing values become 【缺：…】 instead of being only noted in `missing`.
    """

    def __init__(self, values: Mapping[str, Value], *, draft: bool) -> None:
        self.values = checked_values(values)
        self.draft = draft
        self.missing: dict[str, str] = {}

    def text(
        self, template: str, *, row: Mapping[str, str] | None = None, group: str = "", blank_ok: bool = False
    ) -> str:
        """The template with its placeholders replaced; values are never read as templates.

        blank_ok: an optional value may be blank here (a head element, a place of a form), not in a sentence.
        """

        def value_of(name: str) -> str:
            if name == "group":
                return group
            if name.startswith("row."):
                return (row or {}).get(name.removeprefix("row."), "")
            return self._value(name, blank_ok)

        return fill(template, value_of)

    def title(self, template: str) -> list[str]:
        """The title cut where it may be broken; a title of more than a few lines is refused."""
        phrases = [self.text(phrase) for phrase in template.split("|")]
        if sum(map(len, phrases)) > _LONGEST_TITLE:
            raise NoticeRefused("title_too_long", f"标题超过{_LONGEST_TITLE}字，请缩短事项名称")
        if any("\n" in phrase for phrase in phrases):
            raise NoticeRefused("title_lines", "标题中不能有换行，请改为一行文字")
        return phrases

    def rows(self, name: str) -> list[dict[str, str]]:
        """The rows of a list value; no rows at all counts as missing unless the value is optional."""
        value = self.values.get(name)
        if isinstance(value, list) and value:
            return value
        if not VOCABULARY[name].optional:
            self._note(name)
        return []

    def holds(self, condition: Mapping[str, Any] | None) -> bool:
        """Whether a part is printed; blank values are unanswered facts."""
        if condition is None:
            return True
        from definitions.expression import evaluate

        return bool(evaluate(condition, self._facts()))

    def _value(self, name: str, blank_ok: bool) -> str:
        value = self.values.get(name, "")
        if isinstance(value, str) and value.strip():
            return value
        if blank_ok and VOCABULARY[name].optional:
            return ""
        return self._note(name)

    def _note(self, name: str) -> str:
        meaning = VOCABULARY[name].meaning
        self.missing[name] = meaning
        return f"【缺：{meaning}】" if self.draft else ""

    def _facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = {}
        for name, value in self.values.items():
            if not isinstance(value, str) or not value.strip():
                continue
            kind = VOCABULARY[name].fact
            if kind == "boolean":
                facts[name] = value in _YES
            elif kind == "number":
                facts[name] = Fraction(value) if _NUMBER.fullmatch(value) else None
            else:
                facts[name] = value
        return facts
