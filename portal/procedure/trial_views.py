"""A draft tried out: one case, a made-up year, the real cases of a campaign."""

from __future__ import annotations

import json
from datetime import date, datetime, time
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from definitions.fault import DefinitionFaults
from forms.fields.date import day_from
from models.people import Role
from notices.completeness import sample_of
from notices.refusal import NoticeRefused
from portal.access import allow, current_actor
from portal.clock import now
from portal.database import database
from portal.downloads import file_answer
from portal.posted import typed_form
from portal.procedure.blueprint import Page, Sight, blueprint, hand, shared, sight_of
from portal.procedure.trial_pages import chart_of, choices, clicked, next_morning, trial_lines
from portal.security import allow_chart_styles
from scoring.engine import case_deduction
from services import procedure_trials
from services.deductions import states_of
from services.procedure_checks import story_results
from services.refusal import Refusal, not_found
from workflow.calendar import CalendarTooShort, WorkCalendar
from workflow.courses import COURSES, script_of, walked
from workflow.edit import Document, ProcedureEditRefused
from workflow.sandbox import Assumptions, Year
from workflow.simulation import Script, live, story_of
from workflow.virtual_case import VirtualCase

MOST_STORIES = 40
#: Days outside of these are slips of the hand; calendars begin and end far inside.
YEARS = range(2000, 2101)
#: Longer scripts were not clicked together.
MOST_STEPS = 120
#: More earlier cases say no more.
MOST_EARLIER = 3


def _cost(sight: Sight, tiers: tuple[str, ...]) -> int:
    scheme = sight.found.pack.scheme
    return case_deduction(scheme, states_of(scheme, tiers)).points


@blueprint.route("/<key>/draft/simulate", methods=["GET", "POST"])
@allow(Role.ADMIN)
def simulate(key: str) -> Page:
    """One case on a virtual clock: a usual course, or own steps one after the other."""
    sight = sight_of(key)
    if sight.faults:
        return render_template("procedure/simulate.html", case=None, stories=(), **shared(sight))
    calendar = procedure_trials.calendar_for(database.session)
    form = typed_form()
    script = _script_asked(sight, calendar, form)
    if script is None:
        return _simulate_page(sight, calendar, None, {})
    try:
        case = _lived(sight, calendar, script)
        if form.get("do") or form.get("wait"):
            script, case = _further(sight, calendar, script, case, form)
    except DefinitionFaults as refused:
        sentence = "；".join(fault.what for fault in refused.faults)
        return _simulate_page(sight, calendar, None, script, refused=sentence), 422
    except CalendarTooShort as short:
        return _simulate_page(sight, calendar, None, script, refused=short.sentence), 422
    return _simulate_page(sight, calendar, case, script, refused=script.pop("refused", ""))


def _script_asked(sight: Sight, calendar: WorkCalendar, form: Any) -> dict[str, Any] | None:
    """The script the page is about: posted, a usual course, a kept story, an empty one; None for none yet."""
    if form.get("script"):
        return _posted_script(form["script"])
    story = request.args.get("story", "")
    if story.isascii() and story.isdigit():
        kept = list(sight.draft.document.get("stories", ()))
        if int(story) >= len(kept):
            raise not_found("这个用例")
        return {name: value for name, value in kept[int(story)].items() if name != "expect"}
    course = request.args.get("course", "")
    if not course:
        return None
    at = datetime.combine(_day(request.args.get("on", "")), time(9), calendar.zone)
    facts = {"grave": bool(request.args.get("grave"))}
    before = _found_before() if sight.workflow.repeat_offence else []
    if course == "own":
        local = at.replace(tzinfo=None).isoformat(timespec="minutes")
        return {
            "name": "自选步骤",
            "workflow": sight.draft.key,
            "registered_at": local,
            "facts": facts,
            "found_before": [day.isoformat() for day in before],
            "steps": [],
        }
    if course not in COURSES:
        raise not_found("这种办法")
    case = walked(sight.workflow, calendar, COURSES[course], facts=facts, at=at, found_before=before)
    return script_of(case, COURSES[course].name)


def _found_before() -> list[date]:
    """The days on which the same problem was found before, as the page was told; others are slips of the hand."""
    typed = request.args.getlist("before")[:MOST_EARLIER]
    return [day for text in typed if (day := day_from(text)) is not None and day.year in YEARS]


def _day(typed: str) -> date:
    try:
        chosen = date.fromisoformat(typed)
    except ValueError:
        return now().date()
    return chosen if chosen.year in YEARS else now().date()


