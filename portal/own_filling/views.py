"""Forms that were sent to accounts: who logs in fills in what the own roles are asked."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from forms.answers import printed
from models.collection import AnswerDraft
from portal.access import SIGNED_IN, allow, current_actor
from portal.clock import now
from portal.database import database
from portal.files import file_store
from portal.filling.lifting import lifted, opened
from portal.filling.page import FillPage, page_form_id, page_seen, page_token
from portal.menu import MenuEntry
from portal.posted import typed_form
from portal.sessionless import Page
from services.answer_access import answer_for, asked_of, own_answer
from services.answer_desk import Desk, collection_by_slug, desk_for_account
from services.answer_drafts import account_place, drop_draft
from services.answer_filling import HandInRefused, hand_in, keep_draft
from services.answer_pages import draft_at, empty_form, other_case, typed_form_again
from services.attachments import attachments_of
from services.choices import StoredChoices
from services.definitions import form_of
from services.one_time_codes import spelt
from services.refusal import Refusal, not_found

blueprint = Blueprint("own_filling", __name__, url_prefix="/fill")
MENU = (MenuEntry("own_filling.index", _l("请我填写"), _l("测评"), order=14),)


@blueprint.get("")
@allow(SIGNED_IN)
def index() -> Page:
    """What this person is asked to fill in, and what was handed in."""
    return render_template("filling/index.html", asked=asked_of(database.session, current_actor(), now=now()))


@blueprint.route("/<slug>", methods=["GET", "POST"])
@allow(SIGNED_IN)
def fill(slug: str) -> Page:
    """The form, as it was left; or hand it in."""
    held = collection_by_slug(database.session, slug)
    actor = current_actor()
    if request.method == "GET":
        given = own_answer(database.session, actor, held) if held.one_each else None
        if given is not None:
            return redirect(url_for("own_filling.receipt", slug=slug, answer_id=given.id))
        return _begin(slug)
    desk = _desk(slug, form_id=page_form_id())
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
        return _page(desk, draft=refused.draft, refused=refused).render(refused.bound.form), refused.status
    return redirect(url_for("own_filling.receipt", slug=slug, answer_id=taken.answer_id), 303)


def _begin(slug: str) -> Page:
    held = collection_by_slug(database.session, slug)
    try:
        desk = _desk(slug)
        found = draft_at(database.session, desk, now=now())
        if found is not None:
            other = other_case(database.session, desk, found, request.args)
            if other:
                flash(
                    _(
                        "您还有一份没交的草稿，写的是%(case)s，不是这次请您填的事项。请先提交它或清空草稿，再打开这个链接。",
                        case=other,
                    ),
                    "warn",
                )
            return opened(desk, _page(desk, draft=found), found)
        form = empty_form(database.session, desk, link=request.args, now=now())
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        return render_template(
            "filling/own_stopped.html", held=held, sentence=refusal.sentence
        ), refusal.status
    return _page(desk).render(form)


@blueprint.post("/<slug>/draft")
@allow(SIGNED_IN)
def draft(slug: str) -> Page:
    """Keep what was typed so far."""
    desk = _desk(slug, form_id=page_form_id())
    page = _page(desk)
    try:
        kept, _resume = keep_draft(
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
        return page.not_kept(
            refusal, lambda: typed_form_again(database.session, desk, typed_form(), now=now())
        )
    return page.kept(kept, "", lambda: typed_form_again(database.session, desk, typed_form(), now=now()))


@blueprint.post("/<slug>/lift")
@allow(SIGNED_IN)
def lift(slug: str) -> Page:
    """Move the draft to the new version of the form, or back, or go on in the old one."""
    return lifted(lambda form_id: _desk(slug, form_id=form_id), lambda desk, found: _page(desk, draft=found))


@blueprint.post("/<slug>/restart")
@allow(SIGNED_IN)
def restart(slug: str) -> Page:
    """Forget the draft and begin with an empty form."""
    held = collection_by_slug(database.session, slug)
    drop_draft(database.session, account_place(current_actor(), held), store=file_store())
    flash(_("已清空，可以重新填写。"), "ok")
    return redirect(url_for("own_filling.fill", slug=slug))


@blueprint.get("/<slug>/receipt/<int:answer_id>")
@allow(SIGNED_IN)
def receipt(slug: str, answer_id: int) -> Page:
    """That it was received: number, time, and what was sent."""
    held = collection_by_slug(database.session, slug)
    answer = answer_for(database.session, current_actor(), answer_id)
    if answer.collection_id != held.id:
        raise not_found("这份回执")
    definition = form_of(database.session, answer.form_id)
    owner = ("rating", answer.rating_id) if answer.rating_id else ("answer", answer.id)
    return render_template(
        "filling/receipt.html",
        held=held,
        answer=answer,
        form=definition,
        printed=printed(definition, answer.answers, choices=StoredChoices(database.session)),
        files=attachments_of(database.session, *owner),
        number=spelt(answer.receipt or ""),
        frame="monitor/frame.html",
    )


def _desk(slug: str, *, form_id: int | None = None) -> Desk:
    held = collection_by_slug(database.session, slug)
    return desk_for_account(database.session, held, current_actor(), form_id=form_id)


def _page(desk: Desk, *, draft: AnswerDraft | None = None, refused: HandInRefused | None = None) -> FillPage:
    slug = desk.held.slug
    return FillPage(
        desk=desk,
        frame="monitor/frame.html",
        action=url_for("own_filling.fill", slug=slug),
        draft_action=url_for("own_filling.draft", slug=slug),
        lift_action=url_for("own_filling.lift", slug=slug),
        authorised_by="session",
        draft=draft,
        refused=refused,
    )
