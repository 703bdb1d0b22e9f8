"""Verify: does everything that is stored follow from what was done?"""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import with_appcontext

from cli.installation import installed_app


@click.command(
    "verify", help="核验：重演每起事项，重数测评，核对扣分、文号、文书和日志链。退出码：0 无误，1 有差异。"
)
@with_appcontext
def command() -> None:
    """Print every difference."""
    report(installed_app())


def report(app: Flask) -> None:
    """Print every difference; ends with exit status 1 if there is any."""
    from services.verification import verify

    with app.extensions["sessions"]() as session:
        found = verify(session)
    for difference in found:
        click.echo(f"[{difference.kind}] {difference.place}：{difference.what}")
    if found:
        raise click.ClickException(
            f"共{len(found)}处差异。请保留现状，不要再办理业务，与最近的备份比对，并告知审计员。"
        )
    click.echo("核验无误：事项历程、测评计数、扣分、文号、文书和日志链都对得上。")
