"""Word's page in the measures of GB/T 9704-2012: sections, paragraphs, runs, tables, in the order Word insists on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from docx.document import Document as WordDocument
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

PITCH = 28.95
RED = "E60012"
#: Fonts as the offices' machines have them, by the style of a piece of text.
FONTS = {
    "fang": "仿宋_GB2312",
    "hei": "黑体",
    "kai": "楷体_GB2312",
    "song": "宋体",
    "title": "方正小标宋简体",
}
#: The order in which Word wants the children of a property; it calls a file damaged that has them otherwise.
_ORDER = {
    "pPr": "pStyle keepNext keepLines pageBreakBefore framePr widowControl numPr suppressLineNumbers pBdr shd tabs "
    "suppressAutoHyphens kinsoku wordWrap overflowPunct topLinePunct autoSpaceDE autoSpaceDN bidi adjustRightInd "
    "snapToGrid spacing ind contextualSpacing mirrorIndents jc textDirection textAlignment outlineLvl rPr sectPr",
    "rPr": "rStyle rFonts b bCs i iCs caps color spacing w kern position sz szCs highlight u lang",
    "tblPr": "tblStyle tblpPr tblOverlap bidiVisual tblStyleRowBandSize tblStyleColBandSize tblW jc tblCellSpacing "
    "tblInd tblBorders shd tblLayout tblCellMar tblLook",
}
ALIGN = {
    "left": WD_ALIGN_PARAGRAPH.LEFT, "centre": WD_ALIGN_PARAGRAPH.CENTER, "right": WD_ALIGN_PARAGRAPH.RIGHT,
    "justify": WD_ALIGN_PARAGRAPH.JUSTIFY, "spread": WD_ALIGN_PARAGRAPH.DISTRIBUTE,
}  # fmt: skip


def element(tag: str, **attributes: Any) -> Any:
    """An element of Word's own namespace."""
    made = OxmlElement(f"w:{tag}")
    for name, value in attributes.items():
        made.set(qn(f"w:{name}"), str(value))
    return made


def xml(proxy: Any) -> Any:
    """The XML behind a paragraph, run or row: the library has no other door to what it cannot say itself."""
    return proxy._element  # noqa: SLF001


def _shape(section: Any) -> Any:
    return section._sectPr  # noqa: SLF001  # as above


def write(paragraph: Any, text: str, style: str = "fang", *, size: float = 16, colour: str = "") -> Any:
    """Text in a face and size; 3号 is drawn together a little so that 28 characters fit a line."""
    run = paragraph.add_run(text)
    run.font.size = Pt(size)
    run.font.name = FONTS[style]
    properties = xml(run).get_or_add_rPr()
    fonts = properties.get_or_add_rFonts()
    for kind in ("ascii", "hAnsi", "eastAsia", "cs"):
        fonts.set(qn(f"w:{kind}"), FONTS[style])
    # “ ” — … are taken from the Chinese font and not from the Latin one.
    fonts.set(qn("w:hint"), "eastAsia")
    if size == 16:
        properties.append(element("spacing", val=-5))
    if colour:
        run.font.color.rgb = RGBColor.from_string(colour)
    return run


def paragraph(
    holder: Any, *, align: str = "left", indent: int = 0, pitch: float = PITCH, before: float = 0
) -> Any:
    """An empty paragraph on the grid. indent: characters before its first line. pitch: exact, in points."""
    made = holder.add_paragraph()
    shape = made.paragraph_format
    shape.space_before, shape.space_after = Pt(before), Pt(0)
    shape.line_spacing_rule, shape.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(pitch)
    made.alignment = ALIGN[align]
    set_solid(made)
    if indent:
        indent_by(made, firstLineChars=indent * 100, firstLine=round(indent * 315.8))
    return made


def set_solid(made: Any) -> None:
    """No extra space between Chinese and digits, which a document of the standard does not have."""
    for name in ("autoSpaceDE", "autoSpaceDN"):
        xml(made).get_or_add_pPr().append(element(name, val=0))


def indent_by(made: Any, **measures: int) -> None:
    """Indents in hundredths of a character (…Chars) and in twentieths of a point, for programs that know only those."""
    xml(made).get_or_add_pPr().append(element("ind", **measures))


