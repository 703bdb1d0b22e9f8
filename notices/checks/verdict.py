"""What a check says, and the measures that the checks share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from notices.pagefacts import MM, PageFacts, TextLine

#: The type area of an upright page in mm, one cell, one line, the sizes in points.
LEFT, TOP, RIGHT, BOTTOM = 28.0, 37.0, 184.0, 262.0
CELL = 156 / 28
PITCH = 28.95
LINE = PITCH * MM
TITLE_SIZE, BODY_SIZE, SMALL_SIZE = 22.0, 16.0, 14.0
TOLERANCE = 1.0
HALF_LEADING = (PITCH - BODY_SIZE) / 2 * MM
NUMBER = re.compile(r"\S{1,20}〔\d{4}〕[1-9]\d*号")
DATE = re.compile(r"\d{4}年([1-9]|1[0-2])月([1-9]|[12]\d|3[01])日")


class Verdict(StrEnum):
    """合格, 不合格, or that the file has nothing to measure the rule on."""

    OK = "ok"
    FAULT = "fault"
    ABSENT = "not applicable"


@dataclass(frozen=True)
class Check:
    """One rule: its id in the specification, the limit it sets, what was measured, the verdict."""

    rule: str
    asks: str
    verdict: Verdict
    found: str

    @property
    def passed(self) -> bool:
        return self.verdict is not Verdict.FAULT


def judged(rule: str, asks: str, good: bool, found: str) -> Check:
    """A measured rule."""
    return Check(rule, asks, Verdict.OK if good else Verdict.FAULT, found)


def listed(rule: str, asks: str, faults: Sequence[str], well: str) -> Check:
    """A rule measured at many places; the first faults are named."""
    return judged(rule, asks, not faults, "；".join(faults[:4]) if faults else well)


def absent(rule: str, asks: str, why: str) -> Check:
    """A rule that this file gives no occasion to measure."""
    return Check(rule, asks, Verdict.ABSENT, why)


def near(value: float, wanted: float, tolerance: float = TOLERANCE) -> bool:
    """Whether a measure is within the tolerance of what is wanted, both in mm."""
    return abs(value - wanted) <= tolerance


def centre(line: TextLine) -> float:
    """The middle of a line in mm from the left."""
    return (line.left + line.right) / 2


@dataclass(frozen=True)
class Parts:
    """The pages with their parts found: letter or document, title, head, body, signature, 版记.

    closing: the date line of the signature with its page; None for a form that nobody signs.
    """

    pages: tuple[PageFacts, ...]
    letter: bool

    @property
    def first(self) -> PageFacts:
        return self.pages[0]

    @property
    def title(self) -> list[TextLine]:
        return [line for line in self.first.lines if near(line.size, TITLE_SIZE, 0.3) and not line.red]

    @property
    def title_top(self) -> float:
        return self.title[0].top if self.title else self.first.height

    @property
    def marks(self) -> list[TextLine]:
        return [line for line in self.first.lines if line.red]

    @property
    def head(self) -> list[TextLine]:
        """Black lines of page one above the title."""
        return [line for line in self.first.lines if not line.red and line.baseline < self.title_top]

    @property
    def number(self) -> TextLine | None:
        return next((line for line in self.head if NUMBER.search(line.text)), None)

    @property
    def rules(self) -> list[float]:
        return sorted(rule.top for rule in self.first.red_rules)

    @property
    def annexes(self) -> list[PageFacts]:
        """Pages on which an 附件 begins."""
        return [page for page in self.pages[1:] if page.lines and _TAG.match(page.lines[0].text)]

    @property
    def forms(self) -> tuple[PageFacts, ...]:
        """The form to return, which stands last and carries no number however many pages it takes."""
        first = next(
            (place for place, page in enumerate(self.pages) if place and page.is_form), len(self.pages)
        )
        return self.pages[first:]

    @property
    def flow(self) -> list[tuple[PageFacts, TextLine]]:
        """Prose from under the title to the end of the main text, annexes and forms to return left out."""
        found = []
        for page in self.pages:
            if page in self.annexes or page in self.forms:
                break
            lines = [line for line in page.body if line.prose]
            if page is self.first:
                lines = [line for line in lines if line.baseline > self.title_top]
            found += [(page, line) for line in lines]
        return found

    @property
    def text(self) -> list[tuple[PageFacts, TextLine]]:
        """The main text alone: up to 附件说明 or signature."""
        flow, closing = self.flow, self.closing
        found: list[tuple[PageFacts, TextLine]] = []
        for page, line in flow:
            if line.text.startswith("附件：") or (closing is not None and line is closing[1]):
                break
            found.append((page, line))
        signed = closing is not None and len(found) < len(flow) and flow[len(found)][1] is closing[1]
        # The lines of the organ stand directly above the date, far to the right; several organs in rows.
        edge, rows = closing[1].baseline if closing else 0.0, False
        while signed and found:
            line = found[-1][1]
            close = edge - line.baseline < 1.2 * LINE
            rows = rows or (close and len(line.pieces) > 1)
            in_row = rows and (close or len(line.pieces) > 1)
            if not in_row and line.left <= LEFT + 3.5 * CELL:
                break
            edge = found.pop()[1].baseline
        return found

    @property
    def closing(self) -> tuple[PageFacts, TextLine] | None:
        return next(
            (
                (page, line)
                for page, line in reversed(self.flow)
                if DATE.fullmatch(line.text.strip()) and line.left > LEFT + 6 * CELL
            ),
            None,
        )

    def above(self, page: PageFacts, line: TextLine) -> list[TextLine]:
        """Prose of the page above a line, nearest first."""
        return [
            other for other in reversed(page.body) if other.prose and other.baseline < line.baseline - 0.5
        ]


_TAG = re.compile(r"附件\d{0,2}$")
