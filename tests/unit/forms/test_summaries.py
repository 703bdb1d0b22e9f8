"""Summaries: exact figures, honest words."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.fields.matrix import Matrix
from forms.fields.number import Number
from forms.fields.phone import Phone
from forms.fields.rows import Rows
from forms.fields.short_text import ShortText
from forms.tally import Tally, spread_of
from forms.terms import frequent_terms
from tests.unit.forms.filling import OPTIONS, form_of


def test_numbers_are_told_exactly() -> None:
    field = Number(key="n", type="number", label="件数", decimals=1)
    figures = field.summarise(["0.1", "0.2", "0.3", "10.0"]).figures
    assert figures == {
        "合计": "10.6",
        "平均": "2.65",
        "最小": "0.1",
        "下四分位": "0.18",
        "中位数": "0.25",
        "上四分位": "2.73",
        "最大": "10.0",
    }


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=60))
def test_quartiles_are_those_of_the_sorted_list(values: list[int]) -> None:
    counted = {Fraction(value): values.count(value) for value in set(values)}
    spread = spread_of(counted)
    assert spread is not None
    ordered = sorted(values)
    for share, found in (
        (Fraction(1, 4), spread.quartile),
        (Fraction(1, 2), spread.median),
        (Fraction(3, 4), spread.upper_quartile),
    ):
        place = share * (len(ordered) - 1)
        low = int(place)
        high = min(low + 1, len(ordered) - 1)
        assert found == ordered[low] + (ordered[high] - ordered[low]) * (place - low)
    assert spread.mean == Fraction(sum(values), len(values))


def test_counting_in_parts_is_counting_at_once() -> None:
    field = Matrix(key="m", type="matrix", label="分项", rows=OPTIONS, options=OPTIONS)
    answers = [{"good": "good"}, {"good": "bad", "bad": "bad"}, {}]
    first, second = Tally(), Tally()
    field.count_into(first, answers[0])
    field.count_all(second, answers[1:])
    assert field.summed(first.merged(second)) == field.summarise(answers)
    summary = field.summarise(answers)
    assert summary.answered == 2
    assert summary.table == {"优": {"优": 1, "差": 1}, "差": {"优": 0, "差": 1}}


def test_terms_are_counted_once_a_text_and_longest() -> None:
    texts = ["办证大厅排队太久，排队", "办证大厅没有人", "自助机坏了"]
    assert frequent_terms(texts) == [("办证大厅", 2)]
    assert frequent_terms(["窗口等候时间较长"] * 3 + ["窗口态度好"]) == [("窗口", 4), ("窗口等候时间较长", 3)]
    assert frequent_terms(["我的", "我的"]) == []


def test_nothing_written_by_one_person_alone_is_a_term() -> None:
    assert frequent_terms(["张某某态度恶劣", "环境很好"]) == []


def test_rows_are_summed_by_column() -> None:
    form = form_of(
        {
            "key": "r",
            "type": "rows",
            "label": "明细",
            "columns": [
                {"key": "a", "label": "事项", "type": "choice", "options": OPTIONS},
                {"key": "b", "label": "件数", "type": "number"},
            ],
        }
    )
    field = form.fields[0]
    assert isinstance(field, Rows)
    summary = field.summarise([[{"a": "good", "b": 2}, {"a": "bad", "b": 3}], [{"b": 1}]])
    assert summary.figures == {"行数": "3", "件数合计": "6", "件数平均": "2.00"}
    assert summary.table == {"事项": {"优": 1, "差": 1}}


def test_telephone_numbers_are_counted_and_never_told() -> None:
    summary = Phone(key="p", type="phone", label="电话").summarise(["0796-8234567"])
    assert (summary.answered, summary.words, summary.terms) == (1, (), ())


@pytest.mark.parametrize("length", [1, 5_000])
def test_only_so_much_of_a_text_is_looked_at(length: int) -> None:
    summary = ShortText(key="t", type="short_text", label="话").summarise(["好" * length])
    assert len(summary.words[0]) <= 200
