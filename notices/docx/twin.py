"""One notice as a .docx: the same words, numbers and order as in the PDF, on the same grid, for the office to edit."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from docx import Document
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from notices.blocks import Numbering, paragraph_words
from notices.completeness import missing_values
from notices.composition import CELL, TITLE_SIZE, WIDTH, Composer
from notices.definition import (
    Block,
    FormRow,
    NoticeFormat,
    NoticeKind,
    Paragraph,
    QrPlace,
    ReplySlip,
    SignatureStyle,
    Table,
    Value,
)  # fmt: skip
from notices.docx import paper
from notices.enclosures import Enclosure, enclosures_of
from notices.filling import Filling
from notices.fonts import fonts_directory
from notices.glyphs import glyphs_in
from notices.refusal import NoticeIncomplete
from notices.title import break_title

_TYPE_AREA, _TURNED = 156.0, 225.0
_RED_RULE = 10
_QR = 15
_SMALL = 14.0


def render_docx(kind: NoticeKind, values: Mapping[str, Value], *, issued_at: datetime | None = None) -> bytes:
    """The document as .docx; the same input gives the same text in the same order as the PDF.

    Never a seal: whoever edits a document has no right to one. Raises NoticeIncomplete when values are missing.

    Source: GB/T 9704-2012.
    """
    missing = missing_values(kind, values)
    if missing:
        raise NoticeIncomplete(missing)
    twin = _Twin(kind, Filling(values, draft=False))
    twin.build()
    return twin.saved(issued_at)


class _Twin:
    """The document while it is written, from the head to the reply slip."""

    def __init__(self, kind: NoticeKind, filling: Filling) -> None:
        self.kind = kind
        self.filling = filling
        self.letter = kind.format is NoticeFormat.LETTER
        self.composer = Composer(glyphs_in(fonts_directory()), draft=False)
        self.document = Document()
        paper.set_page(self.document.sections[0])
        self.document.settings.odd_and_even_pages_header_footer = True
        paper.number_pages(self.document.sections[0])

    def build(self) -> None:
        enclosures = enclosures_of(self.kind, self.filling)
        self._head()
        self._title(self.filling.title(self.kind.title))
        addressee = self.filling.text(self.kind.addressee).strip()
        if addressee:
            paper.write(self._line(), f"{addressee}：")
        self._blocks(self.kind.body, "", None, _TYPE_AREA)
        self._statement([enclosure.title for enclosure in enclosures])
        self._signature()
        note = self.filling.text(self.kind.note, blank_ok=True).strip()
        if note:
            paper.write(self._line(indent=2), f"（{note}）")
        if self.kind.signature is not None and self.kind.qr is QrPlace.SIGNATURE:
            self._code()
        for index, enclosure in enumerate(enclosures):
            self._enclosure(index, len(enclosures), enclosure)
        self._imprint()
        if self.kind.reply_slip is not None:
            self._slip(self.kind.reply_slip)

    def saved(self, issued_at: datetime | None) -> bytes:
        """The file. The program's own times are put away: the same document is the same file."""
        properties = self.document.core_properties
        properties.title = "".join(self.filling.title(self.kind.title))
        properties.author = properties.last_modified_by = str(self.filling.values.get("org", ""))
        properties.subject = self.filling.text(self.kind.number)
        properties.language = "zh-CN"
        moment = (issued_at or datetime(2000, 1, 1, tzinfo=UTC)).astimezone(UTC).replace(tzinfo=None)
        properties.created = properties.modified = moment
        paper.tidy(self.document.element.body)
        for section in self.document.sections:
            parts: list[Any] = [section.footer, section.even_page_footer]
            if section.different_first_page_header_footer:
                parts += [section.first_page_footer, section.first_page_header]
            for part in parts:
                paper.tidy(paper.xml(part))
        kept = io.BytesIO()
        self.document.save(kept)
        return kept.getvalue()

    def _line(self, **shape: Any) -> Any:
        return paper.paragraph(self.document, **shape)

    def _head(self) -> None:
        ids = [
            (self.filling.text(text, blank_ok=True).strip(), style)
            for text, style in (
                (self.kind.copy_number, "fang"), (self.kind.secrecy, "hei"), (self.kind.urgency, "hei"),
            )
        ]  # fmt: skip
        given = [(text, style) for text, style in ids if text]
        number = self.filling.text(self.kind.number)
        if self.letter:
            self._letter_head(given, number)
        else:
            self._document_head(given, number)

    def _letter_head(self, ids: list[tuple[str, str]], number: str) -> None:
        """L1 and L2 stand in the header and footer of page one, which bears no number (L7)."""
        section = self.document.sections[0]
        section.different_first_page_header_footer = True
        section.header_distance = Mm(28)
        mark = self.filling.text(self.kind.mark)
        size = min(38.0, 425 / (len(mark) * 1.06))
        line = section.first_page_header.paragraphs[0]
        line.alignment = paper.ALIGN["centre"]
        paper.indent_by(line, left=-397, right=-397)
        paper.write(line, mark, "title", size=round(size * 2) / 2, colour=paper.RED)
        rule = {"val": "thickThinSmallGap", "sz": 24, "space": 8, "color": paper.RED}
        paper.border(line, bottom=rule)
        foot = section.first_page_footer.paragraphs[0]
        paper.indent_by(foot, left=-397, right=-397)
        paper.border(foot, top={**rule, "val": "thinThickSmallGap", "space": 1})
        for place, (text, style) in enumerate(ids):
            if place == 0:
                row = self._line()
                row.paragraph_format.tab_stops.add_tab_stop(Mm(_TYPE_AREA), 2)
                paper.write(row, text, style)
                paper.write(row, f"\t{number}")
            else:
                paper.write(self._line(), text, style)
        if not ids:
            paper.write(self._line(align="right"), number)
        self._line()
        self._line()

    def _document_head(self, ids: list[tuple[str, str]], number: str) -> None:
        """H1 to H8; the mark begins 35 mm under the edge of the type area whatever stands above it."""
        for text, style in ids:
            paper.write(self._line(), text, style)
        lead = self.filling.text(self.kind.mark)
        before = max(0.0, 35 / 25.4 * 72 - len(ids) * paper.PITCH)
        if self.kind.joint:
            self._joint_mark([lead, *(self.filling.text(organ.mark) for organ in self.kind.joint)], before)
        else:
            size = min(46.0, 440 / (len(lead) * 1.06))
            line = self._line(align="centre", pitch=size * 1.2, before=before)
            paper.write(line, lead, "title", size=round(size * 2) / 2, colour=paper.RED)
        self._line()
        self._line()
        signers = self.filling.text(self.kind.signer, blank_ok=True).strip()
        row = self._line(align="left" if signers else "centre")
        if signers:
            paper.indent_by(row, leftChars=100, left=316, rightChars=100, right=316)
            row.paragraph_format.tab_stops.add_tab_stop(Mm(_TYPE_AREA - 6), 2)
            paper.write(row, f"{number}\t签发人：")
            paper.write(row, signers, "kai")
        else:
            paper.write(row, number)
        paper.border(row, bottom={"sz": _RED_RULE, "space": 8, "color": paper.RED})
        self._line()
        self._line()

    def _joint_mark(self, names: list[str], before: float) -> None:
        suffix = "文件" if names[0].endswith("文件") else ""
        names[0] = names[0].removesuffix("文件")
        size = min(36.0, 300 / (max(map(len, names)) * 1.06))
        self._line(pitch=max(before, 1))
        frame = self.document.add_table(rows=1, cols=2)
        frame.autofit = False
        names_cell, suffix_cell = frame.rows[0].cells
        for column, width in zip(frame.columns, (Mm(116), Mm(40)), strict=True):
            column.width = width
        names_cell.width, suffix_cell.width = Mm(116), Mm(40)
        for index, name in enumerate(names):
            line = names_cell.paragraphs[0] if index == 0 else names_cell.add_paragraph()
            line.alignment = paper.ALIGN["spread"]
            paper.write(line, name, "title", size=round(size * 2) / 2, colour=paper.RED)
        suffix_cell.vertical_alignment = 1
        suffix_cell.paragraphs[0].alignment = paper.ALIGN["centre"]
        paper.write(suffix_cell.paragraphs[0], suffix, "title", size=min(36.0, size * 1.4), colour=paper.RED)

    def _title(self, phrases: Sequence[str]) -> None:
        def width_of(text: str) -> float:
            return self.composer.width(text, "title", size=1.0, tracking=0.0)

        for line in break_title(phrases, (WIDTH - 2 * CELL) / TITLE_SIZE, width_of):
            paper.write(self._line(align="centre"), line, "title", size=22)
        self._line()

    def _blocks(self, blocks: Sequence[Block], group: str, group_by: str | None, width: float) -> None:
        numbering = Numbering()
        for block in blocks:
            if not self.filling.holds(block.when):
                continue
            if isinstance(block, Paragraph):
                for words in paragraph_words(block, self.filling, numbering, group):
                    line = self._line(align="justify", indent=2)
                    line.paragraph_format.keep_with_next = words.heading or None
                    for style, text in words.pieces:
                        paper.write(line, text, style)
            elif isinstance(block, Table):
                self._table(block, group, group_by, width)
            else:
                self._form(block.form)

    def _table(self, block: Table, group: str, group_by: str | None, width: float) -> None:
        rows = self.filling.rows(block.rows)
        if group_by is not None:
            rows = [row for row in rows if row[group_by] == group]
        total = sum(column.width for column in block.columns)
        widths = [width * column.width / total for column in block.columns]

        def cell(text: str, style: str, align: str) -> Callable[[Any], None]:
            return partial(paper.cell_text, text=text, style=style, align=align)

        head = [cell(column.title, "hei", "centre") for column in block.columns]
        lines = [[cell(row[c.column], "fang", c.align.value) for c in block.columns] for row in rows]
        paper.table(self.document, widths, [head, *lines], header=True)

    def _form(self, form: Sequence[FormRow]) -> None:
        widths = [_TYPE_AREA * share for share in (0.22, 0.28, 0.22, 0.28)]
        rows: list[list[Callable[[Any], None] | None]] = []
        for row in form:
            cells: list[Callable[[Any], None] | None] = []
            for part in row:
                label = partial(
                    paper.cell_text, text=self.filling.text(part.label), style="hei", align="centre"
                )
                text = self.filling.text(part.text, blank_ok=True)
                cells += [partial(label, size=_SMALL), partial(paper.cell_text, text=text, size=_SMALL)]
            rows.append([*cells, *([None] * (4 - len(cells)))])
        made = paper.table(self.document, widths, rows, header=False)
        for row, line in zip(made.rows, form, strict=True):
            row.height = Pt(max(part.lines for part in line) * 24 + 4)
            if len(line) == 1:
                row.cells[1].merge(row.cells[3])

    def _statement(self, titles: Sequence[str]) -> None:
        if not titles:
            return
        self._line()
        for index, title in enumerate(titles):
            number = f"{index + 1}." if len(titles) > 1 else ""
            lead = "附件：" if index == 0 else ""
            hang = 3 + (1 if number else 0)
            line = self._line()
            first = 0 if index == 0 else 3
            paper.indent_by(
                line, leftChars=(2 + hang) * 100, left=round((2 + hang) * 315.8),
                hangingChars=(hang - first) * 100, hanging=round((hang - first) * 315.8),
            )  # fmt: skip
            paper.write(line, f"{lead}{number}{title}")

    def _signature(self) -> None:
        if self.kind.signature is None:
            return
        signature = self.kind.signature
        organs = [self.filling.text(signature.organ), *(self.filling.text(x.name) for x in self.kind.joint)]
        date = self.filling.text(signature.date)
        self._line()
        if signature.style is SignatureStyle.STAMP:
            paper.write(self._right(self._line(), 11.0), self.filling.text(signature.post))
            self._line()
            paper.write(self._right(self._line(), 4.0), date)
        elif signature.style is SignatureStyle.SEAL and not self.kind.joint:
            half = (self._cells(organs[0]) - self._cells(date)) / 2
            paper.write(self._right(self._line(before=paper.PITCH), max(4.0 - half, 0.0)), organs[0])
            paper.write(self._right(self._line(), max(4.0, half)), date)
            self._line()
        else:
            widest = max(map(self._cells, organs))
            for organ in organs:
                paper.write(self._right(self._line(), 2.0 + widest - self._cells(organ)), organ)
            paper.write(self._right(self._line(), widest - self._cells(date)), date)

    def _cells(self, text: str) -> float:
        return self.composer.width(text, "fang") / CELL

    def _right(self, line: Any, cells: float) -> Any:
        line.alignment = paper.ALIGN["right"]
        cells = max(cells, 0.0)
        paper.indent_by(line, rightChars=round(cells * 100), right=round(cells * 315.8))
        return line

    def _code(self) -> None:
        """The verification code under the 附注, with its alternative text."""
        import segno

        picture = io.BytesIO()
        segno.make(self.filling.text("{verify_url}"), error="m").save(picture, kind="png", scale=6, border=0)
        line = self._line()
        # A picture needs a line of its own height.
        line.paragraph_format.line_spacing_rule = None
        line.paragraph_format.line_spacing = None
        paper.indent_by(line, leftChars=200, left=632)
        line.add_run().add_picture(picture, width=Mm(_QR))
        paper.xml(line).find(f".//{qn('wp:docPr')}").set("descr", "核验二维码")

    def _enclosure(self, index: int, count: int, enclosure: Enclosure) -> None:
        turned = enclosure.attachment.landscape
        section = paper.new_section(self.document, landscape=turned)
        section.footer.is_linked_to_previous = section.even_page_footer.is_linked_to_previous = True
        paper.write(self._line(), f"附件{index + 1}" if count > 1 else "附件", "hei")
        self._line()
        paper.write(self._line(align="centre"), enclosure.title, "title", size=22)
        self._line()
        width = _TURNED if turned else _TYPE_AREA
        self._blocks(enclosure.attachment.blocks, enclosure.group, enclosure.attachment.group_by, width)

    def _imprint(self) -> None:
        """V1 to V3 as framed paragraphs at the foot of the last page; letters have 抄送 without rules (L8)."""
        copies = self.filling.text(self.kind.cc, blank_ok=True).strip()
        texts = [f"抄送：{copies.rstrip('。')}。"] if copies else []
        if self.kind.imprint is not None:
            organ, date = (
                self.filling.text(self.kind.imprint.organ),
                self.filling.text(self.kind.imprint.date),
            )
            texts.append(f"{organ}\t{date}印发")
        frame = {
            "w": round(_TYPE_AREA / 25.4 * 1440), "hSpace": 0, "wrap": "around", "vAnchor": "margin",
            "hAnchor": "margin", "xAlign": "center", "yAlign": "bottom",
        }  # fmt: skip
        for index, text in enumerate(texts):
            line = self._line(pitch=24)
            paper.write(line, text, size=_SMALL)
            paper.xml(line).get_or_add_pPr().append(paper.element("framePr", **frame))
            printed = "\t" in text
            if not self.letter:
                last = index == len(texts) - 1
                rules: dict[str, dict[str, Any]] = {"bottom": {"sz": 8 if last else 6}}
                if index == 0:
                    rules["top"] = {"sz": 8}
                paper.border(line, **rules)
            if printed:
                paper.indent_by(line, left=280, right=280)
                line.paragraph_format.tab_stops.add_tab_stop(Mm(_TYPE_AREA - 5), 2)
            else:
                paper.indent_by(line, left=1120, hanging=840, right=280)
        if texts:
            self._line(pitch=1)

    def _slip(self, slip: ReplySlip) -> None:
        section = paper.new_section(self.document, landscape=False)
        paper.no_numbers(section)
        paper.write(self._line(align="centre"), self.filling.text(slip.title), "title", size=22)
        self._line()
        if intro := self.filling.text(slip.intro):
            paper.write(self._line(align="justify", indent=2), intro)
        self._form(slip.form)
        if note := self.filling.text(slip.note):
            paper.write(self._line(pitch=18, before=9), note, size=12)
