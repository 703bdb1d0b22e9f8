"""Serve the site: what is missing is made first, then one process with threads answers.

The one path of `./run`: structure, pack, demonstration data or first administrator, addresses, server.
When nothing is to do it only asks the database three questions, and serves the front page while the rest is still
being loaded (`portal/opening.py`), so the first page is there at once.
"""

from __future__ import annotations

import gc
import os
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import with_appcontext


@click.command("start", help="Make what is missing, then serve.")
@click.option("--empty", is_flag=True, help="No demonstration data; asks for the first administrator.")
@click.option("--bind", default=None, help="Address and port; default PINGDU_BIND.")
@click.option("--prepare-only", is_flag=True, help="Make what is missing, and stop.")
@with_appcontext
def command(*, empty: bool, bind: str | None, prepare_only: bool) -> None:
    """Prepare and serve."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # it is a proxy
    from cli.first_start import prepare

    prepare(app, empty=empty)
    if prepare_only:
        return
    serve(app, bind or app.config["PINGDU_BIND"])


def main() -> None:
    """`python -m cli.start [options]`, and what `python app.py` calls."""
    # Hundreds of modules are read and none is thrown away: looking for garbage meanwhile is a tenth of the start.
    gc.disable()
    from app import create_front
    from portal.signing import signing_fault
    from settings import SettingFault

    try:
        app = create_front()
    except SettingFault as fault:
        sys.exit(f"设置有误：{fault}")
    unsigned = signing_fault(app, at=datetime.now(UTC))
    if unsigned is not None:
        sys.exit(f"设置有误：{unsigned}不需要电子签名的，请删去 PINGDU_SIGNING_ 开头的设置。")
    with app.app_context():
        command.main(args=sys.argv[1:], prog_name="run", obj=None)


def serve(front: Flask, bind: str) -> None:
    """Answer requests until told to stop. Never returns to a prompt with connections open.

    front: what answers while the whole site is being loaded.
    """
    from gunicorn.app.base import BaseApplication

    from app import create_app
    from portal.opening import Opening

    opening = Opening(front, create_app, ready=_start_worker, failed=_give_up)
    options = {
        "bind": bind,
        "workers": 1,
        "threads": front.config["PINGDU_THREADS"],
        "worker_class": "gthread",
        "timeout": 120,
        "graceful_timeout": 15,
        "keepalive": 5,
        "loglevel": "warning",
        "proc_name": "pingdu",
        "control_socket_disable": True,
        "post_worker_init": lambda _process: opening.begin(),
        "worker_exit": lambda _server, _process: _end_worker(opening.whole),
    }

    class Server(BaseApplication):
        def load_config(self) -> None:
            for name, value in options.items():
                if name in self.cfg.settings:
                    self.cfg.set(name, value)

        def load(self) -> Callable[..., Any]:
            return opening

    from cli.demo import print_accounts

    print_accounts(front)
    # The server forks; a connection must not be shared with the child.
    front.extensions["engine"].dispose()
    click.echo(f"\n  评督：http://{bind}/    按 Ctrl+C 停止\n")
    Server().run()


def _start_worker(app: Flask) -> None:
    """In the process that answers requests, a thread for what is due."""
    gc.freeze()
    gc.enable()
    if app.config["PINGDU_WORKER"]:
        from cli.worker import WorkerThread

        thread = WorkerThread(app)
        app.extensions["worker_thread"] = thread
        thread.start()


def _give_up(error: BaseException) -> None:
    """The site cannot be loaded: end this process in the way by which the server knows not to try again."""
    from gunicorn.arbiter import Arbiter

    traceback.print_exception(error)
    os._exit(Arbiter.WORKER_BOOT_ERROR)


def _end_worker(app: Flask | None) -> None:
    """Let the thread finish what it has in hand. None: the site was not there yet."""
    thread = app.extensions.pop("worker_thread", None) if app is not None else None
    if thread is not None:
        thread.end()


if __name__ == "__main__":
    main()
