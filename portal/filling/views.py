"""By link or one-time code, below /f: nobody is logged in there, and no cookie is read or set, whoever asks."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _

from forms.answers import printed
from forms.builder import AnswerForm
from models.collection import AnswerDraft
from portal.access import PUBLIC, allow
from portal.clock import now
from portal.database import database
from portal.files import file_store
from portal.filling.lifting import lifted, opened
from portal.filling.page import FillPage, page_form_id, page_seen, page_token
from portal.posted import typed_form
from portal.sessionless import Page, keep_nobody_known
from services.answer_access import answer_by_receipt
from services.answer_desk import Desk, SentChoices, collection_by_slug, desk_for_code, desk_for_visitor
from services.answer_drafts import resumed_draft
from services.answer_filling import HandInRefused, hand_in, keep_draft
from services.answer_pages import draft_at, empty_form, typed_form_again
from services.answers import refuse_unless_taking
from services.definitions import form_of
from services.one_time_codes import spelt
from services.refusal import Refusal

blueprint = Blueprint("filling", __name__, url_prefix="/f")


def stopped(sentence: str, title: str = "") -> str:
    """The page that says why not."""
    return render_template("filling/stopped.html", sentence=sentence, heading=title or _("不能填写"))


keep_nobody_known(
    blueprint,
    stopped,
    too_large=lambda: _("提交的内容太大，没有接收。请减少照片或附件后再试。"),
    unreadable=lambda: _("没有收到完整的内容，请返回上一页再试。"),
    failed=lambda: _("系统暂时不能办理，答卷没有提交。请稍等片刻，返回上一页再试。"),
)


@blueprint.get("/<slug>")
@allow(PUBLIC)
def show(slug: str) -> Page:
    """The form, or where its code is typed, or why it cannot be filled in."""
    held = collection_by_slug(database.session, slug)
    if held.access == "account":
        query = f"?{urlencode(request.args)}" if request.args else ""
        return redirect(f"{url_for('own_filling.fill', slug=slug)}{query}")
    try:
        refuse_unless_taking(held, now=now())
    except Refusal as refusal:
        return stopped(refusal.sentence, held.title), refusal.status
    if held.access == "code":
        return render_template("filling/enter.html", held=held, code="")
    desk = desk_for_visitor(database.session, held)
    form = empty_form(database.session, desk, link=request.args, now=now())
    return _page(desk).render(form)


@blueprint.post("/<slug>/open")
@allow(PUBLIC)
def enter(slug: str) -> Page:
    """The form that a code opens, as it was left."""
    held = collection_by_slug(database.session, slug)
    code = typed_form().get("code", "")[:80]
    try:
        desk = desk_for_code(database.session, held, code, now=now())
        if desk.code is not None and desk.code.spent:
            raise Refusal("code_spent", _("这张卡的代码已经用过，答卷已收到，不能再填。"))
        found = draft_at(database.session, desk, now=now())
        if found is not None:
            return opened(desk, _page(desk, code=code, draft=found), found)
        form = empty_form(database.session, desk, link=request.args, now=now())
    except Refusal as refusal:
        page = render_template("filling/enter.html", held=held, code=code, refusal=refusal)
        return page, refusal.status
    return _page(desk, code=code).render(form)


@blueprint.post("/<slug>")
@allow(PUBLIC)
def send(slug: str) -> Page:
    """Hand the form in."""
    desk, code = _posted_desk(slug)
    try:
        taken = hand_in(
            database.session,
            desk,
            formdata=typed_form(),
            files=request.files,
            token=page_token(),
            store=file_store(),
            now=now(),
        )
    except HandInRefused as refused:
        page = _page(desk, code=code, draft=refused.draft, resume=refused.resume, refused=refused)
        return page.render(refused.bound.form), refused.status
    if taken.receipt:
        return redirect(url_for("filling.receipt", slug=slug, receipt=taken.receipt), 303)
    return redirect(url_for("filling.thanks", slug=slug), 303)


@blueprint.post("/<slug>/draft")
@allow(PUBLIC)
def draft(slug: str) -> Page:
    """Keep what was typed so far: at a press of the button, or by the page itself."""
    desk, code = _posted_desk(slug)
    page = _page(desk, code=code)
    try:
        kept, resume = keep_draft(
            database.session,
            desk,
            formdata=typed_form(),
            files=request.files,
            token=page_token(),
            seen=page_seen(),
            store=file_store(),
            now=now(),
        )
    except Refusal as refusal:
        return page.not_kept(refusal, lambda: _again(desk))
    return page.kept(kept, resume, lambda: _again_with(desk, resume))


def _again(desk: Desk) -> AnswerForm:
    return typed_form_again(database.session, desk, typed_form(), now=now())


def _again_with(desk: Desk, resume: str) -> AnswerForm:
    held = desk.held
    same = desk_for_visitor(database.session, held, form_id=desk.form_id, resume=resume) if resume else desk
    return typed_form_again(database.session, same, typed_form(), now=now())


@blueprint.post("/<slug>/lift")
@allow(PUBLIC)
def lift(slug: str) -> Page:
    """Move the draft to the new version of the form, or back, or go on in the old one."""
    code = _desk(slug)[1]
    return lifted(
        lambda form_id: _desk(slug, form_id)[0], lambda desk, found: _page(desk, code=code, draft=found)
    )


@blueprint.route("/<slug>/resume", methods=["GET", "POST"])
@allow(PUBLIC)
def resume(slug: str) -> Page:
    """Go on with a draft on this device. The resume code is behind the # of the address, so no log has it."""
    held = collection_by_slug(database.session, slug)
    if held.access != "open" or held.anonymous:
        return redirect(url_for("filling.show", slug=slug))
    if request.method == "GET":
        return render_template("filling/resume.html", held=held, resume="")
    typed = "".join(sign for sign in typed_form().get("resume", "")[:80].upper() if sign.isalnum())
    try:
        found = resumed_draft(database.session, held, typed, now=now())
        desk = desk_for_visitor(database.session, held, resume=typed)
        return opened(desk, _page(desk, draft=found, resume=typed), found)
    except Refusal as refusal:
        page = render_template("filling/resume.html", held=held, resume=typed, refusal=refusal)
        return page, refusal.status


