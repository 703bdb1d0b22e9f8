"""What a start makes when it is missing: structure, definitions, and either demonstration data or an administrator.

When nothing is missing this asks the database three short questions and is done.
"""

from __future__ import annotations

import os
import sys

import click
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from cli import db
from models.campaign import Definition
from models.people import User
from portal.clock import now
from services.accounts import first_admin
from services.actor import Actor
from services.refusal import Refusal
from settings import ROOT

#: The pack every installation starts with.
FIRST_PACK = "district-2012"


def say(text: str) -> None:
    """One line about what is being done."""
    click.echo(f"· {text}")


def prepare(app: Flask, *, empty: bool) -> None:
    """Bring the installation to where its first page can be shown."""
    engine: Engine = app.extensions["engine"]
    if db.stored_revision(engine) != db.newest_revision():
        say("建立或更新数据库结构")
        db.upgrade(engine)
    with Session(engine) as session:
        published = session.execute(select(Definition.id).limit(1)).first()
        inhabited = session.execute(select(User.id).limit(1)).first()
    if not inhabited and not empty:
        from cli.demo import load_demo

        say("载入演示数据，约需半分钟（每页都有标记；不要演示数据请用 ./run --empty）")
        load_demo(app)
        return
    if not published:
        publish_first_pack(engine)
    if not inhabited:
        make_first_admin(app)


def publish_first_pack(engine: Engine) -> None:
    """Check the first pack and publish it."""
    from packs.pack import load_pack
    from services.packs import publish_pack

    say(f"载入方案包 {FIRST_PACK}")
    installer = Actor(user_id=None, name="安装程序", roles=frozenset({"admin"}))
    with Session(engine) as session:
        publish_pack(session, installer, load_pack(ROOT / "packs" / FIRST_PACK), now=now())


def make_first_admin(app: Flask) -> None:
    """The first administrator: from the settings, or asked for at the terminal."""
    login, password = app.config["PINGDU_ADMIN_LOGIN"], app.config["PINGDU_ADMIN_PASSWORD"]
    asked = not (login and password)
    if asked and not sys.stdin.isatty():
        raise click.ClickException(
            "还没有管理员：请设置 PINGDU_ADMIN_LOGIN 和 PINGDU_ADMIN_PASSWORD，或在终端里运行。"
        )
    while True:
        if asked:
            click.echo("\n请建立首个管理员账号。")
            login = click.prompt("登录名", default=os.environ.get("USER") or "admin")
            password = click.prompt("密码", hide_input=True, confirmation_prompt="再填一次")
        try:
            with Session(app.extensions["engine"]) as session:
                first_admin(
                    session, login=login, password=password, passwords=app.extensions["passwords"], now=now()
                )
        except Refusal as refusal:
            if not asked:
                raise click.ClickException(refusal.sentence) from refusal
            click.echo(refusal.sentence)
            continue
        say(f"已建立管理员 {login}")
        return
