"""What the description of the interface says of every address alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_smorest import Blueprint

from api import shapes
from api.problems import PROBLEM

#: What any address may answer instead, each as a problem.
STATUSES = (400, 401, 403, 404, 409, 413, 422, 429, 503)


def may_refuse(blueprint: Blueprint) -> Callable[[Any], Any]:
    """Describe the problems a view may answer with."""

    def described(view: Any) -> Any:
        for status in STATUSES:
            view = blueprint.alt_response(status, schema=shapes.Problem, content_type=PROBLEM)(view)
        return view

    return described
