"""Demonstration data: a simulated half-year, for whoever wants to see how it all works."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click
from flask import Flask
from flask.cli import with_appcontext

from cli.first_start import FIRST_PACK, say
from cli.installation import installed_app
from portal.clock import OFFICE_ZONE, now
from settings import ROOT


@click.group("demo", help="演示数据。")
def command() -> None:
    """Group of commands."""


@command.command("load", help="在空的安装里载入半年的模拟数据；退出码：0 已载入，1 已有账号，没有载入。")
@click.option("--today", type=click.DateTime(["%Y-%m-%d"]), help="模拟到这一天之前为止；不写为今天。")
@click.option("--seed", type=int, default=2012, show_default=True, help="同一个数总是得到同样的数据。")
@with_appcontext
def load(today: object, seed: int) -> None:
    """Load it, and say how to enter."""
    app = installed_app()
    load_demo(app, today=getattr(today, "date", lambda: None)(), seed=seed)


def load_demo(app: Flask, *, today: date | None = None, seed: int = 2012) -> None:
    """Play the demonstration into an empty installation and print its accounts."""
    from packs.pack import load_pack
    from services.attachments import FileStore
    from services.demonstration import Setting, load_demonstration
    from services.refusal import Refusal

    moment = now()
    setting = Setting(
        pack=load_pack(ROOT / "packs" / FIRST_PACK),
        passwords=app.extensions["passwords"],
        store=FileStore(Path(app.config["PINGDU_DATA"]) / "files"),
        public_url=f"http://{app.config['PINGDU_BIND']}",
        today=today or moment.astimezone(OFFICE_ZONE).date(),
        now=moment,
    )
    with app.extensions["sessions"]() as session:
        try:
            campaign = load_demonstration(session, setting, seed=seed)
        except Refusal as refusal:
            raise click.ClickException(refusal.sentence) from refusal
        say(f"已载入“{campaign.name}”")


def print_accounts(app: Flask) -> None:
    """The accounts of a demonstration, if there is one; asks the database one question."""
    from services.demonstration_staff import PASSWORD, demonstration_accounts

    with app.extensions["sessions"]() as session:
        accounts = demonstration_accounts(session)
    if not accounts:
        return
    click.echo(f"\n  演示账号（密码都是 {PASSWORD}）：")
    for account in accounts:
        click.echo(f"    {account.login:<14}{account.role}：{account.name}")
