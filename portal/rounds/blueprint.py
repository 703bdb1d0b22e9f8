"""The addresses of rounds, and what their pages share."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response

blueprint = Blueprint("rounds", __name__, url_prefix="/rounds")

Page = Response | str | tuple[str, int]
