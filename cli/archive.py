"""Archive: is a package of a closed case as it was packed?"""

from __future__ import annotations

from pathlib import Path

import click


@click.group("archive", help="一案一档归档包。")
def command() -> None:
    """Packages of closed cases."""


@command.command("check", help="核验归档包：逐个文件比对校验值。退出码：0 无误，1 有差异。")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check(file: Path) -> None:
    """Print every difference; exit status 1 if there is any. Needs no database."""
    from services.case_archive import faults_of

    faults = faults_of(file.read_bytes())
    for fault in faults:
        click.echo(fault)
    if faults:
        raise click.ClickException(f"{file.name}：{len(faults)}处差异，不是归档时的样子。")
    click.echo(f"{file.name}：与归档时一致。")
