"""Forms on paper: every type has its blank and its filled place, hidden parts say when, hostile text is inert."""

from __future__ import annotations

from typing import Any

import html5lib
import pytest

from forms.answers import bind
from forms.fields import TYPES
from forms.handwriting import Picture
from forms.paper import Surroundings, blank_page, filled_page, style
from tests.unit.forms.filling import EVERY_TYPE, NOW, choices, form_of, post_of

AROUND = Surroundings(organ="效能办", address="https://host/fill", mark="演示数据")
KEEPER = {"key": "keeper", "type": "short_text", "label": "另一问"}
ANSWERED = [word for word, kind in TYPES.items() if kind.asks and word != "computed"]


def one(word: str, **settings: object) -> dict[str, object]:
    return {"key": "x", "type": word, "label": "问题", **EVERY_TYPE[word], **settings}


def tree_of(page: str) -> Any:
    """The page as a browser would read it; any fault of the markup fails."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    return parser.parse(page)


def text_of(page: str) -> str:
    return "".join(tree_of(page).itertext())


def places(page: str) -> int:
    """How many places a pen can write or tick in."""
    classes = [element.get("class", "") for element in tree_of(page).iter()]
    return sum(word.split()[0] in ("box", "rule", "gap", "sign-box") for word in classes if word)


@pytest.mark.parametrize("word", TYPES)
def test_every_type_has_its_blank(word: str) -> None:
    page = blank_page(form_of(one(word), KEEPER), choices=choices(), around=AROUND)
    assert "问题" in text_of(page)
    alone = blank_page(form_of(KEEPER), choices=choices(), around=AROUND)
    asked = word in ANSWERED and word != "rows"
    assert (places(page) > places(alone)) is asked
    if word == "rows":
        assert page.count('<td class="c0">') >= 3


@pytest.mark.parametrize("word", ANSWERED)
def test_every_type_shows_its_answer(word: str) -> None:
    form = form_of(one(word), KEEPER)
    bound = bind(form, post_of(form), choices=choices(), now=NOW)
    assert bound.answers is not None
    pictures = {"x": [Picture("现场.jpg", "data:image/jpeg;base64,AAAA")]}
    page = filled_page(form, bound.answers, choices=choices(), around=AROUND, pictures=pictures)
    assert "问题" in text_of(page)
    ticked = page.count('class="box on"')
    said = form.fields[0].printed(bound.answers["x"], None)
    assert ticked or word in ("file", "photo") or said[:2] in text_of(page)
    if word == "photo":
        assert "现场.jpg" in page


def test_what_is_hidden_says_when_it_is_filled_and_required() -> None:
    rule = {"in": [{"var": "grade"}, ["bad"]]}
    form = form_of(
        {"key": "grade", "type": "grade", "label": "评价", **EVERY_TYPE["grade"], "required": True},
        {"key": "s", "type": "section", "label": "问题", "visible_when": rule},
        {"key": "why", "type": "long_text", "label": "原因", "required_when": rule},
        {"key": "kind", "type": "dictionary", "dictionary": "problems", "label": "类别"},
        {
            "key": "more",
            "type": "short_text",
            "label": "补充",
            "visible_when": {"==": [{"var": "kind"}, "one"]},
        },
    )
    said = text_of(blank_page(form, choices=choices(), around=AROUND))
    assert "仅当 评价 是 差 时填写本节" in said
    assert "评价 是 差 时必填" in said
    assert "仅当 类别 是 一号条目 时填写" in said
    assert "标有＊的必须填写" in said


def test_empty_answers_are_left_out_or_shown() -> None:
    form = form_of(
        {"key": "s", "type": "section", "label": "空的一节"},
        {"key": "a", "type": "short_text", "label": "没有答"},
        {"key": "t", "type": "section", "label": "答了的一节"},
        {"key": "b", "type": "short_text", "label": "答了"},
    )
    kept = text_of(filled_page(form, {"b": "好"}, choices=choices(), around=AROUND, pictures={}))
    assert "没有答" not in kept
    assert "空的一节" not in kept
    assert "答了的一节" in kept
    whole = filled_page(form, {"b": "好"}, choices=choices(), around=AROUND, pictures={}, with_empty=True)
    assert "没有答" in text_of(whole)
    assert "（未填写）" in text_of(whole)


HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}'


@pytest.mark.parametrize("word", TYPES)
def test_hostile_words_are_words_on_paper(word: str) -> None:
    settings = {**EVERY_TYPE[word], "label": HOSTILE, "hint": HOSTILE}
    form = form_of(
        {"key": "x", "type": word, **settings}, KEEPER, name=HOSTILE, source=HOSTILE, intro=HOSTILE
    )
    around = Surroundings(organ=HOSTILE, mark=HOSTILE, serial=HOSTILE, facts=[(HOSTILE, HOSTILE)])
    bound = bind(form, post_of(form), choices=choices(), now=NOW)
    answers = {**(bound.answers or {}), "keeper": HOSTILE}
    pages = [
        blank_page(form, choices=choices(), around=around),
        filled_page(form, answers, choices=choices(), around=around, pictures={}),
    ]
    for page in pages:
        elements = list(tree_of(page).iter())
        assert not [element for element in elements if element.tag in ("script", "link", "iframe")]
        assert not [name for element in elements for name in element.attrib if name.startswith("on")]
        assert HOSTILE in text_of(page)


def test_the_style_fetches_nothing() -> None:
    assert "url(" not in style()
    assert "@import" not in style()
