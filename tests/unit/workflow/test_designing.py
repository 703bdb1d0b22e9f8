"""A procedure changed, drawn, told and sent abroad: what the designer is made of."""

from __future__ import annotations

import re
from copy import deepcopy
from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from definitions.source import load_yaml
from packs.pack import load_pack
from services.procedure_versions import names_in
from workflow.definition import PREVIOUS, RUNNING, SAME, FieldOr, Workflow, load_workflow
from workflow.diagram import mermaid
from workflow.edit import ProcedureEditRefused, delete_entry, new_document, rename_entry
from workflow.layers import Link, laid_out
from workflow.picture import picture_of
from workflow.regulation import Names, numeral, plain_text, regulation
from workflow.scxml import OWN, SCXML, to_scxml
from workflow.svg import svg
from workflow.uses import uses_of

PACK = Path(__file__).parents[3] / "packs" / "district-2012"


@pytest.fixture
def plain() -> dict[str, Any]:
    data: dict[str, Any] = load_yaml(PACK / "workflows" / "rectification.yaml")
    return deepcopy(data)


@pytest.fixture(scope="module")
def names() -> Names:
    return names_in(load_pack(PACK))


# -- changing


def test_the_smallest_procedure_can_be_loaded() -> None:
    assert load_workflow(new_document("complaint", "效能投诉", calendar="calendar")).initial == "registered"


@pytest.mark.parametrize("part", ["states", "triggers", "suspensions", "counts"])
def test_whatever_is_renamed_the_procedure_does_the_same(part: Any, plain: dict[str, Any]) -> None:
    """Every key renamed, one after the other: still sound, and back again nothing has changed."""
    keys = [entry["key"] for entry in plain[part]]
    changed = plain
    for key in keys:
        changed = rename_entry(changed, part, key, f"{key}_x")
    load_workflow(changed)
    assert all(f'"{key}"' not in str(changed[part]) for key in keys)
    for key in keys:
        changed = rename_entry(changed, part, f"{key}_x", key)
    assert changed == plain


@pytest.mark.parametrize("part", ["states", "triggers", "suspensions", "counts"])
def test_nothing_in_use_is_deleted_unseen(part: Any, plain: dict[str, Any]) -> None:
    for entry in plain[part]:
        uses = uses_of(plain, part, entry["key"])
        if uses:
            with pytest.raises(ProcedureEditRefused) as refused:
                delete_entry(plain, part, entry["key"])
            assert refused.value.uses == uses
        if all(use.goes_along for use in uses):
            Workflow.read(delete_entry(plain, part, entry["key"], with_uses=True))


def test_a_key_that_is_taken_or_no_key_is_refused(plain: dict[str, Any]) -> None:
    for key in ("answered", "Offen!", "same"):
        with pytest.raises(ProcedureEditRefused):
            rename_entry(plain, "states", "issued", key)


# -- drawn


def test_every_state_and_step_that_moves_is_in_the_drawing(plain: dict[str, Any]) -> None:
    workflow = load_workflow(plain)
    picture = picture_of(workflow)
    assert {state.key for state in workflow.states} <= {node.key for node in picture.nodes}
    moving = {rule.key for rule in workflow.triggers if any(branch.state != SAME for branch in rule.branches)}
    assert {label.trigger for arrow in picture.arrows for label in arrow.labels} == moving


def test_nothing_in_the_drawing_lies_upon_something_else(plain: dict[str, Any]) -> None:
    picture = picture_of(load_workflow(plain))
    for one, other in combinations(picture.nodes, 2):
        apart = (
            one.x + one.width <= other.x
            or other.x + other.width <= one.x
            or one.y + one.height <= other.y
            or other.y + other.height <= one.y
        )
        assert apart, (one.key, other.key)
    assert all(
        node.x >= 0 and node.x + node.width <= picture.width and node.y + node.height <= picture.height
        for node in picture.nodes
    )


def test_what_a_designer_types_is_never_markup_of_the_drawing(plain: dict[str, Any]) -> None:
    plain["states"][0]["name"] = '<script>alert(1)</script>"&'
    drawn = svg(picture_of(load_workflow(plain)), title='"><script>', state_link=lambda key: f"/{key}")
    root = ElementTree.fromstring(drawn)  # noqa: S314  # our own text
    assert not [element for element in root.iter() if element.tag.endswith("script")]


def test_circles_and_loose_ends_are_laid_out_too() -> None:
    links = [Link("a", "b", 20), Link("b", "a", 20), Link("c", "c2", 20)]
    layout = laid_out({"a": 40, "b": 40, "c": 40, "c2": 40}, links, first="a", gap=10)
    assert layout.boxes["a"].layer < layout.boxes["b"].layer


# -- told


