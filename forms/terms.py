"""The words that many texts have in common, by counting alone: no dictionary, no guessing at meaning.

In a run of Chinese characters every stretch of two signs or more is looked at; a foreign word is taken whole. A
term counts once a text. A stretch that stands only inside a longer one is left out, so 办证大厅 is not told again
as 办证, 证大, 大厅.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

_RUN = re.compile(r"[\u3400-\u9fff]+|[A-Za-z]{2,}")
LONGEST = 10
#: Signs that begin or end no term: particles, pronouns, numerals.
_EDGE = frozenset(
    "的了是在和与及或也都就还很不没有我你他她它们这那个一二三四五六七八九十两到从对把被让给为以其之而等能会要将着过去来上下中说"
)
MOST_TERMS = 20
#: A term told of fewer texts than this would be somebody's own words.
AT_LEAST = 2


def frequent_terms(texts: Iterable[str], *, most: int = MOST_TERMS) -> list[tuple[str, int]]:
    """(term, number of texts it stands in), the most frequent first; only terms of two texts or more."""
    common = _common([_RUN.findall(text) for text in texts])
    covered = {part for term, times in common.items() for part in _parts(term) if common.get(part) == times}
    ranked = sorted(
        (
            (term, times)
            for term, times in common.items()
            if term not in covered and term[0] not in _EDGE and term[-1] not in _EDGE
        ),
        key=lambda pair: (-pair[1], -len(pair[0]), pair[0]),
    )
    return ranked[:most]


def _common(texts: Sequence[Sequence[str]]) -> dict[str, int]:
    """Term → number of texts, for terms of enough texts. A stretch is only looked at if its parts are common."""
    words = Counter(word for runs in texts for word in {run.lower() for run in runs if run.isascii()})
    common = {word: times for word, times in words.items() if times >= AT_LEAST}
    shorter: dict[str, int] | None = None
    for length in range(2, LONGEST + 1):
        counts: Counter[str] = Counter()
        for runs in texts:
            counts.update(
                {
                    run[start : start + length]
                    for run in runs
                    if not run.isascii()
                    for start in range(len(run) - length + 1)
                    if shorter is None
                    or (
                        run[start : start + length - 1] in shorter
                        and run[start + 1 : start + length] in shorter
                    )
                }
            )
        shorter = {term: times for term, times in counts.items() if times >= AT_LEAST}
        if not shorter:
            break
        common |= shorter
    return common


def _parts(term: str) -> tuple[str, ...]:
    """The two stretches that are one sign shorter; shorter ones are covered by these in their turn."""
    return () if term.isascii() or len(term) < 3 else (term[:-1], term[1:])
