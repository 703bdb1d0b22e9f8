"""The measuring tells good pages from bad ones: each broken rule is found under its own name."""

from __future__ import annotations

import pytest

from notices.__main__ import main
from notices.completeness import sample_of
from notices.fonts import fonts_directory
from notices.measure import Report, measure
from notices.render import render_html, render_pdf
from tests.notices.kinds import PACKS, kind_of

PACK = str(PACKS / "district-2012")


def failed(report: Report) -> set[str]:
    return {check.rule for check in report.checks if not check.passed}


def spoiled(key: str, *changes: tuple[str, str]) -> Report:
    """A page whose style was changed before drawing."""
    from weasyprint import HTML

    kind = kind_of(key)
    html = render_html(kind, sample_of(kind), draft=False)
    for old, new in changes:
        assert old in html, old
        html = html.replace(old, new)
    assert fonts_directory().is_dir()
    return measure(HTML(string=html).write_pdf(pdf_tags=True))


@pytest.mark.parametrize(
    ("key", "changes", "rule"),
    [
        ("reminder", [("size: 210mm 297mm", "size: 216mm 279mm")], "P1"),
        ("reminder", [("margin: 37mm 26mm 35mm 28mm", "margin: 37mm 26mm 35mm 20mm")], "P2-P4"),
        ("reminder", [("p, h1, h2 { margin: 0; font-weight: 400; font-size: 16pt; line-height: 28.95pt",
                       "p, h1, h2 { margin: 0; font-weight: 400; font-size: 16pt; line-height: 30pt")], "P5-pitch"),
        ("reminder", [("letter-spacing:-0.2", "color:#e60012;letter-spacing:-0.2")], "P7"),
        ("reminder", [("line-height: 1.25; color: #e60012", "line-height: 3; color: #e60012")], "L1"),
        ("reminder", [("width: 170mm; background", "width: 156mm; background")], "L2"),
        ("reminder", [("text-align: right; letter-spacing", "text-align: left; letter-spacing")], "L5"),
        ("reminder", [("22pt/36.1875pt", "22pt/36.1875pt"), ('text-align: center; letter-spacing: 0;\n  white',
                       'text-align: left; letter-spacing: 0;\n  white')], "B1"),
        ("rectification_notice", [("padding: calc(7mm - 7.7pt) 0 0 14pt", "padding: 0 0 0 80pt")], "N1"),
        ("result_circular", [("line-height: 1.25; color: #e60012", "line-height: 3; color: #e60012")], "H4"),
        ("result_circular", [("right: 0; height: 1.2pt", "right: 20mm; height: 1.2pt")], "H8"),
        ("result_circular", [(".imprint.real { position: absolute; left: 0; right: 0; bottom: 0",
                              ".imprint.real { position: absolute; left: 0; right: 0; bottom: 15mm")], "V1"),
        ("reminder", [('lang="zh-CN"', 'lang="en"')], "meta"),
        ("result_circular", [("position: absolute; right: 14pt; top: 2pt", "position: absolute; right: 90pt; top: 2pt")], "V3"),
    ],
)  # fmt: skip
def test_a_broken_rule_is_found_by_name(key: str, changes: list[tuple[str, str]], rule: str) -> None:
    assert rule in failed(spoiled(key, *changes))


@pytest.mark.parametrize(
    "number", ["吉效整[2012]12号", "吉效整〔2012〕012号", "吉效整〔2012〕第12号", "吉效整12号"]
)
def test_wrong_numbers_are_found(number: str) -> None:
    kind = kind_of("reminder")
    assert "H6-number" in failed(
        measure(render_pdf(kind, {**sample_of(kind), "number": number}, draft=False))
    )


def test_dates_with_leading_zeros_are_found() -> None:
    kind = kind_of("reminder")
    report = measure(render_pdf(kind, {**sample_of(kind), "deadline": "2012年05月02日"}, draft=False))
    assert failed(report) == {"B12"}


def test_stored_days_are_printed_by_the_standard() -> None:
    kind = kind_of("reminder")
    assert measure(render_pdf(kind, {**sample_of(kind), "deadline": "2012-05-02"}, draft=False)).passed


def test_a_file_that_is_no_pdf_is_refused() -> None:
    with pytest.raises(ValueError, match="PDF"):
        measure(b"hello")


def test_the_command_line_draws_measures_and_reports(tmp_path, capsys) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "out.pdf"
    assert main(["render", PACK, "reminder", str(file), "--sample"]) == 0
    assert main(["measure", str(file)]) == 0
    assert "0项不合格" in capsys.readouterr().out
    values = tmp_path / "values.json"
    values.write_text('{"unit": "区民政局"}', encoding="utf-8")
    assert main(["render", PACK, "reminder", str(values), str(file)]) == 1
    assert "文书缺少以下内容" in capsys.readouterr().err
    assert main(["render", PACK, "no_such_kind", str(file), "--sample"]) == 1
