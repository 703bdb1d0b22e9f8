"""One case as the rated target reads it: what it was told and what it said itself, never who reported.

What the office wrote for itself stays with the office. People of the office appear under the office's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from models.calendar_change import DeadlineMove
from models.campaign import Campaign
from models.case import Case, CaseStep, Deduction
from models.notice import Attachment, Notice
from models.people import Role
from notices.vocabulary import VOCABULARY
from services.actor import Actor
from services.case_access import history_of
from services.case_rights import hidden_from, shown_case, shown_files
from services.case_words import words_of
from services.clock_moves import moves_of_case
from services.deductions import entries_of
from services.definitions import workflow_of
from services.dossier import Dossier
from services.refusal import Refusal
from services.scores import Ranking
from services.step_words import step_name
from services.target_pages import OwnCase, own_rows
from workflow.definition import IssueNoticeRule, TellRule, Trigger, Workflow
from workflow.relocation import NAMES
from workflow.vocabulary import AskType, Firing

#: The first entry of every history, which is no step of the procedure.
REGISTER = "register"


@dataclass(frozen=True)
class Told:
    """One line of the history. who: own account's name, the office, or the timer. said: pairs of label and words."""

    name: str
    at: datetime
    #: Only the day is told: the hour of a registration would help to guess who reported.
    day_only: bool
    who: str
    own: bool
    state: str
    tone: str
    said: tuple[tuple[str, str], ...]
    files: tuple[Attachment, ...]


@dataclass(frozen=True)
class CaseSheet:
    """All of one case that its target may read.

    case: without what the procedure hides. month_only: the day of discovery would point to a rater.
    """

    row: OwnCase
    case: Case
    channel: str
    problem: str
    month_only: bool
    notices: tuple[Notice, ...]
    deductions: tuple[Deduction, ...]
    history: tuple[Told, ...]
    moves: tuple[DeadlineMove, ...]


def case_sheet(
    session: Session, actor: Actor, case: Case, *, ranking: Ranking | None, now: datetime
) -> CaseSheet:
    """The case for its target's page; `case` from `own_case`."""
    campaign, hidden = case.campaign, hidden_from(session, actor, case)
    row = own_rows(session, actor, campaign, [case], ranking=ranking, now=now)[0]
    return CaseSheet(
        row=row,
        case=shown_case(case, hidden),
        channel="" if "channel" in hidden else _named(campaign, "channels", case.channel),
        problem="" if "problem" in hidden else _named(campaign, "problems", case.problem),
        month_only=case.rating_id is not None,
        notices=tuple(
            session.execute(
                select(Notice)
                .where(Notice.case_id == case.id)
                .options(joinedload(Notice.service))
                .order_by(Notice.id.desc())
            ).scalars()
        ),
        deductions=tuple(entries_of(session, case.id)),
        history=told_history(session, case, hidden),
        moves=tuple(moves_of_case(session, case.id)),
    )


def _named(campaign: Campaign, group: str, key: str) -> str:
    names = {item["key"]: item["name"] for item in campaign.settings.get(group, ())}
    return str(names.get(key, key))


def told_history(session: Session, case: Case, hidden: frozenset[str] = frozenset()) -> tuple[Told, ...]:
    """The steps the target took or was told of, newest first."""
    history = history_of(session, case.id)
    under = {row.id: workflow_of(session, row.workflow_id) for row in history}
    shown = [row for row in history if is_told(under[row.id], row)]
    files = _files(session, shown)
    return tuple(
        _told(case, under[row.id], row, shown_files(files.get(row.id, ()), hidden), hidden)
        for row in reversed(shown)
    )


def is_told(workflow: Workflow, row: CaseStep) -> bool:
    """Whether the target learns of a step: it was its own, a timer's, the registration, or spoke to the target.

    Read from the procedure itself, so that an office that changes its procedure need not change this.
    """
    if row.trigger == REGISTER or row.trigger in NAMES or is_own(row):
        return True
    trigger = workflow.triggers_by_key.get(row.trigger)
    if trigger is None:
        return False
    return trigger.by is Firing.TIMER or _speaks(trigger) or _enters_speaking(workflow, row)


def is_own(row: CaseStep) -> bool:
    """Whether the target itself took the step."""
    return Role.TARGET.value in row.roles


