"""What an uploaded roster would change, said before anything is changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from packs.roster import Roster
from packs.roster_sheets import SHEETS, Column, SheetPlan
from packs.workbook import Cell, Mark, Sheets, cell_name, cell_text

_KEY_PATTERN = re.compile(r"[a-z][a-z0-9_]{0,59}")
_YES = {"是": True, "否": False, "启用": True, "停用": False, "": True}
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")


@dataclass(frozen=True)
class CellFault:
    """One cell that cannot be taken: where it is, what it says, what is wrong, what to do."""

    sheet: str
    row: int
    column: int
    value: str
    wrong: str
    remedy: str

    @property
    def cell(self) -> str:
        """As the spreadsheet names it, e.g. ``C7``."""
        return cell_name(self.row, self.column)

    def __str__(self) -> str:
        said = f"“{self.value}”" if self.value else "（空）"
        return f"工作表“{self.sheet}”{self.cell} {said}：{self.wrong}；{self.remedy}。"


@dataclass(frozen=True)
class RosterRow:
    """One faultless row of the workbook, as the fields of the roster's row of that kind."""

    kind: str
    key: str
    values: Mapping[str, Any]
    sheet: str
    row: int


@dataclass(frozen=True)
class RosterChange:
    """A row that exists and would read otherwise; `before` holds just what would change."""

    row: RosterRow
    before: Mapping[str, Any]


