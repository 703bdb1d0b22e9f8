"""Pages for everyone, without an account."""

from __future__ import annotations

import hashlib

from flask import Blueprint, Response, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response as BaseResponse

from models.notice import Notice
from models.people import Role
from portal.access import PUBLIC, allow, current_actor
from portal.clock import now
from portal.database import database
from portal.files import file_store
from portal.menu import MenuEntry
from portal.public import front
from portal.ranking.asking import asked_page, asked_text, campaign_or_refuse, page_link
from services import editions, front_page, plan_document, publication
from services.attachments import Upload
from services.notices import verify_by_code, verify_by_number
from services.refusal import Refusal

blueprint = Blueprint("public", __name__)
blueprint.add_url_rule(front.PATH, "index", front.index)

MENU = (
    *front.MENU,
    MenuEntry("public.plan_upload", _l("上传方案文件"), _l("公开"), 950),
)

Page = BaseResponse | str | tuple[str, int]


@blueprint.get("/public/rules")
@allow(PUBLIC)
def rules() -> Page:
    """The rules in our own words, as the running definitions state them, beside the plan as a document."""
    campaign = campaign_or_refuse()
    return render_template(
        "public/rules.html",
        rules=publication.public_rules(database.session, campaign),
        plans=plan_document.plan_documents(database.session, campaign.id),
    )


@blueprint.get("/public/roster")
@allow(PUBLIC)
def roster() -> Page:
    """Who is evaluated."""
    return render_template("public/roster.html", categories=publication.public_roster(database.session))


@blueprint.get("/public/results")
@allow(PUBLIC)
def results() -> Page:
    """The newest published edition."""
    found = editions.published_editions(database.session, campaign_or_refuse().id)
    return _results(found[0].edition if found else None)


@blueprint.get("/public/results/<int:number>")
@allow(PUBLIC)
def edition(number: int) -> Page:
    """An edition of its own, also an earlier one."""
    return _results(number)


def _results(number: int | None) -> Page:
    campaign = campaign_or_refuse()
    chosen = editions.published_edition(database.session, campaign.id, number) if number is not None else None
    return render_template(
        "public/results.html",
        edition=chosen,
        intact=chosen is None or editions.is_intact(chosen),
        published=editions.published_editions(database.session, campaign.id),
        sheet=editions.frozen_page(
            chosen,
            category=request.args.get("category", ""),
            page=asked_page(request.args),
            campaign=campaign,
        )
        if chosen
        else None,
        page_link=page_link,
        cases=front_page.public_case_counts(database.session, campaign),
    )


@blueprint.get("/notices/verify")
@allow(PUBLIC)
def verify() -> Page:
    """Check a notice by its number; what the number alone tells is kept short, for numbers can be guessed."""
    number = asked_text(request.args.get("number", ""), longest=80)
    if not number.strip():
        return render_template("public/verify.html", asked=False, number="")
    notice = verify_by_number(database.session, number)
    page = render_template("public/verify.html", asked=True, number=number, notice=notice, by_code=False)
    return page, 200 if notice else 404


@blueprint.get("/notices/verify/<code>")
@allow(PUBLIC)
def verify_code(code: str) -> Page:
    """Check a notice by the code printed on it."""
    return _verified(verify_by_code(database.session, code))


@blueprint.post("/notices/verify/<code>")
@allow(PUBLIC)
def compare(code: str) -> Page:
    """Whether a PDF is, byte for byte, the one that was issued. The file is read and forgotten."""
    notice = verify_by_code(database.session, code)
    given = request.files.get("pdf")
    content = given.stream.read() if given and given.filename else b""
    if not content:
        return _verified(notice, refusal=_("请选择要比对的PDF文件，再点“比对”。"))
    same = bool(notice and notice.file and hashlib.sha256(content).hexdigest() == notice.file.sha256)
    return _verified(notice, compared=True, same=same)


def _verified(
    notice: Notice | None, *, compared: bool = False, same: bool = False, refusal: str = ""
) -> Page:
    page = render_template(
        "public/verify.html",
        asked=True,
        number="",
        notice=notice,
        by_code=True,
        compared=compared,
        same=same,
        refusal=refusal,
    )
    return page, 404 if notice is None else 422 if refusal else 200


@blueprint.get("/public/plan/<int:attachment_id>")
@allow(PUBLIC)
def plan(attachment_id: int) -> Response:
    """The plan as the office uploaded it."""
    row = plan_document.plan_file(database.session, attachment_id)
    path = file_store().existing(row.sha256, name=row.file_name)
    return send_file(
        path,
        mimetype=row.media_type,
        as_attachment=row.media_type != "application/pdf",
        download_name=row.file_name,
        etag=row.sha256,
        max_age=0,
    )


@blueprint.route("/public/plan/upload", methods=["GET", "POST"])
@allow(Role.ADMIN)
def plan_upload() -> Page:
    """Publish the plan as a document."""
    campaign = campaign_or_refuse()
    refusal = None
    if request.method == "POST":
        given = request.files.get("document")
        try:
            if given is None or not given.filename:
                raise Refusal("file_missing", _("请选择方案文件（PDF或Word），再点“上传”。"), 422)
            upload = Upload(given.filename, given.stream.read())
            plan_document.upload_plan(
                database.session, current_actor(), campaign, upload=upload, store=file_store(), now=now()
            )
        except Refusal as found:
            refusal = found
        else:
            flash(_("方案文件已公开。"), "ok")
            return redirect(url_for("public.plan_upload"))
    page = render_template(
        "public/plan_upload.html",
        plans=plan_document.plan_documents(database.session, campaign.id),
        refusal=refusal,
    )
    return page, refusal.status if refusal else 200
