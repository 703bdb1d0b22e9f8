"""The measuring tells good pages from bad ones: each rule is found kept, and found broken under its own name."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from notices.__main__ import main
from notices.checks.verdict import Verdict
from notices.completeness import sample_of
from notices.definition import NoticeKind
from notices.fonts import fonts_directory
from notices.measure import Report, measure
from notices.render import render_html, render_pdf
from tests.notices.kinds import ORGANS, PACKS, changed, joint, kind_of, landscape, picture

PACK = str(PACKS / "district-2012")
#: Rules of the press and of formats that the product does not make: never measured.
UNMEASURED = {"P8", "L10"}
IDS: dict[str, Any] = {"copy_number": "000128", "secrecy": "机密★1年", "urgency": "特急"}


def failed(report: Report) -> set[str]:
    return {check.rule for check in report.faults}


@dataclass(frozen=True)
class Case:
    """A page that keeps a rule, and changes of its text or style that break it."""

    rule: str
    kind: Callable[[], NoticeKind]
    changes: tuple[tuple[str, str], ...]
    seals: int = 0
    values: dict[str, Any] = field(default_factory=dict)
    stamp: bool = False

    def drawn(self) -> tuple[Report, Report]:
        """The reports on the page as it is drawn and as it is spoiled."""
        from weasyprint import HTML

        kind = self.kind()
        values = {**sample_of(kind), **self.values}
        images = [picture(500, 366) if self.stamp else picture()] * self.seals
        html = render_html(kind, values, draft=False, seals=images)
        for old, new in self.changes:
            assert old in html, old
            html = html.replace(old, new)
        assert fonts_directory().is_dir()
        good = measure(render_pdf(kind, values, draft=False, seals=images))
        return good, measure(HTML(string=html).write_pdf(pdf_tags=True))


def _style(css: str) -> tuple[tuple[str, str], ...]:
    return (("</style></head>", f"{css}</style></head>"),)


def _letter() -> NoticeKind:
    return kind_of("reminder")


def _long_letter() -> NoticeKind:
    return kind_of("rectification_notice")


def _document() -> NoticeKind:
    return kind_of("result_circular")


def _with_ids() -> NoticeKind:
    return changed("result_circular", **IDS)


def _signed() -> NoticeKind:
    return joint(3, signer="{signer}")


def _plain() -> NoticeKind:
    return changed("reminder", signature={"style": "plain"})


def _sealed() -> NoticeKind:
    return changed("reminder", signature={"style": "seal"})


def _stamped() -> NoticeKind:
    return changed("reminder", signature={"style": "stamp", "post": "主任"})


def _joint_sealed() -> NoticeKind:
    return joint(3, signature={"style": "seal"})


MARGIN = "margin: 37mm 26mm 35mm 28mm"
BROKEN = (
    Case("P1", _letter, (("size: 210mm 297mm", "size: 216mm 279mm"),)),
    Case("P2", _long_letter, ((MARGIN, "margin: 42mm 26mm 30mm 28mm"),)),
    Case("P3", _letter, ((MARGIN, "margin: 37mm 34mm 35mm 20mm"),)),
    Case("P4", _letter, ((MARGIN, "margin: 37mm 34mm 35mm 20mm"),)),
    Case("P5", _letter, (("letter-spacing:-0.2", "letter-spacing:-1.2"),)),
    Case("P6", _letter, (("font-weight: 400; font-size: 16pt", "font-weight: 400; font-size: 15pt"),)),
    Case("P7", _letter, (("letter-spacing:-0.2", "color:#e60012;letter-spacing:-0.2"),)),
    Case("P9", _document, (('class="redline" style="', 'class="redline" style="margin-top:200pt;'),)),
    Case("P10", _letter, (("font-size: 16pt; line-height: 28.95pt", "font-size: 16pt; line-height: 30pt"),)),
    Case("H1", _with_ids, (("000128", "128"),)),
    Case("H2", _with_ids, (("机密★1年", "机密1年"),)),
    Case("H3", _with_ids, _style(".id.hei { padding-left: 60pt }")),
    Case("H4", _document, (("line-height: 1.25; color: #e60012", "line-height: 3; color: #e60012"),)),
    Case("H5", _joint_sealed, ((f"{ORGANS[1]}</div>", f"{ORGANS[1][:5]}</div>"),)),
    Case("H6", _document, (("效通〔2012〕30号", "效通[2012]30号"),)),
    Case("H7", _signed, (('class="kai"', 'class="fang"'),), values={"signer": "张某某、李某、王某某"}),
    Case("H8", _document, (("right: 0; height: 1.2pt", "right: 20mm; height: 1.2pt"),)),
    Case("B1", _letter, _style("h1.title { text-align: left }")),
    Case("B2", _letter, (('class="addressee" style="', 'class="addressee" style="position:relative;left:2pt;'),)),
    Case("B3", _letter, _style(".flow { break-before: page }")),
    Case("B4", _letter, (("text-indent:31.586pt", "text-indent:20pt"),)),
    Case("B5", _long_letter, _style('.hei { font-family: "GW FangSong" }')),
    Case("B6", _document, _style(".statement.first { margin-top: 0 }")),
    Case("B7", _document, _style('.attachment .tag { font-family: "GW FangSong" }')),
    Case("B8", _sealed, _style(".sign .seal { margin-top: -60pt }"), seals=1),
    Case("B9", _joint_sealed, _style(".sign .seal { margin-left: -20pt }"), seals=3),
    Case("B9", _joint_sealed, _style(".sign .seal:nth-of-type(2) { margin-left: 12pt }"), seals=2),
    Case("B9", _joint_sealed, _style(".sign .seal { margin-top: -62pt }"), seals=3),
    Case("B10", _plain, _style(".sign p { margin-left: -20pt }")),
    Case("B11", _stamped, _style(".sign .seal { margin-left: 20pt }"), seals=1, stamp=True),
    Case("B12", _letter, (("2012年4月26日", "2012年04月26日"),)),
    Case("B13", _letter, (("请你单位抓紧", "此页无正文你"),)),
    Case("B14", _letter, _style(".note { position: relative; left: 20pt }")),
    Case("B15", landscape, (("transform: translate(", "transform-box: fill-box; zoom: translate("),)),
    Case("V1", _document, _style(".imprint.real { bottom: 15mm }")),
    Case("V2", _document, (("抄送：", "抄送:"),)),
    Case("V3", _document, _style(".imprint .printed .day { right: 90pt }")),
    Case("V4", _document, (("</body>", '<p style="break-before:page">续页文字</p></body>'),)),
    Case("N1", _long_letter, (("padding: calc(7mm - 7.7pt) 0 0 14pt", "padding: 0 0 0 80pt"),)),
    Case("N2", landscape, (("@page bare {", "@page other {"),)),
    Case("N3", _document, (("counter(page)", "counter(pages)"),)),
    Case("L1", _letter, (("line-height: 1.25; color: #e60012", "line-height: 3; color: #e60012"),)),
    Case("L2", _letter, (("width: 170mm; background", "width: 156mm; background"),)),
    Case("L3", _letter, (("height:0.75pt", "height:1.5pt"),)),
    Case("L4", lambda: changed("reminder", **IDS), _style(".id.hei { padding-left: 60pt }")),
    Case("L5", _letter, _style(".number.right { text-align: left }")),
    Case("L6", _letter, _style("h1.title { padding-top: 29pt }")),
    Case("L7", _letter, (("@page :first {", "@page :nth(9) {"),)),
    Case("L8", _letter, (("</body>", "<p>效能办　2012年4月9日印发</p></body>"),)),
    Case("L9", _long_letter, _style(".rule:nth-child(4), .rule:nth-child(5) { margin-top: -70pt }")),
    Case("F2", _letter, (("区民政局", "区民政局\u1000"),)),
    Case("F3", _letter, (('lang="zh-CN"', 'lang="en"'),)),
    Case("F4", _letter, ()),
    Case("F5", _letter, (("核验二维码</title>", "</title>"),)),
    Case("F6", _letter, _style("h1.title { position: relative; z-index: 5 }")),
)  # fmt: skip


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case.rule)
def test_each_rule_is_found_kept_and_found_broken(case: Case) -> None:
    good, bad = case.drawn()
    assert good.passed, str(good)
    assert good.check(case.rule).verdict is Verdict.OK, str(good.check(case.rule))
    assert case.rule in failed(bad), str(bad)


def test_fonts_that_are_not_in_the_file_are_found() -> None:
    from pypdf import PdfReader, PdfWriter

    kind = _letter()
    pdf = render_pdf(kind, sample_of(kind), draft=False)
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf)))
    for page in writer.pages:
        for font in page["/Resources"]["/Font"].values():  # type: ignore[index]
            inner = font.get_object().get("/DescendantFonts", [font])[0].get_object()
            inner["/FontDescriptor"].get_object().pop("/FontFile3", None)
    spoiled = io.BytesIO()
    writer.write(spoiled)
    assert measure(pdf).check("F1").verdict is Verdict.OK
    assert "F1" in failed(measure(spoiled.getvalue()))


def test_every_rule_has_its_check_and_every_check_can_fail() -> None:
    rules = {check.rule for check in measure(render_pdf(_letter(), sample_of(_letter()), draft=False)).checks}
    wanted = (
        {f"P{n}" for n in range(1, 11)} | {f"H{n}" for n in range(1, 9)} | {f"B{n}" for n in range(1, 16)}
    )
    wanted |= (
        {f"V{n}" for n in range(1, 5)} | {f"N{n}" for n in range(1, 4)} | {f"L{n}" for n in range(1, 11)}
    )
    assert wanted <= rules
    assert rules - UNMEASURED == {case.rule for case in BROKEN} | {"F1"}


@pytest.mark.parametrize(
    "number", ["吉效整[2012]12号", "吉效整〔2012〕012号", "吉效整〔2012〕第12号", "吉效整12号"]
)
def test_wrong_numbers_are_found(number: str) -> None:
    kind = kind_of("reminder")
    assert "H6" in failed(measure(render_pdf(kind, {**sample_of(kind), "number": number}, draft=False)))


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
    told = capsys.readouterr().out
    assert "0项不合格" in told
    assert "P5  合格" in told
    values = tmp_path / "values.json"
    values.write_text('{"unit": "区民政局"}', encoding="utf-8")
    assert main(["render", PACK, "reminder", str(values), str(file)]) == 1
    assert "文书缺少以下内容" in capsys.readouterr().err
    assert main(["render", PACK, "no_such_kind", str(file), "--sample"]) == 1
