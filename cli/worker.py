"""Do what is due, over and over: as a command, or as a thread beside the web server."""

from __future__ import annotations

import signal
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import click
from flask import Flask
from flask.cli import with_appcontext

from cli.installation import installed_app
from portal.signing import signing_fault
from services.worker import Worker

#: The first pages after a start come before work that can wait a moment.
FIRST_PAUSE_SECONDS = 2.0
#: In the web process a thread draws notices no more than half the time.
BREATH = 1.0
#: How long the end of the server waits for the job in hand.
LAST_SECONDS = 10.0


def make_worker(app: Flask, *, breath: float = 0.0) -> Worker:
    """A worker on the application's database, with the application's clock."""
    from services.attachments import FileStore
    from services.due_work import works

    return Worker(
        app.extensions["sessions"],
        works(FileStore(Path(app.config["PINGDU_DATA"]) / "files")),
        clock=app.extensions.get("clock") or _now,
        pause=app.config["PINGDU_TICK_SECONDS"],
        breath=breath,
    )


def _now() -> datetime:
    return datetime.now(UTC)


class WorkerThread(threading.Thread):
    """A worker beside the web server, for the embedded default; `app.extensions["worker"]` shows its heartbeat."""

    def __init__(self, app: Flask) -> None:
        super().__init__(name="worker", daemon=True)
        self.worker = make_worker(app, breath=BREATH)
        app.extensions["worker"] = self.worker

    def run(self) -> None:
        """Works until told to stop."""
        time.sleep(FIRST_PAUSE_SECONDS)
        self.worker.work()

    def end(self) -> None:
        """Let it finish what it has in hand; what it cannot finish is undone and done at the next start."""
        self.worker.stop()
        self.join(LAST_SECONDS)


@click.command(
    "worker", help="不断办理到期事项、制作文书、封存日志，直到收到停止信号；可同时运行多个。退出码：0。"
)
@with_appcontext
def command() -> None:
    """For installations with several web processes, or with PINGDU_WORKER=no."""
    app = installed_app()
    unsigned = signing_fault(app, at=datetime.now(UTC))
    if unsigned is not None:
        raise click.ClickException(unsigned)
    worker = make_worker(app)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: worker.stop())
    click.echo("· 开始办理到期事项；按 Ctrl+C 停止")
    worker.work()
    click.echo("· 已停止")
