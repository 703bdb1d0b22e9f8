"""Cases moved by the office itself, past the steps of their procedure: to another version, or by the head.

Pure: a situation in, a situation out, so that a replay of the history takes the same way again.
Source: 实施口径.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from workflow.definition import Clock, FieldOr, Workflow
from workflow.situation import Situation

#: Entries of a history that are no step of a procedure; no key of a definition can look like them.
MIGRATED = "office:migrated"
PUT_BACK = "office:put_back"
FORCED = "office:forced"
NAMES = {MIGRATED: "流程变更，转入新版本", PUT_BACK: "流程变更撤回，恢复原版本", FORCED: "负责人调整状态"}


@dataclass(frozen=True)
class Fit:
    """Whether a case can follow its procedure to another version.

    verdict: `fits` its state is there; `mapped` the state map says where it goes; `needs_mapping`; `stays`.
    state: where it would stand.  why: for the two that do not move.
    """

    verdict: str
    state: str
    why: str = ""

    @property
    def moves(self) -> bool:
        """Whether the case moves."""
        return self.verdict in ("fits", "mapped")


def fit(old: Workflow, new: Workflow, situation: Situation, state_map: Mapping[str, str]) -> Fit:
    """The verdict on one running case. state_map: state of the old version to one of the new; may be empty.

    A case is never brought to a final state by this: only a step ends it.
    """
    here = situation.state
    goal = state_map.get(here, here)
    mapped = "mapped" if goal != here else "fits"
    name = old.states_by_key[here].name
    if goal not in new.states_by_key:
        return Fit("needs_mapping", here, f"新版本没有状态“{name}”，请指定对应的状态")
    if new.states_by_key[goal].final:
        return Fit("stays", here, f"“{new.states_by_key[goal].name}”是终结状态，不能由流程变更办结事项")
    if situation.suspension is not None and situation.suspension not in new.suspensions_by_key:
        question = old.suspensions_by_key[situation.suspension].name
        return Fit("stays", here, f"{question}尚未答复，新版本没有这一中止；答复后可以再转")
    before = situation.previous
    returns = new.states_by_key[goal].holds_clocks and before is not None
    if returns and before and state_map.get(before, before) not in new.states_by_key:
        was = old.states_by_key[before].name
        return Fit("needs_mapping", here, f"返回时要回到的状态“{was}”新版本没有，请指定对应的状态")
    return Fit(mapped, goal)


def migrated(new: Workflow, situation: Situation, state_map: Mapping[str, str]) -> Situation:
    """The situation in the new version. Tiers, counts and who did what stay as they were."""

    def there(state: str) -> str:
        return state_map.get(state, state)

    done: dict[str, tuple[str, ...]] = {}
    for state, triggers in situation.done.items():
        held = done.get(there(state), ())
        done[there(state)] = (*held, *(trigger for trigger in triggers if trigger not in held))
    before = there(situation.previous) if situation.previous else None
    return replace(
        situation,
        state=there(situation.state),
        previous=before if before in new.states_by_key else None,
        visited=tuple(there(state) for state in situation.visited),
        done=done,
        steps=situation.steps + 1,
    )


def put_back(earlier: Situation, now: Situation) -> Situation:
    """The situation of before a migration, one entry of the history later."""
    return replace(earlier, steps=now.steps + 1)


def forced(workflow: Workflow, situation: Situation, state: str, *, book: bool) -> Situation:
    """The situation after the head has moved the case to a state. book: also book the state's tier.

    A pending question ends; what was booked before stays booked.
    """
    tier = workflow.states_by_key[state].tier
    tiers = (*situation.tiers, tier) if book and tier and tier not in situation.tiers else situation.tiers
    return replace(
        situation,
        state=state,
        previous=situation.state,
        visited=(*situation.visited, state),
        suspension=None,
        done={**situation.done, state: ()},
        tiers=tiers,
        steps=situation.steps + 1,
    )


def counterpart(new: Workflow, situation: Situation, name: str, then: str) -> Clock | None:
    """The clock of the new version that stands for an open one of the old.

    name, then: of the open clock. By its name in the case's state, the state it will return to or its pending
    question; else the only clock of the state with a consequence, for one that has a consequence.
    """
    here = new.states_by_key[situation.state]
    places = [here.clocks]
    if here.holds_clocks and situation.previous:
        places.append(new.states_by_key[situation.previous].clocks)
    if situation.suspension:
        places.append(new.suspensions_by_key[situation.suspension].clocks)
    for clocks in places:
        for clock in clocks:
            if clock.name == name:
                return clock
    dated = [clock for clocks in places[:2] for clock in clocks if clock.then]
    return dated[0] if then and len(dated) == 1 else None


def length_of(clock: Clock, situation: Situation) -> int:
    """How many working days or months, as its unit is, the clock runs in this case."""
    length = clock.length
    if isinstance(length, FieldOr):
        said = situation.noted.get(length.field)
        return length.default if said is None else int(said)
    return length
