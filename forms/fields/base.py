"""What every field type can do: be configured, shown, read, checked, summarised, printed and exported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from definitions.base import Definition, Key, Text
from definitions.expression import ValueType
from definitions.texts import safe_cell
from forms.choices import Entry
from forms.context import Context
from forms.handwriting import Markup, Picture, gallery, ruled, said
from forms.tally import KEPT_TEXTS, Tally
from forms.terms import frequent_terms

#: What was posted for one field: name suffix → values; a plain field has only the suffix "".
Posted = Mapping[str, Sequence[str]]


#: Of one text a summary looks at no more than this.
LONGEST_QUOTED = 200


#: Answers that can be looked at once for all equal ones.
_PLAIN = frozenset((str, int, bool))


class AnswerRefused(ValueError):
    """An answer that cannot be taken; the sentence says what is wrong and what to do."""

    code = "answer_refused"


@dataclass(frozen=True)
class Summary:
    """All answers to one field at a glance.

    answered: how many answers there are. counts: label → number. figures: name → exact number as text.
    words: a few of the texts, newest last. terms: what many texts have in common, with the number of texts.
    table: row label → option label → number, for a matrix; its `counts` are all rows together.
    """

    answered: int
    counts: Mapping[str, int]
    figures: Mapping[str, str]
    words: tuple[str, ...] = ()
    terms: tuple[tuple[str, int], ...] = ()
    table: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Words:
    """How the builder asks for one setting.

    label: its name. hint: what to know about it, or empty. values: setting value → its name, for closed lists.
    """

    label: str
    hint: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SheetColumn:
    """One column of a workbook that answers are typed into.

    suffix: as in `Posted`. heading: its first row. hint: the note on it. choices: what its list offers, empty
    for none. several: more than one of them may be written, with 、 between.
    """

    suffix: str
    heading: str
    hint: str = ""
    choices: tuple[str, ...] = ()
    several: bool = False


class Option(Definition):
    """One answer to tick: its lasting key and its name."""

    key: Key
    name: Text


class Field(Definition):
    """One field of a form; a type is a subclass in its own file, registered in `forms/fields/__init__.py`."""

    type: str
    key: Key
    label: Text
    hint: str = ""
    required: bool = False
    #: Shown, asked and kept only while this holds.
    visible_when: Any = None
    #: Must be answered while this holds.
    required_when: Any = None
    #: Shows `advice` while this holds; never stops anyone.
    advised_when: Any = None
    advice: str = ""
    #: The name of a value the page may fill in beforehand (the person's monitor, the time, last month's figures).
    prefill: str = ""

    #: What the builder calls this type.
    words: ClassVar[str] = ""
    #: Setting → how the builder asks for it; what a class adds stands beside what its parents have.
    asked_as: ClassVar[Mapping[str, Words]] = {
        "label": Words("题目"),
        "hint": Words("提示", "写在题目下面的小字，不填表示没有"),
        "required": Words("必填"),
        "visible_when": Words("什么时候显示", "不设表示总是显示；不显示的字段不用填，也不保存"),
        "required_when": Words("什么时候必填", "不设则只看上面的“必填”"),
        "advised_when": Words("什么时候提醒", "提醒只显示一句话，不妨碍提交"),
        "advice": Words("提醒的话"),
        "prefill": Words(
            "预先填好",
            "打开表单时先填上，填表人可以改",
            {
                "target": "链接里的测评对象",
                "month": "要汇总的月份",
                "today": "当天",
                "now": "此刻",
                "person": "填表人的姓名",
                "phone": "填表人的电话",
                "unit": "填表人的单位",
                "monitor": "填表人的监测点",
                "case": "链接里的整改事项编号",
                "case_title": "链接里的整改事项名称",
                "link": "链接里同名的值",
                "last": "上一次填的同一项",
            },
        ),
    }
    #: The settings a new field of this type begins with in the builder.
    starter: ClassVar[Mapping[str, Any]] = {}
    #: What expressions see of the answer; None for nothing.
    value_type: ClassVar[ValueType | None] = None
    #: Whether people answer it at all; notes and headings are only read.
    asks: ClassVar[bool] = True
    #: Whether one control is labelled (label) or a group of them (fieldset and legend).
    grouped: ClassVar[bool] = False
    #: Whether it takes the whole width of a printed sheet.
    wide: ClassVar[bool] = False
    #: Whether its answers stand in a sheet of their own in a workbook, several lines to one form.
    own_sheet: ClassVar[bool] = False

    # -- configure ---------------------------------------------------------------------------------------

    def own_faults(self) -> Iterator[tuple[str, str]]:
        """What is wrong with the settings together: (setting, sentence)."""
        yield from ()

    def fact_types(self) -> dict[str, ValueType]:
        """The names expressions may use for this field, with their types."""
        return {} if self.value_type is None else {self.key: self.value_type}

    def fact_literals(self) -> frozenset[str] | None:
        """The only texts the answer can equal; None when any text is possible."""
        return None

    def value_labels(self) -> dict[str, str]:
        """Answer key → name, for sentences about the answer."""
        return {}

    # -- render ------------------------------------------------------------------------------------------

    def options_for(self, context: Context) -> Sequence[Entry]:
        """What can be ticked or picked here."""
        return ()

    def posted_from(self, answer: Any) -> Posted:
        """The inverse of `parse`: what the controls show for an answer."""
        return {"": [] if answer is None else [str(answer)]}

    def holds_typed(self, suffix: str, value: str, context: Context) -> bool:
        """Whether the control of that suffix can show what was typed in another version of this field."""
        offered = {entry.key for entry in self.options_for(context)}
        return suffix == "" and (not offered or value == "" or value in offered)

    # -- validate ----------------------------------------------------------------------------------------

    def collect(self, name: str, formdata: Any, context: Context) -> Posted:
        """What was posted under this field's names."""
        return {"": list(formdata.getlist(name))}

    def parse(self, posted: Posted, context: Context) -> Any:
        """The answer as plain JSON, None when nothing was answered. Raises AnswerRefused."""
        return None

    def check(self, answer: Any, context: Context) -> None:
        """The rules for an answer that could be read. Raises AnswerRefused."""

    def facts(self, answer: Any) -> dict[str, Any]:
        """What expressions see of an answer."""
        return {} if self.value_type is None else {self.key: answer}

    def missing_sentence(self) -> str:
        """What is said when a required answer is not there."""
        return f"请填写“{self.label}”"

    # -- summarise, print, export ------------------------------------------------------------------------

    def summarise(self, answers: Iterable[Any], context: Context | None = None) -> Summary:
        """All answers to this field at a glance."""
        tally = Tally()
        self.count_all(tally, [answer for answer in answers if answer is not None])
        return self.summed(tally, context)

    def count_into(self, tally: Tally, answer: Any) -> None:
        """Count one answer; one that was not given, or says nothing, is not counted."""
        self.count_all(tally, [] if answer is None else [answer])

    def count_all(self, tally: Tally, answers: Sequence[Any]) -> None:
        """Count many given answers, the newest last; equal ones are looked at once."""
        # Zero and no say something; an empty text or list does not.
        given = [answer for answer in answers if answer or answer == 0]
        tally.answered += len(given)
        if type(self).counted is not Field.counted:
            plain = _PLAIN.issuperset(map(type, given))
            for answer, times in Counter(given).items() if plain else ((answer, 1) for answer in given):
                for cell in self.counted(answer):
                    tally.cells[cell] += times
        if type(self).quoted is not Field.quoted:
            newest = map(self.quoted, given[-KEPT_TEXTS:])
            tally.texts.extend(said[:LONGEST_QUOTED] for said in newest if said)

    def counted(self, answer: Any) -> Iterable[Hashable]:
        """What is counted of an answer."""
        return ()

    def quoted(self, answer: Any) -> str:
        """What of an answer may be read in a summary; empty for nothing."""
        return ""

    def summed(self, tally: Tally, context: Context | None = None) -> Summary:
        """What was counted, in words."""
        texts = tuple(tally.texts)
        return Summary(tally.answered, {}, {}, texts[-5:], tuple(frequent_terms(texts)))

    def printed(self, answer: Any, context: Context | None = None) -> str:
        """The answer as one piece of text for pages and paper; empty when there is none."""
        return "" if answer is None else str(answer)

    def columns(self) -> tuple[tuple[str, str], ...]:
        """The columns of an export: (lasting key, heading)."""
        return ((self.key, self.label),)

    def export(self, answer: Any, context: Context | None = None) -> tuple[str | int, ...]:
        """The cells under `columns`; texts cannot act as formulas."""
        return (safe_cell(self.printed(answer, context)),)

    def answer_schema(self) -> dict[str, Any]:
        """JSON Schema (2020-12) of a kept answer, without title and description."""
        return {"type": "string"}

    def example(self, context: Context) -> Posted:
        """A good answer as it would be posted; used by previews and by the walk over all types."""
        return {"": ["示例"]}

    # -- paper -------------------------------------------------------------------------------------------

    def blank(self, context: Context) -> Markup:
        """Where a pen writes the answer, as HTML for `forms/paper.css`."""
        return ruled()

    def paper_remark(self, labels: Mapping[str, str]) -> str:
        """What to know before writing: bounds, how many, what not to fill. labels: as `in_words` wants them."""
        return ""

    def filled(self, answer: Any, context: Context, pictures: Sequence[Picture] = ()) -> Markup:
        """An answer in its place on paper. pictures: those that belong to it."""
        return said(self.printed(answer, context)) + gallery(pictures)

    # -- workbooks ---------------------------------------------------------------------------------------

    def sheet_columns(self, context: Context) -> tuple[SheetColumn, ...]:
        """The columns a workbook asks this answer in; none for what no workbook can hold."""
        return (SheetColumn("", self.label, self.paper_remark({})),)

    def posted_from_cells(self, cells: Mapping[str, str], context: Context) -> Posted:
        """What the cells (suffix → text) mean as a post; what means nothing is handed on to be refused."""
        return {"": [cells[""]] if cells.get("") else []}

    def cells_from(self, answer: Any, context: Context) -> Mapping[str, str]:
        """The inverse of `posted_from_cells`: suffix → text."""
        return {"": self.first(self.posted_from(answer))}

    def first(self, posted: Posted) -> str:
        """The one value of a plain field."""
        values = posted.get("", ())
        return values[0] if values else ""


class Marked(Field):
    """Something that is only read: it is shown and never answered."""

    asks: ClassVar[bool] = False
    asked_as: ClassVar[Mapping[str, Words]] = {
        "label": Words("文字"),
        "hint": Words("小字", "写在下面的小字，不填表示没有"),
    }

    def own_faults(self) -> Iterator[tuple[str, str]]:
        for setting in ("required", "required_when", "advised_when"):
            if getattr(self, setting):
                yield setting, f"{self.words}不是问题，不能设这一项"

    def columns(self) -> tuple[tuple[str, str], ...]:
        return ()

    def sheet_columns(self, context: Context) -> tuple[SheetColumn, ...]:
        return ()

    def export(self, answer: Any, context: Context | None = None) -> tuple[str | int, ...]:
        return ()

    def example(self, context: Context) -> Posted:
        return {}
