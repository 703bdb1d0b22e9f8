"""A form out of XLSForm's sheets: what both know is taken over, what is not is told with its row."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from definitions.expression import ValueType
from forms.definition import MOST_FIELDS
from forms.edit import Document, EditRefused
from forms.fields import TYPES
from forms.xlsform_bounds import bounds_in
from forms.xpath import Untranslatable, from_xpath

Cells = Sequence[Sequence[str]]
_BAD = re.compile(r"[^a-z0-9_]+")
_SIMPLE: dict[str, tuple[str, dict[str, Any]]] = {
    "integer": ("number", {}),
    "int": ("number", {}),
    "decimal": ("number", {"decimals": 2}),
    "date": ("date", {}),
    "time": ("time", {}),
    "datetime": ("datetime", {}),
    "note": ("note", {}),
    "file": ("file", {}),
    "audio": ("file", {}),
    "video": ("file", {}),
}
#: What programs add by themselves and nobody answers.
_SILENT = frozenset(
    {
        "start",
        "end",
        "today",
        "deviceid",
        "username",
        "phonenumber",
        "email",
        "simserial",
        "audit",
        "start-geopoint",
    }
)


@dataclass
class Read:
    """document: for the builder. lost: (row of the sheet survey, sentence); row 0 for the form as a whole."""

    document: Document
    lost: list[tuple[int, str]] = field(default_factory=list)


def read_xlsform(sheets: Mapping[str, Cells], *, key: str, version: int, source: str) -> Read:
    """The form in these sheets. Raises EditRefused when there is none in them.

    key, version, source: what the form is called here, whatever the file says.
    """
    survey = sheets.get("survey")
    if not survey or "type" not in {_head(cell) for cell in survey[0]}:
        raise EditRefused("文件里没有 survey 工作表，或者它没有 type 一栏，不是 XLSForm。")
    return _Reader(sheets, key, version, source).read()


def _head(text: str) -> str:
    return text.strip().lower().replace(" ", "_")


def _table(cells: Cells) -> list[tuple[int, dict[str, str]]]:
    """Rows by heading with their numbers; of several languages the one that is Chinese, else the first."""
    if not cells:
        return []
    heads = [_head(cell) for cell in cells[0]]
    found = []
    for number, row in enumerate(cells[1:], start=2):
        values: dict[str, str] = {}
        for head, cell in zip(heads, row, strict=False):
            name, _, language = head.partition("::")
            name = name.removesuffix(":")
            chinese = "zh" in language or "chinese" in language or "中文" in language
            if cell.strip() and (name not in values or chinese):
                values[name] = cell.strip()
        if values:
            found.append((number, values))
    return found


class _Reader:
    def __init__(self, sheets: Mapping[str, Cells], key: str, version: int, source: str) -> None:
        self.rows = _table(sheets["survey"])
        self.settings = next((row for _, row in _table(sheets.get("settings", ()))), {})
        self.lists: dict[str, list[tuple[str, str]]] = {}
        for _, row in _table(sheets.get("choices", ())):
            name = row.get("list_name", row.get("list", ""))
            value = row.get("name", row.get("value", ""))
            self.lists.setdefault(name, []).append((value, row.get("label", value)))
        self.head = {"key": key, "version": version, "source": source}
        self.fields: list[dict[str, Any]] = []
        self.lost: list[tuple[int, str]] = []
        #: Name in the file → key; rules wait until all names are known.
        self.names: dict[str, str] = {}
        self.rules: list[tuple[int, dict[str, Any], dict[str, str]]] = []
        #: Key → option in the file → option here.
        self.options: dict[str, dict[str, str]] = {}
        self.taken: set[str] = set()

    def read(self) -> Read:
        place = 0
        while place < len(self.rows):
            place = self._row(place)
        for number, made, row in self.rules:
            self._rules(number, made, row)
        if len(self.fields) > MOST_FIELDS:
            raise EditRefused(f"一个表单最多 {MOST_FIELDS} 个字段，文件里有 {len(self.fields)} 个。")
        name = self.settings.get("form_title") or self.settings.get("form_id") or "导入的表单"
        return Read({**self.head, "name": name, "fields": self.fields}, sorted(self.lost))

    def _lose(self, number: int, sentence: str) -> None:
        self.lost.append((number, sentence))

    def _key(self, number: int, name: str) -> str:
        plain = unicodedata.normalize("NFKC", name).lower()
        stem = _BAD.sub("_", plain).strip("_")[:50]
        if not stem or not ("a" <= stem[0] <= "z"):
            stem = f"q_{stem}".rstrip("_")
        key, count = stem, 2
        while key in self.taken:
            key, count = f"{stem}_{count}", count + 1
        self.taken.add(key)
        self.names.setdefault(name, key)
        if key != name:
            self._lose(number, f"题名“{name}”改成了键“{key}”。")
        return key

    def _row(self, place: int) -> int:
        number, row = self.rows[place]
        kind = " ".join(row.get("type", "").split())
        word, _, rest = kind.partition(" ")
        word = word.lower()
        if kind.lower().replace("_", " ") in ("begin group", "begin repeat"):
            word = kind.lower().replace(" ", "_")
        if word == "begin_repeat":
            return self._repeat(place)
        if word == "begin_group":
            return self._group(place)
        if not word or word.startswith("end"):
            return place + 1
        if word in _SILENT:
            self._lose(number, f"“{kind}”是别的程序自动记的，没有带过来。")
            return place + 1
        made = self._field(number, word, rest.strip(), row)
        if made is not None:
            self._keep(number, made, row)
        return place + 1

    def _keep(self, number: int, made: dict[str, Any], row: dict[str, str]) -> None:
        self.fields.append(made)
        self.rules.append((number, made, row))

    def _base(self, number: int, word: str, row: dict[str, str], **more: Any) -> dict[str, Any]:
        name = row.get("name", "")
        made = {
            "key": self._key(number, name),
            "type": word,
            "label": row.get("label") or name or TYPES[word].words,
        }
        if row.get("hint") and TYPES[word].asks:
            made["hint"] = row["hint"]
        return {**made, **more}

    def _field(self, number: int, word: str, rest: str, row: dict[str, str]) -> dict[str, Any] | None:
        look = row.get("appearance", "").lower()
        if word in ("text", "string"):
            kind = "long_text" if "multiline" in look else "short_text"
            return self._base(number, kind, row)
        if word in ("select_one", "select_multiple", "select"):
            return self._select(number, word, rest, row)
        if word in ("image", "photo"):
            return self._base(number, "signature" if "signature" in look or "draw" in look else "photo", row)
        if word == "calculate":
            return self._calculated(number, row)
        if word in _SIMPLE:
            kind, more = _SIMPLE[word]
            if kind == "date" and "month" in look:
                more = {"precision": "month"}
            return self._base(number, kind, row, **more)
        self._lose(
            number, f"没有与“{word}”对应的字段类型，“{row.get('label', row.get('name', ''))}”没有带过来。"
        )
        return None

    def _calculated(self, number: int, row: dict[str, str]) -> dict[str, Any]:
        return self._base(number, "computed", row, formula=None, decimals=2)

    def _select(self, number: int, word: str, rest: str, row: dict[str, str]) -> dict[str, Any] | None:
        name = rest.split(maxsplit=1)[0] if rest else ""
        listed = self.lists.get(name, [])
        if word == "select_one":
            kind, _, of = name.partition("_")
            if kind == "roster" and of in ("target", "unit", "monitor"):
                return self._base(number, "picker", row, of=of)
            if kind == "dictionary" and of:
                return self._base(number, "dictionary", row, dictionary=of)
            if {value for value, _ in listed} in ({"yes", "no"}, {"1", "0"}, {"true", "false"}):
                return self._base(number, "yes_no", row)
        if len(listed) < 2:
            self._lose(number, f"选项表“{name}”不足两个选项，“{row.get('label', '')}”没有带过来。")
            return None
        if "or_other" in rest or "choice_filter" in row:
            self._lose(number, "“其他”一项和按条件筛选的选项没有带过来。")
        made = self._base(
            number,
            "multi_choice"
            if word == "select_multiple"
            else "grade"
            if name.startswith("grade_")
            else "choice",
            row,
        )
        made["options"], self.options[made["key"]] = self._options(number, listed)
        return made

    def _options(
        self, number: int, listed: Sequence[tuple[str, str]]
    ) -> tuple[list[dict[str, str]], dict[str, str]]:
        options: list[dict[str, str]] = []
        keys: dict[str, str] = {}
        for value, label in listed:
            stem = _BAD.sub("_", value.lower()).strip("_")[:50]
            if not stem or not ("a" <= stem[0] <= "z"):
                stem = f"option_{stem}".rstrip("_")
            key, count = stem, 2
            while key in keys.values():
                key, count = f"{stem}_{count}", count + 1
            keys[value] = key
            options.append({"key": key, "name": label})
        changed = [value for value, key in keys.items() if value != key]
        if changed:
            self._lose(number, f"选项的键改写了：{'、'.join(changed[:5])}。")
        return options, keys

    def _inside(self, place: int) -> tuple[list[tuple[int, dict[str, str]]], int]:
        """The rows of a group or repeat without nested ends, and the place after it."""
        depth, at, inside = 1, place + 1, []
        while at < len(self.rows) and depth:
            kind = self.rows[at][1].get("type", "").lower().replace(" ", "_")
            depth += kind.startswith("begin_") - kind.startswith("end_")
            if depth:
                inside.append(self.rows[at])
            at += 1
        return inside, at

    def _group(self, place: int) -> int:
        number, row = self.rows[place]
        look = row.get("appearance", "").lower()
        if "table-list" in look:
            made = self._matrix(number, row, self._inside(place)[0])
            if made is not None:
                self._keep(number, made, row)
                return self._inside(place)[1]
        if row.get("label"):
            self._keep(number, self._base(number, "page" if "field-list" in look else "section", row), row)
        elif row.get("relevant"):
            self._lose(number, "没有标题的一组题，它的显示条件没有带过来。")
        return place + 1

    def _matrix(
        self, number: int, row: dict[str, str], inside: list[tuple[int, dict[str, str]]]
    ) -> dict[str, Any] | None:
        kinds = {line.get("type", "").strip() for _, line in inside}
        if len(kinds) != 1 or not next(iter(kinds)).startswith("select_one "):
            return None
        name = next(iter(kinds)).split()[1]
        listed = [pair for pair in self.lists.get(name, []) if pair[0] != "abstained"]
        if len(listed) < 2:
            return None
        made = self._base(number, "matrix", row)
        rows = [(line.get("name", "").rpartition("__")[2], line.get("label", "")) for _, line in inside]
        made["rows"], _ = self._options(number, rows)
        made["options"], _ = self._options(number, listed)
        abstained = next((label for value, label in self.lists.get(name, []) if value == "abstained"), "")
        if abstained:
            made["abstention"] = abstained
        if all(_yes(line.get("required", "")) for _, line in inside):
            made["every_row"] = True
        return made

    def _repeat(self, place: int) -> int:
        number, row = self.rows[place]
        inside, after = self._inside(place)
        made = self._base(number, "rows", row)
        made["columns"] = [column for line in inside for column in [self._column(*line)] if column]
        if made["columns"]:
            self._keep(number, made, row)
        else:
            self._lose(number, f"重复的一组“{row.get('label', '')}”里没有能带过来的列。")
        return after

    def _column(self, number: int, row: dict[str, str]) -> dict[str, Any] | None:
        kind = row.get("type", "").split()
        word = kind[0].lower() if kind else ""
        types = {
            "text": "short_text",
            "integer": "number",
            "decimal": "number",
            "date": "date",
            "select_one": "choice",
        }
        if word not in types:
            self._lose(number, f"重复的一组里不能有“{word}”，“{row.get('label', '')}”没有带过来。")
            return None
        name = row.get("name", "").rpartition("__")[2]
        key = _BAD.sub("_", name.lower()).strip("_")
        if not key or not ("a" <= key[0] <= "z"):
            key = f"column_{number}"
        made: dict[str, Any] = {"key": key[:50], "label": row.get("label") or name, "type": types[word]}
        if word == "decimal":
            made["decimals"] = 2
        if word == "select_one":
            made["options"], _ = self._options(number, self.lists.get(kind[1] if len(kind) > 1 else "", []))
        if _yes(row.get("required", "")):
            made["required"] = True
        if row.get("relevant") or row.get("constraint"):
            self._lose(number, f"列“{made['label']}”的条件没有带过来。")
        return made

    # -- rules -------------------------------------------------------------------------------------------

    def _types(self) -> dict[str, ValueType]:
        return {
            made["key"]: kind for made in self.fields if (kind := TYPES[made["type"]].value_type) is not None
        }

    def _rules(self, number: int, made: dict[str, Any], row: dict[str, str]) -> None:
        if row.get("relevant"):
            self._take(number, made, "visible_when", row["relevant"], "显示条件")
        required = row.get("required", "")
        if TYPES[made["type"]].asks and made["type"] != "computed" and required:
            if _yes(required):
                made["required"] = True
            elif required.lower() not in ("no", "false", "false()", "0"):
                self._take(number, made, "required_when", required, "必填条件")
        if row.get("calculation") and made["type"] == "computed":
            self._take(number, made, "formula", row["calculation"], "公式")
        if row.get("constraint"):
            self._bounds(number, made, row)
        if row.get("default"):
            self._lose(number, f"“{made['label']}”的默认值没有带过来。")

    def _take(self, number: int, made: dict[str, Any], setting: str, text: str, words: str) -> None:
        try:
            expr = from_xpath(text, self.names, self._types(), here=made["key"])
        except Untranslatable as why:
            self._lose(number, f"“{made['label']}”的{words}“{text[:80]}”没有带过来：{why}。")
            return
        made[setting] = self._renamed(expr)

    def _renamed(self, expr: Any) -> Any:
        """The same with the options' keys of here."""
        if isinstance(expr, list):
            return [self._renamed(item) for item in expr]
        if not isinstance(expr, dict):
            return expr
        operator, operands = next(iter(expr.items()))
        if operator in ("==", "!=", "in") and len(operands) == 2:
            names = [item.get("var") if isinstance(item, dict) else None for item in operands]
            known = next(
                (self.options[name] for name in names if isinstance(name, str) and name in self.options), {}
            )
            operands = [known.get(item, item) if isinstance(item, str) else item for item in operands]
        return {operator: self._renamed(operands)}

    def _bounds(self, number: int, made: dict[str, Any], row: dict[str, str]) -> None:
        """Ranges and patterns of the constraint become settings of the type; anything else is told."""
        known = {info.alias or name for name, info in TYPES[made["type"]].model_fields.items()}
        found, left = bounds_in(row["constraint"], known, message=row.get("constraint_message", ""))
        made.update(found)
        for part in left:
            self._lose(number, f"“{made['label']}”的限制“{part[:80]}”没有带过来。")


def _yes(text: str) -> bool:
    return text.strip().lower() in ("yes", "true", "true()", "1")
