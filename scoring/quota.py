"""How many of a category are first or last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator

from scoring.exact import printed, read_exact, rounded
from scoring.vocabulary import QuotaRounding


@dataclass(frozen=True)
class Quota:
    """A number, a share, or a number for each category.

    count: for every category.  share: of the category's size.  by_category: key → number.
    """

    count: int | None = None
    share: Fraction | None = None
    by_category: tuple[tuple[str, int], ...] = ()

    def of(self, category: str, *, size: int, rounding: QuotaRounding) -> int:
        """How many of a category with `size` ranked targets; 0 for a category that is not named.

        >>> Quota(share=Fraction(3, 10)).of("office", size=14, rounding=QuotaRounding.DOWN)
        4
        """
        if self.count is not None:
            return self.count
        if self.share is None:
            return next((number for key, number in self.by_category if key == category), 0)
        exact = self.share * size
        if rounding is QuotaRounding.HALF_UP:
            return rounded(exact, 0)
        return -(-exact.numerator // exact.denominator) if rounding is QuotaRounding.UP else int(exact)


def read_quota(value: Any) -> Quota:
    """``6``, ``30%`` or ``{enforcement: 6, management: 6}``; ValueError with a Chinese sentence otherwise."""
    if isinstance(value, Quota):
        return value
    if isinstance(value, Mapping):
        if not value or not all(isinstance(key, str) and _is_count(number) for key, number in value.items()):
            raise ValueError("应为“类别: 名额”，名额为不小于 0 的整数")
        return Quota(by_category=tuple(sorted(value.items())))
    if isinstance(value, str) and value.strip().endswith("%"):
        share = read_exact(value)
        if not 0 < share <= 1:
            raise ValueError("比例应大于 0、不超过 100%")
        return Quota(share=share)
    if not _is_count(value) or value == 0:
        raise ValueError("应为名额（如 6）、比例（如 30%）或按类别列出的名额")
    return Quota(count=value)


def write_quota(value: Quota) -> int | str | dict[str, int]:
    """The quota as plain data that `read_quota` reads back unchanged."""
    if value.count is not None:
        return value.count
    if value.share is not None:
        return f"{printed(value.share * 100, 10).rstrip('0').rstrip('.')}%"
    return dict(value.by_category)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 1_000_000


#: A quota as a scheme writes it.
QuotaField = Annotated[Quota, PlainValidator(read_quota), PlainSerializer(write_quota)]
