"""Fonts are read and let go of: no file stays open."""

from __future__ import annotations

from pathlib import Path

from notices.fonts import fonts_directory
from notices.glyphs import Face, Glyphs


def test_no_font_stays_open() -> None:
    directory = fonts_directory()
    glyphs = Glyphs(directory)
    assert glyphs.missing("评") == ()
    assert glyphs.advance("评", Face.TITLE) == 1.0
    low, high = glyphs.ink("评", Face.TITLE)
    assert low < high
    held = []
    for link in Path("/proc/self/fd").iterdir():
        try:
            held.append(link.readlink())
        except OSError:  # closed meanwhile
            continue
    faces = {directory / face.value for face in Face}
    assert not faces & set(held)
