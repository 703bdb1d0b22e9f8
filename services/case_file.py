"""案卷: all that is known of one case, read at once for the page of someone who may see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from models.calendar_change import DeadlineMove
from models.case import Case, CaseStep, Deadline, Deduction
from models.notice import Attachment, Notice
from services.actor import Actor
from services.calendars import work_calendar
from services.case_access import case_for, history_of, roles_in
from services.case_lists import days_left, tone_of
from services.case_rights import hidden_from, shown_case, shown_files
from services.case_sheet import changeable
from services.clock_moves import moves_of_case
from services.deductions import entries_of, standing, tiers_of
from services.definitions import known_workflow, notice_kind_of_campaign, scheme_of, workflow_of
from services.refusal import Refusal
from services.repeat_offence import in_words
from services.step_right import offers_to
from services.step_words import state_names, step_name
from workflow.definition import PREVIOUS, SAME, Ask, IssueNoticeRule, Trigger, Workflow
from workflow.engine import Offer
from workflow.relocation import NAMES
from workflow.rights import asks_in
from workflow.vocabulary import AskType


@dataclass(frozen=True)
class StepLine:
    """One entry of the history in words, with what it brought.

    answers: (label, text) of what the step's form was told. late: recorded after it took effect.
    """

    position: int
    name: str
    who: str
    effective_at: datetime
    recorded_at: datetime
    from_state: str
    to_state: str
    tone: str
    answers: tuple[tuple[str, str], ...]
    files: tuple[Attachment, ...]
    notices: tuple[Notice, ...]
    entries: tuple[Deduction, ...]
    source: str

    @property
    def late(self) -> bool:
        """Whether it was written down on another occasion than it took effect."""
        return (self.recorded_at - self.effective_at).total_seconds() > 60

    @property
    def moved(self) -> bool:
        """Whether the case came to another state."""
        return self.from_state != self.to_state


@dataclass(frozen=True)
class ClockLine:
    """One clock in words. remaining: working days, negative when late; None: not running or no calendar."""

    label: str
    consequence: str
    row: Deadline
    remaining: int | None


@dataclass(frozen=True)
class CaseFile:
    """The page of one case."""

    case: Case
    #: Fields that this reader does not get, see `services.case_rights`; they are empty in all the rest.
    hidden: frozenset[str]
    #: Fields of the sheet that this reader may change.
    changeable: frozenset[str]
    state_name: str
    tone: str
    suspension: str
    channel: str
    problem: str
    offers: tuple[Offer, ...]
    steps: tuple[StepLine, ...]
    clocks: tuple[ClockLine, ...]
    notices: tuple[Notice, ...]
    kinds: Mapping[str, str]
    entries: tuple[Deduction, ...]
    standing: tuple[Deduction, ...]
    tier_names: Mapping[str, str]
    counts: tuple[tuple[str, int], ...]
    files: tuple[Attachment, ...]
    unserved: tuple[Notice, ...]
    moves: tuple[DeadlineMove, ...]

    @property
    def current(self) -> ClockLine | None:
        """The clock that matters now: a running one with a consequence, else the first that is open."""
        open_now = [line for line in self.clocks if line.row.status in ("running", "stopped")]
        open_now.sort(key=lambda line: (line.row.status != "running", not line.row.then, line.row.due_at))
        return open_now[0] if open_now else None

    @property
    def points(self) -> int:
        """What the case costs its target now."""
        return sum(entry.points for entry in self.entries)


def case_file(session: Session, actor: Actor, case_id: int, *, now: datetime) -> CaseFile:
    """Everything of one case; the offers are those of this actor. Refusal when it is not theirs to see."""
    case = case_for(session, actor, case_id)
    hidden = hidden_from(session, actor, case)
    workflow = workflow_of(session, case.workflow_id)
    notices = _notices(session, case.id)
    entries, history = entries_of(session, case.id), history_of(session, case.id)
    states, files = state_names(session, history), _files(session, history, hidden)
    suspension = case.situation.get("suspension")
    settings = case.campaign.settings
    names = {item["key"]: item["name"] for item in settings["channels"]}
    problems = {item["key"]: item["name"] for item in settings["problems"]}
    grades = {item["key"]: item["name"] for item in settings["grades"]}
    counts = case.situation.get("counts", {})
    scheme = scheme_of(session, case.campaign.scheme_id)
    return CaseFile(
        case=shown_case(case, hidden),
        hidden=hidden,
        changeable=frozenset(changeable(session, actor, case)) - hidden,
        state_name=workflow.states_by_key[case.state].name,
        tone=tone_of(workflow, case.state),
        suspension=workflow.suspensions_by_key[suspension].name if suspension else "",
        channel="" if "channel" in hidden else names.get(case.channel, case.channel),
        problem="" if "problem" in hidden else problems.get(case.problem, case.problem),
        offers=offers_to(session, actor, case, now=now),
        steps=tuple(
            _step_line(
                workflow_of(session, row.workflow_id), states, row, grades, files, notices, entries, hidden
            )
            for row in history
        ),
        clocks=_clock_lines(session, case, workflow, now),
        notices=tuple(notices),
        kinds=notice_names(session, case, {row.kind for row in notices}),
        entries=tuple(entries),
        standing=tuple(standing(entries)),
        tier_names={tier.key: tier.name for tier in tiers_of(scheme)},
        counts=tuple((item.label, counts[item.key]) for item in workflow.counts if counts.get(item.key)),
        files=tuple(file for rows in files.values() for file in rows),
        unserved=tuple(row for row in notices if row.waits),
        moves=tuple(moves_of_case(session, case.id)),
    )


def rule_for(session: Session, actor: Actor, case_id: int, trigger: str) -> tuple[Case, Trigger]:
    """What the procedure of a case says of one step.

    Refusal when the case is not theirs to see or the procedure has no such step for persons.
    """
    case = case_for(session, actor, case_id)
    workflow = workflow_of(session, case.workflow_id)
    rule = workflow.triggers_by_key.get(trigger)
    if rule is None or not rule.roles:
        raise Refusal("step_unknown_trigger", "没有这一步骤，请回到事项页面从按钮进入。", 404)
    roles = roles_in(session, actor, case)
    if roles.isdisjoint(
        rule.roles
    ):  # in the place of an absent colleague, or not at all: the step says which
        roles = frozenset(rule.roles)
    return case, rule.model_copy(update={"asks": asks_in(workflow, rule, case.state, roles)})


def rule_of(
    session: Session, actor: Actor, case_id: int, trigger: str, *, procedure: int
) -> tuple[Trigger, frozenset[str]]:
    """What a page asked for one step, and the grades that may be answered.

    procedure: the definition the page was made from; a case that follows another by now has moved, and `step_case`
    says so. 0, or one nobody knows: what the case follows now.
    """
    known = known_workflow(session, procedure)
    rule = known.triggers_by_key.get(trigger) if known else None
    plain = rule is not None and rule.roles and not any(ask.type is AskType.GRADE for ask in rule.asks)
    if known and rule and plain and not any(state.rights for state in known.states):
        return rule, frozenset()
    case, rule = rule_for(session, actor, case_id, trigger)
    return rule, frozenset(str(grade["key"]) for grade in case.campaign.settings["grades"])


def offer_for(
    session: Session, actor: Actor, case_id: int, trigger: str, *, now: datetime
) -> tuple[Case, Trigger, Offer | None]:
    """One step of a case with its offer to this actor; None where it does not lead on from here.

    Refusal when the case is not theirs to see or the procedure has no such step for persons.
    """
    case, rule = rule_for(session, actor, case_id, trigger)
    offer = next(
        (offer for offer in offers_to(session, actor, case, now=now) if offer.trigger == trigger), None
    )
    return case, rule.model_copy(update={"asks": offer.asks}) if offer else rule, offer


def notice_kinds_of_step(session: Session, case: Case, trigger: Trigger) -> dict[str, str]:
    """Kinds of notice that the step may issue, with their names: its own and those of the states it enters."""
    workflow = workflow_of(session, case.workflow_id)
    rules = list(trigger.effects)
    for branch in workflow.branches_from(trigger, case.state):
        if branch.state not in (SAME, PREVIOUS):
            rules += workflow.states_by_key[branch.state].effects
    kinds = [rule.kind for rule in rules if isinstance(rule, IssueNoticeRule)]
    return notice_names(session, case, list(dict.fromkeys(kinds)))


def notice_names(session: Session, case: Case, kinds: Sequence[str] | set[str]) -> dict[str, str]:
    """Kind of notice to its name."""
    return {kind: notice_kind_of_campaign(session, case.campaign, kind)[1].name for kind in kinds}


def answer_text(ask: Ask, value: Any, grades: Mapping[str, str]) -> str:
    """An answer to a step's question as people read it; empty for none."""
    if value is None or value in ("", []):
        return ""
    names = {option.key: option.label for option in ask.options}
    if ask.type is AskType.BOOLEAN:
        return "是" if value else "否"
    if ask.type is AskType.GRADE:
        return grades.get(str(value), str(value))
    if isinstance(value, list):
        return "、".join(names.get(str(item), str(item)) for item in value)
    return names.get(str(value), str(value))


