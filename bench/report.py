"""What a run says: one line a measure, with what must hold beside what was seen."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import median


@dataclass(frozen=True)
class Line:
    """One measure. good: whether `must` holds; None where nothing is asked."""

    measure: str
    must: str
    seen: str
    good: bool | None = None


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Ours against theirs, turn by turn: the median of the turns' ratios.

    >>> ratio([2.0, 4.0, 9.0], [1.0, 4.0, 3.0])
    2.0
    """
    return median(own / other for own, other in zip(ours, theirs, strict=True) if other)


def spread(values: Sequence[float], unit: str = "", places: int = 1) -> str:
    """The median with the lowest and the highest turn.

    >>> spread([3.0, 1.0, 2.5], " ms")
    '2.5 ms (1.0–3.0)'
    """
    low, middle, high = min(values), median(values), max(values)
    return f"{middle:,.{places}f}{unit} ({low:,.{places}f}–{high:,.{places}f})"


def as_table(lines: Iterable[Line]) -> str:
    """The lines as a Markdown table; what does not hold is marked."""
    rows = ["| measure | must | seen | |", "|---|---|---|---|"]
    marks = {True: "holds", False: "**fails**", None: ""}
    rows += [f"| {line.measure} | {line.must} | {line.seen} | {marks[line.good]} |" for line in lines]
    return "\n".join(rows)


def as_json(lines: Iterable[Line], conditions: dict[str, str]) -> str:
    """The lines for other programs."""
    return json.dumps(
        {"conditions": conditions, "lines": [asdict(line) for line in lines]}, ensure_ascii=False, indent=1
    )
