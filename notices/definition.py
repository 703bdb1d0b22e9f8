"""What a kind of notice is: structured text with placeholders, checked before anything is drawn.

A kind is data that the office owns. It holds no markup and nothing that could be executed: paragraphs with
levels, tables, a reply slip, a signature, and ``{placeholders}`` out of `notices.vocabulary` alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import Discriminator, Field, Tag, model_validator

from definitions.base import Definition, Key, Text
from definitions.fault import DefinitionFaults, Fault
from notices.shapes import shape_faults
from notices.template import placeholders_in, stray_braces
from notices.vocabulary import VOCABULARY, fact_types

#: A value that a notice is filled with: text, or rows of a table.
Value = str | list[dict[str, str]]


class NoticeFormat(StrEnum):
    """Which layout of GB/T 9704-2012: 信函格式 for case notices, 文件格式 for results."""

    LETTER = "letter"
    DOCUMENT = "document"


class SignatureStyle(StrEnum):
    """How the issuing organ signs: B10 without a seal, B8 and B9 with room for one, B11 with a 签名章."""

    PLAIN = "plain"
    SEAL = "seal"
    STAMP = "stamp"


class QrPlace(StrEnum):
    """Where the verification code stands."""

    SIGNATURE = "signature"
    SLIP = "slip"
    NONE = "none"


class Align(StrEnum):
    """How a column of a table is set."""

    LEFT = "left"
    CENTRE = "centre"
    RIGHT = "right"


class Paragraph(Definition):
    """One paragraph of body text.

    level: 0 plain, 1 一、 2 （一） 3 1. 4 （1）; numbers are counted when drawn, so a left-out paragraph leaves no gap.
    heading: leading words in the type of the level (黑体, 楷体), before `text`.
    when: JSON Logic over the values; the paragraph is left out when it is false.
    each: name of a list value; the paragraph is repeated per row, whose columns are ``{row.column}``.
    """

    text: str = ""
    heading: str = ""
    level: Annotated[int, Field(ge=0, le=4)] = 0
    when: dict[str, Any] | None = None
    each: Key | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.text.strip() and not self.heading.strip():
            raise ValueError("段落没有文字（text 或 heading 至少写一项）")
        return self


class Column(Definition):
    """One column of a table: its head, the row value it shows, its share of the width, its alignment."""

    title: Text
    column: Key
    width: Annotated[int, Field(ge=1, le=60)] = 10
    align: Align = Align.CENTRE


class Table(Definition):
    """Rows of a list value as a ruled table whose head repeats on each page."""

    rows: Key
    columns: Annotated[tuple[Column, ...], Field(min_length=1, max_length=12)]
    when: dict[str, Any] | None = None


class FormCell(Definition):
    """A labelled place of a form; blank text is a place to write in. `lines` is its least height in lines."""

    label: Text
    text: str = ""
    lines: Annotated[int, Field(ge=1, le=12)] = 1


FormRow = Annotated[tuple[FormCell, ...], Field(min_length=1, max_length=2)]


class FormGrid(Definition):
    """A ruled form to fill in by hand, one or two labelled places a row (送达回证, 回执)."""

    form: Annotated[tuple[FormRow, ...], Field(min_length=1, max_length=30)]
    when: dict[str, Any] | None = None


def _block_tag(data: Any) -> str:
    keys = data if isinstance(data, dict) else vars(data)
    if "form" in keys:
        return "form"
    return "table" if "rows" in keys else "paragraph"


Block = Annotated[
    Annotated[Paragraph, Tag("paragraph")]
    | Annotated[Table, Tag("table")]
    | Annotated[FormGrid, Tag("form")],
    Discriminator(_block_tag),
]


class Attachment(Definition):
    """An 附件 on its own pages.

    group_by: a column of the first table's rows; one 附件 per value of it, named ``{group}`` in the title
    (a ranking per category).
    """

    title: Text
    blocks: Annotated[tuple[Block, ...], Field(min_length=1)]
    group_by: Key | None = None
    landscape: bool = False
    when: dict[str, Any] | None = None


class ReplySlip(Definition):
    """The 回执 that the addressee fills in and returns: a page of its own without number."""

    title: Text
    intro: str = ""
    form: Annotated[tuple[FormRow, ...], Field(min_length=1, max_length=30)]
    note: str = ""


class Signature(Definition):
    """Signing organ and date (rules B8 to B12). post: 职务 before a 签名章, asked by that style alone."""

    organ: Text = "{org}"
    date: Text = "{issued_on}"
    style: SignatureStyle = SignatureStyle.PLAIN
    post: str = ""


class JointOrgan(Definition):
    """One more organ of a joint issue (rules H5, B9): its name in the mark, and as it signs."""

    mark: Text
    name: Text


class Imprint(Definition):
    """印发机关和印发日期 of the 版记; document format only (rules V3, L8)."""

    organ: Text = "{org}"
    date: Text = "{issued_on}"


class NoticeKind(Definition):
    """One kind of document. Every text may hold placeholders of the vocabulary.

    key, name, version, source: identity and the clause the kind serves.
    series: key of the numbering series. addressee: 主送机关, blank for none.
    joint: the other organs of a joint issue after the lead, whose mark and signature are the kind's own.
    title: a ``|`` marks where the title may be broken with sense; it is never printed.
    copy_number, secrecy, urgency, signer: head elements H1, H2, H3, H7; blank or blank value prints nothing.
    cited: whether later notices of the same case refer to this one as 前文 (it set what is to be done).
    served: whether somebody has to sign for it; not so for receipts and circulars.
    duplex: the 版记 stands on an even page, after a blank one if need be, for printing on both sides (N2).
    checked: whether a second person has to have checked the draft (核稿) before it is issued.
    note: 附注 under the date, printed in parentheses. cc: 抄送. sample: values over the vocabulary's own samples.
    """

    key: Key
    name: Text
    version: Annotated[int, Field(ge=1)]
    source: Text
    format: NoticeFormat
    series: Key
    mark: Text = "{org_mark}"
    number: Text = "{number}"
    joint: Annotated[tuple[JointOrgan, ...], Field(max_length=5)] = ()
    copy_number: str = ""
    secrecy: str = ""
    urgency: str = ""
    signer: str = ""
    title: Text
    addressee: str = ""
    body: Annotated[tuple[Block, ...], Field(min_length=1)]
    attachments: tuple[Attachment, ...] = ()
    reply_slip: ReplySlip | None = None
    signature: Signature | None = Signature()
    note: str = ""
    cc: str = ""
    cited: bool = False
    served: bool = True
    checked: bool = False
    imprint: Imprint | None = None
    duplex: bool = False
    qr: QrPlace = QrPlace.SIGNATURE
    sample: dict[str, Any] = Field(default_factory=dict)

    def texts(self) -> Iterator[tuple[str, str, str | None]]:
        """Every template text as (place, text, name of the rows it stands in or None)."""
        for place in ("mark", "number", "copy_number", "secrecy", "urgency", "signer", "title", "addressee",
                      "note", "cc"):  # fmt: skip
            yield place, getattr(self, place), None
        if self.signature is not None:
            yield "signature.post", self.signature.post, None
        for index, organ in enumerate(self.joint):
            yield f"joint[{index}].mark", organ.mark, None
            yield f"joint[{index}].name", organ.name, None
        for part in ("signature", "imprint"):
            if (lines := getattr(self, part)) is not None:
                yield f"{part}.organ", lines.organ, None
                yield f"{part}.date", lines.date, None
        yield from _block_texts("body", self.body)
        for index, attachment in enumerate(self.attachments):
            yield f"attachments[{index}].title", attachment.title, None
            yield from _block_texts(f"attachments[{index}].blocks", attachment.blocks)
        if self.reply_slip is not None:
            slip = self.reply_slip
            yield from (("reply_slip.title", slip.title, None), ("reply_slip.intro", slip.intro, None))
            yield "reply_slip.note", slip.note, None
            yield from _form_texts("reply_slip.form", slip.form)

    def conditions(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every condition as (place, JSON Logic)."""
        for place, blocks in self._block_lists():
            for index, block in enumerate(blocks):
                if block.when is not None:
                    yield f"{place}[{index}].when", block.when
        for index, attachment in enumerate(self.attachments):
            if attachment.when is not None:
                yield f"attachments[{index}].when", attachment.when

    def tables(self) -> Iterator[tuple[str, Table, str | None]]:
        """Every table as (place, table, the column its attachment is grouped by or None)."""
        for index, block in enumerate(self.body):
            if isinstance(block, Table):
                yield f"body[{index}]", block, None
        for number, attachment in enumerate(self.attachments):
            for index, block in enumerate(attachment.blocks):
                if isinstance(block, Table):
                    yield f"attachments[{number}].blocks[{index}]", block, attachment.group_by

    def _block_lists(self) -> Iterator[tuple[str, tuple[Block, ...]]]:
        yield "body", self.body
        for index, attachment in enumerate(self.attachments):
            yield f"attachments[{index}].blocks", attachment.blocks


