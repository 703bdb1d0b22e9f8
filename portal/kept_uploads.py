"""Uploads between a trial and its confirmation: kept for the person who sent them, forgotten after a day."""

from __future__ import annotations

import re
import secrets
import time
from pathlib import Path

from flask import abort, current_app
from flask_babel import gettext as _

from portal.access import current_actor
from services.refusal import Refusal

#: Workbooks that were tried and never confirmed are forgotten after a day.
KEPT_SECONDS = 24 * 3600
_TOKEN = re.compile(r"[0-9a-f]{32}")


def _folder() -> Path:
    folder = Path(current_app.config["PINGDU_DATA"]) / "imports"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _path(token: str) -> Path:
    if not _TOKEN.fullmatch(token):
        abort(404)
    return _folder() / f"{current_actor().person}-{token}.xlsx"


def keep(data: bytes) -> str:
    """Keep a workbook for the one who sent it; gives the token it is found by."""
    for old in _folder().glob("*.xlsx"):
        if time.time() - old.stat().st_mtime > KEPT_SECONDS:
            old.unlink(missing_ok=True)
    token = secrets.token_hex(16)
    _path(token).write_bytes(data)
    return token


def kept(token: str) -> bytes:
    """The workbook that this very person handed in under the token."""
    try:
        return _path(token).read_bytes()
    except FileNotFoundError:
        raise Refusal("import_gone", _("这次上传的工作簿已处理或已过期，请重新上传。"), 404) from None


def forget(token: str) -> None:
    """Let go of a workbook."""
    _path(token).unlink(missing_ok=True)
