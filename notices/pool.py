"""Draws many documents on all processors of the machine."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from notices.definition import NoticeKind, Value

#: Fewer are drawn sooner than a process has started.
_WORTH_IT = 4
#: A process is replaced after so many, so that memory stays flat.
_MOST_A_PROCESS = 250


@dataclass(frozen=True)
class Drawing:
    """One document to draw: its kind, its frozen values, its moment of issue, the seal images that it bears."""

    kind: NoticeKind
    values: Mapping[str, Value]
    issued_at: datetime | None
    seals: tuple[bytes, ...] = ()


def draw(drawing: Drawing) -> bytes:
    """One issued document; refusals as of `render_pdf`."""
    from notices.render import render_pdf

    return render_pdf(
        drawing.kind, drawing.values, draft=False, issued_at=drawing.issued_at, seals=drawing.seals
    )


def draw_many(drawings: Sequence[Drawing], *, processes: int | None = None) -> list[bytes]:
    """The documents in their order, the same bytes as drawn one by one.

    processes: None for one per processor. A pool whose process was killed is given up and the rest is drawn here.
    """
    count = processes or len(os.sched_getaffinity(0))
    if count < 2 or len(drawings) < _WORTH_IT:
        return [draw(drawing) for drawing in drawings]
    try:
        return list(_pool(count).map(draw, drawings, chunksize=2))
    except BrokenProcessPool:
        _pool.cache_clear()
        return [draw(drawing) for drawing in drawings]


@lru_cache(maxsize=1)
def _pool(count: int) -> ProcessPoolExecutor:
    """Processes begun afresh: a copy of a process with threads could stand still for ever."""
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(count, mp_context=context, max_tasks_per_child=_MOST_A_PROCESS)


def close() -> None:
    """End the processes; the next batch starts new ones."""
    if _pool.cache_info().currsize:
        _pool(len(os.sched_getaffinity(0))).shutdown()
        _pool.cache_clear()
