"""What a post becomes: answers, faults and advice."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from werkzeug.datastructures import FileStorage, MultiDict

from definitions.source import load_yaml
from forms.answers import bind, open_form, proposes_case, ratings
from forms.definition import FormDefinition, load_form
from tests.unit.forms.filling import NOW, OPTIONS, choices, form_of, post_of

PACK = Path(__file__).parents[3] / "packs" / "district-2012" / "forms"
FORMS = sorted(PACK.rglob("*.yaml"))


def plan_form(name: str) -> FormDefinition:
    return load_form(load_yaml(PACK / f"{name}.yaml"))


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_forms_of_the_plan_take_their_own_examples_and_inform_about_personal_data(path: Path) -> None:
    form = load_form(load_yaml(path))
    assert form.privacy is not None
    bound = bind(form, post_of(form), choices=choices(), now=NOW)
    assert bound.faults == ()


def test_each_method_of_the_plan_has_its_form() -> None:
    names = ("instant", "comprehensive", "inspection", "concentrated")
    assert [plan_form(name).binding.method for name in names] == list(names)  # type: ignore[union-attr]  # all bound


def test_low_grade_demands_words_and_proposes_a_case() -> None:
    form = plan_form("instant")
    post = post_of(form)
    post["f_grade"] = "bad"
    del post["f_situation"], post["f_problem"]
    bound = bind(form, post, choices=choices(), now=NOW)
    assert [sentence for _label, sentence in bound.faults] == ["请选择“问题类别”", "请填写“情况描述”"]
    post["f_situation"], post["f_problem"] = "让群众来回跑", "one"
    bound = bind(form, post, choices=choices(), now=NOW)
    assert bound.answers is not None
    assert proposes_case(form, bound.answers)
    assert ratings(form, bound.answers) == [("order_team", "bad")]


def test_hidden_answers_are_neither_asked_nor_kept_but_stay_in_view() -> None:
    form = plan_form("instant")
    post = post_of(form)
    post["f_grade"], post["f_situation"] = "excellent", "字" * 5000
    bound = bind(form, post, choices=choices(), now=NOW)
    assert bound.answers is not None
    assert not {"situation", "problem", "evidence"} & set(bound.answers)
    assert bound.form["f_situation"].shown() == "字" * 5000


def test_fair_grade_is_advised_and_not_stopped() -> None:
    form = plan_form("instant")
    post = post_of(form)
    post["f_grade"] = "fair"
    del post["f_situation"]
    bound = bind(form, post, choices=choices(), now=NOW)
    assert bound.good
    assert bound.advice == (("情况描述", "评价为一般，写一两句原因有助于对方改进"),)


def test_ballot_counts_grades_and_leaves_out_who_was_not_known() -> None:
    form = plan_form("concentrated")
    post = MultiDict({"f_grades-order_team": "good", "f_grades-marriage": "-", "f_grades-stranger": "good"})
    bound = bind(form, post, choices=choices())
    assert bound.answers is not None
    assert ratings(form, bound.answers) == [("order_team", "good")]


def test_inspection_needs_two_people() -> None:
    form = plan_form("inspection")
    post = post_of(form)
    for name in ("f_inspectors-1-name", "f_inspectors-1-capacity"):
        del post[name]
    bound = bind(form, post, choices=choices(), now=NOW)
    assert ("检查人员", "“检查人员”至少要填 2 行，现在有 1 行，请补充") in bound.faults


def test_more_rows_than_allowed_are_refused_not_dropped() -> None:
    columns = [{"key": "a", "label": "甲"}]
    form = form_of({"key": "r", "type": "rows", "label": "表", "columns": columns, "at_most": 2})
    post = MultiDict([(f"f_r-{index}-a", "x") for index in (0, 7, 900)])
    bound = bind(form, post, choices=choices())
    assert bound.faults == (("表", "“表”最多 2 行，现在有 3 行，请删去多余的行"),)
    assert len(bound.form["f_r"].lines) == 3


def test_totals_and_formulas_are_exact() -> None:
    columns = [{"key": "sum", "label": "金额", "type": "number", "decimals": 2, "total": True}]
    form = form_of(
        {
            "key": "double",
            "type": "computed",
            "label": "两倍",
            "decimals": 2,
            "formula": {"*": [{"var": "r.sum"}, 2]},
        },
        {"key": "r", "type": "rows", "label": "表", "columns": columns},
    )
    post = MultiDict({"f_r-0-sum": "0.1", "f_r-1-sum": "０．２", "f_double": "999"})
    bound = bind(form, post, choices=choices())
    assert bound.answers == {"double": "0.60", "r": [{"sum": "0.10"}, {"sum": "0.20"}]}


def test_chain_of_hidden_fields_hides_to_the_end() -> None:
    yes = {"==": [{"var": "a"}, True]}
    form = form_of(
        {
            "key": "c",
            "type": "short_text",
            "label": "丙",
            "visible_when": {"==": [{"var": "b"}, True]},
            "required": True,
        },
        {"key": "b", "type": "yes_no", "label": "乙", "visible_when": yes},
        {"key": "a", "type": "yes_no", "label": "甲"},
    )
    assert bind(form, MultiDict({"f_a": "no", "f_b": "yes"}), choices=choices()).answers == {"a": False}
    assert not bind(form, MultiDict({"f_a": "yes", "f_b": "yes"}), choices=choices()).good


def test_wrong_text_is_shown_again_as_it_was_typed() -> None:
    form = form_of({"key": "n", "type": "number", "label": "人数"})
    bound = bind(form, MultiDict({"f_n": "很多"}), choices=choices())
    assert bound.faults == (("人数", "“人数”应当是数字，例如 1"),)
    assert bound.form["f_n"].shown() == "很多"


def test_stale_choice_is_told_and_not_kept() -> None:
    form = form_of({"key": "p", "type": "picker", "of": "target", "label": "对象"})
    bound = bind(form, MultiDict({"f_p": "abolished"}), choices=choices())
    assert bound.faults == (("对象", "“对象”没有选中的这一项了，请在列表中重新选择"),)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.exe", b"MZ", "不能收"),
        ("a.png", b"<script>", "不是真正的 png 文件"),
        ("a.png", b"", "是空的"),
        ("a.png", b"\x89PNG\r\n\x1a\n" + b"0" * (1024 * 1024), "超过 1 MB"),
    ],
)
def test_bad_uploads_are_refused_with_their_name(name: str, content: bytes, sentence: str) -> None:
    form = form_of({"key": "u", "type": "photo", "label": "照片", "max_mib": 1})
    files = MultiDict({"f_u": FileStorage(BytesIO(content), name)})
    bound = bind(form, MultiDict(), choices=choices(), files=files)
    assert sentence in bound.faults[0][1]
    assert name in bound.faults[0][1]


def test_good_upload_is_described_and_handed_on_unread() -> None:
    form = form_of({"key": "u", "type": "photo", "label": "照片"})
    content = b"\x89PNG\r\n\x1a\n1234"
    upload = FileStorage(BytesIO(content), "C:\\me\\现场 1.PNG")
    bound = bind(form, MultiDict(), choices=choices(), files=MultiDict({"f_u": upload}))
    assert bound.answers == {"u": [{"name": "现场 1.PNG", "bytes": len(content)}]}
    assert bound.uploads["u"][0].stream.read() == content


def test_rule_about_the_time_without_a_time_is_our_mistake() -> None:
    form = form_of({"key": "d", "type": "date", "label": "日", "not_future": True})
    with pytest.raises(ValueError, match="pass now="):
        bind(form, MultiDict({"f_d": "2012-05-01"}), choices=choices())
    with pytest.raises(ValueError, match="aware"):
        bind(form, MultiDict(), choices=choices(), now=NOW.replace(tzinfo=None))


def test_tomorrow_in_the_office_is_the_future() -> None:
    form = form_of({"key": "d", "type": "date", "label": "日", "not_future": True})
    assert bind(form, MultiDict({"f_d": "2012-05-07"}), choices=choices(), now=NOW).good
    assert not bind(form, MultiDict({"f_d": "2012-05-08"}), choices=choices(), now=NOW).good


def test_prefill_is_shown() -> None:
    form = form_of({"key": "g", "type": "grade", "label": "评价", "options": OPTIONS})
    assert open_form(form, choices=choices(), answers={"g": "bad"})["f_g"].ticked("bad")
