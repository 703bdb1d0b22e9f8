"""Addresses as pictures that a phone reads."""

from __future__ import annotations

import segno
from markupsafe import Markup


def qr_picture(text: str) -> Markup:
    """The text as an inline picture; drawn here from our own text alone."""
    code = segno.make(text, error="m", micro=False)
    return Markup(code.svg_inline(border=2, svgclass=None, lineclass=None, omitsize=True))  # noqa: S704


def qr_file(text: str) -> bytes:
    """The same as a file to be put into a layout."""
    import io

    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="svg", border=2, scale=10)
    return out.getvalue()