def load_notice_kind(data: Any) -> NoticeKind:
    """A checked kind, or DefinitionFaults with every local fault and its place.

    Source: 方案第五条（评价-整改-反馈机制）, which each kind serves by its own clause.
    """
    kind = NoticeKind.read(data, root="")
    faults = [*_text_faults(kind), *_table_faults(kind), *_sample_faults(kind), *_condition_faults(kind)]
    faults += shape_faults(kind)
    if faults:
        raise DefinitionFaults(faults)
    return kind


def placeholders(kind: NoticeKind) -> frozenset[str]:
    """Names of all values the kind can print or ask, conditions included; row columns excluded."""
    names = {name for _, text, _ in kind.texts() for name in placeholders_in(text)}
    names = {name for name in names if not name.startswith("row.") and name != "group"}
    names |= {table.rows for _, table, _ in kind.tables()}
    names |= {rows for _, _, rows in kind.texts() if rows is not None}
    if kind.qr is not QrPlace.NONE:
        names.add("verify_url")
    for _, condition in kind.conditions():
        names |= _condition_names(condition)
    return frozenset(names)


def _condition_names(condition: Any) -> frozenset[str]:
    from definitions.expression import names_used

    return frozenset(names_used(condition))


def _form_texts(place: str, form: tuple[FormRow, ...]) -> Iterator[tuple[str, str, str | None]]:
    for row_index, row in enumerate(form):
        for index, cell in enumerate(row):
            yield f"{place}[{row_index}][{index}].label", cell.label, None
            yield f"{place}[{row_index}][{index}].text", cell.text, None


