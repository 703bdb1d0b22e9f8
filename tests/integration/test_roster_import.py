"""A roster out of a workbook: tried, shown, applied wholly or not at all."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.history import HistoryEntry
from models.roster import Category, Target, Unit
from packs.workbook import Cell, Sheets, read, write
from services.refusal import Refusal
from services.roster_changes import save
from services.roster_import import apply, dry_run, marked_workbook, roster_workbook
from tests.integration.office import START, Office


def edited(
    data: bytes, sheet: str, *changes: tuple[int, int, Cell], more: tuple[tuple[Cell, ...], ...] = ()
) -> bytes:
    """The workbook with cells (row, column from 1) changed and rows added."""
    sheets = read(data)
    rows = [list(row) for row in sheets.rows[sheet]]
    for row, column, value in changes:
        rows[row - 1][column - 1] = value
    whole = {**sheets.rows, sheet: (*(tuple(row) for row in rows), *more)}
    return write(replace(sheets, rows=whole))


def test_the_roster_handed_in_again_changes_nothing(session: Session, office: Office) -> None:
    data = roster_workbook(session, office.admin)
    run = dry_run(session, office.admin, data)
    assert run.empty
    assert run.changes.good
    assert not run.changes.absent
    with pytest.raises(Refusal, match="一致"):
        apply(session, office.admin, data, fingerprint=run.fingerprint, now=START)


def test_rows_are_added_and_changed_in_one_act(session: Session, office: Office) -> None:
    data = roster_workbook(session, office.admin)
    data = edited(data, "单位", (2, 2, "公安局"), more=(("new_unit", "新设单位", "综合管理类", "是"),))
    data = edited(data, "测评对象", more=(("", "受理科", "新设单位", "", "是"),))
    run = dry_run(session, office.admin, data)
    assert [row.key for row in run.changes.add] == ["new_unit", "new_unit_1"]
    assert [dict(change.before) for change in run.changes.change] == [{"name": "公安"}]
    apply(session, office.admin, data, fingerprint=run.fingerprint, now=START)
    added = session.execute(select(Target).where(Target.key == "new_unit_1")).scalar_one()
    assert (added.name, added.unit.name, added.unit.category.key) == ("受理科", "新设单位", "management")
    assert session.execute(select(Unit.name).where(Unit.key == "police")).scalar_one() == "公安局"
    logged = session.execute(select(HistoryEntry).where(HistoryEntry.act == "roster.imported")).scalar_one()
    assert logged.payload["added"] == {"units": ["new_unit"], "targets": ["new_unit_1"]}
    assert logged.payload["changed"] == {"units": ["police"]}
    assert dry_run(session, office.admin, data).empty


def test_a_name_may_pass_to_another_row(session: Session, office: Office) -> None:
    data = roster_workbook(session, office.admin)
    data = edited(data, "单位", (2, 2, "公安局"), (3, 2, "公安"))
    run = dry_run(session, office.admin, data)
    assert run.changes.good, run.changes.faults
    apply(session, office.admin, data, fingerprint=run.fingerprint, now=START)
    names = dict(session.execute(select(Unit.key, Unit.name).where(Unit.key.in_(["police", "fire"]))).all())
    assert names == {"police": "公安局", "fire": "公安"}


def test_a_fault_stops_the_whole_import(session: Session, office: Office) -> None:
    data = edited(
        roster_workbook(session, office.admin),
        "单位",
        (2, 2, "公安局"),
        (5, 3, "没有的类别"),
    )
    run = dry_run(session, office.admin, data)
    (fault,) = run.changes.faults
    assert (fault.sheet, fault.cell, fault.value) == ("单位", "C5", "没有的类别")
    with pytest.raises(Refusal, match="没有导入"):
        apply(session, office.admin, data, fingerprint=run.fingerprint, now=START)
    assert session.execute(select(Unit.name).where(Unit.key == "police")).scalar_one() == "公安"
    listed = read(marked_workbook(run)).rows["问题清单"]
    assert listed[1][:2] == ("单位", "C5")


def test_a_roster_that_moved_meanwhile_is_not_overwritten(session: Session, office: Office) -> None:
    data = edited(roster_workbook(session, office.admin), "单位", (2, 2, "公安局"))
    run = dry_run(session, office.admin, data)
    police = session.execute(select(Unit).where(Unit.key == "police")).scalar_one()
    save(session, office.admin, Unit, {"name": "公安分局"}, row_id=police.id, now=START)
    with pytest.raises(Refusal, match="已被修改"):
        apply(session, office.admin, data, fingerprint=run.fingerprint, now=START)
    session.refresh(police)
    assert police.name == "公安分局"


@pytest.mark.parametrize(
    "data", [b"", b"PK", b"not a workbook", b"PK\x03\x04" + b"\0" * 200, b"\xd0\xcf\x11\xe0"]
)
def test_any_file_gets_a_sentence(session: Session, office: Office, data: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        dry_run(session, office.admin, data)
    assert refused.value.status == 422
    assert refused.value.sentence


def test_a_workbook_without_our_sheets_is_a_fault(session: Session, office: Office) -> None:
    run = dry_run(session, office.admin, write(Sheets({"Sheet1": (("甲", "乙"),)})))
    assert not run.changes.good


def test_only_administrators_import(session: Session, office: Office) -> None:
    data = roster_workbook(session, office.admin)
    for actor in (office.officer, office.head, office.auditor):
        with pytest.raises(Refusal):
            dry_run(session, actor, data)
        with pytest.raises(Refusal):
            apply(session, actor, data, fingerprint="", now=START)
        with pytest.raises(Refusal):
            roster_workbook(session, actor)
    assert session.execute(select(Category)).first()
