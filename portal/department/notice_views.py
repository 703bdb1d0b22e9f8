"""The register of the rated: every notice that was addressed to it, how it stands, who signed for it."""

from __future__ import annotations

from flask import render_template, request, url_for

from models.people import Role
from portal.access import allow
from portal.database import database
from portal.department.blueprint import Page, blueprint
from portal.department.own import campaign_of_page, me
from services.notice_lists import NoticeFilter, list_notices, years_of_notices
from services.notice_service import service_ways
from services.target_access import own_targets

_STANDINGS = ("waiting", "served", "issued", "superseded", "voided")


@blueprint.get("/notices")
@allow(Role.TARGET)
def notices() -> Page:
    """The own notices, by number, a page at a time."""
    actor, campaign, session = me(), campaign_of_page(), database.session
    status = request.args.get("status", "")
    which = NoticeFilter(
        status=status if status in _STANDINGS else "",
        year=request.args.get("year", "")[:4],
        word=request.args.get("word", "")[:100].replace("\0", ""),
    )
    after, before = (request.args.get(name, "")[:90].replace("\0", "") for name in ("after", "before"))
    found = list_notices(session, actor, campaign, which, after=after, before=before)
    kept = {name: getattr(which, name) for name in ("status", "year", "word") if getattr(which, name)}

    def other(**place: str) -> str:
        return url_for("department.notices", **{**kept, **place})

    return render_template(
        "department/notices.html",
        found=found,
        which=which,
        filtered=bool(kept),
        other=other,
        years=[(str(year), str(year)) for year in years_of_notices(session, campaign)],
        ways=dict(service_ways(session, campaign)),
        many=len(own_targets(session, actor)) > 1,
    )
