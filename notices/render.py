"""Draws documents from kinds and values: strict about fonts, values and glyphs; an issued one is a PDF/A-3."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from importlib import resources

from notices.archival import imprint_page, write_archival
from notices.completeness import missing_values
from notices.composition import Composer
from notices.definition import NoticeFormat, NoticeKind, Value, placeholders
from notices.engine import lay_out
from notices.filling import Filling, checked_values
from notices.fonts import FontsMissing, fonts_directory, use_fonts
from notices.glyphs import Glyphs, glyphs_in
from notices.layout import page_html
from notices.refusal import NoticeGlyphMissing, NoticeIncomplete, NoticeRefused

_SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
_DATE = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日")


def render_html(
    kind: NoticeKind,
    values: Mapping[str, Value],
    *,
    draft: bool,
    issued_at: datetime | None = None,
    seals: Sequence[bytes] = (),
) -> str:
    """The document as one self-contained HTML page (for print engines, not for screens)."""
    page = _page(kind, values, draft=draft, issued_at=issued_at, seals=seals)
    return page.replace("</head>", f"<style>{style_sheet(kind.format)}</style></head>", 1)


def render_pdf(
    kind: NoticeKind,
    values: Mapping[str, Value],
    *,
    draft: bool,
    issued_at: datetime | None = None,
    seals: Sequence[bytes] = (),
) -> bytes:
    """The document as PDF; the same input gives the same bytes. An issued one is PDF/A-3u with its values enclosed.

    values: by `notices.vocabulary`; others are ignored.
    draft: gaps become 【缺：…】 and each page says 样张; otherwise a gap is refused.
    issued_at: aware time of issue for the metadata; None takes the day of `issued_on`.
    seals: images the office uploaded, PNG or JPEG, one per signing organ; nothing is ever drawn in their stead.
    Raises NoticeIncomplete, NoticeGlyphMissing, NoticeNotDrawn or NoticeRefused with a sentence for people, and
    fonts.FontsMissing when the machine is not ready.

    Source: GB/T 9704-2012; 方案第五条.
    """
    page = _page(kind, values, draft=draft, issued_at=issued_at, seals=seals)
    style = style_sheet(kind.format)
    document = lay_out(page, style, strict=not draft)
    if kind.duplex and imprint_page(document) % 2:
        page = _page(kind, values, draft=draft, issued_at=issued_at, seals=seals, turned=True)
        document = lay_out(page, style, strict=not draft)
    if draft:
        return bytes(document.write_pdf(pdf_tags=True))
    return write_archival(document, _enclosed(kind, values), made_at=_made_at(values, issued_at))


def _enclosed(kind: NoticeKind, values: Mapping[str, Value]) -> bytes:
    """What is enclosed in the file as data: the kind, its version, and just the values that it prints."""
    printed = {name: values[name] for name in sorted(placeholders(kind)) if name in values}
    content = {"kind": kind.key, "name": kind.name, "version": kind.version, "values": printed}
    return json.dumps(content, ensure_ascii=False, sort_keys=True, indent=1).encode("utf-8")


def make_ready() -> None:
    """Load what `check_issue` looks at, once for the process; does nothing where the machine has no fonts yet."""
    if glyphs_in.cache_info().currsize:
        return
    try:
        directory = fonts_directory()
        use_fonts(directory)
    except FontsMissing:
        return
    glyphs_in(directory).missing("一")


def check_issue(kind: NoticeKind, values: Mapping[str, Value]) -> None:
    """Refuse, before a number is taken, whatever would keep the document from being drawn.

    Raises NoticeIncomplete with every missing value, NoticeGlyphMissing with every character no font can draw,
    NoticeRefused otherwise; fonts.FontsMissing when the machine is not ready. Draws nothing and is quick.
    """
    missing = missing_values(kind, values)
    if missing:
        raise NoticeIncomplete(missing)
    directory = fonts_directory()
    use_fonts(directory)
    _drawable(values, glyphs_in(directory), draft=False)
    _made_at(values, None)


def _page(
    kind: NoticeKind,
    values: Mapping[str, Value],
    *,
    draft: bool,
    issued_at: datetime | None,
    seals: Sequence[bytes],
    turned: bool = False,
) -> str:
    directory = fonts_directory()
    use_fonts(directory)
    glyphs = glyphs_in(directory)
    filling = Filling(_drawable(values, glyphs, draft=draft), draft=draft)
    made_at = _made_at(values, issued_at)
    page = page_html(kind, filling, Composer(glyphs, draft), made_at=made_at, seals=seals, turned=turned)
    if filling.missing and not draft:
        raise NoticeIncomplete(sorted(filling.missing.items()))
    return page


def _drawable(values: Mapping[str, Value], glyphs: Glyphs, *, draft: bool) -> dict[str, Value]:
    """The values, refused or marked where no font can draw a character."""
    values = checked_values(values)
    missing = glyphs.missing("".join(_all_texts(values)))
    if missing and not draft:
        raise NoticeGlyphMissing(missing)
    marks = {ord(character): f"【缺：字 U+{ord(character):04X}】" for character in missing}
    marked: dict[str, Value] = {}
    for name, value in values.items():
        if isinstance(value, str):
            marked[name] = value.translate(marks)
        elif isinstance(value, list):
            marked[name] = [
                {
                    column: text.translate(marks) if isinstance(text, str) else text
                    for column, text in row.items()
                }
                if isinstance(row, dict)
                else row
                for row in value
            ]
        else:
            marked[name] = value
    return marked


def _all_texts(values: Mapping[str, Value]) -> Iterator[str]:
    for value in values.values():
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            for row in value:
                if isinstance(row, dict):
                    yield from (text for text in row.values() if isinstance(text, str))


def _made_at(values: Mapping[str, Value], issued_at: datetime | None) -> datetime | None:
    if issued_at is not None:
        if issued_at.tzinfo is None:
            raise NoticeRefused("naive_time", "印发时间须带时区")
        return issued_at
    found = _DATE.fullmatch(str(values.get("issued_on", "")))
    if found is None:
        return None
    try:
        return datetime(*map(int, found.groups()), tzinfo=_SHANGHAI)  # type: ignore[arg-type, misc]
    except ValueError as error:
        raise NoticeRefused("value_date", f"成文日期“{values['issued_on']}”不是一个日子") from error


@lru_cache(maxsize=2)
def style_sheet(layout: NoticeFormat) -> str:
    """The measures of GB/T 9704 for one layout."""
    names = ("page.css", "letter.css") if layout is NoticeFormat.LETTER else ("page.css",)
    return "\n".join(resources.files("notices").joinpath(name).read_text(encoding="utf-8") for name in names)
