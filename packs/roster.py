"""The roster of a pack: whom the campaign rates, who reports and who votes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Protocol

from pydantic import StringConstraints

from definitions.base import Definition, Key
from definitions.fault import DefinitionFaults, Fault

ShortName = Annotated[str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=120, strip_whitespace=True)]


class Category(Definition):
    """类别: ranking is within a category. Source: 方案第二条第（一）项."""

    key: Key
    name: ShortName
    source: str = ""


class Unit(Definition):
    """单位, spelled as the plan spells it."""

    key: Key
    category: Key
    name: Name
    active: bool = True


class Target(Definition):
    """测评对象: a section or subordinate body of a unit. Source: 方案第二条第（二）项."""

    key: Key
    unit: Key
    name: Name
    #: 主要负责人; empty until the office fills it in.
    person_in_charge: Annotated[str, StringConstraints(max_length=60, strip_whitespace=True)] = ""
    active: bool = True


class Monitor(Definition):
    """监测点: an enterprise or place that reports. Source: 方案第五条第（一）项."""

    key: Key
    name: Name
    kind: Annotated[str, StringConstraints(max_length=60, strip_whitespace=True)] = ""
    contact: Annotated[str, StringConstraints(max_length=60, strip_whitespace=True)] = ""
    phone: Annotated[str, StringConstraints(max_length=30, strip_whitespace=True)] = ""
    active: bool = True


class Delegate(Definition):
    """代表 of the concentrated evaluation; ballots never refer to one. Source: 方案第五条第（四）项."""

    key: Key
    name: ShortName
    #: A key of the dictionary delegate_groups.
    group: Key
    organisation: Annotated[str, StringConstraints(max_length=120, strip_whitespace=True)] = ""
    phone: Annotated[str, StringConstraints(max_length=30, strip_whitespace=True)] = ""
    active: bool = True


class Roster(Definition):
    """All rows of a roster, in the order in which the office lists them."""

    key: Key
    name: Name
    version: int
    source: str
    demonstration: bool = False
    note: str = ""
    categories: tuple[Category, ...]
    units: tuple[Unit, ...] = ()
    targets: tuple[Target, ...] = ()
    monitors: tuple[Monitor, ...] = ()
    delegates: tuple[Delegate, ...] = ()

    def targets_in(self, category: str) -> tuple[Target, ...]:
        """The active targets that are ranked together in a category."""
        units = {unit.key for unit in self.units if unit.category == category and unit.active}
        return tuple(target for target in self.targets if target.unit in units and target.active)


class _Keyed(Protocol):
    @property
    def key(self) -> str: ...
    @property
    def name(self) -> str: ...


def load_roster(data: Any, *, root: str = "") -> Roster:
    """The checked roster, or DefinitionFaults with every fault and its place.

    data: as `definitions.source.load_yaml` gives it.  root: written before each place.
    """
    roster = Roster.read(data, root=root)
    faults = roster_faults(roster)
    if faults:
        prefix = f"{root}." if root else ""
        raise DefinitionFaults(Fault(prefix + fault.place, fault.what) for fault in faults)
    return roster


def roster_faults(roster: Roster) -> list[Fault]:
    """Duplicate keys and names, and rows that refer to something the roster does not have."""
    faults: list[Fault] = []
    for kind in ("categories", "units", "targets", "monitors", "delegates"):
        faults += _duplicate_keys(kind, getattr(roster, kind))
    faults += _duplicate_names("categories", [category.name for category in roster.categories])
    faults += _duplicate_names("units", [unit.name for unit in roster.units])
    faults += _duplicate_names("targets", [(target.unit, target.name) for target in roster.targets])
    categories = {category.key for category in roster.categories}
    for index, unit in enumerate(roster.units):
        if unit.category not in categories:
            faults.append(Fault(f"units[{index}].category", f"没有类别“{unit.category}”"))
    units = {unit.key for unit in roster.units}
    for index, target in enumerate(roster.targets):
        if target.unit not in units:
            faults.append(Fault(f"targets[{index}].unit", f"没有单位“{target.unit}”"))
    return faults


def _duplicate_keys(kind: str, rows: Sequence[_Keyed]) -> list[Fault]:
    seen: set[str] = set()
    faults = []
    for index, row in enumerate(rows):
        if row.key in seen:
            faults.append(Fault(f"{kind}[{index}].key", f"编码“{row.key}”重复"))
        seen.add(row.key)
    return faults


def _duplicate_names(kind: str, names: Iterable[str | tuple[str, str]]) -> list[Fault]:
    seen: set[str | tuple[str, str]] = set()
    faults = []
    for index, name in enumerate(names):
        if name in seen:
            said = name if isinstance(name, str) else name[1]
            faults.append(Fault(f"{kind}[{index}].name", f"名称“{said}”重复"))
        seen.add(name)
    return faults
