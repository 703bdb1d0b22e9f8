"""The kinds of all packs, and kinds changed for a test."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from definitions.source import load_yaml
from notices.definition import NoticeKind, load_notice_kind

PACKS = Path(__file__).resolve().parents[2] / "packs"
FILES = sorted(PACKS.glob("*/notices/*.yaml"))
#: Organs of a joint issue, names long and short.
ORGANS = (
    "某某区机关效能建设领导小组办公室", "中共某某区委组织部", "某某区人力资源和社会保障局", "某某区监察局", "某某区财政局",
    "某某区优化发展环境领导小组办公室",
)  # fmt: skip


def kind_of(key: str) -> NoticeKind:
    """The kind of this key; no two packs share one."""
    (file,) = (file for file in FILES if file.stem == key)
    return load_notice_kind(load_yaml(file))


def changed(key: str, **parts: Any) -> NoticeKind:
    """A shipped kind with other parts, checked anew."""
    return load_notice_kind({**kind_of(key).model_dump(mode="json"), **parts})


def joint(count: int, **parts: Any) -> NoticeKind:
    """The circular of commendation as a joint issue of so many organs."""
    others = [{"mark": organ, "name": organ} for organ in ORGANS[1:count]]
    return changed("commendation", joint=others, **parts)


def landscape(key: str = "result_circular", **parts: Any) -> NoticeKind:
    """A kind whose annexes lie turned."""
    annexes = [{**annex, "landscape": True} for annex in kind_of(key).model_dump(mode="json")["attachments"]]
    return changed(key, attachments=annexes, **parts)


def picture(width: int = 400, height: int = 400) -> bytes:
    """An image such as an office uploads: a red ring."""
    from PIL import Image, ImageDraw

    image = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    ImageDraw.Draw(image).ellipse((6, 6, width - 6, height - 6), outline=(230, 0, 18, 255), width=12)
    kept = io.BytesIO()
    image.save(kept, "PNG")
    return kept.getvalue()
