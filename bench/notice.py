"""One notice as PDF against the bare engine on the same page; many of them on all processors."""

from __future__ import annotations

import logging
import resource
import time
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.report import Line, ratio, spread
from bench.settings import Run
from definitions.source import load_yaml
from notices.completeness import sample_of
from notices.definition import NoticeKind, load_notice_kind
from notices.fonts import build_fonts, fonts_directory
from notices.pool import Drawing, close, draw_many, part_size, processors
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
    """Many notices, in the parts of a print run, on all processors: their speed against one, and memory at a fifth."""
    count = BATCH if run.turns > 1 else 100
    drawings = [
        Drawing(kind, {**values, "number": f"效整改〔2012〕{place}号"}, None) for place in range(1, count + 1)
    ]
    cores = processors()
    alone = _pace(drawings[: count // 10], processes=1)
    fifth = _pace(drawings[: count // 5])
    whole = _pace(drawings)
    faster, growth = whole.pace / alone.pace, whole.memory / fifth.memory
    return [
        Line(
            f"{count} notices in a batch: pace on {cores} processors to that on one", f"≥ {0.8 * cores:.1f}",
            f"{faster:.2f}", faster >= 0.8 * cores,
        ),
        Line(
            f"{count} notices in a batch: peak memory to that of {count // 5}", "≤ 1.15", f"{growth:.2f}",
            growth <= 1.15,
        ),
        Line(
            f"{count} notices in a batch", "",
            f"{count / whole.pace:.0f} s, {1000 * whole.cpu / count:.0f} ms CPU each "
            f"({whole.cpu * whole.pace / count:.1f} of {cores} processors busy), "
            f"{whole.size / count / 1024:.0f} KB each, "
            f"{whole.memory:.0f} MiB in the largest process, {_own_memory():.0f} MiB in the one that asks",
        ),
    ]  # fmt: skip


@dataclass(frozen=True)
class _Pace:
    """Documents a second, CPU seconds of other processes, bytes drawn, MiB of the largest other process so far."""

    pace: float
    cpu: float
    size: int
    memory: float


def _pace(drawings: list[Drawing], *, processes: int | None = None) -> _Pace:
    """The documents drawn part by part as a print run does; what is drawn is let go after each part."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    part, size = part_size(), 0
    draw_many(drawings[:8], processes=processes)  # the processes have started and read the fonts
    began = time.monotonic()
    for place in range(0, len(drawings), part):
        size += sum(map(len, draw_many(drawings[place : place + part], processes=processes)))
    took = time.monotonic() - began
    close()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return _Pace(len(drawings) / took, cpu, size, after.ru_maxrss / 1024)


def _own_memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _cpu_ms(act: Any) -> float:
    start = time.process_time()
    act()
    return 1000 * (time.process_time() - start)
