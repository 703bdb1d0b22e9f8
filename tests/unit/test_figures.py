"""² is a digit to Python and no number: what looks for numbers in names is not toppled by it."""

from __future__ import annotations

from pathlib import Path

from services.database_copy import _major
from services.kind_drafts import part_words


def test_parts_of_a_notice() -> None:
    assert part_words("body-1") == "正文第2段"
    assert part_words("body-²") == "正文"
    assert part_words("a²") == "a²"
    assert part_words("a") == "a"
    assert part_words("a0-٤") == "附件1"


def test_versions_of_programs() -> None:
    assert _major(Path("/usr/lib/postgresql/17/bin/pg_dump")) == 17
    assert _major(Path("/usr/lib/postgresql/1²/bin/pg_dump")) == 0
