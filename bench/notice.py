"""One notice as PDF against the bare engine on the same page; many of them on all processors."""

from __future__ import annotations

import logging
import os
import resource
import time
from statistics import median
from typing import Any

from bench.report import Line, ratio, spread
from bench.settings import Run
from definitions.source import load_yaml
from notices.completeness import sample_of
from notices.definition import NoticeKind, load_notice_kind
from notices.fonts import build_fonts, fonts_directory
from notices.pool import Drawing, close, draw_many
from notices.render import render_html, render_pdf
from settings import ROOT

KIND = "rectification_notice"
BATCH = 500


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
        return HTML(string=page).write_pdf(font_config=fonts, pdf_tags=True, pdf_variant="pdf/a-3u")

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
        *_batch(run, kind, values),
        Line("notice as PDF: CPU", "", f"{spread(own, ' ms', 0)}; bare {median(floor):.0f} ms"),
    ]


def _batch(run: Run, kind: NoticeKind, values: dict[str, Any]) -> list[Line]:
    """Many notices on all processors: how many of them work, and whether memory grows with the number."""
    count = BATCH if run.turns > 1 else 20
    drawings = [
        Drawing(kind, {**values, "number": f"效整改〔2012〕{place}号"}, None) for place in range(1, count + 1)
    ]
    cores = len(os.sched_getaffinity(0))
    draw_many(drawings[: max(8, count // 10)])
    close()
    few = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    drawn = draw_many(drawings)
    took = time.monotonic() - began
    close()
    many = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = many.ru_utime + many.ru_stime - few.ru_utime - few.ru_stime
    growth = many.ru_maxrss / few.ru_maxrss
    size = sum(map(len, drawn)) / count / 1024
    return [
        Line(
            f"{count} notices in a batch: largest process to that of a tenth", "≤ 1.25", f"{growth:.2f}", growth <= 1.25
        ),
        Line(
            f"{count} notices in a batch", "",
            f"{took:.0f} s, {1000 * cpu / count:.0f} ms CPU each on {cores} processors ({cpu / took:.1f} busy), "
            f"{size:.0f} KB each, {many.ru_maxrss / 1024:.0f} MiB a process",
        ),
    ]  # fmt: skip


def _cpu_ms(act: Any) -> float:
    start = time.process_time()
    act()
    return 1000 * (time.process_time() - start)
