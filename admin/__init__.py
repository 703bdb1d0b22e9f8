"""Tables of administrators at /admin/: rosters, accounts, calendar, campaigns; what happened, read only."""

from __future__ import annotations

from typing import Any

from flask import Flask, current_app
from flask_admin import Admin, BaseView, expose
from flask_babel import lazy_gettext as _l

from admin import account_views, evidence_views, log_views, roster_views, setup_views
from admin.roster_page import RosterPage
from models.people import Role
from portal.access import grant, visitor
from portal.menu import MenuEntry, add_menu
from settings import ROOT

#: Tables that have their own line in the menu; the others are tabs beside them.
IN_MENU = {
    "units",
    "targets",
    "monitors",
    "delegates",
    "accounts",
    "campaigns",
    "dictionaries",
}
EVIDENCE_IN_MENU = {"ratings", "cases", "notices", "history", "definitions"}
#: Tables that the desk shows better, to whoever may open it.
SHOWN_BY_DESK = {
    "admin_ratings": "desk.ratings",
    "admin_cases": "desk.cases",
    "admin_notices": "desk.notices",
}
READERS = (Role.ADMIN, Role.HEAD, Role.AUDITOR)


class Overview(BaseView):
    """All tables on one page, with a sentence each."""

    def is_accessible(self) -> bool:
        """Whoever may open any of them."""
        asking = visitor()
        return asking is not None and asking.actor.has(*READERS)

    @expose("/")
    def index(self) -> Any:
        """The tables that the visitor may open, by group."""
        groups: dict[str, list[Any]] = {}
        for view in current_app.extensions["admin_views"]:
            if view.is_accessible():
                groups.setdefault(str(view.category), []).append(view)
        return self.render("admin/overview.html", table_groups=groups)


def init_admin(app: Flask) -> None:
    """Register the tables, grant them, and put them into the menu."""
    overview = Overview(name=_l("基础数据"), endpoint="admin", url="/admin")
    admin = Admin(
        app,
        name=_l("评督"),
        index_view=overview,
        translations_path=str(ROOT / "admin" / "translations"),
    )
    views: list[BaseView] = [RosterPage()]
    with app.app_context():
        for module in (roster_views, account_views, setup_views, evidence_views, log_views):
            views += [
                kind(model, name=name, key=key, category=module.GROUP)
                for kind, model, key, name in module.VIEWS
            ]
    for view in views:
        admin.add_view(view)
        grant(app, f"{view.endpoint}.", *getattr(view, "readers", (Role.ADMIN,)))
    grant(app, "admin.", *READERS)
    app.extensions["admin_views"] = views
    app.context_processor(lambda: {"admin_tabs": tabs})
    _fill_menu(app, views)


def tabs(current: BaseView) -> list[dict[str, Any]]:
    """The tables of the same group that the visitor may open."""
    return [
        {
            "label": view.name,
            "href": view.get_url(f"{view.endpoint}.{view.home}"),
            "current": view is current,
        }
        for view in current_app.extensions["admin_views"]
        if str(view.category) == str(current.category) and view.is_accessible()
    ]


def _fill_menu(app: Flask, views: list[BaseView]) -> None:
    keys = {f"admin_{key}": _l("基础数据") for key in IN_MENU}
    keys |= {f"admin_{key}": _l("台账") for key in EVIDENCE_IN_MENU}
    entries = [MenuEntry("admin.index", _l("全部数据表"), _l("基础数据"), 800)]
    entries.append(MenuEntry("admin_roster.index", _l("名册导入"), _l("基础数据"), 801))
    for order, view in enumerate(views, start=802):
        if view.endpoint in keys:
            address, better = f"{view.endpoint}.index_view", SHOWN_BY_DESK.get(view.endpoint, "")
            entries.append(MenuEntry(address, view.name, keys[view.endpoint], order, unless=better))
    add_menu(app, entries)
