"""One layout, many copies: each with its own code, for the printing of ballots.

The pages are laid out once; a copy is a short stream with its code, put under the same page. So the time and the
size of five hundred copies are those of five hundred codes. Nothing is printed on the back of another's copy.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from notices.engine import Finisher, draw_pdf
from notices.fonts import fonts_directory
from notices.glyphs import Face

_MM = 72 / 25.4
_PAGE_HEIGHT = 297 * _MM
#: Every sign that a code can have, and the name that readers of the file know it by.
_NAMES = {
    **{chr(code): chr(code) for code in range(ord("A"), ord("Z") + 1)},
    **dict(
        zip(
            "0123456789-",
            ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "hyphen"),
            strict=True,
        )
    ),
}
_FIRST_CODE = 33
#: How a font's outline is said in a file; 宋体 is drawn with cubic curves alone.
_ACTS = {"moveTo": "m", "lineTo": "l", "curveTo": "c", "closePath": "h", "endPath": ""}
_RESOURCE = "CodeType3"


@dataclass(frozen=True)
class Stamp:
    """What is one copy's own.

    words: its code as people type it, of A–Z, 0–9 and -. address: what the code to scan says.
    """

    words: str
    address: str


@dataclass(frozen=True)
class Slot:
    """Where on a page a text goes: millimetres from the left and top edges, type size and width of a sign in points."""

    left: float
    top: float
    size: float
    pitch: float


@dataclass(frozen=True)
class Places:
    """Where a copy's own goes. square: left, top and side of the code to scan on the first page, in millimetres."""

    square: tuple[float, float, float]
    first_page: Slot
    every_page: Slot


def draw_copies(page: str, style: str, stamps: Sequence[Stamp], places: Places) -> bytes:
    """A layout once for every stamp, as one file; each copy begins on a sheet of its own when printed on both sides.

    Raises as `engine.draw_pdf`, and ValueError for a code with other signs.
    """
    return draw_pdf(page, style, tagged=False, finisher=_copier(stamps, places))


def _copier(stamps: Sequence[Stamp], places: Places) -> Finisher:
    import pydyf

    def finish(_document: Any, pdf: Any) -> None:
        layout = [pdf.objects[number] for number in pdf.pages["Kids"][::3]]
        _add_font(pdf, layout[0])
        kids: list[Any] = []
        for stamp in stamps:
            for number, original in enumerate(layout):
                own = pydyf.Stream([_drawn(stamp, places, first=number == 0)], compress=True)
                pdf.add_object(own)
                contents = pydyf.Array([own.reference, original["Contents"]])
                kids += _added(pdf, pydyf.Dictionary({**original, "Contents": contents}))
            if len(layout) % 2:
                empty = {name: value for name, value in layout[0].items() if name != "Contents"}
                kids += _added(pdf, pydyf.Dictionary(empty))
        pdf.pages["Kids"] = pydyf.Array(kids)
        pdf.pages["Count"] = len(kids) // 3

    return finish


def _added(pdf: Any, page: Any) -> list[Any]:
    pdf.add_object(page)
    return [page.number, 0, "R"]


def _drawn(stamp: Stamp, places: Places, *, first: bool) -> bytes:
    parts = [_text(stamp.words, places.every_page)]
    if first:
        parts += [_text(stamp.words, places.first_page), _square(stamp.address, *places.square)]
    return ("q 0 g\n" + "\n".join(parts) + "\nQ").encode("ascii")


def _text(words: str, slot: Slot) -> str:
    codes = [_code_of(sign) for sign in words]
    spread = slot.pitch - slot.size / 2
    x, y = slot.left * _MM, _PAGE_HEIGHT - slot.top * _MM
    shown = "".join(f"{code:02x}" for code in codes)
    return f"BT /{_RESOURCE} {slot.size:g} Tf {spread:.3f} Tc {x:.2f} {y:.2f} Td <{shown}> Tj ET"


def _code_of(sign: str) -> int:
    if sign not in _NAMES:
        raise ValueError(f"a code has only letters, digits and dashes, not {sign!r}")
    return _FIRST_CODE + list(_NAMES).index(sign)


