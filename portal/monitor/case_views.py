"""再评价: what one reported became a case, was answered, and asks for one's word once more."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from models.people import Role
from portal.access import allow, current_actor
from portal.clock import now
from portal.database import database
from portal.department.step_form import StepForm, answers, step_form
from portal.monitor.blueprint import Page, blueprint
from services.messages import mark_read, messages_of
from services.refusal import Refusal
from services.reporter_cases import AskedBack, asked_back, asked_back_for, own_reported, re_evaluate
from services.target_case import taken_already


@blueprint.get("/cases")
@allow(Role.MONITOR, Role.INSPECTOR)
def cases() -> Page:
    """What asks for one's word now, and what one was told of it."""
    found = asked_back(database.session, current_actor(), now=now())
    messages, total = messages_of(database.session, current_actor(), size=20)
    return render_template(
        "monitor/cases.html",
        found=found,
        step_of={item.case_id: item.offer.trigger for item in found},
        messages=messages,
        total=total,
    )


@blueprint.post("/messages/read")
@allow(Role.MONITOR, Role.INSPECTOR)
def read_messages() -> Page:
    """The messages on the page have been read."""
    mark_read(database.session, current_actor(), now=now(), up_to=_number(request.form.get("up_to")))
    return redirect(url_for("monitor.cases"))


@blueprint.route("/cases/<int:case_id>/<trigger>", methods=["GET", "POST"])
@allow(Role.MONITOR, Role.INSPECTOR)
def re_evaluation(case_id: int, trigger: str) -> Page:
    """The reporter's step of one case: what was answered, the questions, and taking it."""
    if request.method == "POST" and _repeated(case_id, trigger):
        return _done(again=True)
    try:
        item = asked_back_for(database.session, current_actor(), case_id, trigger, now=now())
    except Refusal as refused:
        return _back(refused)
    form = step_form(item.offer.asks, grades=item.grades)
    if not form.is_submitted():
        return _form_page(item, form, None)
    if not form.validate():
        return _form_page(item, form, None), 422
    return _take(item, form)


def _take(item: AskedBack, form: StepForm) -> Page:
    said, _files = answers(form, item.offer.asks)
    try:
        re_evaluate(
            database.session,
            current_actor(),
            item.case_id,
            item.offer.trigger,
            asked=said,
            seen_version=form.seen_version or 0,
            now=now(),
        )
    except Refusal as refused:
        database.session.rollback()
        if refused.status != 422:
            return _back(refused)
        return _form_page(item, form, refused), 422
    mark_read(database.session, current_actor(), now=now(), case_id=item.case_id)
    return _done()


def _repeated(case_id: int, trigger: str) -> bool:
    """Whether this post is the second click on the step that was just taken from the same page."""
    case = own_reported(database.session, current_actor(), case_id, trigger)
    typed = {
        name.removeprefix("a_"): words.replace("\r\n", "\n").strip()
        for name, words in request.form.items()
        if name.startswith("a_") and words.strip()
    }
    if _number(request.form.get("seen")) >= case.row_version:
        return False
    return taken_already(database.session, current_actor(), case, trigger, typed)


def _number(text: str | None) -> int:
    """A whole number from a hidden field; 0 for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0


def _back(refused: Refusal) -> Page:
    if refused.status == 404:
        raise refused
    flash(refused.sentence, "warn")
    return redirect(url_for("monitor.cases"))


def _done(*, again: bool = False) -> Response:
    flash(_("已经收到您的再评价，无需重复提交。") if again else _("已收到您的再评价，谢谢。"), "ok")
    return redirect(url_for("monitor.cases"))


def _form_page(item: AskedBack, form: StepForm, refusal: Refusal | None) -> str:
    form.seen.data = str(item.version)
    return render_template("monitor/re_evaluation.html", item=item, form=form, refusal=refusal)
