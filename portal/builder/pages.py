"""What the builder's pages show of a draft."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from definitions.expression import in_words
from definitions.fault import Fault
from definitions.sentences import Facts, Sentence, facts_of
from forms.describe import Setting, Way, settings_of, words_of
from forms.edit import span_of
from forms.fields import TYPES
from forms.fields.rows import Rows
from forms.formulas import formula_text
from forms.unfinished import Unfinished, field_of
from portal.rule_lines import rule_shown

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """One field in the list. depth: how far it is indented under its headings. rules: sentences about it."""

    key: str
    label: str
    type: str
    words: str
    required: bool
    rules: tuple[str, ...]
    faults: int
    number: int
    depth: int
    under: int


def rows_of(document: Document, state: Unfinished) -> list[Row]:
    """The fields of a draft as a list."""
    labels = labels_of(state)
    broken = Counter(found[0] for fault in state.faults if (found := field_of(fault)))
    rows, in_page, in_section = [], False, False
    for index, field in enumerate(document["fields"]):
        kind = field["type"]
        if kind == "page":
            in_page, in_section, depth = True, False, 0
        elif kind == "section":
            in_section, depth = True, int(in_page)
        else:
            depth = int(in_page) + int(in_section)
        rows.append(
            Row(
                key=field["key"],
                label=str(field.get("label") or field["key"]),
                type=kind,
                words=TYPES[kind].words,
                required=bool(field.get("required")),
                rules=tuple(_rules(field, labels)),
                faults=broken[index],
                number=index + 1,
                depth=depth,
                under=len(span_of(document, field["key"])) - 1,
            )
        )
    return rows


def _rules(field: Mapping[str, Any], labels: Mapping[str, str]) -> list[str]:
    said = []
    for setting, ending in (
        ("visible_when", "时显示"),
        ("required_when", "时必填"),
        ("advised_when", "时提醒"),
    ):
        if field.get(setting) is not None:
            said.append(f"当 {in_words(field[setting], labels)} {ending}")
    if field.get("formula") is not None:
        said.append(f"＝ {in_words(field['formula'], labels)}")
    return said


def labels_of(state: Unfinished) -> dict[str, str]:
    """Names of facts and of their options, each told apart from all others."""
    shown = state.shown
    labels = shown.words_for_expressions()
    for field in shown.fields:
        if isinstance(field, Rows):
            for column in field.of:
                labels[f"{field.key}.{column.key}"] = f"{field.label}·{column.label}合计"
    facts = [name for name in shown.fact_types() if name in labels]
    counts = Counter(labels[name] for name in facts)
    for name in facts:
        plain = labels[name].translate({ord("【"): "〔", ord("】"): "〕"})
        labels[name] = f"{plain}（{name}）" if counts[labels[name]] > 1 else plain
    return labels


def facts_in(state: Unfinished) -> Facts:
    """What rules of the draft may speak of."""
    names = state.shown.fact_types()
    labels = labels_of(state)
    return facts_of(names, {name: labels.get(name, name) for name in names}, state.shown.fields)


@dataclass(frozen=True)
class FaultLine:
    """One thing still to mend, with the field and setting it is about; no key: the form itself."""

    key: str
    label: str
    setting: str
    sentence: str


def fault_lines(document: Document, faults: Sequence[Fault]) -> list[FaultLine]:
    """Faults with the names of their fields."""
    lines = []
    for fault in faults:
        found = field_of(Fault(fault.place.rpartition(": ")[2], fault.what))
        if found is not None and found[0] < len(document["fields"]):
            field = document["fields"][found[0]]
            label = str(field.get("label") or field["key"])
            words = words_of(TYPES[field["type"]]).get(found[1])
            what = f"{words.label}——{fault.what}" if words and found[1] != "label" else fault.what
            lines.append(FaultLine(field["key"], label, found[1], what))
        else:
            lines.append(FaultLine("", "", fault.place.rpartition(": ")[2], fault.what))
    return lines


@dataclass(frozen=True)
class Asked:
    """One setting on the settings page.

    value: what is kept, or what was typed. rule: its lines; None with `said` for one that lines cannot say.
    faults: what is wrong with it.
    """

    setting: Setting
    value: Any
    rule: Sentence | None
    said: str
    faults: tuple[str, ...]

    @property
    def id(self) -> str:
        """The id of its control."""
        return f"s-{self.setting.name}"


def asked_settings(
    document: Document, field: Mapping[str, Any], state: Unfinished, *, rules: Mapping[str, Sentence]
) -> list[Asked]:
    """Everything that can be set of a field. rules: lines as they were typed, instead of the kept ones."""
    facts, labels = facts_in(state), labels_of(state)
    index = [item["key"] for item in document["fields"]].index(field["key"])
    wrong: dict[str, list[str]] = {}
    for fault in state.faults:
        found = field_of(fault)
        if found is not None and found[0] == index:
            wrong.setdefault(found[1], []).append(fault.what)
    asked = []
    for setting in settings_of(TYPES[field["type"]]):
        value = field.get(setting.name, setting.default)
        rule, said = None, ""
        if setting.way is Way.CONDITION:
            rule, said = rule_shown(value, facts, labels, rules.get(setting.name))
        if setting.way is Way.FORMULA:
            text = formula_text(value, labels)
            value, said = text or "", in_words(value, labels) if text is None else ""
        asked.append(Asked(setting, value, rule, said, tuple(wrong.get(setting.name, ()))))
    return asked