@blueprint.get("/<slug>/receipt/<receipt>")
@allow(PUBLIC)
def receipt(slug: str, receipt: str) -> Page:
    """That it was received: number, time, and what was sent."""
    held = collection_by_slug(database.session, slug)
    answer = answer_by_receipt(database.session, held, receipt)
    definition = form_of(database.session, answer.form_id)
    choices = SentChoices(database.session)
    return render_template(
        "filling/receipt.html",
        held=held,
        answer=answer,
        form=definition,
        printed=printed(definition, answer.answers, choices=choices),
        number=spelt(answer.receipt or ""),
        frame="ballot/frame.html",
    )


@blueprint.get("/<slug>/thanks")
@allow(PUBLIC)
def thanks(slug: str) -> Page:
    """The same page for everyone who answered anonymously."""
    return render_template("filling/thanks.html", held=collection_by_slug(database.session, slug))


def _posted_desk(slug: str) -> tuple[Desk, str]:
    """As `_desk`, in the version that the page showed."""
    return _desk(slug, page_form_id())


def _desk(slug: str, form_id: int | None = None) -> tuple[Desk, str]:
    """Whose filling was posted: a card's, or anyone's."""
    held = collection_by_slug(database.session, slug)
    typed = typed_form()
    if held.access == "code":
        code = typed.get("code", "")[:80]
        return desk_for_code(database.session, held, code, form_id=form_id, now=now()), code
    sent = "".join(sign for sign in typed.get("resume", "")[:40].upper() if sign.isalnum())
    return desk_for_visitor(database.session, held, form_id=form_id, resume=sent), ""


def _page(
    desk: Desk,
    *,
    code: str = "",
    draft: AnswerDraft | None = None,
    resume: str = "",
    refused: HandInRefused | None = None,
) -> FillPage:
    slug = desk.held.slug
    return FillPage(
        desk=desk,
        frame="ballot/frame.html",
        action=url_for("filling.send", slug=slug),
        draft_action=url_for("filling.draft", slug=slug),
        lift_action=url_for("filling.lift", slug=slug),
        authorised_by="code" if desk.held.access == "code" else "link",
        code=code,
        draft=draft,
        resume=resume or desk.resume,
        refused=refused,
    )
