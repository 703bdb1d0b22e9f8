"""The page engine: one per process, which fetches nothing, and tells what it could not draw.

Whatever the office prints goes through here: notices, forms, ballots. Everything that is printed stands in the
page's own text.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from notices.fonts import fonts_directory, use_fonts
from notices.glyphs import glyphs_in
from notices.refusal import NoticeNotDrawn

#: Works on the finished file before it is written: (document, pydyf.PDF).
Finisher = Callable[[Any, Any], None]
#: Of what the engine says, so much is passed on.
_LONGEST_MESSAGE = 200
#: Signs that turn the direction of reading or hide: never drawn, always named.
_HIDDEN = frozenset(
    "\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2060\ufeff\u00ad"
)


def draw_pdf(
    page: str,
    style: str,
    *,
    strict: bool = True,
    tagged: bool = True,
    shrink_pictures: int | None = None,
    finisher: Finisher | None = None,
) -> bytes:
    """One HTML page with one style sheet as PDF; the same input gives the same bytes.

    style: CSS from a file of ours; what people typed has no place in it. strict: refuse when the engine has
    anything to complain of. shrink_pictures: dots per inch that pictures are reduced to.
    Raises NoticeNotDrawn, and fonts.FontsMissing when the machine is not ready.
    """
    options: dict[str, Any] = {} if shrink_pictures is None else {"dpi": shrink_pictures, "jpeg_quality": 75}
    document = lay_out(page, style, strict=strict, tagged=tagged, **options)
    with caught_log() as messages:
        pdf = document.write_pdf(pdf_tags=tagged, finisher=finisher, **options)
    if messages and strict:
        raise NoticeNotDrawn(messages)
    return bytes(pdf)


def lay_out(page: str, style: str, *, strict: bool = True, tagged: bool = True, **options: Any) -> Any:
    """The pages of a document, not written yet; arguments and refusals as of `draw_pdf`."""
    directory = fonts_directory()
    use_fonts(directory)
    from weasyprint import HTML
    from weasyprint.urls import URLFetcher

    sheet, font_config = _sheet(directory, style), _font_configuration(directory)
    # Everything a document needs is in its text; nothing else is ever fetched.
    fetcher = URLFetcher(allowed_protocols={"data"}, allow_redirects=False)
    with caught_log() as messages:
        document = HTML(string=page, url_fetcher=fetcher).render(
            stylesheets=[sheet], font_config=font_config, pdf_tags=tagged, **options
        )
    if messages and strict:
        raise NoticeNotDrawn(messages)
    return document


def legible(text: str) -> str:
    """The text with every character that no font can draw, and every hidden one, named where it stands.

    Raises fonts.FontsMissing when the machine is not ready.
    """
    directory = fonts_directory()
    use_fonts(directory)
    missing = glyphs_in(directory).missing(text)
    marks = {ord(sign): f"〔U+{ord(sign):04X}〕" for sign in (*missing, *(_HIDDEN & set(text)))}
    return text.translate(marks) if marks else text


class _LogCatcher(logging.Handler):
    """Collects what the engine says in the thread that draws."""

    def __init__(self) -> None:
        super().__init__(level=logging.WARNING)
        self._thread = threading.get_ident()
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            # A picture stands in the page as text; a sentence for people needs only its beginning.
            self.messages.append(record.getMessage()[:_LONGEST_MESSAGE])


@contextmanager
def caught_log() -> Iterator[list[str]]:
    """What the engine complains of in this thread while it works."""
    catcher = _LogCatcher()
    logger = logging.getLogger("weasyprint")
    logger.addHandler(catcher)
    try:
        yield catcher.messages
    finally:
        logger.removeHandler(catcher)


@lru_cache(maxsize=1)
def _font_configuration(directory: Path) -> Any:
    use_fonts(directory)
    from weasyprint.text.fonts import FontConfiguration

    return FontConfiguration()


@lru_cache(maxsize=8)
def _sheet(directory: Path, style: str) -> Any:
    """A style sheet, parsed once."""
    from weasyprint import CSS

    with caught_log() as messages:
        sheet = CSS(string=style, font_config=_font_configuration(directory))
    if messages:
        raise NoticeNotDrawn(messages)
    return sheet
