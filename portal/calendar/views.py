"""The calendar to read, a change to propose, and what it moves before another person approves it."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from models.calendar_change import CalendarChange
from models.campaign import DayKind
from models.people import Role
from portal.access import allow, current_actor
from portal.calendar.reading import read_days
from portal.clock import OFFICE_ZONE, now
from portal.database import database
from portal.menu import MenuEntry
from services import calendar_changes
from services.actor import OFFICE
from services.calendar_changes import APPROVERS, PROPOSERS, NewYear
from services.refusal import Refusal

blueprint = Blueprint("calendar", __name__, url_prefix="/calendar")
MENU = (MenuEntry("calendar.index", _l("工作日历"), _l("督办"), 16),)
READERS = (*OFFICE, Role.ADMIN, Role.AUDITOR)
#: How many deadlines the page lists; all of them are counted.
SHOWN = 300

Page = Response | str | tuple[str, int]
KINDS = {
    DayKind.HOLIDAY: _l("放假"),
    DayKind.MAKEUP: _l("调休上班"),
    DayKind.CLOSURE: _l("停办"),
    DayKind.HALF_DAY: _l("半日"),
}
WEEKDAYS = (_l("星期一"), _l("星期二"), _l("星期三"), _l("星期四"), _l("星期五"), _l("星期六"), _l("星期日"))


@blueprint.get("")
@allow(*READERS)
def index() -> Page:
    """A year's days, and the changes."""
    session, actor = database.session, current_actor()
    keys = calendar_changes.calendar_keys(session)
    key = request.args.get("calendar", "")
    key = key if key in keys else (keys[0] if keys else "")
    years = calendar_changes.years_of(session, key)
    asked = request.args.get("year", "")
    this_year = now().astimezone(OFFICE_ZONE).year
    wanted = int(asked) if asked.isascii() and asked.isdigit() and len(asked) == 4 else this_year
    year = next((row for row in years if row.year == wanted), years[-1] if years else None)
    return render_template(
        "calendar/index.html",
        keys=keys,
        key=key,
        years=years,
        year=year,
        days=calendar_changes.days_of(session, key, year.year) if year else [],
        changes=calendar_changes.changes(session, actor),
        kinds=KINDS,
        weekdays=WEEKDAYS,
        may_propose=actor.has(*PROPOSERS),
    )


@blueprint.route("/changes/new", methods=["GET", "POST"])
@allow(*PROPOSERS)
def new() -> Page:
    """Propose a change."""
    keys = calendar_changes.calendar_keys(database.session)
    if request.method == "GET":
        return render_template("calendar/new.html", keys=keys, typed={}, refusal=None)
    typed = {
        name: request.form.get(name, "")
        for name in ("calendar", "days", "year", "standing", "source", "reason")
    }
    try:
        change = calendar_changes.propose_change(
            database.session,
            current_actor(),
            calendar_key=typed["calendar"],
            days=read_days(typed["days"][:20_000]),
            years=_years(typed),
            reason=typed["reason"],
            now=now(),
        )
    except Refusal as refusal:
        return render_template("calendar/new.html", keys=keys, typed=typed, refusal=refusal), refusal.status
    flash(_("已提出。请另一位有权限的人核对下面的期限变动后批准。"), "ok")
    return redirect(url_for("calendar.change", change_id=change.id))


def _years(typed: dict[str, str]) -> list[NewYear]:
    year = typed["year"].strip()
    if not year:
        return []
    if not (year.isdigit() and len(year) == 4 and year.isascii()):
        raise Refusal("year_unreadable", _("年份请写四位数字，例如2027；不改年份的留空。"), 422)
    return [NewYear(int(year), typed["standing"] != "published", typed["source"].strip()[:500])]


@blueprint.get("/changes/<int:change_id>")
@allow(*READERS)
def change(change_id: int) -> Page:
    """One change, with every deadline it moves or moved."""
    return _page(change_id)


def _page(change_id: int, refusal: Refusal | None = None) -> str:
    session, actor = database.session, current_actor()
    row = calendar_changes.change_for(session, actor, change_id)
    ahead, blocked = None, None
    if row.status == "proposed":
        try:
            ahead = calendar_changes.outlook(session, row, now=now())
        except Refusal as error:
            blocked = error
    return render_template(
        "calendar/change.html",
        change=row,
        lines=_lines(row),
        ahead=ahead,
        blocked=blocked,
        done=calendar_changes.moves_made(session, row) if row.status == "approved" else [],
        shown=SHOWN,
        own=row.proposed_by_id == actor.user_id,
        may_approve=actor.has(*APPROVERS) and row.proposed_by_id != actor.user_id,
        refusal=refusal,
        typed=request.form,
    )


def _lines(row: CalendarChange) -> list[tuple[str, str, str, str]]:
    """Day, weekday, what it is to be, note."""
    lines = []
    for new in row.days:
        day = date.fromisoformat(new["day"])
        kind = str(KINDS[DayKind(new["kind"])]) if new["kind"] else _("取消登记，按星期办公")
        lines.append((day.isoformat(), str(WEEKDAYS[day.weekday()]), kind, new["note"]))
    return lines


@blueprint.post("/changes/<int:change_id>/approve")
@allow(*APPROVERS)
def approve(change_id: int) -> Page:
    """Make the change and move the deadlines, all in one act."""
    try:
        calendar_changes.approve_change(
            database.session, current_actor(), change_id, seen=request.form.get("seen", ""), now=now()
        )
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        return _page(change_id, refusal), refusal.status
    flash(_("已批准，日历和下列期限已经更新。"), "ok")
    return redirect(url_for("calendar.change", change_id=change_id))


@blueprint.post("/changes/<int:change_id>/refuse")
@allow(*{*PROPOSERS, *APPROVERS})
def refuse(change_id: int) -> Page:
    """Withdraw one's own, or refuse another's with a reason."""
    try:
        calendar_changes.refuse_change(
            database.session, current_actor(), change_id, why=request.form.get("why", ""), now=now()
        )
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        return _page(change_id, refusal), refusal.status
    flash(_("已处理，日历没有变化。"), "ok")
    return redirect(url_for("calendar.index"))
