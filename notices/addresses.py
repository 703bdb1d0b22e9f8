"""Address sheets for window envelopes: one sheet per addressee, with what is enclosed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from importlib import resources

#: A longer name is set smaller, so that it stays in the window.
_LONG = 14


@dataclass(frozen=True)
class Letter:
    """One envelope: the addressee, the sender, (number, name) of each notice in it."""

    to: str
    sender: str
    enclosed: tuple[tuple[str, str], ...]


def address_sheets(letters: Sequence[Letter]) -> bytes:
    """The sheets as PDF, in the order given. Raises NoticeNotDrawn and fonts.FontsMissing."""
    from notices.engine import draw_pdf, legible

    sheets = "".join(_sheet(letter) for letter in letters)
    page = (
        '<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>信封地址页</title></head>'
        f"<body>{sheets}</body></html>"
    )
    return draw_pdf(legible(page), _style())


def _sheet(letter: Letter) -> str:
    long = " long" if len(letter.to) > _LONG else ""
    enclosed = "".join(f"<li>{escape(number)}　{escape(name)}</li>" for number, name in letter.enclosed)
    return (
        f'<section class="sheet"><div class="window"><p class="to{long}">{escape(letter.to)}　收</p>'
        f"<p>{escape(letter.sender)}</p></div>"
        '<div class="fold" style="top:99mm"></div><div class="fold" style="top:198mm"></div>'
        f'<div class="inside"><h1>随函文书</h1><ol>{enclosed}</ol></div></section>'
    )


@lru_cache(maxsize=1)
def _style() -> str:
    return resources.files("notices").joinpath("addresses.css").read_text(encoding="utf-8")
