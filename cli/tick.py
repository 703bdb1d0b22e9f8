"""Do once what is due."""

from __future__ import annotations

import click
from flask import Flask, current_app
from flask.cli import with_appcontext


@click.command("tick", help="Do once what is due: deadlines, reminders, drawing of notices.")
@with_appcontext
def command() -> None:
    """Print how many jobs were done."""
    from cli.worker import work_once

    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # it is a proxy
    click.echo(f"{work_once(app)} done")
