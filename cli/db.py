"""The database's structure: bring it up to date, compare it with the models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from flask import current_app
from flask.cli import with_appcontext

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Engine

from settings import ROOT


def alembic_config(engine: Engine) -> Config:
    """Alembic, told which database it works on."""
    from alembic.config import Config

    config = Config(str(ROOT / "migrations" / "alembic.ini"))
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["engine"] = engine
    return config


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the structure up to the revision."""
    from alembic.command import upgrade as alembic_upgrade

    alembic_upgrade(alembic_config(engine), revision)


def newest_revision() -> str | None:
    """The revision of the newest migration: the one no other builds on. None: there is no migration.

    Read from the files' own lines, because asking Alembic costs a third of a second at every start.
    """
    revisions: dict[str, str | None] = {}
    for file in (ROOT / "migrations" / "versions").glob("*.py"):
        found = {}
        for line in file.read_text(encoding="utf-8").splitlines():
            name, sign, value = line.partition("=")
            word = name.partition(":")[0].strip()
            if sign and word in {"revision", "down_revision"}:
                found[word] = value.strip().strip("\"'")
        if "revision" in found:
            revisions[found["revision"]] = found.get("down_revision")
    heads = set(revisions) - set(revisions.values())
    if len(heads) > 1:
        raise click.ClickException(f"two newest migrations: {', '.join(sorted(map(str, heads)))}")
    return heads.pop() if heads else None


def stored_revision(engine: Engine) -> str | None:
    """The revision the database is at. None: it is empty."""
    from sqlalchemy import inspect, text

    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


@click.group("db", help="The structure of the database.")
def command() -> None:
    """Group of commands."""


@command.command("upgrade", help="Bring the structure up to date.")
@click.argument("revision", default="head")
@with_appcontext
def upgrade_command(revision: str) -> None:
    """Run the missing migrations."""
    upgrade(current_app.extensions["engine"], revision)


@command.command(
    "downgrade",
    help="Take migrations back, down to REVISION (or -1).",
    context_settings={"ignore_unknown_options": True},  # -1 is no option
)
@click.argument("revision")
@with_appcontext
def downgrade_command(revision: str) -> None:
    """Take migrations back."""
    from alembic.command import downgrade

    downgrade(alembic_config(current_app.extensions["engine"]), revision)


@command.command("revision", help="Write a migration from the difference between models and database.")
@click.argument("message")
@with_appcontext
def revision_command(message: str) -> None:
    """Draft a migration, to be read before it is kept."""
    from alembic.command import revision

    revision(alembic_config(current_app.extensions["engine"]), message, autogenerate=True)


@command.command("check", help="Fail if the database differs from the models.")
@with_appcontext
def check_command() -> None:
    """Compare structure and models."""
    from alembic.command import check

    check(alembic_config(current_app.extensions["engine"]))
