"""Do once what is due."""

from __future__ import annotations

from datetime import datetime

import click
from flask import Flask
from flask.cli import with_appcontext

from cli.installation import installed_app
from portal.clock import OFFICE_ZONE


@click.command(
    "tick",
    help="办理一遍到期事项：期限、催办、制作文书，并封存日志。退出码：0 办完，1 有未办成的，2 用法不对。",
)
@click.option("--now", "moment", help="当作此刻（ISO 时间，不写时区的按北京时间）；仅在调试或测试时可用。")
@with_appcontext
def command(moment: str | None) -> None:
    """Print how many jobs were done."""
    from cli.worker import make_worker
    from services.jobs import waiting

    app = installed_app()
    if moment is not None:
        at = _read(app, moment)
        app.extensions["clock"] = lambda: at
    worker = make_worker(app)
    click.echo(f"已办理{worker.turn()}件到期事项。")
    from portal.clock import now

    with app.extensions["sessions"]() as session:
        left = waiting(session, now=now())
    if left:
        raise click.ClickException(f"还有{left}件到期事项没有办成，稍后再试；原因见日志。")


def _read(app: Flask, moment: str) -> datetime:
    if not (app.testing or app.config["PINGDU_DEBUG"]):
        raise click.UsageError("正式运行时不能改变当前时间；--now 只在 PINGDU_DEBUG=yes 或测试时可用。")
    try:
        at = datetime.fromisoformat(moment)
    except ValueError as error:
        raise click.UsageError(f"“{moment}”不是时间；请写成 2026-04-09T17:31。") from error
    return at if at.tzinfo else at.replace(tzinfo=OFFICE_ZONE)
