"""Pages of the rated: what needs an answer, the cases, the score."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from models.campaign import Campaign
from models.case import Case
from models.people import Role
from portal.access import allow, current_actor
from portal.clock import now
from portal.database import database
from portal.department import notice_views, sign_views
from portal.department.blueprint import Page, blueprint
from portal.department.own import campaign_of_page, me
from portal.department.step_form import StepForm, answers, step_form
from portal.files import file_store
from portal.menu import MenuEntry
from services.actor import Actor
from services.cases import step_case
from services.explanations import Figure, explanation_for
from services.messages import mark_read, messages_of, unread_count
from services.notice_service import unsigned_notices
from services.notices import shown_pdf
from services.rated_view import rated_view
from services.refusal import Refusal, not_found
from services.target_access import own_case, own_notice, own_target, own_targets
from services.target_case import CaseSheet, case_sheet, moved_refusal, taken_already
from services.target_pages import (
    case_page,
    count_own,
    needing_answer,
    published_results,
    result_notices,
)
from services.target_scores import own_figures
from services.target_steps import FIXED_AT_SERVICE, asks_of_target, fixed_answers, serves
from workflow.engine import Offer

__all__ = ["MENU", "blueprint", "notice_views", "sign_views"]

MENU = [
    MenuEntry("department.index", _l("待办事项"), _l("测评对象"), 20),
    MenuEntry("department.cases", _l("本单位整改事项"), _l("测评对象"), 21),
    MenuEntry("department.notices", _l("收到的文书"), _l("测评对象"), 22),
    MenuEntry("department.score", _l("得分与名次"), _l("测评对象"), 23),
]


@blueprint.get("")
@allow(Role.TARGET)
def index() -> Page:
    """What needs an answer now; messages, score, result."""
    actor, campaign, at = me(), campaign_of_page(), now()
    targets = own_targets(database.session, actor)
    view = rated_view(database.session, campaign, now=at)
    ranking = view.ranking
    messages, _total = messages_of(database.session, actor, unread_only=True, size=8)
    return render_template(
        "department/index.html",
        targets=targets,
        until=view.until,
        figures=own_figures(campaign, ranking, targets),
        waiting=needing_answer(database.session, actor, campaign, ranking, now=at),
        counts=count_own(database.session, actor, campaign),
        messages=messages,
        unread=unread_count(database.session, actor),
        results=published_results(database.session, targets, campaign),
        notices=result_notices(database.session, targets, campaign),
        unsigned=unsigned_notices(database.session, actor, targets, now=at),
    )


@blueprint.post("/messages/read")
@allow(Role.TARGET)
def read_messages() -> Page:
    """The messages shown on the page have been read."""
    mark_read(database.session, current_actor(), now=now(), up_to=_number(request.form.get("up_to")))
    return redirect(url_for("department.index") + "#messages")


def _number(text: str | None) -> int:
    """A whole number from a hidden field or an address; 0 for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0


@blueprint.get("/cases")
@allow(Role.TARGET)
def cases() -> Page:
    """The own cases, a page at a time."""
    actor, campaign = me(), campaign_of_page()
    which = request.args.get("which", "open")
    which = which if which in {"open", "ended", "all"} else "open"
    page = case_page(
        database.session,
        actor,
        campaign,
        which=which,
        now=now(),
        page=_number(request.args.get("page", "1")) or 1,
    )
    return render_template(
        "department/cases.html",
        page=page,
        which=which,
        counts=count_own(database.session, actor, campaign),
        many=len(own_targets(database.session, actor)) > 1,
    )


def _sheet(actor: Actor, case_id: int) -> tuple[Case, CaseSheet]:
    found = own_case(database.session, actor, case_id)
    ranking = rated_view(database.session, found.campaign, now=now()).ranking
    return found, case_sheet(database.session, actor, found, ranking=ranking, now=now())


@blueprint.get("/cases/<int:case_id>")
@allow(Role.TARGET)
def case(case_id: int) -> Page:
    """One case."""
    _found, sheet = _sheet(me(), case_id)
    return render_template("department/case.html", case=sheet.case, sheet=sheet)


@blueprint.get("/cases/<int:case_id>/print")
@allow(Role.TARGET)
def print_case(case_id: int) -> Page:
    """One case on paper: all of it unfolded, nothing to press."""
    _found, sheet = _sheet(me(), case_id)
    return render_template("department/print.html", case=sheet.case, sheet=sheet, printed_at=now())


@blueprint.get("/notices/<int:notice_id>.pdf")
@allow(Role.TARGET)
def notice(notice_id: int) -> Page:
    """A notice as it was issued; `?save` to keep it instead of looking at it."""
    row = own_notice(database.session, current_actor(), notice_id)
    if row.case_id is not None:
        own_case(database.session, me(), row.case_id)
    pdf = shown_pdf(database.session, row, original=False, now=now())
    return send_file(
        io.BytesIO(pdf),
        mimetype="application/pdf",
        as_attachment="save" in request.args,
        download_name=f"{row.number}.pdf",
        max_age=0,
    )


def _offer(sheet: CaseSheet, trigger: str) -> Offer:
    found = next((offer for offer in sheet.row.steps if offer.trigger == trigger), None)
    if found is None:
        raise not_found("这一步骤")
    return found


