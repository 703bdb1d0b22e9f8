"""A procedure as the office writes it: states, triggers, clocks, suspensions. Data, frozen, versioned.

Source: 方案第五条、第六条第五款、第八条第（二）项.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PositiveInt, model_validator

from definitions.base import Definition, Key, Text
from definitions.canonical import sha256_of
from definitions.fault import DefinitionFaults
from workflow.field_right import FieldRight
from workflow.panel import PanelMode
from workflow.script import Script
from workflow.vocabulary import UNIT_WORDS, AskType, ClockStart, ClockUnit, Firing, Role

#: A JSON Logic expression over facts, counts and asked fields.
Expression = dict[str, Any] | bool
#: Every state that is not final.
RUNNING = "*running"
#: Targets of a trigger that are no state.
SAME = "same"
PREVIOUS = "previous"


class FieldOr(Definition):
    """A number of working days that a step asks for, with what holds where nobody said."""

    field: Key
    default: int = Field(ge=0)


class ReminderRule(Definition):
    """A word before a clock runs out: a notice, a message to roles, or both; 0 is the last day itself."""

    working_days_before: int = Field(ge=0)
    notice: Key | None = None
    tell: tuple[Role, ...] = ()
    text: Text | None = None


class Clock(Definition):
    """期限: working days or calendar months from entering the state, or from service of its notice.

    Exactly one of working_days and months is given. Months cannot be set anew by a step.
    """

    name: Key
    label: Text
    starts: ClockStart
    working_days: PositiveInt | FieldOr | None = None
    months: PositiveInt | None = None
    then: Key | None = None
    remind: tuple[ReminderRule, ...] = ()
    source: Text
    note: Text | None = None

    @model_validator(mode="after")
    def _one_length(self) -> Clock:
        if (self.working_days is None) is (self.months is None):
            raise ValueError("期限须写明 working_days（工作日）或 months（月），只能写一个")
        return self

    @property
    def unit(self) -> ClockUnit:
        """What its length is counted in."""
        return ClockUnit.WORKING_DAYS if self.months is None else ClockUnit.MONTHS

    @property
    def length(self) -> int | FieldOr:
        """How many of its unit."""
        length = self.months if self.working_days is None else self.working_days
        if length is None:
            raise ValueError("a clock without a length")
        return length

    @property
    def words(self) -> str:
        """Its length as it is said: 5个工作日; where a step may set it anew, the one that holds otherwise."""
        length = self.length
        return f"{length.default if isinstance(length, FieldOr) else length}{UNIT_WORDS[self.unit]}"


class _Rule(Definition):
    #: None: always.
    when: Expression | None = None


class IssueNoticeRule(_Rule):
    """A numbered notice (文书) is issued. kind: key of a NoticeKind of the pack."""

    do: Literal["issue_notice"]
    kind: Key
    #: Values of the notice that this step decides, by name: the text as it is printed.
    values: dict[Key, Text] = Field(default_factory=dict)


class ReverseDeductionsRule(_Rule):
    """Booked deductions are taken back; the reason is a required answer of the step."""

    do: Literal["reverse_deductions"]
    reason_field: Key
    #: The tier booked last, or all that stand.
    which: Literal["last", "all"] = "all"


class ServeRule(_Rule):
    """The notice of the state has reached the target: its clocks that start at service start.

    on_field: the asked date of service; None, or unanswered, for the day of the step.
    """

    do: Literal["serve"]
    on_field: Key | None = None


class ResumeClocksRule(_Rule):
    """Stopped clocks run on with more working days than remained; without it, with what remained."""

    do: Literal["resume_clocks"]
    extra_working_days: FieldOr


class TellRule(_Rule):
    """A message to those concerned who hold one of the roles."""

    do: Literal["tell"]
    roles: tuple[Role, ...] = Field(min_length=1)
    text: Text


class CountRule(_Rule):
    """One more of these; name: key under `counts`."""

    do: Literal["count"]
    name: Key


class RateRule(_Rule):
    """再评价: whoever reported rates again. form: key of a form of the pack."""

    do: Literal["rate"]
    form: Key


EffectRule = Annotated[
    IssueNoticeRule | ReverseDeductionsRule | ServeRule | ResumeClocksRule | TellRule | CountRule | RateRule,
    Field(discriminator="do"),
]


class State(Definition):
    """Where a case stands. An adjective."""

    key: Key
    name: Text
    tier: Key | None = None
    final: bool = False
    #: The clocks of the state before stand still here, and run on if the case returns there.
    holds_clocks: bool = False
    clocks: tuple[Clock, ...] = ()
    #: On every entry, but not on a return by `previous`.
    effects: tuple[EffectRule, ...] = ()
    #: Which role sees and fills which field while a case stands here; empty: as steps and pages have it.
    rights: tuple[FieldRight, ...] = ()
    source: Text
    note: Text | None = None


class Suspension(Definition):
    """A pending question (延期, 申诉) that lets all clocks stand still whatever the state."""

    key: Key
    name: Text
    #: The office's own time to decide; `then` is empty: it only reminds.
    clocks: tuple[Clock, ...] = ()
    source: Text
    note: Text | None = None


class Option(Definition):
    """A key with the words that people see."""

    key: Key
    label: Text


class Ask(Definition):
    """One field of the form that a step puts before the person who takes it."""

    field: Key
    label: Text
    type: AskType
    required: bool = False
    options: tuple[Option, ...] = ()
    at_least: int | None = None
    at_most: int | None = None
    hint: Text | None = None

    @model_validator(mode="after")
    def _fits_its_type(self) -> Self:
        if (self.type in (AskType.CHOICE, AskType.CHOICES)) != bool(self.options):
            raise ValueError("options 只用于 choice、choices 类型，且不能缺少")
        if self.type is not AskType.NUMBER and (self.at_least, self.at_most) != (None, None):
            raise ValueError("at_least、at_most 只用于 number 类型")
        return self


class Branch(Definition):
    """One way a trigger may lead; the first that fits is taken, the last fits always.

    sources: the states from which it is open, None for all of the trigger's.
    """

    sources: tuple[Key, ...] | None = Field(default=None, alias="from", min_length=1)
    when: Expression | None = None
    state: Key


class PanelRule(Definition):
    """会签: the step is proposed by one person and taken when a panel has agreed.

    roles: whose holders may be seated. at_least: fewest signers. share: of the signers who must agree, `2/3`.
    """

    mode: PanelMode
    roles: tuple[Role, ...] = Field(min_length=1)
    at_least: PositiveInt = 1
    share: str | None = Field(default=None, pattern=r"^[1-9]\d?/[1-9]\d?$")
    source: Text
    note: Text | None = None

    @model_validator(mode="after")
    def _share_fits(self) -> Self:
        if (self.mode is PanelMode.RATIO) != (self.share is not None):
            raise ValueError("share 只用于 ratio，且不能缺少，例如 2/3")
        if self.part > 1:
            raise ValueError("share 不能大于 1")
        if Role.SYSTEM in self.roles:
            raise ValueError("“system”不是人的角色，不能会签")
        return self

    @property
    def part(self) -> Fraction:
        """`share` as a number; 1 where all are asked."""
        return Fraction(self.share) if self.share else Fraction(1)


class Trigger(Definition):
    """A step of the procedure. A verb."""

    key: Key
    name: Text
    sources: tuple[str, ...] = Field(alias="from", min_length=1)
    #: A state, `same`, `previous`, or branches tried in their order.
    to: Key | tuple[Branch, ...]
    by: Firing = Firing.PERSON
    roles: tuple[Role, ...] = ()
    four_eyes_with: tuple[Key, ...] = ()
    #: None: one person takes it alone.
    panel: PanelRule | None = None
    guard: Expression | None = None
    #: Said when the guard is false.
    refuse: Text | None = None
    asks: tuple[Ask, ...] = ()
    effects: tuple[EffectRule, ...] = ()
    suspend: Key | None = None
    during: Key | None = None
    lift: bool = False
    source: Text
    note: Text | None = None

    @property
    def branches(self) -> tuple[Branch, ...]:
        """`to` in its general form."""
        return (Branch(state=self.to),) if isinstance(self.to, str) else self.to


class RepeatOffence(Definition):
    """屡查屡犯: the same problem at the same target again sets out further up the ladder.

    within_months: how far back the earlier case may have been found.  counts: what the new case begins with, as
    though those steps had been taken.  not_counting: states in which an earlier case is no ground.
    """

    within_months: PositiveInt
    counts: dict[Key, PositiveInt] = Field(default_factory=dict)
    not_counting: tuple[Key, ...] = ()
    source: Text
    note: Text | None = None


class Workflow(Definition):
    """流程: one published version of a procedure; checked by `load_workflow`."""

    key: Key
    name: Text
    version: PositiveInt
    source: Text
    note: Text | None = None
    calendar: Key
    initial: Key
    states: tuple[State, ...] = Field(min_length=1)
    suspensions: tuple[Suspension, ...] = ()
    #: What steps count, with its name; each is a number that conditions may look at.
    counts: tuple[Option, ...] = ()
    triggers: tuple[Trigger, ...] = Field(min_length=1)
    #: Lived through before a new version is published; each must end as it says.
    stories: tuple[Script, ...] = ()
    #: None: a case is judged by itself alone, whatever went before.
    repeat_offence: RepeatOffence | None = None

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the content: two drafts with one version number are still told apart."""
        return sha256_of(self.model_dump(mode="json", by_alias=True))

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    @cached_property
    def states_by_key(self) -> dict[str, State]:
        return {state.key: state for state in self.states}

    @cached_property
    def triggers_by_key(self) -> dict[str, Trigger]:
        return {trigger.key: trigger for trigger in self.triggers}

    @cached_property
    def has_panels(self) -> bool:
        """Whether any step is decided by a panel (会签)."""
        return any(trigger.panel is not None for trigger in self.triggers)

    @cached_property
    def suspensions_by_key(self) -> dict[str, Suspension]:
        return {suspension.key: suspension for suspension in self.suspensions}

    def sources_of(self, trigger: Trigger) -> tuple[str, ...]:
        """The states from which a trigger may be fired, `*running` spelled out, in the order of the states."""
        named = set(trigger.sources)
        if RUNNING in named:
            named |= {state.key for state in self.states if not state.final}
        return tuple(state.key for state in self.states if state.key in named)

    def branches_from(self, trigger: Trigger, source: str) -> tuple[Branch, ...]:
        """The ways a trigger may lead from one of its states, in the order in which they are tried."""
        found: list[Branch] = []
        for branch in trigger.branches:
            if branch.sources is not None and source not in branch.sources:
                continue
            found.append(branch)
            if branch.when is None:
                break
        return tuple(found)

    @cached_property
    def entered_from(self) -> dict[str, tuple[str, ...]]:
        """For each state, the states from which an ordinary step leads into it."""
        origins: dict[str, dict[str, None]] = {state.key: {} for state in self.states}
        for trigger in self.triggers:
            for source in self.sources_of(trigger):
                for branch in self.branches_from(trigger, source):
                    if branch.state not in (SAME, PREVIOUS) and branch.state in origins:
                        origins[branch.state][source] = None
        return {state: tuple(sources) for state, sources in origins.items()}

    @cached_property
    def serving_triggers(self) -> frozenset[str]:
        """Triggers that record a service (送达)."""
        return frozenset(
            trigger.key for trigger in self.triggers if any(rule.do == "serve" for rule in trigger.effects)
        )


def load_workflow(data: Any) -> Workflow:
    """The definition, checked whole.

    data: what `definitions.source.read_yaml` gives.
    Raises DefinitionFaults with every fault and its place: first those of single values, then, when all
    values can be read, those of the whole (unreachable states, clocks without trigger, loops of timers …).
    """
    from workflow.checks import faults_of  # the checks know the definition, not the other way round

    workflow = Workflow.read(data)
    faults = faults_of(workflow)
    if faults:
        raise DefinitionFaults(faults)
    return workflow
