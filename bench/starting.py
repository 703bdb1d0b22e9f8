"""From the command of a second start to its first page, and the memory it holds when nobody asks anything."""

from __future__ import annotations

import subprocess
import sys
import time
from statistics import median
from uuid import uuid4

from bench.machine import memory_mib
from bench.office import CHEAP, PASSWORD
from bench.report import Line, spread
from bench.servers import ROOT, free_port, running
from bench.settings import Run

PAGE = "/account/login"
SECONDS = 1.5
MEBIBYTES = 195.0


def measure(run: Run) -> list[Line]:
    """`python app.py` on a data folder that a first start has made."""
    data = run.folder / f"data_{uuid4().hex[:8]}"
    environment = CHEAP | {
        "PINGDU_DATA": str(data),
        "PINGDU_WORKER": "yes",
        "PINGDU_ADMIN_LOGIN": "bench",
        "PINGDU_ADMIN_PASSWORD": PASSWORD,
    }
    started, used, held = [], [], []
    command = [sys.executable, "app.py", "--empty"]
    with run.log.open("ab") as log:
        subprocess.run(  # noqa: S603  # our own command
            [*command, "--prepare-only"], cwd=ROOT, env=environment, stdout=log, stderr=log, check=True
        )
    for _ in range(run.turns):
        port = free_port()
        bound = [*command, "--bind", f"127.0.0.1:{port}"]
        with running(bound, environment, port=port, path=PAGE, log=run.log) as server:
            started.append(server.started)
            used.append(server.used)
            time.sleep(3)  # the worker's first round is over
            held.append(memory_mib(server.process))
    return [
        Line("second start to first page", "≤ 1.5 s", spread(started, " s", 2), median(started) <= SECONDS),
        Line("second start to first page: CPU", "", spread(used, " s", 2)),
        Line("memory at rest (PSS)", "≤ 195 MiB", spread(held, " MiB", 0), median(held) <= MEBIBYTES),
    ]
