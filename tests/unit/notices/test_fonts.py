"""Fonts are asked after before the engine is loaded: without any it would die instead of raising."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from notices.fontbuild import CUTS, RECIPE
from notices.fonts import FontsMissing, fonts_ready, main, use_fonts


def pretend(directory: Path) -> None:
    sizes = {}
    for cut in CUTS:
        (directory / cut.file).write_bytes(b"font")
        sizes[cut.file] = 4
    (directory / "manifest.json").write_text(json.dumps({"recipe": RECIPE, **sizes}), encoding="utf-8")
    (directory / "fonts.conf").write_text(f"<dir>{directory}</dir>", encoding="utf-8")


def test_a_complete_directory_is_ready(tmp_path: Path) -> None:
    pretend(tmp_path)
    assert fonts_ready(tmp_path) == []


def test_each_problem_is_told_with_what_to_do(tmp_path: Path) -> None:
    assert "python -m notices.fonts build" in fonts_ready(tmp_path / "none")[0]
    assert "python -m notices.fonts build" in fonts_ready(tmp_path)[0]
    pretend(tmp_path)
    (tmp_path / CUTS[0].file).write_bytes(b"fo")
    (tmp_path / CUTS[1].file).unlink()
    (tmp_path / "fonts.conf").write_text("<dir>/elsewhere</dir>", encoding="utf-8")
    problems = fonts_ready(tmp_path)
    assert len(problems) == 3
    assert CUTS[0].file in problems[0]
    assert CUTS[1].file in problems[1]


def test_an_old_recipe_or_a_broken_manifest_asks_for_a_new_build(tmp_path: Path) -> None:
    for manifest in ('{"recipe": 0}', "not json", "[]"):
        pretend(tmp_path)
        (tmp_path / "manifest.json").write_text(manifest, encoding="utf-8")
        assert "版本过旧" in fonts_ready(tmp_path)[0]


def test_missing_fonts_refuse_to_start_the_engine(tmp_path: Path) -> None:
    with pytest.raises(FontsMissing, match="字体"):
        use_fonts(tmp_path)


def test_the_check_command_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path)]) == 1
    assert "字体" in capsys.readouterr().err
    pretend(tmp_path)
    assert main(["check", str(tmp_path)]) == 0