@dataclass(frozen=True)
class Import:
    """The dry run of an import.

    Rows are in the order in which they can be written (categories first). `absent` are keys by kind that
    exist and that the workbook's sheet does not mention; nothing happens to them.
    """

    add: tuple[RosterRow, ...] = ()
    change: tuple[RosterChange, ...] = ()
    leave: tuple[RosterRow, ...] = ()
    absent: tuple[tuple[str, str], ...] = ()
    faults: tuple[CellFault, ...] = ()
    ignored_sheets: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Whether the office may go on: no cell is at fault."""
        return not self.faults

    def marks(self) -> tuple[Mark, ...]:
        """The faults as marks for `packs.workbook.write_marked`."""
        return tuple(
            Mark(fault.sheet, fault.row, fault.column, f"{fault.wrong}；{fault.remedy}。")
            for fault in self.faults
        )


@dataclass
class _Reading:
    """What is gathered while the sheets are read one after another."""

    existing: Roster
    #: Per kind: name or key as written -> key.
    known: dict[str, dict[str, str]]
    #: Kinds whose sheet has usable headings.
    read: set[str] = field(default_factory=set)
    rows: list[RosterRow] = field(default_factory=list)
    faults: list[CellFault] = field(default_factory=list)


def check(sheets: Sheets, existing: Roster, *, groups: Mapping[str, str]) -> Import:
    """What an import of these sheets would add, change and leave, and every cell at fault.

    A row is known by its 编码; without one by its name (a target's within its unit). Units, monitors and
    so on may refer to rows of the same workbook. Sheets other than those of the plan are ignored.
    groups: names of the delegate groups by key.
    """
    reading = _Reading(existing, known={"groups": _by_name_and_key(groups)})
    for kind in ("categories", "units"):
        reading.known[kind] = _by_name_and_key({row.key: row.name for row in getattr(existing, kind)})
    wanted = {plan.name for plan in SHEETS}
    if not wanted & set(sheets.names):
        first = sheets.names[0] if sheets.names else "工作簿"
        wrong = "没有名册的工作表"
        remedy = f"工作表应命名为{'、'.join(plan.name for plan in SHEETS)}，可先下载现有名册作样表"
        return Import(faults=(CellFault(first, 1, 1, "", wrong, remedy),), ignored_sheets=sheets.names)
    for plan in SHEETS:
        if plan.name in sheets.rows:
            _read_sheet(reading, plan, sheets.rows[plan.name])
    return _compared(reading, sheets, wanted)


def _read_sheet(reading: _Reading, plan: SheetPlan, rows: tuple[tuple[Cell, ...], ...]) -> None:
    places = _header(reading, plan, rows[0] if rows else ())
    if places is None:
        return
    taken = {row.key for row in getattr(reading.existing, plan.kind)}
    reading.read.add(plan.kind)
    if "key" in places:
        taken |= {cell_text(row[places["key"] - 1]) for row in rows[1:] if len(row) >= places["key"]}
    seen_keys: dict[str, int] = {}
    seen_names: dict[tuple[str, str], int] = {}
    for number, cells in enumerate(rows[1:], start=2):
        if all(cell_text(cell) == "" for cell in cells):
            continue
        before = len(reading.faults)
        values = dict(_values(reading, plan, number, cells, places))
        if len(reading.faults) > before:
            continue
        key = values["key"] = _key(reading, plan, values, taken)
        place = (plan, number, places)
        if not key:
            remedy = "请填小写字母开头、只含小写字母、数字和下划线的编码"
            _fault(reading, place, "key", "", "新增的行缺少编码", remedy)
            continue
        _refuse_repeated(reading, place, values, (seen_keys, seen_names))
        if len(reading.faults) > before:
            continue
        seen_keys[key] = number
        taken.add(key)
        if plan.kind in reading.known:
            reading.known[plan.kind].update({values["name"]: key, key: key})
        reading.rows.append(RosterRow(plan.kind, key, values, plan.name, number))


def _header(reading: _Reading, plan: SheetPlan, heading: tuple[Cell, ...]) -> dict[str, int] | None:
    """Column numbers by field, or None when the sheet's headings cannot be used."""
    by_title = {column.title: column for column in plan.columns}
    titles = "、".join(by_title)
    places: dict[str, int] = {}
    faults: list[CellFault] = []
    for number, cell in enumerate(heading, start=1):
        title = cell_text(cell)
        if title == "":
            continue
        column = by_title.get(title)
        if column is None:
            faults.append(
                CellFault(
                    plan.name, 1, number, title, "不认识的列", f"本表可用的列为{titles}，请改名或删去此列"
                )
            )
        elif column.field in places:
            faults.append(CellFault(plan.name, 1, number, title, "列重复", "请只保留一列"))
        else:
            places[column.field] = number
    faults += [
        CellFault(plan.name, 1, 1, "", f"缺少“{column.title}”列", f"第1行应写列名：{titles}")
        for column in plan.columns
        if column.required and column.field not in places
    ]
    reading.faults += faults
    return None if faults else places


def _values(
    reading: _Reading, plan: SheetPlan, number: int, cells: tuple[Cell, ...], places: Mapping[str, int]
) -> Iterator[tuple[str, Any]]:
    for column in plan.columns:
        at = places.get(column.field)
        if at is None and column.field != "key":
            # A column that the workbook leaves out leaves what is stored as it is.
            continue
        raw: Cell = cells[at - 1] if at is not None and at <= len(cells) else ""
        text = cell_text(raw)
        trouble = _trouble(reading, column, raw, text)
        if trouble:
            wrong, remedy = trouble
            reading.faults.append(CellFault(plan.name, number, at or 1, text[:80], wrong, remedy))
        elif column.yes_no:
            yield column.field, _YES[text]
        elif column.refers:
            yield column.field, reading.known[column.refers][text]
        else:
            yield column.field, text


def _trouble(reading: _Reading, column: Column, raw: Cell, text: str) -> tuple[str, str] | None:
    """What is wrong with a cell and what to do, or None."""
    if isinstance(raw, date | datetime | time | timedelta):
        return "应为文字，现为日期或时间", "请把单元格格式改为“文本”后重填"
    if text == "":
        return (f"“{column.title}”不能为空", "请填写") if column.required else None
    if _CONTROL.search(text):
        return "含换行或不可见字符", "请删去换行，写成一行"
    if len(text) > column.longest:
        return f"超过{column.longest}个字", "请缩短"
    if column.field == "key" and not _KEY_PATTERN.fullmatch(text):
        return "编码写法不对", "编码以小写字母开头，只含小写字母、数字和下划线，最长60个字"
    if column.yes_no and text not in _YES:
        return "应为“是”或“否”", "请改为“是”或“否”"
    if column.refers and text not in reading.known[column.refers]:
        return f"没有这个{column.title}", f"请从已有的{column.title}中选填，或先在相应工作表中增加"
    return None


def _key(reading: _Reading, plan: SheetPlan, values: Mapping[str, Any], taken: set[str]) -> str:
    """The row's key: as written, else that of the stored row of the same name, else the next free one."""
    if values["key"]:
        return str(values["key"])
    within = plan.unique_within
    if within is not None:
        for row in getattr(reading.existing, plan.kind):
            same_place = not within or getattr(row, within) == values[within]
            if row.name == values["name"] and same_place:
                return str(row.key)
    if plan.prefix is None:
        return ""
    prefix = str(values["unit"])[:50] if plan.kind == "targets" else plan.prefix
    number = 1
    while (
        f"{prefix}_{number}" in taken
        or f"{prefix}_{number:02d}" in taken
        or f"{prefix}_{number:03d}" in taken
    ):
        number += 1
    return f"{prefix}_{number}"


_Place = tuple[SheetPlan, int, Mapping[str, int]]


def _refuse_repeated(
    reading: _Reading,
    place: _Place,
    values: Mapping[str, Any],
    seen: tuple[dict[str, int], dict[tuple[str, str], int]],
) -> None:
    plan, number, _ = place
    seen_keys, seen_names = seen
    key = values["key"]
    if key in seen_keys:
        wrong = f"与第{seen_keys[key]}行重复"
        _fault(reading, place, "key" if key else "name", key, wrong, "请删去一行，或改用另一个编码")
        return
    if plan.unique_within is None:
        return
    identity = (str(values[plan.unique_within]) if plan.unique_within else "", values["name"])
    if identity in seen_names:
        _fault(
            reading,
            place,
            "name",
            values["name"],
            f"名称与第{seen_names[identity]}行重复",
            "请改名或删去一行",
        )
        return
    for row in getattr(reading.existing, plan.kind):
        same_place = not plan.unique_within or getattr(row, plan.unique_within) == identity[0]
        if (
            row.name == values["name"]
            and same_place
            and row.key != key
            and _keeps_name(reading, plan, row.key)
        ):
            remedy = f"请改名，或把编码改为“{row.key}”"
            _fault(reading, place, "name", values["name"], f"名称已被编码“{row.key}”使用", remedy)
            return
    seen_names[identity] = number


def _keeps_name(reading: _Reading, plan: SheetPlan, key: str) -> bool:
    """Whether a stored row still bears its name, as far as the rows above tell."""
    return not any(row.kind == plan.kind and row.key == key for row in reading.rows)


def _fault(reading: _Reading, place: _Place, at: str, value: str, wrong: str, remedy: str) -> None:
    plan, number, places = place
    reading.faults.append(CellFault(plan.name, number, places.get(at, 1), value[:80], wrong, remedy))


def _compared(reading: _Reading, sheets: Sheets, wanted: set[str]) -> Import:
    add: list[RosterRow] = []
    change: list[RosterChange] = []
    leave: list[RosterRow] = []
    stored = {(plan.kind, row.key): row for plan in SHEETS for row in getattr(reading.existing, plan.kind)}
    for row in reading.rows:
        old = stored.get((row.kind, row.key))
        if old is None:
            add.append(row)
            continue
        before = {
            name: getattr(old, name) for name, value in row.values.items() if getattr(old, name) != value
        }
        if before:
            change.append(RosterChange(row, before))
        else:
            leave.append(row)
    mentioned = {(row.kind, row.key) for row in reading.rows}
    absent = tuple(place for place in stored if place[0] in reading.read and place not in mentioned)
    ignored = tuple(name for name in sheets.names if name not in wanted)
    return Import(tuple(add), tuple(change), tuple(leave), absent, tuple(reading.faults), ignored)


def _by_name_and_key(names: Mapping[str, str]) -> dict[str, str]:
    return {**{key: key for key in names}, **{name: key for key, name in names.items()}}
