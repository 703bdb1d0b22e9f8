"""The values a case gives its notices: finished text, gathered at the moment of the step, only what is printed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from models.case import CaseStep, Deadline
from notices.definition import NoticeKind, Value, placeholders
from notices.template import ASKED
from scoring.engine import case_deduction
from scoring.exact import printed
from services.case_access import history_of
from services.case_words import words_of
from services.deductions import states_of, tiers_of
from services.definitions import notice_kind_of
from services.dossier import Dossier
from services.repeat_offence import in_words
from workflow.calendar import remaining_working_days
from workflow.definition import Clock, Workflow
from workflow.vocabulary import UNIT_WORDS, AskType, ClockUnit

LOCAL = ZoneInfo("Asia/Shanghai")


def zh_day(day: date) -> str:
    """2012年4月9日, no leading zeros. Source: GB/T 9704-2012, rule B12."""
    return f"{day.year}年{day.month}月{day.day}日"


def zh_day_of(at: datetime) -> str:
    """The office's day of an instant, as printed."""
    return zh_day(at.astimezone(LOCAL).date())


def case_values(
    dossier: Dossier, step: CaseStep, kind: NoticeKind, *, at: datetime, given: Mapping[str, str]
) -> dict[str, Value]:
    """What this kind prints of this case now.

    given: values that the procedure itself sets with the effect. What the steps were told stands under the
    names of their questions. A value that the case does not have is left out: a kind that needs it is then
    refused by name.
    """
    wanted = placeholders(kind)
    labels = _option_labels(dossier.workflow)
    told = {**_texts({**dossier.case.situation["noted"], **step.asked}, labels), **given}
    values: dict[str, Value] = {}
    for names, gather in _GATHERERS:
        if names & wanted - told.keys():
            values.update(gather(dossier, at))
    values.update(told)
    elsewhere = _asked_names(dossier.workflow) - _asked_by(dossier.workflow, step.trigger)
    if (wanted & elsewhere) - values.keys():
        # Asked at earlier steps; what is computed above goes before what was once said.
        values = {**_texts(dossier.said, labels), **values}
    if any(name.startswith(ASKED) for name in wanted):
        values.update(_by_label(dossier, step))
    values["service_method"] = values.get("service_way", "")
    return {name: value for name, value in values.items() if name in wanted}


def _by_label(dossier: Dossier, step: CaseStep) -> dict[str, Value]:
    """What the steps were told, by the labels of their questions; this step's own before what was said earlier."""
    found: dict[str, Value] = {}
    said = {**dossier.said, **dossier.case.situation["noted"]}
    first = dossier.workflow.triggers_by_key.get(step.trigger)
    steps = ((first, step.asked), *((trigger, said) for trigger in dossier.workflow.triggers))
    for trigger, answers in steps:
        for ask in trigger.asks if trigger else ():
            value = answers.get(ask.field)
            if value not in (None, "", []) and ask.type is not AskType.FILES:
                found.setdefault(f"{ASKED}{ask.label}", words_of(ask, value))
    return found


@lru_cache(maxsize=64)
def _asked_names(workflow: Workflow) -> frozenset[str]:
    """Names of everything some step of the procedure asks."""
    return frozenset(ask.field for trigger in workflow.triggers for ask in trigger.asks)


def _asked_by(workflow: Workflow, trigger: str) -> frozenset[str]:
    rule = workflow.triggers_by_key.get(trigger)
    return frozenset(ask.field for ask in rule.asks) if rule else frozenset()


@lru_cache(maxsize=64)
def _option_labels(workflow: Workflow) -> dict[tuple[str, str], str]:
    """What the options of the procedure's questions are called, by question and key."""
    return {
        (ask.field, option.key): option.label
        for trigger in workflow.triggers
        for ask in trigger.asks
        for option in ask.options
    }


