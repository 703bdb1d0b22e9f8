"""The first page of the desk, messages, incidents; the other pages are registered by being imported here."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from models.people import Role
from portal.access import allow, current_actor
from portal.clock import now
from portal.database import database
from portal.desk import (
    absence_views,
    bulk_views,
    case_views,
    draft_views,
    move_views,
    notice_life_views,
    notice_views,
    panel_views,
    print_views,
    rating_views,
    seal_views,
    sheet_views,
    step_views,
)
from portal.desk.blueprint import READERS, Page, blueprint, page_number, same_list
from portal.menu import MenuEntry
from portal.page import current_campaign
from services import messages
from services.actor import OFFICE
from services.case_lists import CaseFilter, count_cases, list_cases
from services.forced_moves import waiting_moves
from services.incidents import incidents_for, retry_incident
from services.jobs import waiting
from services.notice_drafts import open_drafts
from services.notice_voiding import waiting_voidings
from services.panel_lists import panels_waiting
from services.rating_register import voids_waiting
from services.waiting import waiting_for

__all__ = [
    "MENU",
    "absence_views",
    "blueprint",
    "bulk_views",
    "case_views",
    "draft_views",
    "move_views",
    "notice_life_views",
    "notice_views",
    "panel_views",
    "print_views",
    "rating_views",
    "seal_views",
    "sheet_views",
    "step_views",
]

_GROUP = _l("督办")
MENU = (
    MenuEntry("desk.index", _l("今日工作"), _GROUP, 10),
    MenuEntry("desk.cases", _l("整改事项"), _GROUP, 11),
    MenuEntry("desk.new_case", _l("立案"), _GROUP, 12),
    MenuEntry("desk.notices", _l("发文登记簿"), _GROUP, 13),
    MenuEntry("desk.drafts", _l("核稿"), _GROUP, 13),
    MenuEntry("desk.ratings", _l("测评记录"), _GROUP, 14),
    MenuEntry("desk.panels", _l("会签"), _GROUP, 13),
    MenuEntry("desk.absences", _l("外出代理"), _GROUP, 16),
    MenuEntry("desk.inbox", _l("消息"), _GROUP, 15),
)
#: How many lines of each list the first page shows.
SHOWN = 10


@blueprint.get("")
@allow(*OFFICE)
def index() -> Page:
    """What is due, overdue, waiting for me, unread, gone wrong."""
    campaign, actor, at, session = current_campaign(), current_actor(), now(), database.session
    if campaign is None:
        return render_template("desk/no_campaign.html")
    today = list_cases(session, actor, campaign, CaseFilter(due="today"), now=at, size=SHOWN)
    overdue = list_cases(session, actor, campaign, CaseFilter(due="overdue"), now=at, size=SHOWN)
    mine = waiting_for(session, actor, campaign, now=at, size=SHOWN)
    return render_template(
        "desk/index.html",
        today=today,
        overdue=overdue,
        mine=mine,
        to_sign=len(panels_waiting(session, actor, now=at)),
        running=count_cases(session, actor, campaign, CaseFilter(state="running"), now=at),
        unread=messages.unread_count(session, actor),
        latest=messages.messages_of(session, actor, unread_only=True, size=5)[0],
        incidents=incidents_for(session, actor),
        jobs_waiting=waiting(session, now=at),
        voids=voids_waiting(session, actor, campaign) if actor.has(Role.REVIEWER, Role.HEAD) else 0,
        notice_voids=len(waiting_voidings(session, actor, campaign)) if actor.has(Role.HEAD) else 0,
        drafts=sum(
            row.status == "waiting" and row.drafted_by_id != actor.user_id
            for row in open_drafts(session, actor, campaign)
        ),
        may_retry=actor.has(Role.HEAD, Role.ADMIN),
        moves=waiting_moves(session, actor, campaign),
    )


@blueprint.get("/waiting")
@allow(*OFFICE)
def waiting_cases() -> Page:
    """All cases that wait for a step of mine."""
    campaign = current_campaign()
    if campaign is None:
        return render_template("desk/no_campaign.html")
    mine = waiting_for(database.session, current_actor(), campaign, now=now(), page=page_number())
    return render_template("desk/waiting.html", mine=mine, url=same_list("desk.waiting_cases"))


@blueprint.get("/incidents")
@allow(*OFFICE, Role.ADMIN)
def incidents() -> Page:
    """Work that was given up after many tries."""
    actor = current_actor()
    found = incidents_for(database.session, actor)
    return render_template("desk/incidents.html", found=found, may_retry=actor.has(Role.HEAD, Role.ADMIN))


@blueprint.post("/incidents/<int:job_id>/retry")
@allow(Role.HEAD, Role.ADMIN)
def retry(job_id: int) -> Page:
    """Try an incident again."""
    retry_incident(database.session, current_actor(), job_id, now=now())
    flash(_("已重新排入执行；成功后不再出现在这里。"), "ok")
    return redirect(url_for("desk.incidents"))


@blueprint.get("/messages")
@allow(*READERS)
def inbox() -> Page:
    """What I was told."""
    unread_only = request.args.get("show") == "unread"
    page = page_number()
    rows, total = messages.messages_of(database.session, current_actor(), unread_only=unread_only, page=page)
    return render_template(
        "desk/messages.html",
        rows=rows,
        total=total,
        unread=messages.unread_count(database.session, current_actor()),
        unread_only=unread_only,
        page=page,
        pages=max(1, -(-total // 50)),
        url=same_list("desk.inbox"),
    )


@blueprint.post("/messages/read")
@allow(*READERS)
def read_messages() -> Page:
    """Mark one message, or all that were on the page, as read."""
    message, up_to = request.form.get("message", ""), request.form.get("up_to", "")
    done = messages.mark_read(
        database.session,
        current_actor(),
        now=now(),
        message_id=int(message) if message.isascii() and message.isdigit() and len(message) < 10 else None,
        up_to=int(up_to)
        if up_to.isascii() and up_to.isdigit() and len(up_to) < 10
        else (0 if not message else None),
    )
    flash(_("已将%(count)s条消息标为已读。", count=done), "ok")
    return redirect(url_for("desk.inbox", show=request.form.get("show") or None))
