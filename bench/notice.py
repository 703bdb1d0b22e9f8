"""One notice as PDF, against the bare engine on the same page."""

from __future__ import annotations

import logging
import time
from statistics import median
from typing import Any

from bench.report import Line, ratio, spread
from bench.settings import Run
from definitions.source import load_yaml
from notices.completeness import sample_of
from notices.definition import load_notice_kind
from notices.fonts import build_fonts, fonts_directory
from notices.render import render_html, render_pdf
from settings import ROOT

KIND = "rectification_notice"


def measure(run: Run) -> list[Line]:
    """CPU of drawing in alternation, after each side has drawn once: fonts and style sheets are read once."""
    build_fonts(fonts_directory())
    kind = load_notice_kind(load_yaml(ROOT / "packs" / "district-2012" / "notices" / f"{KIND}.yaml"))
    values = sample_of(kind)
    page = render_html(kind, values, draft=False)  # sets up the fonts, before the engine is imported

    from weasyprint import HTML
    from weasyprint.text.fonts import FontConfiguration

    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    fonts = FontConfiguration()

    def bare() -> Any:
        return HTML(string=page).write_pdf(font_config=fonts, pdf_tags=True)

    def ours() -> Any:
        return render_pdf(kind, values, draft=False)

    bare()
    ours()
    own, floor = [], []
    for _ in range(max(5, 3 * run.turns)):
        floor.append(_cpu_ms(bare))
        own.append(_cpu_ms(ours))
    found = ratio(own, floor)
    return [
        Line(
            "notice as PDF to the bare engine on the same page, CPU", "≤ 1.15", f"{found:.2f}", found <= 1.15
        ),
        Line("notice as PDF: CPU", "", f"{spread(own, ' ms', 0)}; bare {median(floor):.0f} ms"),
    ]


def _cpu_ms(act: Any) -> float:
    start = time.process_time()
    act()
    return 1000 * (time.process_time() - start)