def _texts(said: Mapping[str, Any], labels: Mapping[tuple[str, str], str]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, value in said.items():
        if isinstance(value, str) and value.strip():
            found[name] = labels.get((name, value), value.strip())
        elif isinstance(value, int) and not isinstance(value, bool):
            found[name] = str(value)
    return found


def _identity(dossier: Dossier, _at: datetime) -> dict[str, Value]:
    case = dossier.case
    target, unit, settings = case.target, case.target.unit, case.campaign.settings
    names = {item["key"]: item["name"] for item in (*settings["channels"], *settings["problems"])}
    return {
        "unit": unit.name,
        "target": target.name,
        "category": unit.category.name,
        "person_in_charge": f"{target.name}主要负责人{target.person_in_charge}",
        "case_number": case.number,
        "case_title": case.title,
        "problem": names.get(case.problem, case.title),
        "facts": case.facts,
        "basis": case.basis or settings["basis_default"],
        "channel": names.get(case.channel, case.channel),
        "found_on": zh_day(case.found_on),
        "requirement": case.requirement or settings["requirement_default"],
        "grave": "是" if case.grave else "否",
    }


def clock_length(clock: Clock, said: Mapping[str, Any]) -> int:
    """The length of a clock in its unit: fixed, or as a step of this case has set it."""
    length = clock.length
    return length if isinstance(length, int) else int(said.get(length.field) or length.default)


def _clock_ahead(dossier: Dossier) -> Clock | None:
    """The clock with a consequence that the state has, whether it runs already or waits for service."""
    state = dossier.workflow.states_by_key[dossier.case.state]
    return next((clock for clock in state.clocks if clock.then), None)


def _times(dossier: Dossier, _at: datetime) -> dict[str, Value]:
    values: dict[str, Value] = {}
    ahead = _clock_ahead(dossier)
    running: Deadline | None = next(
        (row for row in dossier.clocks if row.then and row.status == "running"), None
    )
    if ahead is not None and running is None:
        length = clock_length(ahead, dossier.case.situation["noted"])
        if ahead.unit is ClockUnit.WORKING_DAYS:
            values["working_days"] = str(length)
        values["deadline_words"] = f"自收到本通知之日起{length}{UNIT_WORDS[ahead.unit]}内"
    latest = running or dossier.last_clock
    if latest is None:
        return values
    due = latest.due_at.astimezone(LOCAL)
    values["deadline"] = values["new_deadline"] = zh_day(due.date())
    values.setdefault("deadline_words", f"{zh_day(due.date())}{due:%H:%M}前")
    if latest.unit == ClockUnit.WORKING_DAYS:
        values.setdefault("working_days", str(latest.length))
    return values


def _distances(dossier: Dossier, at: datetime) -> dict[str, Value]:
    latest = dossier.last_clock
    if latest is None:
        return {}
    return {
        "overdue_days": str(remaining_working_days(latest.due_at, at, dossier.calendar)),
        "remaining_working_days": str(remaining_working_days(at, latest.due_at, dossier.calendar)),
    }


def _service(dossier: Dossier, _at: datetime) -> dict[str, Value]:
    return {"served_on": zh_day_of(dossier.served_at)} if dossier.served_at else {}


def _closing(_dossier: Dossier, at: datetime) -> dict[str, Value]:
    return {"closed_on": zh_day_of(at)}


def _points(dossier: Dossier, _at: datetime) -> dict[str, Value]:
    scheme, booked = dossier.scheme, dossier.standing
    total = sum(entry.points for entry in booked)
    values: dict[str, Value] = {"points_total": str(total), "points": str(total)}
    if booked:
        values["tier_words"] = booked[-1].reason
    ladder = tiers_of(scheme)
    harder = [tier for tier in ladder if tier.points > total]
    if harder:
        tiers = [*(entry.tier for entry in booked), harder[0].key]
        values["points_next"] = str(case_deduction(scheme, states_of(scheme, tiers)).points)
    if ladder:
        values["points_refusal"] = str(ladder[-1].points)
    return values


def _repeats(dossier: Dossier, _at: datetime) -> dict[str, Value]:
    first = history_of(dossier.session, dossier.case.id)[0]
    words = in_words(dossier.workflow, list(first.facts.get("repeats", ())))
    return {"repeat_grounds": words or "本起不属于重复发生"}


def _pool(dossier: Dossier, _at: datetime) -> dict[str, Value]:
    pool = dossier.scheme.pool
    if pool is None:
        return {}
    return {"points_left": printed(max(pool.floor, pool.base - dossier.taken_of_target), 0)}


def _previous(dossier: Dossier, _at: datetime) -> dict[str, Value]:
    """The last notice that set what is to be done."""
    for earlier in dossier.notices:
        kind = notice_kind_of(dossier.session, earlier.kind_id)
        if kind.cited:
            return {
                "previous_number": earlier.number,
                "previous_date": zh_day(earlier.issued_on),
                "previous_name": kind.name,
            }
    return {}


def _shortfall(dossier: Dossier, _at: datetime) -> dict[str, Value]:
    """What was found wanting; for a clock that ran out, the procedure's own word for it."""
    said = dossier.said.get("shortfall")
    if said:
        return {"shortfall": str(said)}
    done = dossier.case.situation["actors"]
    timers = [
        trigger.name for trigger in dossier.workflow.triggers if trigger.by == "timer" and trigger.key in done
    ]
    return {"shortfall": timers[-1]} if timers else {}


#: Which values each gatherer brings; it is asked only when the kind prints one of them.
_GATHERERS: tuple[tuple[frozenset[str], Callable[[Dossier, datetime], dict[str, Value]]], ...] = tuple(
    (frozenset(names.split()), gather)
    for names, gather in (
        (
            "unit target category person_in_charge case_number case_title problem facts basis channel found_on "
            "requirement grave",
            _identity,
        ),
        ("deadline new_deadline deadline_words working_days", _times),
        ("overdue_days remaining_working_days", _distances),
        ("served_on", _service),
        ("closed_on", _closing),
        ("points points_total tier_words points_next points_refusal", _points),
        ("points_left", _pool),
        ("repeat_grounds", _repeats),
        ("previous_number previous_date previous_name", _previous),
        ("shortfall", _shortfall),
    )
)
