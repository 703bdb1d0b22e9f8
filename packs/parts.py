"""A pack taken apart: which file is which definition, each read and checked by itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from definitions.fault import DefinitionFaults, Fault
from definitions.source import read_yaml
from forms.definition import FormDefinition, load_form
from notices.definition import NoticeKind, load_notice_kind
from packs.calendar_seed import CalendarSeed, load_calendar_seed
from packs.dictionary import Dictionary, load_dictionary
from packs.roster import Roster, load_roster
from packs.sheet import PackSheet, load_sheet
from scoring.definition import Scheme, load_scheme
from workflow.definition import Workflow, load_workflow


class PartKind(StrEnum):
    """What a file of a pack holds; the words are those of stored definitions."""

    PACK = "pack"
    ROSTER = "roster"
    CALENDAR = "calendar"
    SCHEME = "scheme"
    WORKFLOW = "workflow"
    FORM = "form"
    NOTICE_KIND = "notice_kind"
    DICTIONARY = "dictionary"


#: Path pattern → kind and loader. A file that matches none does not belong into a pack.
_PLACES: tuple[tuple[re.Pattern[str], PartKind, Callable[[Any], Any]], ...] = (
    (re.compile(r"pack\.yaml"), PartKind.PACK, load_sheet),
    (re.compile(r"roster\.yaml"), PartKind.ROSTER, load_roster),
    (re.compile(r"calendar\.yaml"), PartKind.CALENDAR, load_calendar_seed),
    (re.compile(r"scheme\.yaml"), PartKind.SCHEME, load_scheme),
    (re.compile(r"workflows/[a-z0-9_]+\.yaml"), PartKind.WORKFLOW, load_workflow),
    (re.compile(r"forms/(?:steps/)?[a-z0-9_]+\.yaml"), PartKind.FORM, load_form),
    (re.compile(r"notices/[a-z0-9_]+\.yaml"), PartKind.NOTICE_KIND, load_notice_kind),
    (re.compile(r"dictionaries/[a-z0-9_]+\.yaml"), PartKind.DICTIONARY, load_dictionary),
)
#: Files that every pack has, once.
REQUIRED = ("pack.yaml", "roster.yaml", "calendar.yaml", "scheme.yaml")
#: Files that come along and are no definitions.
COMPANIONS = frozenset({"roster.xlsx", "README.md"})


@dataclass(frozen=True)
class Part:
    """One file of a pack.

    data: the plain document as its author wrote it.  content: the checked definition.
    """

    path: str
    kind: PartKind
    data: Any
    content: Any

    @property
    def key(self) -> str:
        """The definition's own key."""
        return str(self.content.key)

    @property
    def version(self) -> int:
        """The definition's own version."""
        return int(self.content.version)

    @property
    def name(self) -> str:
        """The definition's Chinese name."""
        return str(self.content.name)


@dataclass(frozen=True)
class Pack:
    """All definitions of a campaign. The mappings go by key.

    parts: every definition file in order of path.
    """

    parts: tuple[Part, ...]
    sheet: PackSheet
    roster: Roster
    calendar: CalendarSeed
    scheme: Scheme
    workflows: Mapping[str, Workflow]
    forms: Mapping[str, FormDefinition]
    notices: Mapping[str, NoticeKind]
    dictionaries: Mapping[str, Dictionary]

    @property
    def key(self) -> str:
        """What campaigns call this pack."""
        return self.sheet.key

    def of_kind(self, kind: PartKind) -> tuple[Part, ...]:
        """The files of one kind, in order of path."""
        return tuple(part for part in self.parts if part.kind is kind)

    def path_of(self, kind: PartKind, key: str) -> str:
        """The file that holds a definition; KeyError when there is none."""
        for part in self.parts:
            if part.kind is kind and part.key == key:
                return part.path
        raise KeyError(key)

    def campaign_settings(self) -> dict[str, Any]:
        """What a campaign freezes of the cover: plain data for its settings.

        organ, plan, calendar: as the cover has them.  series: prefix by key.  channels, methods, grades:
        key and name of each in order.  The cover's settings stand beside them by their keys.
        """
        sheet = self.sheet
        channels = self.dictionaries["channels"].leaves() if "channels" in self.dictionaries else ()
        problems = self.dictionaries["problems"].leaves() if "problems" in self.dictionaries else ()
        return {
            **{setting.key: setting.value for setting in sheet.settings},
            "organ": sheet.organ.model_dump(mode="json"),
            "plan": sheet.plan.model_dump(mode="json"),
            "series": {series.key: series.prefix for series in sheet.series},
            "results": [result.model_dump(mode="json") for result in sheet.results],
            "calendar": {
                "key": self.calendar.key,
                "day_starts": self.calendar.office_hours[0].starts if self.calendar.office_hours else "00:00",
                "day_ends": self.calendar.day_ends,
                "half_day_ends": self.calendar.half_day_ends,
                "timezone": self.calendar.timezone,
            },
            "channels": [{"key": entry.key, "name": entry.name} for entry in channels],
            "problems": [{"key": entry.key, "name": entry.name} for entry in problems],
            "methods": [method.model_dump(mode="json") for method in sheet.methods],
            "grades": [{"key": grade.key, "name": grade.name} for grade in sheet.grades],
        }


