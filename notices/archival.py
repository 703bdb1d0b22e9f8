"""An issued document as a file for the archive: PDF/A-3, what it was drawn from enclosed. Source: ISO 19005-3."""

from __future__ import annotations

import io
from datetime import datetime
from functools import lru_cache
from importlib import resources
from typing import Any

from notices.engine import caught_log
from notices.refusal import NoticeNotDrawn

_VARIANT = "pdf/a-3u"
_PROFILE = "office-srgb"
ENCLOSED_NAME = "notice.json"


def imprint_page(document: Any) -> int:
    """The page on which the 版记 stands, counted from one; 0 for none."""
    return next((place for place, page in enumerate(document.pages, 1) if "imprint" in page.anchors), 0)


def write_archival(document: Any, enclosed: bytes, *, made_at: datetime | None) -> bytes:
    """A laid out document as PDF/A-3u, its values enclosed as the source that it was drawn from."""
    from weasyprint import Attachment
    from weasyprint.css import ColorProfile

    with caught_log() as messages:
        source = Attachment(
            string=enclosed,
            name=ENCLOSED_NAME,
            description="文书所载数据",
            created=made_at,
            modified=made_at,
            relationship="Source",
        )
        # Each document has a profile of its own: the engine notes in it where it stands in the file.
        document.color_profiles[_PROFILE] = ColorProfile(
            io.BytesIO(_profile()), "sRGB2014.icc", "relative-colorimetric", (["r"], ["g"], ["b"])
        )
        pdf = document.write_pdf(
            pdf_variant=_VARIANT, output_intent=_PROFILE, pdf_tags=True, attachments=[source]
        )
    if messages:
        raise NoticeNotDrawn(messages)
    return bytes(pdf)


@lru_cache(maxsize=1)
def _profile() -> bytes:
    """sRGB as the engine ships it; read here, for the engine would leave its file open."""
    return resources.files("weasyprint.pdf").joinpath("sRGB2014.icc").read_bytes()