def _posted_script(text: str) -> dict[str, Any]:
    try:
        script = json.loads(text)
    except ValueError as error:
        raise Refusal("script_unreadable", "这个脚本看不懂了，请重新开始。", 422) from error
    steps = script.get("steps") if isinstance(script, dict) else None
    if not isinstance(steps, list) or len(steps) > MOST_STEPS:
        raise Refusal("script_unreadable", "这个脚本看不懂了，请重新开始。", 422)
    return dict(script)


def _lived(sight: Sight, calendar: WorkCalendar, script: dict[str, Any]) -> VirtualCase:
    """The case a script leads to. Raises DefinitionFaults."""
    if script.get("steps"):
        return live(sight.workflow, calendar, Script.read(script))
    first = {"at": script.get("registered_at")}
    return live(sight.workflow, calendar, Script.read({**script, "steps": [first]}))


def _further(
    sight: Sight, calendar: WorkCalendar, script: dict[str, Any], case: VirtualCase, form: Any
) -> tuple[dict[str, Any], VirtualCase]:
    """One step more; a step that is refused leaves the script as it was."""
    moment = _moment(form.get("at", ""), case)
    step: dict[str, Any]
    if form.get("do"):
        if form["do"] not in case.workflow.triggers_by_key:
            raise not_found("这一步骤")
        step = clicked(case, form["do"], moment)
    else:
        due = case.next_due()
        if form["wait"] == "due" and due is not None:
            moment = due.astimezone(calendar.zone)
        step = {"at": moment.replace(tzinfo=None).isoformat(timespec="minutes")}
    longer = {**script, "steps": [*script["steps"], step]}
    try:
        return longer, _lived(sight, calendar, longer)
    except DefinitionFaults as refused:
        return {**script, "refused": "；".join(fault.what for fault in refused.faults)}, case


def _moment(typed: str, case: VirtualCase) -> datetime:
    try:
        chosen = datetime.fromisoformat(typed)
    except ValueError:
        return next_morning(case)
    if chosen.year not in YEARS:
        return next_morning(case)
    return chosen.replace(tzinfo=case.calendar.zone) if chosen.tzinfo is None else chosen


def _simulate_page(
    sight: Sight, calendar: WorkCalendar, case: VirtualCase | None, script: dict[str, Any], refused: str = ""
) -> str:
    names = sight.found.names
    due = case.next_due() if case else None
    return render_template(
        "procedure/simulate.html",
        case=case,
        script=json.dumps(script, ensure_ascii=False),
        name=script.get("name", ""),
        lines=trial_lines(case, names, lambda tiers: _cost(sight, tiers)) if case else [],
        choices=choices(case, names) if case and not case.ended else [],
        morning=_morning(case) if case else None,
        due=due.astimezone(calendar.zone) if due else None,
        courses=COURSES,
        on=_day(request.args.get("on", "")),
        before=(request.args.getlist("before") + [""] * MOST_EARLIER)[:MOST_EARLIER],
        refused=refused,
        stories=story_results(sight.workflow, calendar),
        **shared(sight),
    )


def _morning(case: VirtualCase) -> datetime | None:
    try:
        return next_morning(case)
    except (CalendarTooShort, OverflowError):
        return None


@blueprint.post("/<key>/draft/stories")
@allow(Role.ADMIN)
def keep_story(key: str) -> Page:
    """Keep a run as a story that every later version must pass."""
    sight = sight_of(key)
    form = typed_form()
    script = _posted_script(form.get("script", ""))
    name = form.get("name", "").strip()[:60] or str(script.get("name") or "用例")
    calendar = procedure_trials.calendar_for(database.session)
    try:
        story = story_of(_lived(sight, calendar, script))
    except DefinitionFaults as refused:
        raise Refusal(
            "script_unreadable", "；".join(fault.what for fault in refused.faults), 422
        ) from refused
    steps = script["steps"] or [{"at": script["registered_at"]}]
    kept = {**script, "name": name, "workflow": key, "steps": steps, "expect": story.as_expected()}

    def change(document: Document) -> Document:
        stories = [old for old in document.get("stories", ()) if old["name"] != name]
        if len(stories) >= MOST_STORIES:
            raise ProcedureEditRefused(f"一个流程最多保存{MOST_STORIES}个用例，请先删去几个。")
        return {**document, "stories": [*stories, kept]}

    hand(key).edit(f"保存回归用例“{name}”", change)
    flash(_("已保存为回归用例：发布之前，每个用例都必须按预期走完。"), "ok")
    return redirect(url_for("procedure.simulate", key=key))


@blueprint.post("/<key>/draft/stories/<int:index>/delete")
@allow(Role.ADMIN)
def drop_story(key: str, index: int) -> Page:
    """Delete a kept story."""

    def change(document: Document) -> Document:
        stories = list(document.get("stories", ()))
        if index >= len(stories):
            raise ProcedureEditRefused("这个用例已经不在了。")
        del stories[index]
        changed = {**document, "stories": stories}
        if not stories:
            changed.pop("stories")
        return changed

    hand(key).edit("删除回归用例", change)
    flash(_("已删除，可以用“撤销”找回。"), "ok")
    return redirect(url_for("procedure.simulate", key=key))


