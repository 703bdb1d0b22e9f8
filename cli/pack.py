"""Packs: check, publish, export, compare."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from flask.cli import with_appcontext

from cli.installation import installed_app

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
EITHER = click.Path(exists=True, path_type=Path)


@click.group("pack", help="方案包。退出码：0 成功，1 不能发布，2 方案包有问题。")
def command() -> None:
    """Group of commands."""


def _run(*words: str) -> None:
    from packs.__main__ import main

    status = main(list(words))
    if status:
        sys.exit(status)


@command.command("check", help="检查方案包，列出全部问题及其位置。")
@click.argument("folder", type=FOLDER)
def check(folder: Path) -> None:
    """All faults at once."""
    _run("check", str(folder))


@command.command("export", help="导出为一个文件。")
@click.argument("folder", type=FOLDER)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export(folder: Path, file: Path) -> None:
    """One archive that another district can load."""
    _run("export", str(folder), str(file))


@command.command("diff", help="用文字说明两个方案包（目录或导出文件）的差别。")
@click.argument("old", type=EITHER)
@click.argument("new", type=EITHER)
def diff(old: Path, new: Path) -> None:
    """In sentences."""
    _run("diff", str(old), str(new))


@command.command(
    "load", help="检查并发布方案包（目录或导出文件）：变动的定义成为新版本，进行中的活动不受影响。"
)
@click.argument("source", type=EITHER)
@with_appcontext
def load(source: Path) -> None:
    """Publish; what was answered or started keeps its version."""
    from definitions.fault import DefinitionFaults
    from packs.archive import ArchiveRefused, import_pack
    from packs.pack import load_pack
    from portal.clock import now
    from services.actor import Actor
    from services.packs import publish_pack
    from services.refusal import Refusal

    app = installed_app()
    try:
        pack = load_pack(source) if source.is_dir() else import_pack(source.read_bytes())[0]
    except DefinitionFaults as error:
        click.echo(f"{error}\n共 {len(error.faults)} 处问题，没有发布；请逐项修改后再试。", err=True)
        sys.exit(2)
    except (ArchiveRefused, OSError) as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    installer = Actor(user_id=None, name="命令行", roles=frozenset({"admin"}))
    with app.extensions["sessions"]() as session:
        try:
            new = publish_pack(session, installer, pack, now=now())
        except Refusal as refusal:
            raise click.ClickException(refusal.sentence) from refusal
        lines = [f"  {row.name}（{row.key}）第{row.version}版" for row in new]
    click.echo(
        "\n".join([f"已发布{len(lines)}个新版本：", *lines]) if lines else "与已发布的完全相同，没有变动。"
    )
