"""Stories of cases on a virtual clock, and the command line that tells them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from definitions.fault import DefinitionFaults
from definitions.source import load_yaml, read_yaml
from workflow.__main__ import main
from workflow.calendar_definition import load_calendar
from workflow.courses import COURSES, walked
from workflow.definition import Workflow, load_workflow
from workflow.diagram import document, mermaid
from workflow.simulation import Script, simulate

ROOT = Path(__file__).parents[3]
PACK = ROOT / "packs" / "district-2012"
STORIES = sorted((ROOT / "tests/cases/workflow/stories").glob("*.yaml"))
WORKFLOW_FILE = PACK / "workflows" / "rectification.yaml"


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_each_story_ends_as_it_says(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", str(PACK), str(path)]) == 0
    assert capsys.readouterr().err == ""


def test_the_story_names_each_date_with_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    main(["simulate", str(PACK), str(ROOT / "tests/cases/workflow/stories/never_answers.yaml")])
    told = capsys.readouterr().out
    assert "9月28日送达，5个工作日：29、30日，10月9、10、11日（调休上班）→ 10月11日17:30前" in told
    assert "2025-10-11 17:30 星期六  期限届满未反馈（system）：已下达整改通知 → 逾期或整改不到位" in told


def test_a_story_that_ends_otherwise_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "story.yaml"
    script.write_text(
        "name: 不符\nregistered_at: 2025-09-22T09:00\n"
        "steps: [{at: 2025-09-22T10:00, do: issue, as: [officer]}]\nexpect: {tiers: [overdue]}\n",
        encoding="utf-8",
    )
    assert main(["simulate", str(PACK), str(script)]) == 1
    assert capsys.readouterr().err == "story.yaml：扣分档应为 overdue，实为 （无）\n"


@pytest.mark.parametrize(
    ("steps", "place", "words"),
    [
        (
            "{at: 2025-09-22T10:00, do: close, as: [officer]}",
            "steps[0]",
            "当前状态是“已立案”，不能办理“销号归档”",
        ),
        ("{at: 2025-09-22T10:00, do: dance, as: [officer]}", "steps[0]", "没有步骤“dance”"),
        ("{at: 2025-09-21T10:00, do: issue, as: [officer]}", "steps[0]", "时间早于前一步"),
        ("{at: 2025-09-22T10:00, do: issue, as: [officer], refused: role}", "steps[0]", "却办成了"),
        ("{at: soon, do: issue}", "steps[0].at", ""),
        (
            "{at: 2025-09-22T10:00, do: issue, as: [officer], asked: {answer_working_days: 十}}",
            "steps[0]",
            "应为整数",
        ),
    ],
)
def test_a_wrong_script_is_refused_with_its_place(
    steps: str, place: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "story.yaml"
    script.write_text(f"name: 错\nregistered_at: 2025-09-22T09:00\nsteps: [{steps}]\n", encoding="utf-8")
    assert main(["simulate", str(PACK), str(script)]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"{place}: ")
    assert words in told


def test_a_deadline_beyond_the_calendar_is_refused(rectification: Workflow) -> None:
    calendar = load_calendar(load_yaml(PACK / "calendar.yaml"))
    script = Script.read(
        read_yaml(
            "name: 太远\nregistered_at: 2028-01-03T09:00\nsteps:\n"
            "  - {at: 2028-01-03T10:00, do: issue, as: [officer]}\n"
            "  - {at: 2028-01-03T11:00, do: serve, as: [officer], asked: {service_way: direct, receiver: 收发室}}\n",
            name="script",
        )
    )
    with pytest.raises(DefinitionFaults, match="2028年") as refused:
        simulate(rectification, calendar, script)
    assert refused.value.faults[0].place == "steps[1]"


def test_check_passes_the_shipped_workflow(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(WORKFLOW_FILE)]) == 0
    assert capsys.readouterr().out.startswith("流程完好：整改督办")


@pytest.mark.parametrize(
    "content", [None, "", "- just\n- a list\n", "key: [unclosed\n", "key: a\nkey: b\n", "42\n"]
)
def test_check_never_falls_over(
    content: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "broken.yaml"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    assert main(["check", str(file)]) == 2
    assert capsys.readouterr().err.strip()


def test_a_pack_without_the_workflow_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagram", str(tmp_path)]) == 2
    assert "没有流程文件 workflows/rectification.yaml" in capsys.readouterr().err


def test_the_documented_procedure_is_the_running_one(rectification: Workflow) -> None:
    written = (ROOT / "docs" / "rectification.md").read_text(encoding="utf-8")
    assert written == document(rectification), (
        "run: python -m workflow document packs/district-2012 > docs/rectification.md"
    )


def test_the_diagram_has_each_state_and_the_way_back_from_a_hearing(
    rectification: Workflow, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diagram", str(PACK)]) == 0
    drawn = capsys.readouterr().out
    assert drawn == mermaid(rectification)
    assert drawn.startswith("stateDiagram-v2\n")
    for state in rectification.states:
        assert f'state "{state.name}" as {state.key}\n' in drawn
    assert "refusal_heard --> supervised_again : 不予认定拒不整改\n" in drawn
    assert "supervised_twice --> [*]" not in drawn


@pytest.mark.parametrize("pack", ["efficiency-complaint", "appeal-review"])
@pytest.mark.parametrize("course", sorted(COURSES))
def test_every_course_of_the_other_procedures_comes_to_rest(pack: str, course: str) -> None:
    (file,) = (ROOT / "packs" / pack / "workflows").glob("*.yaml")
    workflow = load_workflow(load_yaml(file))
    calendar = load_calendar(load_yaml(ROOT / "packs" / pack / "calendar.yaml"))
    at = datetime(2026, 4, 9, 2, tzinfo=UTC)
    case = walked(
        workflow,
        calendar,
        COURSES[course],
        facts={"channel": "complaint", "category": "management", "grave": False},
        at=at,
    )
    assert case.ended


OTHERS = sorted((ROOT / "tests/cases/workflow/other_stories").glob("*/*.yaml"))


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: path.stem)
def test_each_story_of_the_other_packs_ends_as_it_says(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", str(ROOT / "packs" / path.parent.name), str(path)]) == 0, capsys.readouterr().err
    assert capsys.readouterr().err == ""
