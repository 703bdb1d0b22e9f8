"""How a roster looks as a workbook: which sheet holds what, and what each column means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from packs.roster import Roster
from packs.workbook import Cell, Sheets


@dataclass(frozen=True)
class Column:
    """One column of a roster sheet.

    field: attribute of the row.  title: the heading.  longest: most signs that can be stored.
    refers: kind of row (or dictionary) that the cell names, by name or by key.
    """

    field: str
    title: str
    longest: int
    required: bool = False
    refers: str = ""
    yes_no: bool = False


@dataclass(frozen=True)
class SheetPlan:
    """One sheet of a roster workbook.

    kind: attribute of `Roster`.  unique_within: field inside which a name may stand once, empty for
    the whole sheet, None when names may repeat.  prefix: of the key given to a row without one, None
    when the office must choose the key itself.
    """

    kind: str
    name: str
    columns: tuple[Column, ...]
    unique_within: str | None = ""
    prefix: str | None = None


_KEY = Column("key", "编码", 60)
_ACTIVE = Column("active", "启用", 2, yes_no=True)

SHEETS: tuple[SheetPlan, ...] = (
    SheetPlan("categories", "类别", (_KEY, Column("name", "名称", 60, required=True))),
    SheetPlan(
        "units",
        "单位",
        (
            _KEY,
            Column("name", "名称", 120, required=True),
            Column("category", "类别", 60, required=True, refers="categories"),
            _ACTIVE,
        ),
    ),
    SheetPlan(
        "targets",
        "测评对象",
        (
            _KEY,
            Column("name", "名称", 120, required=True),
            Column("unit", "单位", 120, required=True, refers="units"),
            Column("person_in_charge", "主要负责人", 60),
            _ACTIVE,
        ),
        unique_within="unit",
        prefix="target",
    ),
    SheetPlan(
        "monitors",
        "监测点",
        (
            _KEY,
            Column("name", "名称", 120, required=True),
            Column("kind", "类型", 60),
            Column("contact", "联系人", 60),
            Column("phone", "联系电话", 30),
            _ACTIVE,
        ),
        prefix="monitor",
    ),
    SheetPlan(
        "delegates",
        "代表",
        (
            _KEY,
            Column("name", "名称", 60, required=True),
            Column("group", "代表类别", 60, required=True, refers="groups"),
            Column("organisation", "所在单位", 120),
            Column("phone", "联系电话", 30),
            _ACTIVE,
        ),
        unique_within=None,
        prefix="delegate",
    ),
)


def sheets_of(roster: Roster, *, groups: Mapping[str, str]) -> Sheets:
    """The roster as cells, headings first, references written by their names.

    groups: names of the delegate groups by key.
    """
    names: dict[str, Mapping[str, str]] = {
        "categories": {category.key: category.name for category in roster.categories},
        "units": {unit.key: unit.name for unit in roster.units},
        "groups": groups,
    }
    sheets: dict[str, tuple[tuple[Cell, ...], ...]] = {}
    for plan in SHEETS:
        heading: tuple[Cell, ...] = tuple(column.title for column in plan.columns)
        body = (
            tuple(_cell(row, column, names) for column in plan.columns) for row in getattr(roster, plan.kind)
        )
        sheets[plan.name] = (heading, *body)
    return Sheets(sheets)


def _cell(row: Any, column: Column, names: Mapping[str, Mapping[str, str]]) -> str:
    value = getattr(row, column.field)
    if column.yes_no:
        return "是" if value else "否"
    if column.refers:
        return names[column.refers].get(value, value)
    return str(value)