def border(made: Any, **sides: dict[str, Any]) -> None:
    """Rules beside a paragraph. sides: top or bottom to size (eighths of a point), space (points), colour, style."""
    holder = element("pBdr")
    for side in ("top", "bottom"):
        if side in sides:
            holder.append(element(side, **{"val": "single", "space": 1, "color": "000000", **sides[side]}))
    xml(made).get_or_add_pPr().append(holder)


def set_page(section: Any, *, landscape: bool = False) -> None:
    """A4, margins of the type area, 22 lines; a turned sheet keeps its margins on the paper."""
    sides = (Mm(210), Mm(297))
    section.orientation = WD_ORIENT.LANDSCAPE if landscape else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = sides[::-1] if landscape else sides
    top, right, bottom, left = (28, 37, 26, 35) if landscape else (37, 26, 35, 28)
    section.top_margin, section.bottom_margin = Mm(top), Mm(bottom)
    section.left_margin, section.right_margin = Mm(left), Mm(right)
    section.header_distance, section.footer_distance = Mm(15), Mm(25 if not landscape else 16)
    for grid in _shape(section).findall(qn("w:docGrid")):
        _shape(section).remove(grid)
    # Lines only: with characters as well LibreOffice sets half as many in a line.
    _shape(section).append(element("docGrid", type="lines", linePitch=579))


def number_pages(section: Any) -> None:
    """“— 1 —” in 4号宋体: odd pages right, even pages left, a character in (N1)."""
    for footer, side in ((section.footer, "right"), (section.even_page_footer, "left")):
        footer.is_linked_to_previous = False
        line = footer.paragraphs[0]
        line.alignment = ALIGN[side]
        indent_by(line, **{f"{side}Chars": 100, side: 280})
        write(line, "— ", "song", size=14)
        for kind in ("begin", "", "end"):
            run = write(line, "", "song", size=14)
            if kind:
                xml(run).append(element("fldChar", fldCharType=kind))
            else:
                instruction = OxmlElement("w:instrText")
                instruction.text = "PAGE"
                xml(run).append(instruction)
        write(line, " —", "song", size=14)


def no_numbers(section: Any) -> None:
    """A section whose pages carry no number."""
    for footer in (section.footer, section.even_page_footer):
        footer.is_linked_to_previous = False


def new_section(document: WordDocument, *, landscape: bool) -> Any:
    """A section on a new page."""
    section = document.add_section(WD_SECTION.NEW_PAGE)
    section.different_first_page_header_footer = False
    set_page(section, landscape=landscape)
    return section


def table(document: Any, widths: Sequence[float], rows: Iterable[Sequence[Any]], *, header: bool) -> Any:
    """A ruled table of fixed widths (mm); each cell is a function that fills it. The head repeats on each page."""
    filled = list(rows)
    made = document.add_table(rows=len(filled), cols=len(widths))
    made.style = "Table Grid"
    made.autofit = False
    for column, width in zip(made.columns, widths, strict=True):
        column.width = Mm(width)
    for row, cells in zip(made.rows, filled, strict=True):
        xml(row).get_or_add_trPr().append(element("cantSplit"))
        for cell, width, fill in zip(row.cells, widths, cells, strict=True):
            cell.width = Mm(width)
            cell.vertical_alignment = 1
            if fill is not None:
                fill(cell)
    if header:
        xml(made.rows[0]).get_or_add_trPr().append(element("tblHeader"))
    return made


def cell_text(cell: Any, text: str, style: str = "fang", *, align: str = "left", size: float = 12) -> None:
    """One text in a cell; its lines stand under one another."""
    for index, line in enumerate(text.split("\n")):
        made = cell.paragraphs[0] if index == 0 else cell.add_paragraph()
        made.paragraph_format.space_before = made.paragraph_format.space_after = Pt(2)
        made.alignment = ALIGN[align]
        set_solid(made)
        write(made, line, style, size=size)


def tidy(root: Any) -> None:
    """Bring the children of properties into Word's order; of two of a kind the later one's attributes win."""
    for tag, names in _ORDER.items():
        order = names.split()
        for properties in root.iter(qn(f"w:{tag}")):
            seen: dict[str, Any] = {}
            for child in list(properties):
                name = child.tag.split("}")[1]
                if name in seen:
                    for attribute, value in child.attrib.items():
                        seen[name].set(attribute, value)
                    properties.remove(child)
                else:
                    seen[name] = child
            rank = {name: place for place, name in enumerate(order)}
            properties[:] = sorted(properties, key=lambda child: rank.get(child.tag.split("}")[1], 99))