@blueprint.get("/<key>/draft/notices/<kind>.pdf")
@allow(Role.ADMIN)
def sample(key: str, kind: str) -> Page:
    """A notice with sample values, as a step of the draft would issue it."""
    from notices.render import render_pdf  # draws pages; loaded when the first one is asked for

    found = sight_of(key).found.pack.notices.get(kind)
    if found is None:
        raise not_found("这种文书")
    try:
        content = render_pdf(found, sample_of(found), draft=True)
    except NoticeRefused as refused:
        raise Refusal(refused.code, refused.sentence, 422) from refused
    return file_answer(content, f"{found.name}（样张）.pdf", "application/pdf", inline=True)


# -- a made-up year ------------------------------------------------------------------------------------------

#: What can be assumed: name, least, most.
LIMITS = {
    "year": (2000, 2100),
    "cases": (1, procedure_trials.MOST_CASES),
    "in_time": (0, 100),
    "late": (0, 100),
    "rejected": (0, 100),
    "asks": (0, 100),
    "granted": (0, 100),
    "targets": (1, 1000),
    "officers": (1, 200),
    "grave": (0, 100),
    "seed": (0, 999_999),
}


@blueprint.get("/<key>/draft/sandbox")
@allow(Role.ADMIN)
def sandbox(key: str) -> Page:
    """A year of made-up cases under a draft, as tables and charts."""
    sight = sight_of(key)
    assumed, wrong = _assumed()
    year: Year | None = None
    refusal: Refusal | None = None
    if request.args.get("run") and not wrong:
        try:
            year = procedure_trials.sandbox_year(database.session, current_actor(), sight.draft, assumed)
        except Refusal as refused:
            refusal = refused
    if year is not None:
        allow_chart_styles()
    page = render_template(
        "procedure/sandbox.html",
        assumed=assumed,
        limits=LIMITS,
        wrong=wrong,
        refusal=refusal,
        year=year,
        charts=_charts(year) if year else {},
        **shared(sight),
    )
    return page, 422 if wrong else refusal.status if refusal else 200


def _assumed() -> tuple[Assumptions, list[str]]:
    given: dict[str, int] = {"year": now().year}
    wrong = []
    for name, (least, most) in LIMITS.items():
        typed = request.args.get(name, "").strip()
        if not typed:
            continue
        if not (typed.isascii() and typed.isdigit()) or not least <= int(typed) <= most:
            wrong.append(name)
        else:
            given[name] = int(typed)
    return Assumptions(**given), wrong


def _charts(year: Year) -> dict[str, Any]:
    weeks = [f"{day:%m-%d}" for day in year.weeks]
    points = sorted(year.points)
    lost = sorted(year.per_target)
    return {
        "weeks": chart_of(
            weeks, "weeks", {_("文书"): year.notices, _("逾期"): year.expired, _("立案"): year.opened}
        ),
        "load": chart_of(weeks, "weeks", {_("每人每周步骤"): year.load}),
        "points": chart_of(
            [_("%(n)s分", n=n) for n in points], "bar", {_("事项"): [year.points[n] for n in points]}
        ),
        "targets": chart_of(
            [_("%(n)s分", n=n) for n in lost], "bar", {_("测评对象"): [year.per_target[n] for n in lost]}
        ),
    }


# -- real cases ----------------------------------------------------------------------------------------------


@blueprint.get("/<key>/draft/replay")
@allow(Role.ADMIN)
def replay(key: str) -> Page:
    """How points and ranks of a campaign would stand if its cases had run under a draft."""
    sight = sight_of(key)
    campaigns = procedure_trials.campaigns_to_replay(database.session, sight.draft)
    chosen = request.args.get("campaign", "")
    found = None
    refusal: Refusal | None = None
    if chosen.isascii() and chosen.isdigit():
        try:
            found = procedure_trials.what_if(
                database.session, current_actor(), sight.draft, int(chosen), now=now()
            )
        except Refusal as refused:
            if refused.status in (403, 404):
                raise
            refusal = refused
    page = render_template(
        "procedure/replay.html",
        campaigns=campaigns,
        found=found,
        refusal=refusal,
        chosen=chosen,
        **shared(sight),
    )
    return page, refusal.status if refusal else 200


def until_words(moment: datetime) -> str:
    """A moment for a date-and-time field."""
    return moment.replace(tzinfo=None).isoformat(timespec="minutes")


blueprint.add_app_template_filter(until_words, "field_moment")
