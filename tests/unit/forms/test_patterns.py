"""Patterns that can hang are refused; those a clerk needs are not."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.patterns import pattern_fault


@pytest.mark.parametrize(
    "pattern",
    [
        r"\d{6}",
        r"[A-Z]{2}\d+",
        r"(赣|京)[A-Z]\w{5}",
        r"\d{3,4}-\d{7,8}",
        r"[^<>]*",
        r"a\.b",
        r"(?:甲|乙)?丙",
        "",
    ],
)
def test_useful_pattern_is_taken(pattern: str) -> None:
    assert pattern_fault(pattern) is None


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+$",
        r"(a|a)*b",
        r"(.*)*x",
        r"(?=a)a",
        r"(?!a)b",
        r"(?<=a)b",
        r"(a)\1",
        r"a+a+a+a+b",
        r"a**",
        r"*a",
        r"[a",
        r"(a",
        r"a)",
        r"\A\d",
        r"(?i)a",
        r"x{2,1}",
        "a" * 300,
    ],
)
def test_pattern_that_can_hang_or_is_broken_is_refused(pattern: str) -> None:
    assert pattern_fault(pattern)


@given(st.text(alphabet="ab01()[]{}|*+?.\\^$-,dw", max_size=25))
def test_whatever_is_taken_compiles_and_ends_soon(pattern: str) -> None:
    if pattern_fault(pattern) is None:
        re.fullmatch(pattern, "a" * 199 + "!")
