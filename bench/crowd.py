"""Sixty-four persons at once on the embedded database: nobody is refused, nobody waits long."""

from __future__ import annotations

from bench.load import MOST_CLIENTS, load
from bench.office import office
from bench.report import Line
from bench.settings import Run
from bench.submission import our_posts, our_server, processes_of

LONGEST_SECONDS = 2.0
_SECONDS = 10.0


def measure(run: Run) -> list[Line]:
    """Submissions of `MOST_CLIENTS` clients for ten seconds (less in a shorter run)."""
    lines = []
    clients = min(MOST_CLIENTS, 8 * run.clients)
    for kind in run.kinds:
        with office(kind, run.folder, run.server, monitors=clients) as ours, our_server(run, ours) as server:
            used = processes_of(server, ours.place.process)
            posts = our_posts(ours, server.port, clients)
            seconds = min(_SECONDS, 2.5 * run.seconds)
            seen = load(server.port, posts, seconds=seconds, warm=run.warm, processes=used)
        name = f"{clients} clients for {seconds:.0f} s, {kind}"
        longest = max(seen.waits, default=float("inf"))
        lines += [
            Line(
                f"{name}: errors",
                "0",
                f"{len(seen.errors)}{f', first: {seen.errors[0]}' if seen.errors else ''}",
                not seen.errors,
            ),
            Line(f"{name}: longest wait", "≤ 2 s", f"{longest:.2f} s", longest <= LONGEST_SECONDS),
            Line(f"{name}: requests/s, CPU a request", "", f"{seen.rate:.0f}/s, {seen.cpu_ms:.2f} ms"),
        ]
    return lines
