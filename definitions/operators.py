"""The closed list of what an expression may do, and what each operator means.

The meaning is JSON Logic's (https://jsonlogic.com), with three narrowings that make it fit for rules people
write: an unanswered fact is neither less nor more than anything, arithmetic with an unanswered fact gives
no answer, and a name is looked up as it is written. Numbers are exact. `static/expression.js` gives the
browser's engine the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from itertools import pairwise
from math import isfinite
from typing import Any, TypeAlias

Number: TypeAlias = int | Fraction

DECIMAL = re.compile(r"[+-]?([0-9]{1,30}(\.[0-9]{0,30})?|\.[0-9]{1,30})")
#: What may stand around a number; the browser's notion of a blank is another one than Python's.
BLANK = " \t\r\n"

COMPARISONS = ("<", "<=", ">", ">=")
EQUALITIES = ("==", "!=")
ARITHMETIC = ("+", "-", "*", "/", "%", "min", "max")
LOGIC = ("and", "or", "!")
CHOOSING = ("if", "in", "var", "missing")
#: Everything an expression may contain; any other operator is a fault.
OPERATORS = frozenset((*COMPARISONS, *EQUALITIES, *ARITHMETIC, *LOGIC, *CHOOSING))


def number(value: Any) -> Number | None:
    """The exact number a fact stands for, or None when it stands for none.

    >>> number("0.1"), number(2.5), number(""), number("一")
    (Fraction(1, 10), Fraction(5, 2), None, None)
    """
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, (int, Fraction)):
        return value
    if isinstance(value, float):
        # Its shortest writing is what was meant: 0.1 is a tenth.
        return whole(Fraction(repr(value))) if isfinite(value) else None
    if not isinstance(value, str) or not DECIMAL.fullmatch(value.strip(BLANK)):
        return None
    return whole(Fraction(value.strip(BLANK)))


def whole(value: Number) -> Number:
    """The same number, as int when it is one."""
    return int(value) if isinstance(value, Fraction) and value.denominator == 1 else value


def equal(a: Any, b: Any) -> bool:
    """Sameness as JSON Logic's ``==``: a number and its text are the same, nothing equals only nothing."""
    if a is None or b is None:
        return a is b
    if isinstance(a, str) and isinstance(b, str):
        return a == b
    if isinstance(a, (list, tuple)) or isinstance(b, (list, tuple)):
        return bool(a == b)
    left, right = number(a), number(b)
    return left is not None and left == right


def holds(value: Any) -> bool:
    """Whether a value counts as yes; empty text, empty list, zero and nothing count as no."""
    return bool(value)


def _compare(test: Callable[[Any, Any], bool]) -> Callable[..., bool]:
    def compare(_facts: Any, *values: Any) -> bool:
        return all(_ordered(test, a, b) for a, b in pairwise(values))

    return compare


def _ordered(test: Callable[[Any, Any], bool], a: Any, b: Any) -> bool:
    if isinstance(a, str) and isinstance(b, str):
        return bool(a and b) and test(a, b)
    left, right = number(a), number(b)
    return left is not None and right is not None and test(left, right)


def _arithmetic(compute: Callable[[list[Number]], Number | None]) -> Callable[..., Number | None]:
    def apply(_facts: Any, *values: Any) -> Number | None:
        numbers = [number(value) for value in values]
        known = [value for value in numbers if value is not None]
        if not known or len(known) < len(numbers):
            return None
        result = compute(known)
        return None if result is None else whole(result)

    return apply


def _product(values: list[Number]) -> Number:
    result: Number = 1
    for value in values:
        result *= value
    return result


def _difference(values: list[Number]) -> Number:
    return -values[0] if len(values) == 1 else values[0] - values[1]


def _quotient(values: list[Number]) -> Number | None:
    # A division by nothing has no answer; it must not stop a page.
    return Fraction(values[0]) / values[1] if len(values) == 2 and values[1] else None


def _remainder(values: list[Number]) -> Number | None:
    if len(values) != 2 or not values[1]:
        return None
    quotient = Fraction(values[0]) / values[1]
    # Truncated like the browser's, not floored like Python's.
    return values[0] - values[1] * int(quotient)


def _var(facts: Any, name: Any = None, default: Any = None, *_more: Any) -> Any:
    value = facts.get(name) if isinstance(facts, Mapping) and isinstance(name, str) else None
    return default if value is None else value


def _missing(facts: Any, *names: Any) -> list[Any]:
    wanted: Iterable[Any] = names[0] if names and isinstance(names[0], list) else names
    return [name for name in wanted if _var(facts, name) in (None, "", [])]


def _contains(_facts: Any, needle: Any = None, haystack: Any = None, *_more: Any) -> bool:
    if isinstance(haystack, (list, tuple)):
        return any(equal(needle, item) for item in haystack)
    return isinstance(haystack, str) and isinstance(needle, str) and bool(needle) and needle in haystack


#: What the engine is given: the closed list and nothing else.
#: ``if``, ``and`` and ``or`` are the engine's own because they stop early.
TABLE: dict[str, Callable[..., Any]] = {
    "==": lambda _facts, a=None, b=None, *_more: equal(a, b),
    "!=": lambda _facts, a=None, b=None, *_more: not equal(a, b),
    "<": _compare(lambda a, b: a < b),
    "<=": _compare(lambda a, b: a <= b),
    ">": _compare(lambda a, b: a > b),
    ">=": _compare(lambda a, b: a >= b),
    "+": _arithmetic(lambda values: sum(values[1:], values[0])),
    "-": _arithmetic(_difference),
    "*": _arithmetic(_product),
    "/": _arithmetic(_quotient),
    "%": _arithmetic(_remainder),
    "min": _arithmetic(min),
    "max": _arithmetic(max),
    "!": lambda _facts, value=None, *_more: not holds(value),
    "in": _contains,
    "var": _var,
    "missing": _missing,
}
