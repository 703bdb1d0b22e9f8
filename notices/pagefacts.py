"""What stands on the pages of a PDF, in mm from the upper left corner: lines of text, rules, fonts, page number."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from notices.filefacts import DocumentFacts, document_facts

MM = 25.4 / 72
_PAGE_NUMBER = re.compile(r"—\s*\d+\s*—")
_RED = (0.9, 0.0, 0.0)
#: Ink of the document faces reaches about this far above and below the baseline, in em.
_INK_TOP, _INK_BOTTOM = 0.855, 0.092
#: Words of one line that stand further apart than this, in points, are set apart (organs beside one another).
_APART = 4.0
#: Up to here characters are set in whatever face is at hand; a face is told by what comes after.
_LATIN = 0x2FF


@dataclass(frozen=True)
class Box:
    """A picture, in mm from the upper left corner."""

    left: float
    right: float
    top: float
    bottom: float

    @property
    def centre(self) -> float:
        return (self.left + self.right) / 2

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2

    @property
    def wide(self) -> bool:
        """A 签名章 is wider than high, a seal is not."""
        return self.right - self.left > 1.2 * (self.bottom - self.top)


@dataclass(frozen=True)
class TextLine:
    """One line of text. size in points; prose: set at 16 pt on the grid, no table and no page number.

    faces: fonts in the order they appear; first_font: of the first letter that is no digit or Latin mark.
    turned: set along the short side of a turned sheet, its place told as if the sheet were upright.
    pieces: left and right edge of each group of words that is set apart from the others.
    """

    text: str
    left: float
    right: float
    baseline: float
    size: float
    font: str
    red: bool
    prose: bool
    faces: tuple[str, ...] = ()
    first_font: str = ""
    coloured: bool = False
    in_table: bool = False
    turned: bool = False
    pieces: tuple[tuple[float, float], ...] = ()

    @property
    def prose_like(self) -> bool:
        """Black running text between the sizes of a table and of a title, whether it is set right or not."""
        return not self.red and not self.in_table and 14.6 < self.size < 20

    @property
    def top(self) -> float:
        return self.baseline - 0.88 * self.size * MM

    @property
    def bottom(self) -> float:
        return self.baseline + 0.12 * self.size * MM

    @property
    def ink_top(self) -> float:
        return self.baseline - _INK_TOP * self.size * MM

    @property
    def ink_bottom(self) -> float:
        return self.baseline + _INK_BOTTOM * self.size * MM

    @property
    def cells(self) -> int:
        """Width in cells of the 28-cell grid."""
        return round((self.right - self.left) * 28 / 156)


@dataclass(frozen=True)
class Rule:
    """One horizontal rule; weight in mm. alone: it belongs to no table."""

    left: float
    right: float
    top: float
    bottom: float
    alone: bool = True

    @property
    def weight(self) -> float:
        return self.bottom - self.top


@dataclass(frozen=True)
class PageFacts:
    """One page. fonts: name to whether it is embedded. document: what the whole file is."""

    number: int
    width: float
    height: float
    lines: tuple[TextLine, ...]
    page_number: TextLine | None
    red_rules: tuple[Rule, ...]
    black_rules: tuple[Rule, ...]
    fonts: dict[str, bool]
    missing_glyphs: int
    document: DocumentFacts
    images: tuple[Box, ...] = ()

    @property
    def body(self) -> tuple[TextLine, ...]:
        """Black text without the page number and without what a draft prints in the margin."""
        return tuple(line for line in self.lines if not line.red and line.baseline > 37)

    @property
    def upright(self) -> bool:
        return self.width < self.height

    @property
    def sheet_height(self) -> float:
        """Height of the sheet as it is bound, whichever way it is turned."""
        return max(self.width, self.height)

    @property
    def column_heads(self) -> tuple[str, ...]:
        """What stands in the heads of the page's tables."""
        return tuple(line.text for line in self.lines if line.in_table and "Hei" in line.font)

    @property
    def is_form(self) -> bool:
        """A page of its own to fill in, such as a reply slip: it carries no page number."""
        return "回执" in "".join(line.text for line in self.lines[:2])


def read_pages(stream: io.BytesIO) -> list[PageFacts]:
    """All pages of a PDF; ValueError when it is none."""
    import pdfplumber
    from pdfminer.pdfexceptions import PDFException
    from pdfplumber.utils.exceptions import PdfminerException

    try:
        with pdfplumber.open(stream) as pdf:
            document = document_facts(pdf)
            return [_page(page, document) for page in pdf.pages]
    except (PdfminerException, PDFException) as error:
        raise ValueError("不是可以读取的 PDF 文件") from error


def _page(page: Any, document: DocumentFacts) -> PageFacts:
    lines = sorted(_lines(page), key=lambda line: (round(line.baseline, 1), line.left))
    number = next((line for line in lines if _PAGE_NUMBER.fullmatch(line.text.strip())), _turned_number(page))
    rest = tuple(line for line in lines if line is not number)
    red, black = _rules(page)
    return PageFacts(
        number=page.page_number,
        width=float(page.width) * MM,
        height=float(page.height) * MM,
        lines=rest,
        page_number=number,
        red_rules=red,
        black_rules=black,
        fonts=_fonts(page),
        missing_glyphs=sum(char["text"].startswith("(cid:") for char in page.chars),
        document=document,
        images=tuple(_images(page)),
    )


