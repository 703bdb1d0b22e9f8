"""The front page for everyone, and the menu beside it; it and the login page are there before the rest of the site.

Nothing here may load a rule or Flask-Admin: `tests/architecture/test_start.py` looks at what a start loads.
"""

from __future__ import annotations

from flask import Flask, render_template
from flask_babel import lazy_gettext as _l

from portal.access import PUBLIC, allow, grant
from portal.database import database
from portal.menu import MenuEntry, add_menu
from portal.page import current_campaign
from services.front_page import public_case_counts, published_results
from services.plan_document import plan_documents

PATH = "/public"

#: All that visitors without an account find in the menu, of whatever package it is.
MENU = (
    MenuEntry("public.index", _l("公开首页"), _l("公开"), 900),
    MenuEntry("public.rules", _l("测评规则"), _l("公开"), 910),
    MenuEntry("procedure.regulation", _l("现行规程"), _l("公开"), 915),
    MenuEntry("public.roster", _l("测评对象名册"), _l("公开"), 920),
    MenuEntry("public.results", _l("公布的结果"), _l("公开"), 930),
    MenuEntry("public.verify", _l("文书查验"), _l("公开"), 940),
)

#: Addresses that the front page and its menu point to, and that the rest of the site answers.
ELSEWHERE = {
    "public.rules": "/public/rules",
    "procedure.regulation": "/procedures/regulation",
    "public.roster": "/public/roster",
    "public.results": "/public/results",
    "public.plan": "/public/plan/<int:attachment_id>",
    "public.verify": "/notices/verify",
}


@allow(PUBLIC)
def index() -> str:
    """The campaign and what of it is published."""
    campaign = current_campaign()
    if campaign is None:
        return render_template("public/index.html", here=None)
    return render_template(
        "public/index.html",
        here=campaign,
        published=published_results(database.session, campaign.id),
        plans=plan_documents(database.session, campaign.id),
        cases=public_case_counts(database.session, campaign),
    )


def init_front(app: Flask) -> None:
    """Register the page alone; what it points to can be spelt out, and is not found."""
    app.add_url_rule(PATH, "public.index", index)
    for endpoint, path in ELSEWHERE.items():
        app.add_url_rule(path, endpoint, build_only=True)
        grant(app, endpoint, PUBLIC)
    add_menu(app, MENU)