def _square(address: str, left: float, top: float, side: float) -> str:
    import segno

    rows = [list(row) for row in segno.make(address, error="m", micro=False).matrix]
    unit = side * _MM / len(rows)
    x0, y0 = left * _MM, _PAGE_HEIGHT - top * _MM
    runs = [
        f"{x0 + start * unit:.3f} {y0 - (line + 1) * unit:.3f} {length * unit:.3f} {unit:.3f} re"
        for line, row in enumerate(rows)
        for start, length in _dark_runs(row)
    ]
    return "\n".join(runs) + "\nf"


def _dark_runs(row: Iterable[int]) -> list[tuple[int, int]]:
    """Neighbouring dark squares together, so that no hair line shows between them: (start, length)."""
    runs: list[tuple[int, int]] = []
    for place, dark in enumerate(row):
        if dark and runs and sum(runs[-1]) == place:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        elif dark:
            runs.append((place, 1))
    return runs


def _add_font(pdf: Any, page: Any) -> None:
    """The signs of codes as drawings of the office's own type, each of half a square; readable as text."""
    import pydyf

    drawings = pydyf.Dictionary()
    outlines = _outlines(fonts_directory())
    for sign, name in _NAMES.items():
        drawing = pydyf.Stream([outlines[sign]], compress=True)
        pdf.add_object(drawing)
        drawings[name] = drawing.reference
    last = _FIRST_CODE + len(_NAMES) - 1
    font = pydyf.Dictionary(
        {
            "Type": "/Font",
            "Subtype": "/Type3",
            "FontBBox": pydyf.Array([0, -250, 1000, 1000]),
            "FontMatrix": pydyf.Array([0.001, 0, 0, 0.001, 0, 0]),
            "CharProcs": drawings,
            "Encoding": pydyf.Dictionary(
                {"Differences": pydyf.Array([_FIRST_CODE, *(f"/{name}" for name in _NAMES.values())])}
            ),
            "FirstChar": _FIRST_CODE,
            "LastChar": last,
            "Widths": pydyf.Array([500] * len(_NAMES)),
            "Resources": pydyf.Dictionary(),
        }
    )
    pdf.add_object(font)
    resources = _object(pdf, page["Resources"])
    _object(pdf, resources["Font"])[_RESOURCE] = font.reference


def _object(pdf: Any, reference: bytes | str) -> Any:
    text = reference.decode() if isinstance(reference, bytes) else reference
    return pdf.objects[int(text.split()[0])]


@lru_cache(maxsize=1)
def _outlines(directory: Path) -> dict[str, bytes]:
    """The drawing of every sign; the font is a large file and read once."""
    from fontTools.ttLib import TTFont

    with TTFont(directory / Face.SONG.value, lazy=True) as font:
        glyphs, names = font.getGlyphSet(), font.getBestCmap()
        scale = 1000 / font["head"].unitsPerEm
        return {sign: _outline(glyphs, names[ord(sign)], scale) for sign in _NAMES}


def _outline(glyphs: Any, name: str, scale: float) -> bytes:
    """One sign of 宋体, moved to the middle of its half square."""
    from fontTools.pens.boundsPen import BoundsPen
    from fontTools.pens.recordingPen import DecomposingRecordingPen
    from fontTools.pens.transformPen import TransformPen

    bounds = BoundsPen(glyphs)
    glyphs[name].draw(bounds)
    low, _, high, _ = bounds.bounds or (0, 0, 0, 0)
    recording = DecomposingRecordingPen(glyphs)
    shift = 250 - (low + high) / 2 * scale
    glyphs[name].draw(TransformPen(recording, (scale, 0, 0, scale, shift, 0)))
    said = ["500 0 d0"]
    for act, points in recording.value:
        at = " ".join(f"{x:.1f} {y:.1f}" for x, y in points)
        said.append(f"{at} {_ACTS[act]}".strip())
    return "\n".join([*said, "f"]).encode("ascii")
