"""批量办理: cases ticked in a list, one step for all of them, a result for each."""

from __future__ import annotations

from flask import render_template, request
from flask_babel import gettext as _

from portal.access import allow, current_actor
from portal.clock import now
from portal.database import database
from portal.desk.asks import Answers, nothing_typed, read_answers
from portal.desk.blueprint import Page, blueprint, campaign_or_404
from services.actor import OFFICE
from services.bulk_steps import Chosen, chosen_cases, step_many, steps_for
from services.refusal import Refusal
from workflow.definition import Ask, Trigger
from workflow.vocabulary import AskType


@blueprint.get("/bulk")
@allow(*OFFICE)
def bulk() -> Page:
    """The ticked cases, the steps they have in common, and what the chosen step asks."""
    return _page(_ids("case"), request.args.get("step", ""), nothing_typed())


@blueprint.post("/bulk")
@allow(*OFFICE)
def take_bulk() -> Page:
    """Take the step on each, and say of each what came of it."""
    wishes = [(number, _version(number)) for number in _ids("case", posted=True)]
    trigger = request.form.get("step", "")
    chosen = chosen_cases(database.session, current_actor(), [number for number, _seen in wishes], now=now())
    rule = _rule(chosen, trigger)
    if rule is None:
        return _page([number for number, _seen in wishes], "", nothing_typed(), _no_step()), 422
    grades = frozenset(str(grade["key"]) for grade in campaign_or_404().settings["grades"])
    answers = read_answers(_asks(rule), request.form, request.files, grades=grades)
    if answers.faults:
        return _page([number for number, _seen in wishes], trigger, answers), 422
    results = step_many(database.session, current_actor(), wishes, trigger, asked=answers.asked, now=now())
    return render_template("desk/bulk_done.html", results=results, rule=rule)


def _page(ids: list[int], trigger: str, answers: Answers, refusal: Refusal | None = None) -> str:
    session = database.session
    chosen = chosen_cases(session, current_actor(), ids, now=now())
    steps = steps_for(session, chosen)
    rule = next((rule for rule, _count in steps if rule.key == trigger), None)
    return render_template(
        "desk/bulk.html",
        chosen=chosen,
        steps=steps,
        rule=rule,
        asks=_asks(rule) if rule else (),
        answers=answers,
        refusal=refusal,
        grades=campaign_or_404().settings["grades"],
        ids=ids,
    )


def _rule(chosen: list[Chosen], trigger: str) -> Trigger | None:
    return next((rule for rule, _count in steps_for(database.session, chosen) if rule.key == trigger), None)


def _asks(rule: Trigger) -> tuple[Ask, ...]:
    """What is asked once for all: everything but files, which belong to one case."""
    return tuple(ask for ask in rule.asks if ask.type is not AskType.FILES)


def _no_step() -> Refusal:
    return Refusal("bulk_no_step", _("请先选择要办的步骤；选中的事项如已被他人办理，可办的步骤会变。"), 422)


def _ids(name: str, *, posted: bool = False) -> list[int]:
    """Case ids out of the address or the form; what is none is left out."""
    texts = (request.form if posted else request.args).getlist(name)
    return [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 10]


def _version(case_id: int) -> int:
    text = request.form.get(f"seen_{case_id}", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
