"""Exact figures: how they are read, rounded once, and printed; never a binary float."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator

# Long figures are refused so that a mistyped exponent cannot fill the memory.
_DECIMAL = re.compile(r"^([+-]?\d{1,15}(?:\.\d{1,12})?)(%?)$")
_RATIO = re.compile(r"^([+-]?\d{1,15})/(\d{1,15})$")
_LARGEST = 10**15


def read_exact(value: Any) -> Fraction:
    """The figure exactly as the office wrote it.

    value: whole number, decimal figure, or text such as ``20%`` and ``1/3``.
    Raises ValueError with a Chinese sentence for anything else.

    >>> read_exact("20%"), read_exact(0.1), read_exact("1/3")
    (Fraction(1, 5), Fraction(1, 10), Fraction(1, 3))
    """
    if isinstance(value, Fraction):
        return value
    if isinstance(value, bool):
        raise ValueError("应为数字")  # noqa: TRY004  # pydantic turns a ValueError into a fault
    if isinstance(value, int) and abs(value) <= _LARGEST:
        return Fraction(value)
    written = str(value).strip()
    if decimal := _DECIMAL.match(written):
        return Fraction(decimal[1]) / (100 if decimal[2] else 1)
    ratio = _RATIO.match(written)
    if ratio and int(ratio[2]):
        return Fraction(int(ratio[1]), int(ratio[2]))
    raise ValueError("应为数字，例如 20、0.5、20% 或 1/3")


def read_positive(value: Any) -> Fraction:
    """Like `read_exact`, and more than zero."""
    figure = read_exact(value)
    if figure <= 0:
        raise ValueError("应大于 0")
    return figure


def write_exact(value: Fraction) -> int | str:
    """The figure as plain data that `read_exact` reads back unchanged.

    >>> write_exact(Fraction(3)), write_exact(Fraction(1, 3))
    (3, '1/3')
    """
    return value.numerator if value.denominator == 1 else ratio(value)


#: A figure of a scheme.
Exact = Annotated[Fraction, PlainValidator(read_exact), PlainSerializer(write_exact)]
#: A figure of a scheme that must be more than zero.
Positive = Annotated[Fraction, PlainValidator(read_positive), PlainSerializer(write_exact)]


def rounded(value: Fraction, places: int) -> int:
    """The value in units of the last printed place, half away from zero (四舍五入).

    >>> rounded(Fraction(3601, 45), 2), rounded(Fraction(1, 200), 2), rounded(Fraction(-1, 200), 2)
    (8002, 1, -1)
    """
    numerator, denominator = value.numerator, value.denominator
    whole: int = (2 * abs(numerator) * 10**places + denominator) // (2 * denominator)
    return -whole if numerator < 0 else whole


def printed(value: Fraction, places: int) -> str:
    """The figure as it is printed; this is the one place where rounding happens.

    >>> printed(Fraction(3601, 45), 2), printed(Fraction(-1, 20), 1), printed(Fraction(100), 0)
    ('80.02', '-0.1', '100')
    """
    units = rounded(value, places)
    digits = str(abs(units)).rjust(places + 1, "0")
    sign = "-" if units < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"


def ratio(value: Fraction) -> str:
    """The value as ``n/d``, also when it is whole.

    >>> ratio(Fraction(100))
    '100/1'
    """
    return f"{value.numerator}/{value.denominator}"


def in_formula(value: Fraction) -> str:
    """The exact value as a person writes it in a formula: a short decimal if it ends, else a ratio.

    >>> in_formula(Fraction(17, 20)), in_formula(Fraction(8, 9)), in_formula(Fraction(20))
    ('0.85', '8/9', '20')
    """
    if value.denominator == 1:
        return str(value.numerator)
    for places in range(1, 7):
        if 10**places % value.denominator == 0:
            return printed(value, places)
    return ratio(value)


def equals(value: Fraction, places: int) -> str:
    """The end of a formula: ``＝`` or ``≈`` with the exact and the printed value.

    >>> equals(Fraction(17, 20), 4), equals(Fraction(8, 9), 4)
    ('＝0.85', '＝8/9≈0.8889')
    """
    exact = in_formula(value)
    if "/" not in exact:
        return f"＝{exact}"
    return f"＝{exact}≈{printed(value, places)}"