def placed(path: str, fault: Fault) -> Fault:
    """The fault with its file before its place: ``scheme.yaml: outcomes[0].when``."""
    if fault.place == path or fault.place.startswith(f"{path}:"):
        return fault
    return Fault(f"{path}: {fault.place}" if fault.place else path, fault.what)


def assemble(files: Mapping[str, bytes]) -> Pack:
    """The pack made of these files, each checked by itself; DefinitionFaults with the faults of all.

    files: content by path with ``/`` inside the pack.
    """
    parts: list[Part] = []
    faults: list[Fault] = []
    for path in sorted(files):
        if path in COMPANIONS:
            continue
        try:
            parts.append(_part(path, files[path]))
        except DefinitionFaults as error:
            faults += [placed(path, fault) for fault in error.faults]
    faults += [Fault(path, "方案包缺少这个文件") for path in REQUIRED if path not in files]
    faults += _same_keys(parts)
    if faults:
        raise DefinitionFaults(faults)
    single = {part.path: part.content for part in parts if part.path in REQUIRED}
    return Pack(
        parts=tuple(parts),
        sheet=single["pack.yaml"],
        roster=single["roster.yaml"],
        calendar=single["calendar.yaml"],
        scheme=single["scheme.yaml"],
        workflows=_by_key(parts, PartKind.WORKFLOW),
        forms=_by_key(parts, PartKind.FORM),
        notices=_by_key(parts, PartKind.NOTICE_KIND),
        dictionaries=_by_key(parts, PartKind.DICTIONARY),
    )


# One edit in a designer changes one file of a pack; the others need not be read again.
@lru_cache(maxsize=256)
def _part(path: str, content: bytes) -> Part:
    for pattern, kind, load in _PLACES:
        if pattern.fullmatch(path):
            data = _document(path, content)
            part = Part(path, kind, data, load(data))
            stem = path.rpartition("/")[2].removesuffix(".yaml")
            if "/" in path and part.key != stem:
                raise DefinitionFaults([Fault("key", f"键“{part.key}”应与文件名“{stem}”一致")])
            return part
    raise DefinitionFaults(
        [Fault(path, "方案包里不应有这个文件；请检查目录和文件名，只用小写字母、数字和下划线")]
    )


def _document(path: str, content: bytes) -> Any:
    try:
        data = read_yaml(content.decode("utf-8"), name=path)
    except UnicodeDecodeError as error:
        raise DefinitionFaults([Fault(path, "不是 UTF-8 编码的文字；请另存为 UTF-8")]) from error
    if not isinstance(data, dict):
        raise DefinitionFaults([Fault(path, "应为键值表")])
    return data


def _same_keys(parts: list[Part]) -> list[Fault]:
    seen: dict[tuple[PartKind, str], str] = {}
    faults = []
    for part in parts:
        first = seen.setdefault((part.kind, part.key), part.path)
        if first != part.path:
            faults.append(Fault(f"{part.path}: key", f"键“{part.key}”已被 {first} 使用"))
    return faults


def _by_key(parts: list[Part], kind: PartKind) -> dict[str, Any]:
    return {part.key: part.content for part in parts if part.kind is kind}