def _block_texts(place: str, blocks: tuple[Block, ...]) -> Iterator[tuple[str, str, str | None]]:
    for index, block in enumerate(blocks):
        if isinstance(block, Paragraph):
            yield f"{place}[{index}].heading", block.heading, block.each
            yield f"{place}[{index}].text", block.text, block.each
        elif isinstance(block, FormGrid):
            yield from _form_texts(f"{place}[{index}].form", block.form)


def _text_faults(kind: NoticeKind) -> Iterator[Fault]:
    for place, text, rows in kind.texts():
        if stray_braces(text):
            yield Fault(place, "花括号只用于占位符，如 {unit}；请检查占位符的写法")
        if rows is not None and (rows not in VOCABULARY or not VOCABULARY[rows].columns):
            yield Fault(place, f"each 所指的“{rows}”不是表格类的值")
            continue
        for name in placeholders_in(text):
            yield from _name_faults(place, name, rows)


def _name_faults(place: str, name: str, rows: str | None) -> Iterator[Fault]:
    if name.startswith("row."):
        if rows is None:
            yield Fault(place, f"占位符 {{{name}}} 只能用在写有 each 的段落里")
        elif name.removeprefix("row.") not in VOCABULARY[rows].columns:
            yield Fault(place, f"“{rows}”没有名为 {name.removeprefix('row.')} 的列")
    elif name == "group" and place.startswith("attachments"):
        return
    elif name not in VOCABULARY:
        yield Fault(place, f"没有名为 {{{name}}} 的占位符")
    elif VOCABULARY[name].columns:
        yield Fault(place, f"{{{name}}} 是表格类的值，请用表格或 each 引用")


def _table_faults(kind: NoticeKind) -> Iterator[Fault]:
    for place, table, group_by in kind.tables():
        known = VOCABULARY.get(table.rows)
        if known is None or not known.columns:
            yield Fault(f"{place}.rows", f"“{table.rows}”不是表格类的值")
            continue
        for index, column in enumerate(table.columns):
            if column.column not in known.columns:
                yield Fault(
                    f"{place}.columns[{index}].column", f"“{table.rows}”没有名为 {column.column} 的列"
                )
        if group_by is not None and group_by not in known.columns:
            yield Fault(f"{place.split('.')[0]}.group_by", f"“{table.rows}”没有名为 {group_by} 的列")


def _sample_faults(kind: NoticeKind) -> Iterator[Fault]:
    for name, value in kind.sample.items():
        if name not in VOCABULARY:
            yield Fault(f"sample.{name}", "不是可用的值，请检查拼写")
        elif bool(VOCABULARY[name].columns) != isinstance(value, list):
            yield Fault(
                f"sample.{name}", "应为表格的行" if VOCABULARY[name].columns else "应为文字（请加引号）"
            )
        elif not VOCABULARY[name].columns and not isinstance(value, str):
            yield Fault(f"sample.{name}", "应为文字（请加引号）")


def _condition_faults(kind: NoticeKind) -> Iterator[Fault]:
    conditions = list(kind.conditions())
    if not conditions:
        return
    from definitions.expression import check

    types = fact_types()
    for place, condition in conditions:
        for sentence in check(condition, types):
            yield Fault(place, sentence)
