"""Measures a finished PDF against GB/T 9704-2012: one named check per rule, each with what was found."""

from __future__ import annotations

import io
from dataclasses import dataclass

from notices.checks import body, closing, file, head, letter, page
from notices.checks.verdict import Check, Parts, Verdict
from notices.pagefacts import read_pages

#: A letter has two double rules, a document one single rule.
_LETTER_RULES = 3
_WORDS = {Verdict.OK: "合格", Verdict.FAULT: "不合格", Verdict.ABSENT: "不适用"}


@dataclass(frozen=True)
class Report:
    """All checks of one file."""

    layout: str
    pages: int
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)

    @property
    def faults(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if not check.passed)

    def check(self, rule: str) -> Check:
        """The check of one rule; KeyError for a rule that there is not."""
        return {check.rule: check for check in self.checks}[rule]

    def __str__(self) -> str:
        lines = [f"版式：{self.layout}；{self.pages}页"]
        for check in self.checks:
            word = _WORDS[check.verdict]
            lines.append(f"{check.rule:<4}{word}{'　' * (4 - len(word))}{check.asks}：{check.found}")
        absent = sum(check.verdict is Verdict.ABSENT for check in self.checks)
        count = len(self.checks)
        return "\n".join([*lines, f"{count}项检查，{len(self.faults)}项不合格，{absent}项不适用"])


def measure(pdf: bytes) -> Report:
    """The report on a finished document, in the order of the rules. Raises ValueError for a file that is no PDF."""
    pages = tuple(read_pages(io.BytesIO(pdf)))
    is_letter = len(pages[0].red_rules) >= _LETTER_RULES
    parts = Parts(pages, is_letter)
    rules = (
        *page.CHECKS, *head.CHECKS, *body.CHECKS, *closing.SIGNATURES, *body.LATER, *closing.IMPRINT,
    )  # fmt: skip
    found = [check(parts) for check in rules]
    found += letter.checks(parts)
    found += [check(parts) for check in file.CHECKS]
    return Report("信函格式" if is_letter else "文件格式", len(pages), tuple(found))
