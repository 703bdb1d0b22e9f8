"""Documents are drawn with the real fonts; they are built once by ./test (or `python -m notices.fonts build`)."""

from __future__ import annotations

import pytest

from notices.fonts import build_fonts, fonts_directory, use_fonts


@pytest.fixture(scope="session", autouse=True)
def fonts() -> None:
    """The fonts, built now when the machine has none yet."""
    build_fonts(fonts_directory())
    use_fonts(fonts_directory())
