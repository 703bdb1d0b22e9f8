"""What the built fonts can draw and how wide it is; read once per process, then free."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any


class Face(StrEnum):
    """The five types of a document; the value is the file that `notices.fonts` builds."""

    FANG = "GWFang.otf"
    KAI = "GWKai.otf"
    HEI = "GWHei.otf"
    SONG = "GWSong.otf"
    TITLE = "GWBiaosong.otf"


#: Characters that print nothing and need no glyph.
INVISIBLE = frozenset("\n\t \u00a0\u3000")


@dataclass(frozen=True)
class _Loaded:
    font: Any
    codes: dict[int, str]
    widths: dict[str, tuple[int, int]]
    unit: int


class Glyphs:
    """Widths and coverage of the fonts in one directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._loaded: dict[Face, _Loaded] = {}
        self._advances: dict[tuple[Face, str], float] = {}

    def advance(self, character: str, face: Face) -> float:
        """Width in em; characters that only the fallback has are as wide as there, unknown ones one em."""
        key = (face, character)
        if key not in self._advances:
            self._advances[key] = self._measure(character, face)
        return self._advances[key]

    def missing(self, text: str) -> tuple[str, ...]:
        """Characters that no face of the chain can draw, each once, in order.

        The fallback of every face is 宋体, so it alone decides.
        """
        song = self._face(Face.SONG).codes
        return tuple(dict.fromkeys(c for c in text if c not in INVISIBLE and ord(c) not in song))

    def ink(self, text: str, face: Face) -> tuple[float, float]:
        """Lowest and highest ink of a text in em from the baseline, (0, 0) for no ink."""
        from fontTools.pens.boundsPen import BoundsPen

        low, high = 1.0, -1.0
        for character in text:
            loaded = self._holder(character, face)
            if loaded is None:
                continue
            pen = BoundsPen(None)
            glyphs = loaded.font.getGlyphSet()
            glyphs[loaded.codes[ord(character)]].draw(pen)
            if pen.bounds is not None:
                low = min(low, pen.bounds[1] / loaded.unit)
                high = max(high, pen.bounds[3] / loaded.unit)
        return (low, high) if low <= high else (0.0, 0.0)

    def _measure(self, character: str, face: Face) -> float:
        loaded = self._holder(character, face)
        if loaded is None:
            return 1.0
        return float(loaded.widths[loaded.codes[ord(character)]][0]) / loaded.unit

    def _holder(self, character: str, face: Face) -> _Loaded | None:
        for candidate in (face, Face.SONG):
            loaded = self._face(candidate)
            if ord(character) in loaded.codes:
                return loaded
        return None

    def _face(self, face: Face) -> _Loaded:
        if face not in self._loaded:
            from fontTools.ttLib import TTFont

            # From memory, read table by table: an open file would have to be closed by someone.
            content = BytesIO((self._directory / face.value).read_bytes())
            font = TTFont(content, lazy=True)
            self._loaded[face] = _Loaded(
                font, font.getBestCmap(), font["hmtx"].metrics, font["head"].unitsPerEm
            )
        return self._loaded[face]


@lru_cache(maxsize=4)
def glyphs_in(directory: Path) -> Glyphs:
    """The one `Glyphs` of a directory in this process."""
    return Glyphs(directory)
