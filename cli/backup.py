"""Backup of everything that is kept."""

from __future__ import annotations

from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from portal.clock import now


@click.command("backup", help="把数据库和附件备份成一个文件，可在运行中进行。退出码：0 成功，1 没有备份。")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_appcontext
def command(file: Path) -> None:
    """Write the archive."""
    from services.backup import back_up
    from services.refusal import Refusal

    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # it is a proxy
    try:
        contents = back_up(app.extensions["engine"], Path(app.config["PINGDU_DATA"]), file, now=now())
    except (Refusal, OSError) as error:
        raise click.ClickException(str(error)) from error
    size = file.stat().st_size / 1024 / 1024
    click.echo(f"已备份到{file}（{size:.1f} MB，数据库和{len(contents.files) - 1}个附件）。")
