"""Draws many documents on all processors of the machine."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import datetime

from notices.definition import NoticeKind, Value

#: Fewer are drawn sooner than a process has started.
_WORTH_IT = 4
#: A process is replaced after so many, so that memory stays flat.
_MOST_A_PROCESS = 250
#: So many documents at a time keep each processor busy to the end of them but for a short while.
_EACH = 10
#: Whoever waits for a page goes before what is drawn in a batch.
_PRIORITY = 10


@dataclass(frozen=True)
class Drawing:
    """One document to draw: its kind, its frozen values, its moment of issue, the seal images that it bears."""

    kind: NoticeKind
    values: Mapping[str, Value]
    issued_at: datetime | None
    seals: tuple[bytes, ...] = ()


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0))


def part_size() -> int:
    """How many documents to draw at a time, so that all processors work and few results lie in memory."""
    return max(20, _EACH * processors())


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
    count = processes or processors()
    if count < 2 or len(drawings) < _WORTH_IT:
        return [draw(drawing) for drawing in drawings]
    with _Pool.turn:
        try:
            return list(_Pool.of(count).map(draw, drawings))
        except BrokenProcessPool:
            _Pool.end()
    return [draw(drawing) for drawing in drawings]


def close() -> None:
    """End the processes, which each hold the fonts in memory; the next batch starts new ones."""
    with _Pool.turn:
        _Pool.end()


class _Pool:
    """The one pool of this process; batches of several threads take turns, for each uses all processors."""

    turn = threading.Lock()
    _kept: tuple[int, ProcessPoolExecutor] | None = None

    @classmethod
    def of(cls, count: int) -> ProcessPoolExecutor:
        """Processes begun afresh: a copy of a process with threads could stand still for ever."""
        if cls._kept is None or cls._kept[0] != count:
            cls.end()
            pool = ProcessPoolExecutor(
                count,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=os.nice,
                initargs=(_PRIORITY,),
                max_tasks_per_child=_MOST_A_PROCESS,
            )
            cls._kept = (count, pool)
        return cls._kept[1]

    @classmethod
    def end(cls) -> None:
        """Nothing where there is none."""
        if cls._kept is not None:
            cls._kept[1].shutdown()
            cls._kept = None
