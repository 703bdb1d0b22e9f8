"""The leader's board, at the desk and on a wall."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from models.people import Role
from portal.access import allow, current_actor
from portal.clock import now
from portal.database import database
from portal.menu import MenuEntry
from portal.ranking.asking import campaign_or_refuse
from portal.security import allow_chart_styles
from services.actor import OFFICE
from services.boards import Board, board_for

blueprint = Blueprint("leader", __name__, url_prefix="/leader")

#: A screen on a wall looks again after so many seconds.
WALL_SECONDS = "300"

MENU = (MenuEntry("leader.index", _l("领导小组看板"), _l("结果"), 290),)


@blueprint.get("")
@allow(Role.LEADER, Role.ADMIN, Role.AUDITOR, *OFFICE)
def index() -> Response:
    """Where things stand; `?wall` for a screen on a wall, which looks again every five minutes."""
    campaign = campaign_or_refuse()
    moment = now()
    board = board_for(database.session, current_actor(), campaign, now=moment)
    allow_chart_styles()
    wall = "wall" in request.args
    page = make_response(
        render_template("leader/index.html", board=board, charts=_charts(board), now=moment, wall=wall)
    )
    if wall:
        page.headers["Refresh"] = WALL_SECONDS
    return page


def _charts(board: Board) -> dict[str, Any]:
    """The figures of the charts: the same words as in the tables beside them."""
    methods = [name for name, _value in board.categories[0].satisfaction] if board.categories else []
    months = [month.key for month in board.months]
    return {
        "satisfaction": {
            "kind": "bar",
            "labels": methods,
            "series": [
                {"name": category.name, "values": [value for _name, value in category.satisfaction]}
                for category in board.categories
            ],
        },
        "states": {
            "kind": "rows",
            "labels": [name for name, _count in board.states],
            "series": [{"name": _("起数"), "values": [count for _name, count in board.states]}],
        },
        "ratings": {
            "kind": "mixed",
            "labels": months,
            "series": [
                {"name": _("测评次数"), "values": [month.ratings for month in board.months]},
                {
                    "name": _("平均满意率"),
                    "values": [month.satisfaction for month in board.months],
                    "line": True,
                },
            ],
        },
        "cases": {
            "kind": "bar",
            "labels": months,
            "series": [
                {"name": _("立案"), "values": [month.opened for month in board.months]},
                {"name": _("办结"), "values": [month.ended for month in board.months]},
            ],
        },
    }
