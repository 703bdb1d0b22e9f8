"""The roster as a workbook: downloaded, changed in Excel or WPS, tried, confirmed."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, request, url_for
from flask_admin import BaseView, expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response as BaseResponse

from admin.base import workbook_response
from models.people import Role
from packs.roster_sheets import SHEETS
from packs.workbook import LARGEST_FILE
from portal.access import current_actor, visitor
from portal.clock import now
from portal.database import database
from portal.kept_uploads import forget, keep, kept
from services import roster_import
from services.refusal import Refusal

#: So many rows of each kind are shown; the counts above them are whole.
MOST_SHOWN = 200


class RosterPage(BaseView):
    """名册导入."""

    home = "index"
    lead = _l("用 Excel 成批增加和修改类别、单位、测评对象、监测点和代表。")

    def __init__(self) -> None:
        super().__init__(_l("名册导入"), category=_l("名册"), endpoint="admin_roster", url="/admin/roster")

    def is_accessible(self) -> bool:
        """Administrators only; the service asks once more."""
        asking = visitor()
        return asking is not None and asking.actor.has(Role.ADMIN)

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Any:
        """Explain, and take a workbook in."""
        if request.method == "GET":
            return self.render("admin/roster.html", refusal=None)
        file = request.files.get("workbook")
        try:
            if file is None or not file.filename:
                raise Refusal("file_missing", _("请先选择要导入的 .xlsx 文件。"), 422)
            with file.stream:
                data = file.read(LARGEST_FILE + 1)
            roster_import.dry_run(database.session, current_actor(), data)
        except Refusal as refusal:
            return self.render("admin/roster.html", refusal=refusal), refusal.status
        return redirect(url_for(".review", token=keep(data)))

    @expose("/current.xlsx")
    def current(self) -> Response:
        """The roster as it stands; also the pattern of what can be handed in."""
        data = roster_import.roster_workbook(database.session, current_actor())
        return workbook_response(data, _("名册.xlsx"))

    @expose("/<token>/", methods=("GET", "POST"))
    def review(self, token: str) -> Any:
        """What would happen; on confirmation, let it happen."""
        data = kept(token)
        if request.method == "POST":
            return self._apply(token, data)
        run = roster_import.dry_run(database.session, current_actor(), data)
        return self._review(token, run, None)

    def _review(self, token: str, run: roster_import.DryRun, refusal: Refusal | None) -> Any:
        html = self.render(
            "admin/roster_review.html",
            run=run,
            token=token,
            sheets=[_summary(run, sheet) for sheet in SHEETS],
            most=MOST_SHOWN,
            refusal=refusal,
        )
        return (html, refusal.status) if refusal else html

    def _apply(self, token: str, data: bytes) -> Any:
        try:
            done = roster_import.apply(
                database.session,
                current_actor(),
                data,
                fingerprint=request.form.get("fingerprint", ""),
                now=now(),
            )
        except Refusal as refusal:
            run = roster_import.dry_run(database.session, current_actor(), data)
            return self._review(token, run, refusal)
        forget(token)
        flash(
            _(
                "导入完成：新增%(added)s行，修改%(changed)s行。",
                added=len(done.add),
                changed=len(done.change),
            ),
            "ok",
        )
        return redirect(url_for(".index"))

    @expose("/<token>/marked.xlsx")
    def marked(self, token: str) -> Response:
        """The workbook with its faults coloured and explained."""
        run = roster_import.dry_run(database.session, current_actor(), kept(token))
        return workbook_response(roster_import.marked_workbook(run), _("名册（已标注错误）.xlsx"))

    @expose("/<token>/discard", methods=("POST",))
    def discard(self, token: str) -> BaseResponse:
        """Forget the workbook; nothing was changed."""
        kept(token)
        forget(token)
        flash(_("已放弃本次导入，名册没有改动。"), "info")
        return redirect(url_for(".index"))


def _summary(run: roster_import.DryRun, sheet: Any) -> dict[str, Any]:
    changes = run.changes
    return {
        "name": sheet.name,
        "columns": {column.field: column.title for column in sheet.columns},
        "add": [row for row in changes.add if row.kind == sheet.kind],
        "change": [change for change in changes.change if change.row.kind == sheet.kind],
        "leave": sum(1 for row in changes.leave if row.kind == sheet.kind),
        "absent": [key for kind, key in changes.absent if kind == sheet.kind],
        "faults": sum(1 for fault in changes.faults if fault.sheet == sheet.name),
    }