def test_the_regulation_says_every_state_deadline_and_deduction(plain: dict[str, Any], names: Names) -> None:
    workflow = load_workflow(plain)
    text = plain_text(regulation(workflow, names))
    for state in workflow.states:
        assert f"“{state.name}”" in text
        for clock in state.clocks:
            length = clock.length
            days = length.default if isinstance(length, FieldOr) else length
            assert re.search(rf"{clock.label}的期限，自\S+?起{days}个工作日", text), clock.name
        if state.tier:
            assert names.points[state.key] in text
    for rule in workflow.triggers:
        assert rule.name in text
        for effect in rule.effects:
            if effect.do == "issue_notice":
                assert f"《{names.notices[effect.kind]}》" in text
    for suspension in workflow.suspensions:
        assert f"{suspension.name}：自" in text
    assert not re.search(r"[a-z]{4,}", text), "a key shows through"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d["states"][1]["clocks"][0]["working_days"].update(default=10), "整改反馈的期限，自文书送达之日起10个工作日"),
        (lambda d: d["states"][1]["clocks"][0]["remind"].append({"working_days_before": 1, "tell": ["target"]}), "发出《催办函》并提醒测评对象和督办专员；届满前1个工作日提醒测评对象"),
        (lambda d: d["triggers"][0].update(roles=["head"]), "下达整改通知，由效能办负责人办理"),
        (lambda d: d["triggers"][17].update(guard={"var": "grave"}, refuse="不"), "须符合下列条件：情节严重。"),
        (lambda d: d["states"][9].update(name="整改完成"), "“整改完成”"),
        (lambda d: d["suspensions"][1]["clocks"][0].update(working_days=7), "申诉复核的期限，自进入之日起7个工作日"),
    ],
)  # fmt: skip
def test_a_changed_definition_changes_the_regulation(
    change: Any, words: str, plain: dict[str, Any], names: Names
) -> None:
    before = plain_text(regulation(load_workflow(plain), names))
    assert words not in before
    change(plain)
    assert words in plain_text(regulation(load_workflow(plain), names))


def test_panels_and_repeat_offences_are_told_and_renamed_along(plain: dict[str, Any], names: Names) -> None:
    step = next(trigger for trigger in plain["triggers"] if trigger["key"] == "confirm_refusal")
    step["panel"] = {
        "mode": "ratio", "roles": ["reviewer", "head"], "at_least": 3, "share": "2/3", "source": "实施口径",
    }  # fmt: skip
    plain["repeat_offence"] = {
        "within_months": 6, "counts": {"supervisions": 1}, "not_counting": ["withdrawn"], "source": "实施口径",
    }  # fmt: skip
    text = plain_text(regulation(load_workflow(plain), names))
    assert "由审核人和效能办负责人会签，会签人不少于3人，不少于2/3的会签人同意后办理" in text
    assert "6个月内再次发生同一问题的，为屡查屡犯，新立事项的督办次数自1次起计" in text
    assert "以前的事项处于“误立撤销”的，不计" in text
    changed = rename_entry(
        rename_entry(plain, "counts", "supervisions", "rounds"), "states", "withdrawn", "void"
    )
    assert changed["repeat_offence"]["counts"] == {"rounds": 1}
    assert changed["repeat_offence"]["not_counting"] == ["void"]
    load_workflow(changed)


def test_a_changed_deduction_changes_the_regulation(plain: dict[str, Any], names: Names) -> None:
    workflow = load_workflow(plain)
    dearer = Names(
        names.roles, names.notices, names.forms, {**names.points, "overdue": "每起扣4分"}, names.ladder
    )
    assert "每起扣4分" in plain_text(regulation(workflow, dearer))


def test_clauses_are_counted_through(plain: dict[str, Any], names: Names) -> None:
    articles = [
        article for chapter in regulation(load_workflow(plain), names) for article in chapter.articles
    ]
    assert [article.number for article in articles] == [
        f"第{numeral(n)}条" for n in range(1, len(articles) + 1)
    ]
    assert all(article.source for article in articles)


# -- sent abroad


def test_scxml_says_the_same_arrows(plain: dict[str, Any]) -> None:
    workflow = load_workflow(plain)
    root = ElementTree.fromstring(to_scxml(workflow).encode())  # noqa: S314  # our own text
    assert (root.tag, root.get("version"), root.get("initial")) == (f"{{{SCXML}}}scxml", "1.0", "registered")
    states = {*root.findall(f"{{{SCXML}}}state"), *root.findall(f"{{{SCXML}}}final")}
    assert {element.get("id") for element in states} == set(workflow.states_by_key)
    assert {element.get("id") for element in root.findall(f"{{{SCXML}}}final")} == {
        state.key for state in workflow.states if state.final
    }
    found = {
        (element.get("id"), made.get("event"), made.get("target"))
        for element in states
        for made in element.findall(f"{{{SCXML}}}transition")
    }
    wanted = set()
    for rule in workflow.triggers:
        for source in workflow.sources_of(rule):
            for branch in workflow.branches_from(rule, source):
                ends = workflow.entered_from[source] if branch.state == PREVIOUS else (branch.state,)
                wanted |= {(source, rule.key, None if end == SAME else end) for end in ends}
    assert found == wanted
    clocks = root.findall(f".//{{{OWN}}}clock")
    assert len(clocks) == sum(len(state.clocks) for state in workflow.states)
    allowed = {
        f"{{{space}}}{tag}"
        for space, tags in ((SCXML, ("scxml", "state", "final", "transition")), (OWN, ("clock",)))
        for tag in tags
    }
    assert {element.tag for element in root.iter()} == allowed


def test_mermaid_says_the_same_arrows(plain: dict[str, Any]) -> None:
    workflow = load_workflow(plain)
    lines = mermaid(workflow).splitlines()
    assert lines[0] == "stateDiagram-v2"
    known = {*workflow.states_by_key, "[*]"}
    arrows = [re.fullmatch(r"    (\S+) --> (\S+)(?: : .+)?", line) for line in lines if "-->" in line]
    assert all(found and {found[1], found[2]} <= known for found in arrows)
    assert RUNNING not in "".join(lines)
