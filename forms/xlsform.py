"""A form as XLSForm (https://xlsform.org), the spreadsheet in which the field's other tools write forms.

What XLSForm cannot say is left out and told in words on a sheet of its own, which those tools do not look at.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from definitions.expression import in_words
from forms.choices import ChoiceSource, Entry
from forms.context import Context
from forms.definition import FormDefinition
from forms.fields.base import Field
from forms.fields.matrix import Matrix
from forms.fields.rows import Column, Rows
from forms.fields.ticked import distinct_names
from forms.xpath import Untranslatable, to_xpath

SURVEY = (
    "type", "name", "label", "hint", "required", "required_message", "relevant", "constraint",
    "constraint_message", "calculation", "appearance", "default",
)  # fmt: skip
Row = dict[str, str]

_PLAIN = {
    "short_text": ("text", ""),
    "long_text": ("text", "multiline"),
    "date": ("date", ""),
    "time": ("time", ""),
    "datetime": ("dateTime", ""),
    "file": ("file", ""),
    "photo": ("image", ""),
    "signature": ("image", "signature"),
    "phone": ("text", "numbers"),
    "computed": ("calculate", ""),
    "note": ("note", ""),
}


@dataclass
class XlsForm:
    """The sheets of one form. lost: what could not be carried over, in words."""

    survey: list[Row] = field(default_factory=list)
    choices: list[Row] = field(default_factory=list)
    settings: Row = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)


def to_xlsform(definition: FormDefinition, *, choices: ChoiceSource) -> XlsForm:
    """The form as XLSForm; lists of the roster as they are now."""
    return _Writer(definition, choices).write()


def sheets_of(form: XlsForm) -> dict[str, tuple[tuple[str, ...], ...]]:
    """The sheets as cells."""
    survey = [SURVEY, *(tuple(row.get(name, "") for name in SURVEY) for row in form.survey)]
    heads = ("list_name", "name", "label")
    listed = [heads, *(tuple(row[name] for name in heads) for row in form.choices)]
    settings = [tuple(form.settings), tuple(form.settings.values())]
    sheets = {"survey": tuple(survey), "choices": tuple(listed), "settings": tuple(settings)}
    if form.lost:
        sheets["说明"] = (("没有带过去的内容",), *((sentence,) for sentence in form.lost))
    return sheets


class _Writer:
    def __init__(self, definition: FormDefinition, choices: ChoiceSource) -> None:
        self.definition = definition
        self.context = Context(choices)
        self.types = definition.fact_types()
        self.words = definition.words_for_expressions()
        self.made = XlsForm()
        self.lists: set[str] = set()

    def write(self) -> XlsForm:
        form = self.definition
        self.made.settings = {
            "form_title": form.name,
            "form_id": form.key,
            "version": str(form.version),
            "default_language": "default",
        }
        del self.made.settings["default_language"]
        if form.intro:
            self.made.survey.append({"type": "note", "name": "pingdu_intro", "label": form.intro})
        if form.binding is not None:
            self.made.lost.append("表单绑定的测评方式、立案条件不能写进 XLSForm。")
        if form.privacy is not None:
            self.made.lost.append("个人信息告知不能写进 XLSForm，请在别的系统里另行告知。")
        page = section = ""
        for spec in form.fields:
            if spec.type in ("page", "section"):
                if section:
                    self._end(section)
                    section = ""
                if spec.type == "page" and page:
                    self._end(page)
                    page = ""
                self._begin(spec)
                page, section = (spec.key, "") if spec.type == "page" else (page, spec.key)
            else:
                self._field(spec)
        for open_group in filter(None, (section, page)):
            self._end(open_group)
        return self.made

    def _begin(self, spec: Field) -> None:
        row = {"type": "begin_group", "name": spec.key, "label": spec.label}
        if spec.type == "page":
            row["appearance"] = "field-list"
        self._rule(row, "relevant", spec, spec.visible_when)
        if spec.hint:
            self.made.lost.append(f"“{spec.label}”下面的小字没有带过去。")
        self.made.survey.append(row)

    def _end(self, name: str) -> None:
        self.made.survey.append({"type": "end_group", "name": name})

    def _field(self, spec: Field) -> None:
        if isinstance(spec, Matrix):
            self._matrix(spec)
        elif isinstance(spec, Rows):
            self._rows(spec)
        else:
            self.made.survey.append(self._plain(spec))
        if spec.advised_when is not None:
            self.made.lost.append(f"“{spec.label}”的提醒（{spec.advice}）没有带过去。")
        if spec.prefill:
            self.made.lost.append(f"“{spec.label}”预先填好的内容没有带过去。")

    def _plain(self, spec: Field) -> Row:
        kind, appearance = self._type(spec)
        row = {"type": kind, "name": spec.key, "label": spec.label, "appearance": appearance}
        if spec.hint and kind not in ("note", "calculate"):
            row["hint"] = spec.hint
        if spec.required:
            row |= {"required": "yes", "required_message": spec.missing_sentence()}
        elif spec.required_when is not None:
            self._rule(row, "required", spec, spec.required_when)
        self._rule(row, "relevant", spec, spec.visible_when)
        self._constraint(row, spec)
        if kind == "calculate":
            row.pop("label")
            self._rule(row, "calculation", spec, getattr(spec, "formula", None))
            row.setdefault("calculation", "''")
        return row

    def _type(self, spec: Field) -> tuple[str, str]:
        if spec.type == "number":
            return ("decimal" if getattr(spec, "decimals", 0) else "integer"), ""
        if spec.type == "date" and getattr(spec, "precision", "") == "month":
            return "date", "month-year"
        if spec.type in _PLAIN:
            return _PLAIN[spec.type]
        entries = list(spec.options_for(self.context))
        name = f"{spec.type}_{spec.key}"
        if spec.type == "yes_no":
            name = "yes_no"
        elif spec.type == "picker":
            name = f"roster_{getattr(spec, 'of', '')}"
        elif spec.type == "dictionary":
            name = f"dictionary_{getattr(spec, 'dictionary', '')}"
        if not entries:
            self.made.lost.append(f"“{spec.label}”的名册现在是空的，改成了填文字。")
            return "text", ""
        self._list(name, entries)
        word = "select_multiple" if spec.type == "multi_choice" else "select_one"
        return f"{word} {name}", "minimal" if len(entries) > 12 else ""

    def _list(self, name: str, entries: Sequence[Entry]) -> None:
        if name not in self.lists:
            self.lists.add(name)
            labels = distinct_names(entries)
            self.made.choices += [
                {"list_name": name, "name": entry.key, "label": labels[entry.key]} for entry in entries
            ]

    def _matrix(self, spec: Matrix) -> None:
        rows = list(spec.rows_for(self.context))
        if not rows:
            self.made.lost.append(f"“{spec.label}”的测评对象现在是空的，没有带过去。")
            return
        name = f"matrix_{spec.key}"
        self._list(
            name,
            [
                Entry("abstained", e.label) if e.key == spec.ABSTAINED else e
                for e in spec.options_for(self.context)
            ],
        )
        group = {"type": "begin_group", "name": spec.key, "label": spec.label, "appearance": "table-list"}
        self._rule(group, "relevant", spec, spec.visible_when)
        self.made.survey.append(group)
        labels = distinct_names(rows)
        every = "yes" if spec.every_row else ""
        if spec.required and not spec.every_row:
            self.made.lost.append(f"“{spec.label}”至少填一行的要求没有带过去。")
        self.made.survey += [
            {
                "type": f"select_one {name}",
                "name": f"{spec.key}__{row.key}",
                "label": labels[row.key],
                "required": every,
            }
            for row in rows
        ]
        self._end(spec.key)

    def _rows(self, spec: Rows) -> None:
        group = {"type": "begin_repeat", "name": spec.key, "label": spec.label}
        self._rule(group, "relevant", spec, spec.visible_when)
        self.made.survey.append(group)
        for column in spec.of:
            self.made.survey.append(self._column(spec, column))
        self.made.survey.append({"type": "end_repeat", "name": spec.key})
        if spec.required or spec.at_least:
            self.made.lost.append(f"“{spec.label}”至少填几行的要求没有带过去。")

    def _column(self, spec: Rows, column: Column) -> Row:
        cell = column.as_field()
        kind, appearance = ("text", "")
        if column.type == "choice":
            name = f"rows_{spec.key}_{column.key}"
            self._list(name, [Entry(option.key, option.name) for option in column.options])
            kind = f"select_one {name}"
        else:
            kind, appearance = self._type(cell)
        row = {
            "type": kind,
            "name": f"{spec.key}__{column.key}",
            "label": column.label,
            "appearance": appearance,
        }
        if column.required:
            row["required"] = "yes"
        self._constraint(row, cell)
        return row

    def _constraint(self, row: Row, spec: Field) -> None:
        parts = [part for name, say in _BOUNDS for part in [say(getattr(spec, name, None))] if part]
        if not parts:
            return
        if spec.type == "date" and getattr(spec, "precision", "") == "month":
            self.made.lost.append(f"“{spec.label}”的最早、最晚月份没有带过去。")
            return
        if spec.type in ("multi_choice", "photo", "file", "datetime", "rows"):
            parts = _MANY.get(spec.type, lambda _: [])(spec)
            if not parts:
                self.made.lost.append(f"“{spec.label}”的个数或时间限制没有带过去。")
                return
        row["constraint"] = " and ".join(parts)
        row["constraint_message"] = getattr(spec, "pattern_words", "") or f"“{spec.label}”不符合要求，请修改"

    def _rule(self, row: Row, column: str, spec: Field, expr: Any) -> None:
        if expr is None:
            return
        try:
            row[column] = to_xpath(expr, self.types)
        except Untranslatable as why:
            said = in_words(expr, self.words)
            self.made.lost.append(f"“{spec.label}”的规则“{said}”没有带过去：{why}。")


def _quote(text: str) -> str:
    return f"'{text}'"


_BOUNDS: tuple[tuple[str, Callable[[Any], str]], ...] = (
    ("at_least", lambda v: "" if v in (None, "", 0) else f". >= {v}"),
    ("at_most", lambda v: "" if v in (None, "") else f". <= {v}"),
    ("min_length", lambda v: f"string-length(.) >= {v}" if v else ""),
    ("max_length", lambda v: f"string-length(.) <= {v}" if v else ""),
    ("pattern", lambda v: f"regex(., '^({v})$')" if v and "'" not in v else ""),
    ("earliest", lambda v: f". >= date({_quote(v)})" if v else ""),
    ("latest", lambda v: f". <= date({_quote(v)})" if v else ""),
    ("not_future", lambda v: ". <= today()" if v else ""),
)
_MANY: dict[str, Callable[[Any], list[str]]] = {
    "multi_choice": lambda spec: [
        *([f"count-selected(.) >= {spec.at_least}"] if spec.at_least else []),
        *([f"count-selected(.) <= {spec.at_most}"] if spec.at_most is not None else []),
    ],
    "datetime": lambda spec: [". <= now()"] if spec.not_future else [],
}
