"""The expression language gives the same in the browser as on the server, and as JSON Logic where it says so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page, expect
from werkzeug.datastructures import MultiDict

from definitions.expression import ValueType, check, evaluate
from definitions.operators import OPERATORS
from definitions.operators import number as exact
from definitions.source import load_yaml
from forms.__main__ import page as form_page
from forms.answers import bind
from forms.definition import load_form
from tests.unit.forms.filling import NOW, choices

ROOT = Path(__file__).parents[2]
CASES = load_yaml(ROOT / "tests" / "cases" / "forms" / "expressions.yaml")
ENGINE = ROOT / "static" / "vendor" / "json-logic-js" / "logic.js"
OURS = ROOT / "static" / "expression.js"

#: Runs many cases in one call. Every number comes back as text, so that nothing is lost on the way.
RUN = """cases => {
    const language = window.expressions;
    const told = value => {
        if (value === undefined || value === null) return null;
        if (Array.isArray(value)) return value.map(told);
        if (typeof value === "number" || value instanceof Object)
            return {number: String(language ? language.number(value) : value)};
        return value;
    };
    const apply = language ? language.evaluate : window.jsonLogic.apply;
    return JSON.parse(cases).map(([expression, facts]) => told(apply(expression, facts)));
}"""

Case = tuple[Any, dict[str, Any]]


@pytest.fixture(scope="module")
def blank_page(browser: Browser) -> Iterator[Any]:
    """`blank_page(script, …)`: an empty page with only these scripts."""
    context = browser.new_context()

    def opened(*scripts: Path) -> Page:
        page = context.new_page()
        for script in scripts:
            page.add_script_tag(content=script.read_text(encoding="utf-8"))
        return page

    yield opened
    context.close()


@pytest.fixture(scope="module")
def in_browser(blank_page: Any) -> Page:
    return blank_page(ENGINE, OURS)


def run(page: Page, cases: list[Case]) -> list[Any]:
    found: list[Any] = page.evaluate(RUN, json.dumps(cases))
    return found


def told(value: Any) -> Any:
    """A value of the server as `RUN` tells those of the browser."""
    if isinstance(value, list):
        return [told(item) for item in value]
    if isinstance(value, (int, float, Fraction)) and not isinstance(value, bool):
        return {"number": str(exact(value))}
    return value


def given_by(row: dict[str, Any]) -> Any:
    gives = row["gives"]
    return gives if isinstance(gives, dict) else told(gives)


ROWS = [row for row in CASES if not row.get("refused")]


def test_browser_passes_the_suite(in_browser: Page) -> None:
    found = run(in_browser, [(row["expr"], row["facts"]) for row in ROWS])
    wrong = {row["name"]: value for row, value in zip(ROWS, found, strict=True) if given_by(row) != value}
    assert not wrong


def test_plain_json_logic_differs_only_where_the_suite_says_so(blank_page: Any) -> None:
    found = run(blank_page(ENGINE), [(row["expr"], row["facts"]) for row in ROWS])
    wrong = [
        (row["name"], row.get("differs"), value)
        for row, value in zip(ROWS, found, strict=True)
        if (_plain(given_by(row)) == _plain(value)) != ("differs" not in row)
    ]
    assert not wrong


def _plain(value: Any) -> Any:
    """Numbers by their value: the plain library writes a quarter as 0.25."""
    if isinstance(value, dict):
        written = value.get("number", "an object")
        try:
            return Fraction(written)
        except ValueError:
            return written
    return value


NAMES = {
    "n": ValueType.NUMBER,
    "m": ValueType.NUMBER,
    "t": ValueType.TEXT,
    "u": ValueType.TEXT,
    "b": ValueType.BOOLEAN,
    "d": ValueType.DATE,
    "e": ValueType.DATE,
    "c": ValueType.CHOICE,
    "cs": ValueType.CHOICES,
    "g": ValueType.GRADE,
}
KEYS = st.sampled_from(["a", "b", "较差", "𠮷"])
DAYS = st.dates().map(lambda day: day.isoformat()) | st.sampled_from(["2012-04", "08:30", "2012-04-09T08:30"])
DECIMALS = st.from_regex(r"[+-]?([0-9]{1,30}(\.[0-9]{0,30})?|\.[0-9]{1,30})", fullmatch=True)
LITERAL_NUMBERS = (
    st.integers(-9, 9)
    | st.integers(-(10**12), 10**12)
    | st.floats(-(10**12), 10**12)
    | st.sampled_from([0.1, 0.2, 0.3])
)
#: What may come to stand under a name of a number, also what no form lets through.
NUMBERS = (
    LITERAL_NUMBERS
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | DECIMALS
    | st.sampled_from(["", " 5 ", "５", "\u3000" + "5", "五", "1e3", "0x10", "--1", "."])
)
FACTS = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys("nm", NUMBERS | st.none()),
        **dict.fromkeys("tu", st.text(max_size=4) | KEYS | st.none()),
        "b": st.booleans() | st.none(),
        **dict.fromkeys("de", DAYS | st.sampled_from(["", None])),
        **dict.fromkeys("cg", KEYS | st.none()),
        "cs": st.lists(KEYS, max_size=3) | st.none(),
    },
)


def _call(operator: str, *operands: Any) -> Any:
    return st.tuples(*operands).map(lambda found: {operator: list(found)})


def _chosen(conditions: Any, results: Any) -> Any:
    return _call("if", conditions, results, results) | _call(
        "if", conditions, results, conditions, results, results | st.none()
    )


def _named(*names: str) -> Any:
    return st.sampled_from(names).map(lambda name: {"var": name})


def _languages(depth: int) -> tuple[Any, Any, Any, Any]:
    """Strategies for conditions, numbers, days and texts that the check lets pass."""
    missing = st.lists(st.sampled_from(sorted(NAMES)), min_size=1, max_size=3).map(lambda x: {"missing": x})
    lists = st.lists(KEYS, min_size=1, max_size=3)
    if depth == 0:
        defaulted = LITERAL_NUMBERS.map(lambda literal: {"var": ["n", literal]})
        return (
            st.booleans() | _named("b") | missing.map(lambda x: {"!": x}),
            LITERAL_NUMBERS | _named("n", "m") | defaulted,
            DAYS | _named("d", "e"),
            KEYS | _named("t", "c"),
        )
    conditions, numbers, days, texts = _languages(depth - 1)
    compared = st.sampled_from(["<", "<=", ">", ">="])
    alike = st.sampled_from(["==", "!="])
    found = (
        st.builds(lambda o, *x: {o: list(x)}, compared, numbers, numbers)
        | st.builds(lambda o, *x: {o: list(x)}, compared, numbers, numbers, numbers)
        | st.builds(lambda o, *x: {o: list(x)}, compared, _named("d", "e"), days)
        | st.builds(lambda o, *x: {o: list(x)}, alike, numbers, numbers | st.none())
        | st.builds(lambda o, *x: {o: list(x)}, alike, _named("d", "e"), days | st.none())
        | st.builds(lambda o, *x: {o: list(x)}, alike, _named("t", "u", "c", "g"), KEYS | st.none())
        | _call("in", texts, lists)
        | _call("in", _chosen(conditions, KEYS), _named("cs", "t", "u"))
        | _call("in", numbers, st.lists(LITERAL_NUMBERS, min_size=1, max_size=3))
        | _call("!", conditions)
        | st.builds(
            lambda o, x: {o: x},
            st.sampled_from(["and", "or"]),
            st.lists(conditions | missing, min_size=1, max_size=3),
        )
        | _chosen(conditions | missing, conditions)
    )
    counted = (
        st.builds(
            lambda o, x: {o: x},
            st.sampled_from(["+", "*", "min", "max"]),
            st.lists(numbers, min_size=1, max_size=3),
        )
        | st.builds(lambda o, *x: {o: list(x)}, st.sampled_from(["-", "/", "%"]), numbers, numbers)
        | _call("-", numbers)
        | _chosen(conditions, numbers)
    )
    return found | conditions, counted | numbers, _chosen(conditions, days) | days, texts


CONDITIONS, COUNTED, _DAYS, TEXTS = _languages(3)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(CONDITIONS | COUNTED | TEXTS, FACTS), min_size=20, max_size=40))
def test_server_and_browser_agree(in_browser: Page, cases: list[Case]) -> None:
    for expression, _facts in cases:
        assert check(expression, NAMES) == []
    found = run(in_browser, cases)
    for (expression, facts), value in zip(cases, found, strict=True):
        assert told(evaluate(expression, facts)) == value, (expression, facts)


def test_the_suite_is_whole() -> None:
    """At least 150 rows, every name once, every operator several times, every difference with its reason."""
    assert len(CASES) >= 150
    assert len({row["name"] for row in CASES}) == len(CASES)
    written = [json.dumps(row["expr"]) for row in ROWS]
    assert all(sum(f'"{name}":' in text for text in written) >= 5 for name in OPERATORS)
    reasons = {"order", "arithmetic", "name", "exact", "member", None}
    assert {row.get("differs") for row in ROWS} == reasons


COUNTING = {
    "key": "counting",
    "version": 1,
    "name": "核算",
    "source": "测试",
    "fields": [
        {"key": "a", "type": "number", "label": "甲", "decimals": 3},
        {"key": "b", "type": "number", "label": "乙", "decimals": 3},
        {
            "key": "sum",
            "type": "computed",
            "label": "合计",
            "formula": {"+": [{"var": "a"}, {"var": "b"}]},
            "decimals": 2,
        },
        {
            "key": "third",
            "type": "computed",
            "label": "三分之一",
            "formula": {"/": [{"var": "sum"}, 3]},
            "decimals": 2,
        },
        {
            "key": "why",
            "type": "short_text",
            "label": "说明",
            "visible_when": {"==": [{"*": [{"var": "third"}, 3]}, 1.005]},
        },
        {
            "key": "items",
            "type": "rows",
            "label": "明细",
            "columns": [{"key": "fee", "type": "number", "label": "金额", "decimals": 2, "total": True}],
        },
    ],
}


def test_a_form_counts_before_it_is_sent_as_it_counts_after(blank_page: Any) -> None:
    form = load_form(COUNTING)
    page = blank_page()
    page.set_content(form_page(form))
    for script in (ENGINE, OURS, ROOT / "static" / "forms.js"):
        page.add_script_tag(content=script.read_text(encoding="utf-8"))
    expect(page.get_by_label("说明")).not_to_be_visible()
    typed = {"f_a": "１,000.005", "f_b": "-999", "f_items-0-fee": "0.1", "f_items-1-fee": "0.2"}
    page.locator(".pd-more").click()
    for name, value in typed.items():
        page.locator(f"[name='{name}']").fill(value)
    expect(page.get_by_label("说明")).to_be_visible()
    shown = [place.text_content() for place in page.locator("output").all()]
    kept = bind(form, MultiDict(typed), choices=choices(), now=NOW).answers
    assert kept is not None
    assert shown == [kept["sum"], kept["third"], "0.3"] == ["1.01", "0.34", "0.3"]