def _speaks(trigger: Trigger) -> bool:
    return any(
        isinstance(rule, IssueNoticeRule) or (isinstance(rule, TellRule) and Role.TARGET.value in rule.roles)
        for rule in trigger.effects
    )


def _enters_speaking(workflow: Workflow, row: CaseStep) -> bool:
    state = workflow.states_by_key.get(row.to_state)
    moved = row.to_state != row.from_state
    return bool(state and moved and any(isinstance(rule, IssueNoticeRule) for rule in state.effects))


def _told(
    case: Case, workflow: Workflow, row: CaseStep, files: tuple[Attachment, ...], hidden: frozenset[str]
) -> Told:
    trigger = workflow.triggers_by_key.get(row.trigger)
    state = workflow.states_by_key.get(row.to_state)
    moved = row.to_state != row.from_state
    return Told(
        name=_name(workflow, row),
        at=row.effective_at,
        day_only=row.trigger == REGISTER,
        who=spoken_by(case, row),
        own=is_own(row),
        state=state.name if state and moved and row.trigger != REGISTER else "",
        tone="danger" if state and moved and state.tier else "ok" if is_own(row) else "",
        said=_said(trigger, row, hidden) if trigger else _reason(row),
        files=files,
    )


def _name(workflow: Workflow, row: CaseStep) -> str:
    """The step's name; what the office calls recording a service is signing for those who receive."""
    if is_own(row) and row.trigger in workflow.serving_triggers:
        return "签收文书"
    return step_name(workflow, row)


def _reason(row: CaseStep) -> tuple[tuple[str, str], ...]:
    return (("理由", str(row.asked.get("reason", ""))),) if row.trigger in NAMES else ()


def spoken_by(case: Case, row: CaseStep) -> str:
    """The own person by name; whoever acts for the office under its name; the timer as itself."""
    if is_own(row):
        return row.actor_name
    if row.actor_id is None:
        return "系统计时"
    return str(case.campaign.settings["organ"]["short"])


def _said(trigger: Trigger, row: CaseStep, hidden: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """Own words whole; of the office's words those that its notices may print."""
    found = []
    for ask in trigger.asks:
        value = row.asked.get(ask.field)
        if value in (None, "", []) or ask.type is AskType.FILES or ask.field in hidden:
            continue
        if is_own(row) or ask.field in VOCABULARY:
            found.append((ask.label, words_of(ask, value)))
    return tuple(found)


def _files(session: Session, rows: list[CaseStep]) -> dict[int, tuple[Attachment, ...]]:
    """Own files, and those of decisions that speak to the target; what came with the report is not shown."""
    wanted = [row.id for row in rows if row.trigger != REGISTER]
    found: dict[int, tuple[Attachment, ...]] = {}
    for file in session.execute(
        select(Attachment)
        .where(Attachment.owner_kind == "step", Attachment.owner_id.in_(wanted))
        .order_by(Attachment.id)
    ).scalars():
        found[file.owner_id] = (*found.get(file.owner_id, ()), file)
    return found


def moved_refusal(session: Session, case: Case) -> Refusal:
    """What happened since the page was opened, told without naming anyone of the office or who reported."""
    workflow = Dossier(session, case).workflow
    last = history_of(session, case.id)[-1]
    state = workflow.states_by_key[case.state].name
    if not is_told(workflow, last):
        return Refusal(
            "case_moved",
            f"您打开页面之后本事项情况有了变化，现为“{state}”。您的操作没有执行，请核对后再提交。",
        )
    name = _name(workflow, last)
    return Refusal(
        "case_moved",
        f"{spoken_by(case, last)}在您打开页面之后办理了“{name}”，本事项现为“{state}”。"
        "您的操作没有执行，请核对后再提交。",
    )


def taken_already(session: Session, actor: Actor, case: Case, trigger: str, typed: Mapping[str, str]) -> bool:
    """Whether the last step is this very one by the same person with the same words: a second click.

    typed: the words of the form by field; files and what the page itself fixed are not compared.
    """
    last = history_of(session, case.id)[-1]
    if last.actor_id != actor.user_id or last.trigger != trigger:
        return False
    said = {name: str(value) for name, value in last.asked.items() if not isinstance(value, list)}
    return all(said.get(name) == words for name, words in typed.items())
