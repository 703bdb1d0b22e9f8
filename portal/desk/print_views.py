"""Papers of notices and cases to take away: selections as one file, the editable twin, the archive package."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from models.people import Role
from portal.access import allow, current_actor
from portal.clock import now
from portal.database import database
from portal.desk.blueprint import READERS, Page, blueprint, campaign_or_404
from portal.downloads import disposition, file_answer
from portal.files import file_store
from services.actor import OFFICE
from services.case_archive import pack_case
from services.editable_notice import editable_notice
from services.notice_lists import NoticeFilter, list_notices
from services.notices import notice_for
from services.print_runs import (
    MOST,
    address_sheets_of,
    ask_print,
    bound,
    cancel,
    notices_of_cases,
    progress_of,
    run_for,
)

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
#: Seconds between two looks of the page of an unfinished run.
_LOOK = 3


@blueprint.post("/notices/print-runs")
@allow(*OFFICE)
def start_print_run() -> Page:
    """Print what is ticked, or everything that the filter shows."""
    campaign, session = campaign_or_404(), database.session
    if "all" in request.form:
        names: dict[str, object] = NoticeFilter.__annotations__
        which = NoticeFilter(
            **{name: request.form.get(f"filter_{name}", "")[:120].replace("\0", "") for name in names}
        )
        found = list_notices(session, current_actor(), campaign, which, size=MOST + 1)
        chosen = [row.id for row in found.rows]
    else:
        chosen = [*_numbers("notice"), *notices_of_cases(session, current_actor(), _numbers("case"))]
    run = ask_print(session, current_actor(), campaign, chosen, duplex="duplex" in request.form, now=now())
    return redirect(url_for("desk.print_run", run_id=run.id))


def _numbers(name: str) -> list[int]:
    return [
        int(text)
        for text in request.form.getlist(name)
        if text.isascii() and text.isdigit() and len(text) < 10
    ]


@blueprint.get("/notices/print-runs/<int:run_id>")
@allow(*OFFICE)
def print_run(run_id: int) -> Page:
    """How far it is; looks again by itself until the file is ready."""
    progress = progress_of(database.session, run_for(database.session, current_actor(), run_id))
    page = Response(render_template("desk/print_run.html", progress=progress))
    if not progress.finished and not progress.cancelled:
        page.headers["Refresh"] = str(_LOOK)
    return page


@blueprint.post("/notices/print-runs/<int:run_id>/cancel")
@allow(*OFFICE)
def cancel_print_run(run_id: int) -> Page:
    """Draw no more."""
    cancel(database.session, current_actor(), run_id, now=now())
    flash(_("已取消打印。"), "ok")
    return redirect(url_for("desk.print_run", run_id=run_id))


@blueprint.get("/notices/print-runs/<int:run_id>.pdf")
@allow(*OFFICE)
def print_run_pdf(run_id: int) -> Page:
    """Everything in one file, sent as it lies on the disk."""
    with tempfile.TemporaryDirectory(prefix="pingdu-print-") as folder:
        target = Path(folder) / "run.pdf"
        bound(database.session, current_actor(), run_id, target)
        # The file stays readable after its folder is gone, and takes no memory.
        stream = target.open("rb")
    answer = Response(_pieces(stream), mimetype="application/pdf")
    answer.headers["Content-Disposition"] = disposition(_("文书%(run)s.pdf", run=run_id), inline=True)
    answer.call_on_close(stream.close)  # also when nobody reads it to its end
    return answer


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    with stream:
        while piece := stream.read(1 << 18):
            yield piece


@blueprint.get("/notices/print-runs/<int:run_id>/addresses.pdf")
@allow(*OFFICE)
def print_run_addresses(run_id: int) -> Page:
    """Sheets for window envelopes."""
    pdf = address_sheets_of(database.session, current_actor(), run_id)
    return file_answer(pdf, _("信封地址页%(run)s.pdf", run=run_id), "application/pdf", inline=True)


@blueprint.get("/notices/<int:notice_id>.docx")
@allow(*READERS)
def notice_docx(notice_id: int) -> Page:
    """The editable twin of a notice, for WPS and Word."""
    row = notice_for(database.session, current_actor(), notice_id)
    return file_answer(editable_notice(database.session, row), f"{row.number}.docx", DOCX)


@blueprint.get("/cases/<int:case_id>/archive.zip")
@allow(*OFFICE, Role.ADMIN, Role.AUDITOR)
def case_archive(case_id: int) -> Page:
    """The archive package of a closed case."""
    package = pack_case(database.session, current_actor(), case_id, store=file_store(), now=now())
    return file_answer(package.content, package.file_name, "application/zip")
