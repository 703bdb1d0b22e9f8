"""The dry run of a roster import says what would change and which cells are at fault."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from packs import workbook
from packs.roster import Roster, load_roster
from packs.roster_import import check
from packs.workbook import Sheets

CASES = yaml.safe_load(
    (Path(__file__).resolve().parents[2] / "cases" / "packs" / "roster_import.yaml").read_text("utf-8")
)
GROUPS = {"key_projects": "重点项目代表", "industrial_park": "工业园区代表"}


def roster() -> Roster:
    return load_roster(
        {
            "key": "roster",
            "name": "名册",
            "version": 1,
            "source": "示例",
            "categories": [{"key": "enforcement", "name": "行政执法类"}],
            "units": [
                {"key": "police", "category": "enforcement", "name": "公安"},
                {"key": "fire", "category": "enforcement", "name": "消防"},
            ],
            "targets": [
                {"key": "police_1", "unit": "police", "name": "治安大队"},
                {"key": "fire_1", "unit": "fire", "name": "防火科"},
            ],
            "monitors": [{"key": "monitor_01", "name": "监测点01"}],
            "delegates": [{"key": "delegate_001", "name": "代表001", "group": "key_projects"}],
        }
    )


def sheets_from(case: dict[str, Any]) -> Sheets:
    return Sheets({name: tuple(tuple(row) for row in rows) for name, rows in case["sheets"].items()})


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_dry_run(case: dict[str, Any]) -> None:
    result = check(sheets_from(case), roster(), groups=GROUPS)
    said = [f"{fault.sheet} {fault.cell}: {fault.wrong}" for fault in result.faults]
    expected = case.get("faults", [])
    assert len(said) == len(expected), said
    assert all(sentence.startswith(start) for sentence, start in zip(said, expected, strict=True)), said
    assert [row.key for row in result.add] == case.get("add", [])
    assert {change.row.key: dict(change.before) for change in result.change} == case.get("change", {})
    assert [row.key for row in result.leave] == case.get("leave", [])
    assert [key for _, key in result.absent] == case.get("absent", [])
    assert list(result.ignored_sheets) == case.get("ignored", [])
    assert result.good == ("faults" not in case)


def test_a_date_where_a_name_belongs_is_said_so() -> None:
    sheets = Sheets({"监测点": (("编码", "名称"), ("monitor_01", date(2026, 1, 1)))})
    (fault,) = check(sheets, roster(), groups=GROUPS).faults
    assert (fault.cell, fault.value) == ("B2", "2026-01-01")
    assert "日期" in fault.wrong


def test_a_name_that_cannot_be_stored_is_refused() -> None:
    sheets = Sheets({"监测点": (("编码", "名称"), ("monitor_01", "长" * 121))})
    (fault,) = check(sheets, roster(), groups=GROUPS).faults
    assert fault.wrong == "超过120个字"


def test_a_row_may_end_before_its_last_columns() -> None:
    sheets = Sheets({"单位": (("编码", "名称", "类别"), ("police",))})
    faults = check(sheets, roster(), groups=GROUPS).faults
    assert [fault.cell for fault in faults] == ["B2", "C2"]


def test_faults_come_back_as_a_marked_workbook() -> None:
    sheets = Sheets({"单位": (("编码", "名称", "类别"), ("police", "公安", "执法类"))})
    result = check(sheets, roster(), groups=GROUPS)
    marked = workbook.read(workbook.write_marked(sheets, result.marks()))
    assert marked.rows["单位"] == sheets.rows["单位"]
    assert marked.rows["问题清单"][1][:2] == ("单位", "C2")
    assert str(result.faults[0]).startswith("工作表“单位”C2 “执法类”：没有这个类别；请从已有的类别中选填")
