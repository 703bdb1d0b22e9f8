"""Restore a backup into an empty installation."""

from __future__ import annotations

from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import with_appcontext


@click.command(
    "restore", help="把备份恢复到空的数据目录并核验。退出码：0 成功且核验无误，1 没有恢复或核验有差异。"
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_appcontext
def command(file: Path) -> None:
    """Check every hash, put everything in place, then verify the books."""
    from cli.db import newest_revision, stored_revision, upgrade
    from cli.verify import report
    from services.backup import restore
    from services.refusal import Refusal

    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # it is a proxy
    engine = app.extensions["engine"]
    try:
        contents = restore(engine, Path(app.config["PINGDU_DATA"]), file)
    except (Refusal, OSError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"已恢复{contents.made_at}的备份：数据库和{len(contents.files) - 1}个附件。")
    if stored_revision(engine) != newest_revision():
        click.echo("· 更新数据库结构")
        upgrade(engine)
    report(app)
