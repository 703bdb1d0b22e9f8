"""Taking a step of a case, and seeing beforehand what it would issue."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.access import allow, current_actor
from portal.clock import now
from portal.database import database
from portal.desk.asks import Answers, nothing_typed, read_answers, told_again
from portal.desk.blueprint import Page, blueprint
from portal.downloads import file_answer
from portal.files import file_store
from services.actor import OFFICE
from services.case_file import case_file, notice_kinds_of_step, offer_for
from services.cases import step_case
from services.notice_drafts import drafts_of_step, kinds_to_check, submit_draft
from services.notice_preview import preview_notice
from services.panels import Proposal, eligible_signers, propose_step
from services.refusal import Refusal

PDF = "application/pdf"


@blueprint.get("/cases/<int:case_id>/<trigger>")
@allow(*OFFICE)
def step(case_id: int, trigger: str) -> Page:
    """The page of one step: what it asks, what it issues."""
    drafts = drafts_of_step(database.session, case_id, trigger)
    return _page(case_id, trigger, told_again(drafts[0].asked) if drafts else nothing_typed())


@blueprint.post("/cases/<int:case_id>/<trigger>")
@allow(*OFFICE)
def take_step(case_id: int, trigger: str) -> Page:
    """Take the step, if the case still stands where the person saw it."""
    answers = _answers(case_id, trigger)
    if answers.faults:
        return _page(case_id, trigger, answers), 422
    rule = offer_for(database.session, current_actor(), case_id, trigger, now=now())[1]
    try:
        if rule.panel is not None:
            return _proposed(case_id, trigger, answers)
        step_case(
            database.session,
            current_actor(),
            case_id,
            trigger,
            asked=answers.asked,
            now=now(),
            seen_version=_seen_version(),
            files=answers.files,
            store=file_store(),
        )
    except Refusal as refusal:
        database.session.rollback()
        return _page(case_id, trigger, answers, refusal=refusal), refusal.status
    flash(_("“%(step)s”已办理。", step=_step_name(case_id, trigger)), "ok")
    return redirect(url_for("desk.case", case_id=case_id))


def _proposed(case_id: int, trigger: str, answers: Answers) -> Page:
    """The step put before a panel."""
    proposal = Proposal(
        case_id=case_id,
        trigger=trigger,
        asked=answers.asked,
        persons=_signers(),
        seen_version=_seen_version(),
        files=tuple(answers.files),
    )
    row = propose_step(database.session, current_actor(), proposal, store=file_store(), now=now())
    flash(_("已提交会签。最后一人签署同意后，这一步当即办理。"), "ok")
    return redirect(url_for("desk.panel", panel_id=row.id))


def _signers() -> tuple[int, ...]:
    """The accounts chosen to sign, in their order on the page."""
    chosen = [text for text in request.form.getlist("signer") if text]
    return tuple(int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0 for text in chosen)


@blueprint.post("/cases/<int:case_id>/<trigger>/preview/<kind>")
@allow(*OFFICE)
def preview(case_id: int, trigger: str, kind: str) -> Page:
    """The draft of a notice with what is typed now; nothing is stored."""
    answers = _answers(case_id, trigger)
    pdf = preview_notice(database.session, current_actor(), case_id, trigger, kind, answers.asked, now=now())
    return file_answer(pdf, _("样张.pdf"), PDF, inline=True)


@blueprint.post("/cases/<int:case_id>/<trigger>/check/<kind>")
@allow(*OFFICE)
def send_for_check(case_id: int, trigger: str, kind: str) -> Page:
    """Put the notice of this step before a second person, with what is typed now."""
    answers = _answers(case_id, trigger)
    if answers.faults:
        return _page(case_id, trigger, answers), 422
    try:
        submit_draft(database.session, current_actor(), case_id, trigger, kind, answers.asked, now=now())
    except Refusal as refusal:
        database.session.rollback()
        return _page(case_id, trigger, answers, refusal=refusal), refusal.status
    flash(_("已送核；核准后回到这一步办理。"), "ok")
    return redirect(url_for("desk.step", case_id=case_id, trigger=trigger))


def _answers(case_id: int, trigger: str) -> Answers:
    case, rule, _offer = offer_for(database.session, current_actor(), case_id, trigger, now=now())
    grades = frozenset(str(grade["key"]) for grade in case.campaign.settings["grades"])
    return read_answers(rule.asks, request.form, request.files, grades=grades)


def _seen_version() -> int:
    """The version the page was made from; 0, which no case has, when the page does not say."""
    text = request.form.get("seen_version", "")
    return int(text) if text.isdigit() and len(text) < 10 else 0


def _step_name(case_id: int, trigger: str) -> str:
    return offer_for(database.session, current_actor(), case_id, trigger, now=now())[1].name


def _page(case_id: int, trigger: str, answers: Answers, *, refusal: Refusal | None = None) -> str:
    session, actor, at = database.session, current_actor(), now()
    case, rule, offer = offer_for(session, actor, case_id, trigger, now=at)
    kinds = notice_kinds_of_step(session, case, rule) if offer else {}
    context: dict[str, Any] = {
        "case": case,
        "rule": rule,
        "offer": offer,
        "answers": answers,
        "refusal": refusal,
        "file": case_file(session, actor, case_id, now=at),
        "kinds": kinds,
        "to_check": kinds_to_check(session, case.campaign, kinds),
        "drafts": drafts_of_step(session, case.id, trigger),
        "grades": case.campaign.settings["grades"],
        "signable": eligible_signers(session, actor, case, rule),
        "chosen": _signers(),
    }
    return render_template("desk/step.html", **context)
