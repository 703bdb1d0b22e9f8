"""A kind of notice as a whole: its versions, page images, files in and out, publishing."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import yaml
from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from models.people import Role
from notices.definition import NoticeKind
from notices.unfinished import unfinished
from portal.access import allow, current_actor
from portal.clock import now
from portal.database import database
from portal.definition_files import uploaded_definition
from portal.designer.blueprint import Page, blueprint, draft_page, hand, preview_of
from portal.designer.pages import fault_lines
from portal.downloads import file_answer
from portal.posted import typed_form
from services import kind_drafts, kind_versions
from services.definition_publishing import NotReady, Outlook
from services.refusal import Refusal, not_found


@blueprint.get("/<key>")
@allow(Role.ADMIN)
def show(key: str) -> Page:
    """The versions of a kind, with what each changed."""
    found = kind_versions.kind_line(database.session, current_actor(), key)
    versions = kind_versions.kind_versions(database.session, current_actor(), key)
    changes = {
        newer.version: kind_drafts.version_changes(older, newer) for newer, older in pairwise(versions)
    }
    issued = kind_versions.issued_by_version(database.session, [row.id for row in versions])
    return render_template(
        "designer/show.html", found=found, versions=versions, changes=changes, issued=issued
    )


@blueprint.get("/<key>/v<int:version>")
@allow(Role.ADMIN)
def look(key: str, version: int) -> Page:
    """One published version as its pages."""
    row = kind_versions.published_version(database.session, current_actor(), key, version)
    issuers = kind_versions.issuers_in_force(database.session, key)
    return render_template("designer/look.html", row=row, **preview_of(key, unfinished(row.body), issuers))


@blueprint.get("/<key>/v<int:version>/pages/<digest>-<int:page>.png")
@allow(Role.ADMIN)
def version_page(key: str, version: int, digest: str, page: int) -> Page:
    """One page of a published version."""
    row = kind_versions.published_version(database.session, current_actor(), key, version)
    return _image(key, row.body, digest, page)


@blueprint.get("/<key>/draft/pages/<digest>-<int:page>.png")
@allow(Role.ADMIN)
def draft_page_image(key: str, digest: str, page: int) -> Page:
    """One page of the draft as it is now."""
    return _image(key, draft_page(key).document, digest, page)


def _image(key: str, document: dict[str, Any], digest: str, page: int) -> Page:
    """The picture, which an address that names its hash may keep for good."""
    issuers = kind_versions.issuers_in_force(database.session, key)
    pages = preview_of(key, unfinished(document), issuers)["preview"].pages
    if pages is None or not 1 <= page <= len(pages.images):
        raise not_found("这一页")
    answer = Response(pages.images[page - 1], mimetype="image/png")
    if pages.digest.startswith(digest):
        answer.headers["Cache-Control"] = "private, max-age=86400, immutable"
    return answer


@blueprint.get("/<key>/v<int:version>.yaml")
@allow(Role.ADMIN)
def export(key: str, version: int) -> Page:
    """One published version as a file."""
    row = kind_versions.published_version(database.session, current_actor(), key, version)
    return _file(row.body, f"{key}-v{version}.yaml")


@blueprint.get("/<key>/draft.yaml")
@allow(Role.ADMIN)
def export_draft(key: str) -> Page:
    """The draft as a file, faults and all."""
    return _file(draft_page(key).document, f"{key}-draft.yaml")


def _file(document: dict[str, Any], name: str) -> Response:
    # A database may keep the settings in another order than people read them in.
    order = [*(known for known in NoticeKind.model_fields if known in document), *document]
    plain = {known: document[known] for known in order}
    text = yaml.safe_dump(plain, allow_unicode=True, sort_keys=False, width=110)
    return file_answer(text, name, "application/yaml")


@blueprint.route("/<key>/draft/publish", methods=["GET", "POST"])
@allow(Role.ADMIN)
def publish(key: str) -> Page:
    """What publishing changes, in words; then do it."""
    if request.method == "GET":
        return _publish_page(kind_drafts.outlook(database.session, current_actor(), key))
    adopt = [int(value) for value in request.form.getlist("adopt") if value.isascii() and value.isdigit()]
    try:
        row = kind_drafts.publish_draft(
            database.session, current_actor(), key, seen=request.form.get("seen", ""), adopt=adopt, now=now()
        )
    except NotReady as refused:
        return _publish_page(refused.outlook, refused), refused.status
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        found = kind_drafts.outlook(database.session, current_actor(), key)
        return _publish_page(found, refusal), refusal.status
    flash(_("“%(name)s”第%(n)s版已发布。", name=row.name, n=row.version), "ok")
    return redirect(url_for("designer.show", key=key))


def _publish_page(found: Outlook, refusal: Refusal | None = None) -> str:
    return render_template(
        "designer/publish.html",
        draft=found.draft,
        outlook=found,
        faults=fault_lines(found.draft.document, found.faults, found.draft.key),
        refusal=refusal,
    )


@blueprint.route("/<key>/draft/bring", methods=["GET", "POST"])
@allow(Role.ADMIN)
def bring(key: str) -> Page:
    """Replace the draft by a file: first what it would change, then do it."""
    draft = draft_page(key)
    if request.method == "GET":
        return render_template("designer/bring.html", draft=draft)
    text = typed_form().get("text", "")
    try:
        text = text or uploaded_definition("种文书")
        if request.form.get("sure"):
            kind_drafts.replace(hand(key), text)
            flash(_("已导入。不合适可以“撤销”。"), "ok")
            return redirect(url_for("designer.edit", key=key))
        changes, faults = kind_drafts.difference_to(draft, text)
    except Refusal as refusal:
        page = render_template("designer/bring.html", draft=draft_page(key), refusal=refusal, text=text)
        return page, refusal.status
    return render_template(
        "designer/bring.html", draft=draft, text=text, changes=changes, faults=faults, compared=True
    )


@blueprint.route("/<key>/draft/discard", methods=["GET", "POST"])
@allow(Role.ADMIN)
def discard(key: str) -> Page:
    """Throw the draft away."""
    draft = draft_page(key)
    if request.method == "GET":
        return render_template("designer/discard.html", draft=draft)
    seen = request.form.get("seen", "")
    try:
        kind_drafts.discard_draft(database.session, current_actor(), key, seen=seen, now=now())
    except Refusal as refusal:
        page = render_template("designer/discard.html", draft=draft_page(key), refusal=refusal)
        return page, refusal.status
    flash(_("“%(name)s”的草稿已删去。", name=draft.name), "ok")
    return redirect(url_for("designer.index"))
