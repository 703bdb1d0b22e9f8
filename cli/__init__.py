"""The command line: `flask --app app COMMAND`. One module a noun, each with its click command as `command`.

A module here imports what it runs inside its functions, so that a start of the server stays quick.
"""

from __future__ import annotations

from importlib import import_module

from flask import Flask

#: Modules with a `command`.
COMMANDS = (
    "cli.archive", "cli.backup", "cli.cases", "cli.db", "cli.demo", "cli.pack", "cli.restore", "cli.score",
    "cli.signature", "cli.start", "cli.tick", "cli.verify", "cli.worker",
)  # fmt: skip


def register_commands(app: Flask) -> None:
    """Make every command known to `flask`."""
    for name in COMMANDS:
        app.cli.add_command(import_module(name).command)
