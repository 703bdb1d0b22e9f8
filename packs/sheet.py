"""The cover of a pack, pack.yaml: whose campaign it is, and the words that its definitions share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, Protocol

from pydantic import Field, StringConstraints, model_validator

from definitions.base import Definition, Key, Text
from definitions.fault import DefinitionFaults, Fault
from packs.clauses import canonical

PackKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]


class BasisDocument(Definition):
    """A document that the plan is made under."""

    name: Text
    number: Text


class Plan(Definition):
    """The rule document: its title as it is cited, and how `source` values abbreviate it."""

    title: Text
    short: Text
    campaign: Text
    basis: tuple[BasisDocument, ...] = ()


class Organ(Definition):
    """The office that issues notices.

    name: as it signs.  short: as texts call it.  mark: 发文机关标志.
    demonstration: true while these are placeholders that the office must replace.
    """

    name: Text
    short: Text
    mark: Text
    contact: Text
    phone: Text
    demonstration: bool = False


class MethodEntry(Definition):
    """测评方式, and the form whose submission is a rating by it.

    raters: roles that fill the form.  secret: filled with a one-time code instead, and nothing names the rater.
    open: anyone may rate by it through a link or a code that was given out (网络测评).
    """

    key: Key
    name: Text
    form: Key
    raters: tuple[Key, ...] = ()
    secret: bool = False
    open: bool = False
    source: Text


class GradeEntry(Definition):
    """档次; its points stand in the scheme."""

    key: Key
    name: Text


class RoleEntry(Definition):
    """角色. people: whether a person can hold it."""

    key: Key
    name: Text
    does: Text
    people: bool = True


class Series(Definition):
    """A numbering series: 机关代字 + year + consecutive number.

    prefix: the 机关代字, of organ and kind. Numbers are counted under it alone: organs that each have their own
    begin at one each year; two campaigns of one organ go on from one another.
    """

    key: Key
    name: Text
    prefix: Annotated[str, StringConstraints(min_length=1, strip_whitespace=True, max_length=40)]


class ResultNotice(Definition):
    """A notice that the publication of results leads to.

    outcome: key of the scheme's outcome that brings it, None for one that every publication has.
    per: one for each target concerned, or one for the whole campaign.
    """

    notice: Key
    outcome: Key | None = None
    per: Literal["target", "campaign"]
    source: Text


class Setting(Definition):
    """A practice on which the plan is silent and that no other definition carries."""

    key: Key
    name: Text
    value: bool | int | str
    source: Text
    #: The values that mean something; empty where any does.
    one_of: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _known(self) -> Setting:
        if self.one_of and self.value not in self.one_of:
            raise ValueError(f"“{self.key}”的值“{self.value}”只能是：{'、'.join(self.one_of)}")
        return self


class Clause(Definition):
    """One clause of the plan: 第六条第三款, and what it is about."""

    number: Text
    heading: Text


class PackSheet(Definition):
    """pack.yaml."""

    key: PackKey
    name: Text
    version: int = Field(ge=1)
    source: Text
    plan: Plan
    organ: Organ
    methods: tuple[MethodEntry, ...]
    grades: tuple[GradeEntry, ...]
    roles: tuple[RoleEntry, ...]
    series: tuple[Series, ...]
    results: tuple[ResultNotice, ...] = ()
    settings: tuple[Setting, ...] = ()
    clauses: tuple[Clause, ...] = ()

    def setting(self, key: str) -> bool | int | str:
        """The value of a setting; KeyError when the pack has none of that key."""
        for setting in self.settings:
            if setting.key == key:
                return setting.value
        raise KeyError(key)

    def clause_headings(self) -> dict[str, str]:
        """What each clause is about, by its number in its one spelling."""
        return {canonical(clause.number): clause.heading for clause in self.clauses}


class _Keyed(Protocol):
    @property
    def key(self) -> str: ...


def load_sheet(data: Any) -> PackSheet:
    """The checked cover, or DefinitionFaults with every fault and its place."""
    sheet = PackSheet.read(data)
    faults = list(_faults(sheet))
    if faults:
        raise DefinitionFaults(faults)
    return sheet


def _faults(sheet: PackSheet) -> Iterator[Fault]:
    lists: dict[str, Sequence[_Keyed]] = {
        "methods": sheet.methods,
        "grades": sheet.grades,
        "roles": sheet.roles,
        "series": sheet.series,
        "settings": sheet.settings,
    }
    for name, entries in lists.items():
        seen: set[str] = set()
        for index, entry in enumerate(entries):
            if entry.key in seen:
                yield Fault(f"{name}[{index}].key", f"键“{entry.key}”重复")
            seen.add(entry.key)
    prefixes: set[str] = set()
    for index, series in enumerate(sheet.series):
        if series.prefix in prefixes:
            yield Fault(f"series[{index}].prefix", f"代字“{series.prefix}”重复，文号会分不清")
        prefixes.add(series.prefix)
    numbers: set[str] = set()
    for index, clause in enumerate(sheet.clauses):
        number = canonical(clause.number)
        if number in numbers:
            yield Fault(f"clauses[{index}].number", f"条款“{clause.number}”重复")
        numbers.add(number)
