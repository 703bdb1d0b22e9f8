"""The register of notices: on the screen, on paper, as a file; and each notice's PDF."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext as _

from portal.access import allow, current_actor
from portal.clock import OFFICE_ZONE, now
from portal.database import database
from portal.desk.blueprint import READERS, XLSX, Page, blueprint, campaign_or_404, filter_from_query
from portal.desk.workbooks import notices_csv, notices_workbook
from portal.downloads import file_answer
from services.actor import OFFICE
from services.case_lists import MOST_EXPORTED
from services.exports import record_export
from services.notice_lists import (
    NoticeFilter,
    NoticePage,
    codes_of_notices,
    list_notices,
    series_checks,
    units_of_notices,
    whole_register,
    years_of_notices,
)
from services.notice_voiding import waiting_voidings
from services.notices import notice_for, shown_pdf
from services.roster_choices import targets_by_unit


@blueprint.get("/notices")
@allow(*READERS)
def notices() -> Page:
    """The filtered register."""
    campaign, session, actor = campaign_or_404(), database.session, current_actor()
    which = filter_from_query(NoticeFilter)
    after, before = request.args.get("after", "")[:90], request.args.get("before", "")[:90]
    found = list_notices(session, actor, campaign, which, after=after, before=before)
    return render_template(
        "desk/notices.html",
        found=found,
        which=which,
        series=[(code, code) for code in codes_of_notices(session, campaign)],
        years=[(str(year), str(year)) for year in years_of_notices(session, campaign)],
        units=units_of_notices(session, campaign),
        targets=targets_by_unit(session, by_key=True),
        checks=series_checks(session, actor, campaign),
        voidings=waiting_voidings(session, actor, campaign) if actor.has(*OFFICE) else [],
        other=_other_page,
        query=_query(),
    )


def _query() -> dict[str, Any]:
    """The filter of this address, without its place in the list."""
    return {
        name: value
        for name, value in request.args.items()
        if name not in ("after", "before", "save") and value
    }


def _other_page(**place: str) -> str:
    kept: dict[str, Any] = {**_query(), **place}
    return url_for("desk.notices", **kept)


def _register() -> NoticePage:
    which = filter_from_query(NoticeFilter)
    return whole_register(database.session, current_actor(), campaign_or_404(), which, most=MOST_EXPORTED)


@blueprint.get("/notices/print")
@allow(*READERS)
def notices_print() -> Page:
    """The filtered register for paper: A4 across, by number."""
    campaign = campaign_or_404()
    return render_template(
        "desk/notices_print.html",
        found=_register(),
        which=filter_from_query(NoticeFilter),
        here=campaign,
        printed_at=now(),
        most=MOST_EXPORTED,
    )


@blueprint.get("/notices.xlsx")
@allow(*READERS)
def notices_export() -> Page:
    """The whole filtered register as a workbook."""
    found = _register()
    record_export(database.session, current_actor(), table="notice", rows=len(found.rows), now=now())
    return file_answer(notices_workbook(found.rows, found.kinds), f"{_file_name()}.xlsx", XLSX)


@blueprint.get("/notices.csv")
@allow(*READERS)
def notices_csv_export() -> Page:
    """The same as plain text for other systems."""
    found = _register()
    record_export(database.session, current_actor(), table="notice", rows=len(found.rows), now=now())
    return file_answer(notices_csv(found.rows, found.kinds), f"{_file_name()}.csv", "text/csv; charset=utf-8")


def _file_name() -> str:
    day = now().astimezone(OFFICE_ZONE).date()
    return _("发文登记簿%(day)s", day=day.isoformat())


@blueprint.get("/notices/<int:notice_id>.pdf")
@allow(*READERS)
def notice_pdf(notice_id: int) -> Page:
    """The kept PDF, a voided one stamped; `?save` to keep it, `?original` for the very file that was issued."""
    row = notice_for(database.session, current_actor(), notice_id)
    pdf = shown_pdf(database.session, row, original="original" in request.args, now=now())
    name = f"{row.number}（{_('作废')}）.pdf" if row.status == "voided" else f"{row.number}.pdf"
    return file_answer(pdf, name, "application/pdf", inline="save" not in request.args)
