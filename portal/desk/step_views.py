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
from services.case_file import case_file, notice_kinds_of_step, offer_for, rule_of
from services.cases import step_case
from services.notice_drafts import drafts_of_step, kinds_to_check, submit_draft
from services.notice_preview import preview_notice
from services.panels import Proposal, eligible_signers, propose_step
from services.refusal import Refusal
from workflow.definition import Trigger

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
    procedure = _number("procedure")
    rule, answers = _answers(case_id, trigger, procedure=procedure)
    if answers.faults:
        return _page(case_id, trigger, answers), 422
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
            seen_version=_number("seen_version"),
            seen_procedure=procedure or None,
            files=answers.files,
            store=file_store(),
        )
    except Refusal as refusal:
        database.session.rollback()
        return _page(case_id, trigger, answers, refusal=refusal), refusal.status
    flash(_("“%(step)s”已办理。", step=rule.name), "ok")
    return redirect(url_for("desk.case", case_id=case_id))


def _proposed(case_id: int, trigger: str, answers: Answers) -> Page:
    """The step put before a panel."""
    proposal = Proposal(
        case_id=case_id,
        trigger=trigger,
        asked=answers.asked,
        persons=_signers(),
        seen_version=_number("seen_version"),
        seen_procedure=_number("procedure") or None,
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
    _rule, answers = _answers(case_id, trigger)
    pdf = preview_notice(database.session, current_actor(), case_id, trigger, kind, answers.asked, now=now())
    return file_answer(pdf, _("样张.pdf"), PDF, inline=True)


@blueprint.post("/cases/<int:case_id>/<trigger>/check/<kind>")
@allow(*OFFICE)
def send_for_check(case_id: int, trigger: str, kind: str) -> Page:
    """Put the notice of this step before a second person, with what is typed now."""
    _rule, answers = _answers(case_id, trigger)
    if answers.faults:
        return _page(case_id, trigger, answers), 422
    try:
        submit_draft(database.session, current_actor(), case_id, trigger, kind, answers.asked, now=now())
    except Refusal as refusal:
        database.session.rollback()
        return _page(case_id, trigger, answers, refusal=refusal), refusal.status
    flash(_("已送核；核准后回到这一步办理。"), "ok")
    return redirect(url_for("desk.step", case_id=case_id, trigger=trigger))


def _answers(case_id: int, trigger: str, *, procedure: int = 0) -> tuple[Trigger, Answers]:
    """procedure: the definition the page was made from, where the act checks that the case still follows it."""
    rule, grades = rule_of(database.session, current_actor(), case_id, trigger, procedure=procedure)
    return rule, read_answers(rule.asks, request.form, request.files, grades=grades)


def _number(name: str) -> int:
    """A hidden number of the page: the version of the case it was made from, its procedure. 0 when it says none."""
    text = request.form.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


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
