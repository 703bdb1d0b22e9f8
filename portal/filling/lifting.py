"""A draft whose form has a newer version: shown what changed, lifted, put back; alike for link, code and account."""

from __future__ import annotations

from collections.abc import Callable

from flask import request
from flask_babel import gettext as _

from models.collection import AnswerDraft
from portal.clock import now
from portal.database import database
from portal.files import file_store
from portal.filling.page import FillPage, page_form_id, page_seen, page_token
from portal.posted import typed_form
from portal.sessionless import Page
from services.answer_desk import Desk
from services.answer_filling import keep_draft
from services.answer_pages import draft_at, draft_form, typed_form_again
from services.draft_lifting import lift_draft, put_back_draft, waiting_lift
from services.refusal import Refusal, not_found

#: The filling in a version of the form; None for the one given out now.
DeskIn = Callable[[int | None], Desk]
PageOf = Callable[[Desk, AnswerDraft | None], FillPage]


def opened(desk: Desk, page: FillPage, draft: AnswerDraft, *, back: bool = False) -> str:
    """The draft on its page; before that, what changed, where its form has a newer version."""
    form = draft_form(database.session, desk, draft, now=now())
    waiting = waiting_lift(database.session, draft, desk.form_id, choices=desk.choices, now=now())
    return page.changed(waiting, back=back) if waiting else page.render(form)


def lifted(desk_in: DeskIn, page_of: PageOf) -> Page:
    """What the person chose: `lift` to the new version, `stay` in the old one, or go `back` to it."""
    chosen = request.form.get("do", "")
    if chosen == "back":
        return _back(desk_in, page_of)
    desk = desk_in(None)
    draft = draft_at(database.session, desk, now=now())
    if draft is None or desk.place is None:
        raise not_found(_("这份草稿；它可能已经提交或者过期"))
    if chosen == "lift":
        draft = lift_draft(
            database.session, desk.place, form_id=desk.form_id, choices=desk.choices, now=now()
        )
    else:
        desk = desk_in(draft.form_id)
    return page_of(desk, draft).render(draft_form(database.session, desk, draft, now=now()))


def _back(desk_in: DeskIn, page_of: PageOf) -> Page:
    """What the page showed is saved first: nothing typed since the lifting is lost."""
    desk = desk_in(page_form_id())
    try:
        keep_draft(
            database.session,
            desk,
            formdata=typed_form(),
            files=request.files,
            token=page_token(),
            seen=page_seen(),
            store=file_store(),
            now=now(),
        )
        if desk.place is None:
            raise not_found(_("这份草稿；它可能已经提交或者过期"))
        draft = put_back_draft(database.session, desk.place, choices=desk.choices, now=now())
    except Refusal as refusal:
        page = page_of(desk, draft_at(database.session, desk, now=now()))
        return page.not_kept(
            refusal, lambda: typed_form_again(database.session, desk, typed_form(), now=now())
        )
    newest = desk_in(None)
    return opened(newest, page_of(newest, draft), draft, back=True)
