"""The installation a command works on."""

from __future__ import annotations

import click
from flask import Flask, current_app

from cli.db import newest_revision, stored_revision


def installed_app() -> Flask:
    """The application, once its database has the structure of this version; else a sentence that says what to do."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # it is a proxy
    held = stored_revision(app.extensions["engine"])
    if held is None:
        raise click.ClickException(
            "这里还没有安装：数据库是空的。请先运行 ./run，或检查 PINGDU_DATA 和 PINGDU_DATABASE_URL。"
        )
    if held != newest_revision():
        raise click.ClickException(
            f"数据库结构（{held}）与本版本不符；请先备份，再运行 flask --app app db upgrade。"
        )
    return app