def _step_line(
    workflow: Workflow,
    states: Mapping[str, str],
    row: CaseStep,
    grades: Mapping[str, str],
    files: Mapping[int, list[Attachment]],
    notices: Sequence[Notice],
    entries: Sequence[Deduction],
    hidden: frozenset[str],
) -> StepLine:
    rule = workflow.triggers_by_key.get(row.trigger)
    asks = [ask for ask in rule.asks if ask.field not in hidden] if rule else []
    answers = [(ask.label, answer_text(ask, row.asked.get(ask.field), grades)) for ask in asks]
    booked = tuple(entry for entry in entries if entry.step_id == row.id)
    if row.facts.get("repeats") and row.position == 1:
        answers = [("重复发生", in_words(workflow, row.facts["repeats"]))]
    if row.trigger in NAMES:
        answers = [
            ("理由", str(row.asked.get("reason", ""))),
            ("提出", str(row.asked.get("proposed_by", ""))),
        ]
    return StepLine(
        position=row.position,
        name=step_name(workflow, row),
        who=row.actor_name,
        effective_at=row.effective_at,
        recorded_at=row.recorded_at,
        from_state=states.get(row.from_state, ""),
        to_state=states.get(row.to_state, row.to_state),
        tone="danger" if any(entry.points > 0 for entry in booked) else "ok" if booked else "",
        answers=tuple((label, text) for label, text in answers if text),
        files=tuple(files.get(row.id, ())),
        notices=tuple(notice for notice in notices if notice.step_id == row.id),
        entries=booked,
        source=row.source,
    )