def _images(page: Any) -> Iterable[Box]:
    for image in page.images:
        if image["x1"] - image["x0"] > 20:
            yield Box(image["x0"] * MM, image["x1"] * MM, image["top"] * MM, image["bottom"] * MM)


def _turned_number(page: Any) -> TextLine | None:
    """The page number of a sheet that lies turned, placed as on the upright sheet."""
    chars = sorted((char for char in page.chars if not char["upright"]), key=lambda char: float(char["top"]))
    text = "".join(char["text"] for char in chars).strip()
    if not _PAGE_NUMBER.fullmatch(text):
        return None
    inked = [char for char in chars if not char["text"].isspace()]
    return TextLine(
        text=text,
        left=inked[0]["top"] * MM,
        right=inked[-1]["bottom"] * MM,
        baseline=(float(page.width) - inked[0]["matrix"][4]) * MM,
        size=inked[0]["x1"] - inked[0]["x0"],
        font=_most_common(char["fontname"].split("+")[-1] for char in inked),
        red=False,
        prose=False,
        turned=True,
    )


def _lines(page: Any) -> Iterable[TextLine]:
    rows: dict[tuple[float, float], list[dict[str, Any]]] = {}
    for char in page.chars:
        if not char["upright"]:
            continue
        baseline = float(page.height) - char["matrix"][5]
        key = next((k for k in rows if abs(k[0] - baseline) < 0.6 and abs(k[1] - char["size"]) < 0.3), None)
        rows.setdefault(key or (baseline, char["size"]), []).append(char)
    boxes = [(float(t.bbox[1]), float(t.bbox[3])) for t in page.find_tables()]
    for (baseline, size), chars in rows.items():
        chars.sort(key=lambda char: char["x0"])
        text = "".join(char["text"] for char in chars)
        inked = [char for char in chars if not char["text"].isspace()]
        if not inked:
            continue
        in_table = any(top <= baseline <= bottom for top, bottom in boxes)
        faces = [char["fontname"].split("+")[-1] for char in inked]
        letters = [face for face, char in zip(faces, inked, strict=True) if ord(char["text"][0]) > _LATIN]
        colour = inked[0]["non_stroking_color"]
        yield TextLine(
            text=text.strip(),
            left=inked[0]["x0"] * MM,
            right=inked[-1]["x1"] * MM,
            baseline=baseline * MM,
            size=size,
            font=_most_common(faces),
            red=_is_red(colour),
            prose=abs(size - 16) < 0.3 and not in_table,
            faces=tuple(dict.fromkeys(faces)),
            first_font=(letters or faces)[0],
            coloured=_is_coloured(colour),
            in_table=in_table,
            pieces=tuple(_pieces(inked)),
        )


def _pieces(inked: list[dict[str, Any]]) -> Iterable[tuple[float, float]]:
    left = right = float(inked[0]["x0"])
    for char in inked:
        if char["x0"] - right > _APART:
            yield left * MM, right * MM
            left = float(char["x0"])
        right = float(char["x1"])
    yield left * MM, right * MM


def _most_common(names: Iterable[str]) -> str:
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return max(counts, key=lambda name: counts[name])


def _is_red(colour: Any) -> bool:
    return bool(
        isinstance(colour, tuple | list) and len(colour) == 3 and colour[0] > 0.7 and max(colour[1:]) < 0.3
    )


def _is_coloured(colour: Any) -> bool:
    return isinstance(colour, tuple | list) and len(colour) == 3 and max(colour) - min(colour) > 0.1


def _rules(page: Any) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
    red: list[Rule] = []
    black: list[Rule] = []
    boxes = [(float(t.bbox[1]) - 1, float(t.bbox[3]) + 1) for t in page.find_tables()]
    for item in (*page.rects, *page.lines, *page.curves):
        if (
            item["x1"] - item["x0"] < 100
            or item["bottom"] - item["top"] > 3
            or item["object_type"] == "curve"
        ):
            continue
        half = (item["linewidth"] or 0) / 2 if item["object_type"] == "line" else 0
        alone = not any(top <= item["top"] <= bottom for top, bottom in boxes)
        rule = Rule(
            item["x0"] * MM, item["x1"] * MM, (item["top"] - half) * MM, (item["bottom"] + half) * MM, alone
        )
        colour = item["stroking_color"] if item["object_type"] == "line" else item["non_stroking_color"]
        (red if _is_red(colour) else black).append(rule)
    return tuple(red), tuple(black)


def _fonts(page: Any) -> dict[str, bool]:
    from pdfminer.pdftypes import resolve1

    found = {}
    for reference in (resolve1(page.page_obj.resources.get("Font")) or {}).values():
        font = resolve1(reference)
        inner = resolve1(resolve1(font.get("DescendantFonts", [font]))[0])
        descriptor = resolve1(inner.get("FontDescriptor")) or {}
        name = str(font.get("BaseFont", "")).strip("/'")
        found[name] = any(key in descriptor for key in ("FontFile", "FontFile2", "FontFile3"))
    return found
