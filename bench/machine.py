"""What the machine gives at the moment, and what a process tree has used of it. Linux only."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


@dataclass(frozen=True)
class Weather:
    """How quiet the machine was: a rate is to be read together with it.

    share: of one core that a busy loop got.  syncs: durable 4 KiB writes a second.  load: runnable processes.
    """

    share: float
    syncs: int
    load: float

    def __str__(self) -> str:
        return f"share of a core {self.share:.2f}, fdatasync {self.syncs}/s, load {self.load:.1f}"


def weather(folder: Path, seconds: float = 0.5) -> Weather:
    """Measure the machine for twice `seconds`."""
    wall, used = time.perf_counter(), time.process_time()
    while time.perf_counter() - wall < seconds:
        sum(range(1000))
    share = (time.process_time() - used) / (time.perf_counter() - wall)
    path = folder / "weather"
    handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    done, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        os.pwrite(handle, b"x" * 4096, done % 2 * 4096)
        os.fdatasync(handle)
        done += 1
    os.close(handle)
    path.unlink()
    return Weather(share, int(done / seconds), os.getloadavg()[0])


def tree(root: int) -> list[int]:
    """The process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, waiting = [], [root]
    while waiting:
        found.append(waiting.pop())
        waiting += children.get(found[-1], [])
    return found


def cpu_seconds(root: int) -> float:
    """CPU time of a tree, children that have ended included."""
    total = 0
    for process in tree(root):
        if fields := _stat(process):
            total += sum(int(field) for field in fields[11:15])
    return total / _TICKS


def memory_mib(root: int) -> float:
    """Memory of a tree; what processes share is counted once (PSS)."""
    total = 0
    for process in tree(root):
        try:
            lines = (_PROC / str(process) / "smaps_rollup").read_text(encoding="ascii").splitlines()
        except OSError:
            continue  # it ended meanwhile
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def _stat(process: int) -> list[str] | None:
    """The fields after the name: state, parent, … None: it ended meanwhile."""
    try:
        text = (_PROC / str(process) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return text[text.rindex(")") + 2 :].split()


def parent(process: int) -> int:
    """The process that started this one."""
    fields = _stat(process)
    return int(fields[1]) if fields else 0
