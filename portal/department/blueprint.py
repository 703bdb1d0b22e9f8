"""The addresses of the rated, and how they sign."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response

blueprint = Blueprint("department", __name__, url_prefix="/t")

Page = Response | str | tuple[str, int]
