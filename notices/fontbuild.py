"""Five private fonts with equal metrics, cut from the distribution's free fonts.

Why not the stock files: a fallback glyph of other ascent stretches its line and pushes the 22nd line off the
page; FandolHei and FandolSong carry wrong weights, so fontconfig picks at random; the collections are large.
FandolFang, FandolKai, FandolHei are GPL 3 with font exception, Noto Serif CJK is OFL 1.1: the results are built
on the machine that uses them and are never committed.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: Raise when the cut changes, so that installed fonts are built anew.
RECIPE = 1

_ASCENT, _DESCENT = 0.88, 0.12


def _spans(*pairs: tuple[int, int]) -> frozenset[int]:
    return frozenset(code for first, end in pairs for code in range(first, end))


_COMMON = _spans(
    (0x20, 0x7F), (0xA0, 0x250), (0x2C6, 0x2DC), (0x391, 0x3CA), (0x401, 0x452), (0x2010, 0x2090),
    (0x20A0, 0x20C0), (0x2100, 0x2300), (0x2460, 0x2720), (0x3000, 0x3130), (0x3200, 0x3400),
    (0x4E00, 0xA000), (0xF900, 0xFB00), (0xFF00, 0xFFF0),
)  # fmt: skip
_EXTENSIONS = _spans((0x3400, 0x4DC0), (0x20000, 0x33480))


@dataclass(frozen=True)
class FontCut:
    """One private font: its family name, its file, where it is cut from and which characters it keeps."""

    family: str
    file: str
    source: str
    face: str
    characters: frozenset[int]


#: 仿宋 楷体 黑体 from Fandol; 宋体 (fallback for every rare character) and 小标宋 from Noto Serif CJK SC.
CUTS: tuple[FontCut, ...] = (
    FontCut("GW FangSong", "GWFang.otf", "FandolFang-Regular.otf", "", _COMMON),
    FontCut("GW Kai", "GWKai.otf", "FandolKai-Regular.otf", "", _COMMON),
    FontCut("GW Hei", "GWHei.otf", "FandolHei-Regular.otf", "", _COMMON),
    FontCut("GW Song", "GWSong.otf", "NotoSerifCJK-Regular.ttc", "Noto Serif CJK SC", _COMMON | _EXTENSIONS),
    FontCut("GW Biaosong", "GWBiaosong.otf", "NotoSerifCJK-Bold.ttc", "Noto Serif CJK SC", _COMMON),
)


def build_font(cut: FontCut, source: Path, target: Path) -> None:
    """Write one private font; the same bytes on every machine from the same source."""
    import uharfbuzz
    from fontTools.ttLib import TTFont

    face = uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(source)), _face_number(source, cut.face))
    request = uharfbuzz.SubsetInput()
    request.sets(uharfbuzz.SubsetInputSets.UNICODE).set(set(cut.characters))
    request.sets(uharfbuzz.SubsetInputSets.LAYOUT_FEATURE_TAG).clear()
    request.flags = uharfbuzz.SubsetFlags.NOTDEF_OUTLINE | uharfbuzz.SubsetFlags.NO_HINTING
    data = uharfbuzz.subset(face, request).blob.data
    # Without recalculation the outlines stay unparsed (quick) and no time of building enters the file.
    font = TTFont(io.BytesIO(data), recalcBBoxes=False, recalcTimestamp=False)
    for tag in ("VORG", "vhea", "vmtx", "BASE", "GPOS", "GSUB", "DSIG", "STAT"):
        if tag in font:
            del font[tag]
    _align_metrics(font)
    _rename(font, cut.family)
    unfinished = target.with_suffix(".part")
    font.save(unfinished, reorderTables=False)
    unfinished.replace(target)


def missing_sources(found: Iterable[str]) -> list[str]:
    """Names of source files that are still needed, each once, in the order of the cuts."""
    have = set(found)
    return list(dict.fromkeys(cut.source for cut in CUTS if cut.source not in have))


def _face_number(source: Path, name: str) -> int:
    from fontTools.ttLib import TTCollection

    if not name:
        return 0
    faces = TTCollection(source, lazy=True).fonts
    for number, font in enumerate(faces):
        if str(font["name"].getDebugName(1)).startswith(name):
            return number
    raise ValueError(f"{source.name} 中没有字体“{name}”")


def _align_metrics(font: Any) -> None:
    unit = font["head"].unitsPerEm
    ascent, descent = round(_ASCENT * unit), round(_DESCENT * unit)
    head, os2 = font["hhea"], font["OS/2"]
    head.ascent, head.descent, head.lineGap = ascent, -descent, 0
    os2.sTypoAscender, os2.sTypoDescender, os2.sTypoLineGap = ascent, -descent, 0
    os2.usWinAscent, os2.usWinDescent = ascent, descent
    os2.usWeightClass = 400
    os2.fsSelection = (os2.fsSelection & ~0x61) | 0x40
    font["head"].macStyle = 0


def _rename(font: Any, family: str) -> None:
    plain = family.replace(" ", "")
    names = font["name"]
    names.names = [entry for entry in names.names if entry.nameID in (0, 7, 13, 14)]
    for name_id, text in {
        1: family, 2: "Regular", 3: f"{plain} {RECIPE}", 4: family, 5: f"Version {RECIPE}", 6: f"{plain}-Regular",
    }.items():  # fmt: skip
        names.setName(text, name_id, 3, 1, 0x409)