def _form_for(actor: Actor, offer: Offer) -> tuple[StepForm, tuple[Any, ...], dict[str, Any]]:
    """The form, the questions it puts, and the answers that are not the person's to choose."""
    asks = asks_of_target(offer)
    given: dict[str, Any] = {"receiver": actor.name} if serves(offer) else {}
    return step_form(asks, **given), asks, fixed_answers(offer)


@blueprint.route("/cases/<int:case_id>/<trigger>", methods=["GET", "POST"])
@allow(Role.TARGET)
def take(case_id: int, trigger: str) -> Page:
    """One step of a case: its form, and taking it."""
    actor = me()
    found, sheet = _sheet(actor, case_id)
    if request.method == "POST" and _repeated(actor, found, trigger):
        return _done(found, again=True)
    offer = _offer(sheet, trigger)
    form, asks, fixed = _form_for(actor, offer)
    refusal = None if offer.allowed else Refusal("step_not_now", f"{offer.reason}。", 409)
    status = 409 if refusal and request.method == "POST" else 200
    if refusal is None and form.is_submitted():
        refusal, status = _attempt(actor, found, offer, form, asks, fixed)
        if status == 302:
            return _done(found)
        database.session.rollback()
        found, sheet = _sheet(actor, case_id)
    return _step_page(found, sheet, offer, form, asks, refusal), status


def _attempt(
    actor: Actor, found: Case, offer: Offer, form: StepForm, asks: tuple[Any, ...], fixed: dict[str, Any]
) -> tuple[Refusal | None, int]:
    """Take the step; 302 when it was taken, else what is wrong and the status of the page that says so."""
    if not form.validate():
        return None, 422
    if serves(offer) and "confirmed" not in request.form:
        return Refusal("not_confirmed", _("请先阅读文书，再勾选“已收到并阅读”后签收。"), 422), 422
    try:
        said, files = answers(form, asks)
        step_case(
            database.session,
            actor,
            found.id,
            offer.trigger,
            asked={**said, **fixed},
            now=now(),
            seen_version=form.seen_version or 0,
            files=files,
            store=file_store(),
        )
    except Refusal as refused:
        if refused.status == 404:
            raise
        return _retold(actor, found.id, refused), refused.status
    return None, 302


def _retold(actor: Actor, case_id: int, refused: Refusal) -> Refusal:
    """The sentence about a moved case names who moved it; the rated must not read a name there."""
    if refused.code != "case_moved":
        return refused
    database.session.rollback()
    return moved_refusal(database.session, own_case(database.session, actor, case_id))


def _repeated(actor: Actor, found: Case, trigger: str) -> bool:
    """Whether this post is the second click on a step that was just taken from the same page."""
    seen = _number(request.form.get("seen"))
    typed = {
        name.removeprefix("a_"): words.replace("\r\n", "\n").strip()
        for name, words in request.form.items()
        if name.startswith("a_") and name.removeprefix("a_") not in FIXED_AT_SERVICE and words.strip()
    }
    return seen < found.row_version and taken_already(database.session, actor, found, trigger, typed)


def _done(found: Case, *, again: bool = False) -> Response:
    flash(_("已经办理，无需重复提交。") if again else _("已办理，记入办理经过。"), "ok")
    return redirect(url_for("department.case", case_id=found.id))


def _step_page(
    found: Case,
    sheet: CaseSheet,
    offer: Offer,
    form: StepForm,
    asks: tuple[Any, ...],
    refusal: Refusal | None,
) -> str:
    form.seen.data = str(found.row_version)
    return render_template(
        "department/step.html",
        case=sheet.case,
        sheet=sheet,
        offer=offer,
        form=form,
        asks=asks,
        refusal=refusal,
        serves=serves(offer),
    )


@blueprint.get("/score")
@allow(Role.TARGET)
def score() -> Page:
    """The own score explained; the head of a unit with several targets chooses one."""
    actor, campaign = me(), campaign_of_page()
    targets = own_targets(database.session, actor)
    if len(targets) == 1:
        return _score_page(campaign, actor, targets[0].id)
    view = rated_view(database.session, campaign, now=now())
    figures = own_figures(campaign, view.ranking, targets)
    return render_template("department/scores.html", figures=figures, until=view.until)


@blueprint.get("/score/<int:target_id>")
@allow(Role.TARGET)
def score_of(target_id: int) -> Page:
    """The score of one own target."""
    return _score_page(campaign_of_page(), me(), target_id)


def _score_page(campaign: Campaign, actor: Actor, target_id: int) -> str:
    target = own_target(database.session, actor, target_id)
    found = explanation_for(database.session, actor, campaign, target_id=target.id, now=now())
    return render_template(
        "department/score.html",
        target=target,
        found=found,
        methods=list(_methods(found.tree)),
        results=published_results(database.session, [target], campaign),
        many=len(own_targets(database.session, actor)) > 1,
        case_link=_case_link,
    )


def _methods(figure: Figure) -> Iterator[Figure]:
    """The figures that count ratings, one for each method that has any."""
    if figure.method:
        yield figure
    for child in figure.children:
        yield from _methods(child)


def _case_link(case_id: int | None) -> str | None:
    return None if case_id is None else url_for("department.case", case_id=case_id)
