"""Where each kind of notice is issued, and which values it can print there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from notices.origins import CAMPAIGN_RESULT, CASE, ISSUE, TARGET_RESULT, Origin
from notices.template import ASKED
from notices.vocabulary import VOCABULARY
from packs.parts import Pack, PartKind
from workflow.definition import PREVIOUS, SAME, Ask, Clock, IssueNoticeRule, Trigger, Workflow
from workflow.rights import unfillable
from workflow.vocabulary import AskType


@dataclass(frozen=True)
class Provided:
    """One value at one place. source: whence it comes, in words. sure: whether it is always there."""

    name: str
    source: str
    sure: bool


@dataclass(frozen=True)
class Issuer:
    """One place of the pack that issues a kind of notice.

    place: in the pack's files. words: as a designer reads it. trigger: the step, None for a reminder, a state or
    a result. by_person: whether a person takes the step, so that somebody can look at the draft first.
    """

    place: str
    words: str
    trigger: str | None
    by_person: bool
    values: tuple[Provided, ...]

    @property
    def names(self) -> frozenset[str]:
        """Names of all values that can be there."""
        return frozenset(value.name for value in self.values)


def issuers_of(pack: Pack, kind: str) -> tuple[Issuer, ...]:
    """Every place that issues a kind, in the order of the pack."""
    found: list[Issuer] = []
    for key, workflow in pack.workflows.items():
        found += _of_workflow(workflow, kind, pack.path_of(PartKind.WORKFLOW, key))
    for index, rule in enumerate(pack.sheet.results):
        if rule.notice == kind:
            found.append(_of_result(index, rule.per == "target"))
    return tuple(found)


def _of_result(index: int, per_target: bool) -> Issuer:
    origin = TARGET_RESULT if per_target else CAMPAIGN_RESULT
    words = "公布结果时，发给每一个有关的测评对象" if per_target else "公布结果时，面向整个活动"
    values = _merged([*ISSUE.values(), origin], {})
    return Issuer(f"pack.yaml: results[{index}].notice", words, None, True, values)


def _of_workflow(workflow: Workflow, kind: str, path: str) -> Iterator[Issuer]:
    for index, trigger in enumerate(workflow.triggers):
        for number, rule in enumerate(trigger.effects):
            if isinstance(rule, IssueNoticeRule) and rule.kind == kind:
                yield Issuer(
                    f"{path}: triggers[{index}].effects[{number}].kind",
                    f"步骤“{trigger.name}”",
                    trigger.key,
                    str(trigger.by) == "person",
                    _case_values(workflow, trigger, rule, workflow.sources_of(trigger)),
                )
    for index, state in enumerate(workflow.states):
        for number, rule in enumerate(state.effects):
            if isinstance(rule, IssueNoticeRule) and rule.kind == kind:
                place = f"{path}: states[{index}].effects[{number}].kind"
                values = _case_values(workflow, None, rule, workflow.entered_from[state.key])
                yield Issuer(place, f"进入状态“{state.name}”时", None, False, values)
    for place, owner, clock, states in _clocks(workflow):
        for number, reminder in enumerate(clock.remind):
            if reminder.notice == kind:
                yield Issuer(
                    f"{path}: {place}.remind[{number}].notice",
                    f"“{owner}”的期限届满前{reminder.working_days_before}个工作日自动提醒",
                    None,
                    False,
                    _case_values(workflow, None, None, states),
                )


def _clocks(workflow: Workflow) -> Iterator[tuple[str, str, Clock, tuple[str, ...]]]:
    for index, state in enumerate(workflow.states):
        for position, clock in enumerate(state.clocks):
            yield f"states[{index}].clocks[{position}]", state.name, clock, (state.key,)
    for index, suspension in enumerate(workflow.suspensions):
        running = tuple(state.key for state in workflow.states if not state.final)
        for position, clock in enumerate(suspension.clocks):
            yield f"suspensions[{index}].clocks[{position}]", suspension.name, clock, running


def _case_values(
    workflow: Workflow, trigger: Trigger | None, rule: IssueNoticeRule | None, states: Iterable[str]
) -> tuple[Provided, ...]:
    """What a case has to give at one place; states: where it can stand just before.

    What is decided here goes before what this step asks, that before what is computed or was said.
    """
    own: dict[str, Provided] = {}
    for name in rule.values if rule else ():
        own[name] = Provided(name, "流程在这一步规定", sure=True)
    for ask in _answered(workflow, trigger, any) if trigger else ():
        own.setdefault(ask.field, Provided(ask.field, f"本步骤填报的“{ask.label}”", sure=ask.required))
    earlier: dict[str, Provided] = {}
    for other in _before(workflow, states):
        if trigger is not None and other.key == trigger.key:
            continue
        for ask in _answered(workflow, other, all):
            words = f"此前步骤“{other.name}”填报的“{ask.label}”"
            earlier.setdefault(ask.field, Provided(ask.field, words, sure=False))
    by_label = _by_label(workflow, trigger, own, earlier)
    for asked in (own, earlier):
        if "service_way" in asked:
            found = asked["service_way"]
            asked.setdefault("service_method", Provided("service_method", found.source, found.sure))
    computed = _merged([*ISSUE.values(), *CASE.values()], own)
    known = {value.name for value in computed}
    return (
        *computed,
        *(value for name, value in earlier.items() if name not in known and name in VOCABULARY),
        *by_label,
    )


def _by_label(
    workflow: Workflow, trigger: Trigger | None, own: Mapping[str, Provided], earlier: Mapping[str, Provided]
) -> Iterator[Provided]:
    """What the steps ask that the vocabulary does not have, by its label; of this step before that of earlier ones."""
    found: dict[str, Provided] = {}
    steps = [*([trigger] if trigger is not None else []), *workflow.triggers]
    for answers in (own, earlier):
        for ask in (ask for step in steps for ask in step.asks):
            name = f"{ASKED}{ask.label}"
            given = answers.get(ask.field)
            if (
                given is None
                or ask.type is AskType.FILES
                or ask.field in VOCABULARY
                or name not in VOCABULARY
            ):
                continue
            found.setdefault(name, Provided(name, given.source, given.sure))
    return iter(tuple(found.values()))


def _answered(
    workflow: Workflow, trigger: Trigger, where: Callable[[Iterable[bool]], bool]
) -> tuple[Ask, ...]:
    """What a step asks, without what nobody may fill in any, or in all, of the states it is taken from."""
    closed = [unfillable(workflow, trigger, state) for state in workflow.sources_of(trigger)]
    return tuple(ask for ask in trigger.asks if not where(ask.field in fields for fields in closed))


def _before(workflow: Workflow, states: Iterable[str]) -> list[Trigger]:
    """The steps that can have been taken when a case stands in one of these states."""
    passed, open_ends = set(states), list(states)
    while open_ends:
        for earlier in workflow.entered_from.get(open_ends.pop(), ()):
            if earlier not in passed:
                passed.add(earlier)
                open_ends.append(earlier)
    found = []
    for trigger in workflow.triggers:
        for source in workflow.sources_of(trigger):
            ends = {branch.state for branch in workflow.branches_from(trigger, source)}
            stays = bool(ends & {SAME, PREVIOUS}) and source in passed
            if stays or (source in passed and ends & passed):
                found.append(trigger)
                break
    return found


def _merged(origins: list[Origin], own: dict[str, Provided]) -> tuple[Provided, ...]:
    """Values in the order of the vocabulary; an unanswered question falls back on what is computed."""
    found: dict[str, Provided] = {}
    for name in VOCABULARY:
        origin = next((item for item in origins if name in item.names), None)
        asked = own.get(name)
        if asked is not None:
            sure = asked.sure or (origin is not None and origin.sure)
            found[name] = Provided(name, asked.source, sure)
        elif origin is not None:
            found[name] = Provided(name, origin.words, origin.sure)
    return tuple(found.values())