def _files(
    session: Session, history: Sequence[CaseStep], hidden: frozenset[str]
) -> dict[int, list[Attachment]]:
    found: dict[int, list[Attachment]] = {}
    rows = session.execute(
        select(Attachment)
        .where(Attachment.owner_kind == "step", Attachment.owner_id.in_([row.id for row in history]))
        .order_by(Attachment.id)
    ).scalars()
    for row in shown_files(rows, hidden):
        found.setdefault(row.owner_id, []).append(row)
    return found


def _notices(session: Session, case_id: int) -> list[Notice]:
    return list(
        session.execute(
            select(Notice)
            .where(Notice.case_id == case_id)
            .options(joinedload(Notice.service))
            .order_by(Notice.id)
        ).scalars()
    )


def _clock_lines(session: Session, case: Case, workflow: Workflow, now: datetime) -> tuple[ClockLine, ...]:
    labels = {clock.name: clock.label for state in workflow.states for clock in state.clocks}
    labels |= {clock.name: clock.label for pending in workflow.suspensions for clock in pending.clocks}
    triggers = workflow.triggers_by_key
    calendar = work_calendar(session, case.campaign)
    rows = session.execute(
        select(Deadline).where(Deadline.case_id == case.id).order_by(Deadline.id.desc())
    ).scalars()
    return tuple(
        ClockLine(
            label=labels.get(row.name, row.name),
            consequence=triggers[row.then].name if row.then in triggers else "",
            row=row,
            remaining=days_left(row.due_at, now, calendar) if row.status == "running" else None,
        )
        for row in rows
    )
