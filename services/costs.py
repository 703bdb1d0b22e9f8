"""Cost ahead: what the next missed deadline of a case would do, tried on paper against the kept ranking.

Nothing is written and nothing guessed: the step is the one that the clock would fire, the points are the ledger's own
rule, the rank is reckoned with the others as they stand. Source: 方案第六条第五款.
"""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from models.case import Case, Deadline
from services.actor import SYSTEM
from services.case_access import facts_of, person_of
from services.dossier import Dossier
from services.scores import Ranking, current_ranking
from services.target_scores import Cost, cost_of
from workflow.engine import Step, StepRefused, step
from workflow.situation import situation_from

LOCAL = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Ahead:
    """What missing a clock does. state: where the case would stand, empty where it stays; cost: None for no points."""

    row: Deadline
    label: str
    state: str
    cost: Cost | None

    @property
    def words(self) -> str:
        """One sentence: 10月11日17:30前未办理：扣3分，排名预计由第4降至第7."""
        at = self.row.due_at.astimezone(LOCAL)
        head = f"{at.month}月{at.day}日{at:%H:%M}前未办理（{self.label}）："
        if self.cost is None:
            return f"{head}转为“{self.state}”，不另扣分。" if self.state else ""
        text = f"{head}扣{self.cost.points}分（{self.cost.tier}）"
        if self.cost.rank_now and self.cost.rank_then:
            moved = self.cost.rank_now != self.cost.rank_then
            text += (
                f"，排名预计由第{self.cost.rank_now}降至第{self.cost.rank_then}"
                if moved
                else (f"，排名预计仍为第{self.cost.rank_now}")
            )
        return f"{text}。"


def missed(dossier: Dossier, row: Deadline) -> Step | None:
    """The step that the clock would fire, tried on paper; None when the procedure would refuse it."""
    try:
        return step(
            dossier.workflow,
            situation_from(dossier.case.situation),
            row.then,
            roles=SYSTEM.roles,
            actor=person_of(SYSTEM),
            facts=facts_of(dossier, row.due_at),
            asked={},
        )
    except StepRefused:
        return None


def ahead_of(dossier: Dossier, row: Deadline, ranking: Ranking) -> Ahead | None:
    """What missing this running clock would do; None for one without a consequence."""
    if row.status != "running" or not row.then:
        return None
    fired = missed(dossier, row)
    if fired is None:
        return None
    moves = fired.to_state != fired.from_state
    return Ahead(
        row=row,
        label=clock_label(dossier, row),
        state=dossier.workflow.states_by_key[fired.to_state].name if moves else "",
        cost=cost_of(ranking, dossier.case, fired.situation.tiers),
    )


def cost_ahead(session: Session, case: Case) -> Ahead | None:
    """The same for the soonest clock of a case with a consequence; None while none runs."""
    dossier = Dossier(session, case)
    running = [row for row in dossier.clocks if row.status == "running" and row.then]
    if not running:
        return None
    soonest = min(running, key=lambda row: row.due_at)
    return ahead_of(dossier, soonest, current_ranking(session, case.campaign))


def cost_words(dossier: Dossier, row: Deadline) -> str:
    """The sentence for a reminder; empty where missing the clock changes nothing."""
    found = ahead_of(dossier, row, current_ranking(dossier.session, dossier.case.campaign))
    return found.words if found else ""


def clock_label(dossier: Dossier, row: Deadline) -> str:
    """What the procedure calls the clock."""
    for state in dossier.workflow.states:
        for clock in state.clocks:
            if clock.name == row.name:
                return clock.label
    return row.name
