"""Do what is due, over and over: as a command, or as a thread beside the web server."""

from __future__ import annotations

import signal
import threading
import time

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from portal.clock import now

#: The first pages after a start come before work that can wait a moment.
FIRST_PAUSE_SECONDS = 2.0


def work_once(app: Flask) -> int:
    """Everything that is due now, then the log is sealed; gives how many jobs were done."""
    from services.due_work import WORKS
    from services.history import seal_history
    from services.jobs import tick

    sessions = app.extensions["sessions"]
    with app.app_context():
        done = tick(sessions, WORKS, clock=now)
        with sessions() as session:
            seal_history(session, now=now())
    return done


class WorkerThread(threading.Thread):
    """Works until the process ends; a failure is logged and tried again at the next turn."""

    def __init__(self, app: Flask) -> None:
        super().__init__(name="worker", daemon=True)
        self._app = app

    def run(self) -> None:
        """Never ends by itself."""
        time.sleep(FIRST_PAUSE_SECONDS)
        while True:
            try:
                work_once(self._app)
            except Exception:
                self._app.logger.exception("work that is due was not done; it is tried again")
            time.sleep(self._app.config["PINGDU_TICK_SECONDS"])


@click.command("worker", help="Do what is due, until stopped.")
@with_appcontext
def command() -> None:
    """For installations with several web processes, or with PINGDU_WORKER=no."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # it is a proxy
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    while not stopped.is_set():
        try:
            work_once(app)
        except Exception:
            app.logger.exception("work that is due was not done; it is tried again")
        stopped.wait(app.config["PINGDU_TICK_SECONDS"])
