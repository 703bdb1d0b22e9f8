"""What everyone may read: the rules as the running definitions state them, the roster.

Source: 方案第八条第（三）项：将测评全过程予以公开.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.campaign import Campaign
from models.roster import Category, Target, Unit
from scoring.words import Rule, rules_in_words
from services.definitions import scheme_of, workflow_of
from services.editions import ResultNotice, result_notices
from services.packs import settings_of
from workflow.definition import Clock
from workflow.vocabulary import ClockStart


@dataclass(frozen=True)
class PublicClock:
    """A deadline in words.

    words: its length. then: what happens when it runs out, empty when it only reminds the office.
    """

    label: str
    words: str
    from_service: bool
    then: str
    source: str
    note: str


@dataclass(frozen=True)
class PublicState:
    """A state of the procedure with what it costs and which clocks run in it. points: 0 for nothing."""

    name: str
    points: int
    final: bool
    clocks: tuple[PublicClock, ...]
    source: str
    note: str


@dataclass(frozen=True)
class PublicRules:
    """The campaign's rules, generated from what is in force."""

    scheme: str
    scheme_version: int
    workflow: str
    workflow_version: int
    rules: tuple[Rule, ...]
    methods: tuple[tuple[str, str, bool], ...]
    states: tuple[PublicState, ...]
    pauses: tuple[PublicState, ...]
    notices: tuple[ResultNotice, ...]


def public_rules(session: Session, campaign: Campaign) -> PublicRules:
    """The rules as the campaign's own versions of scheme and procedure state them."""
    scheme = scheme_of(session, campaign.scheme_id)
    workflow = workflow_of(session, campaign.workflow_id)
    points = {tier.state: tier.points for tier in scheme.pool.tiers} if scheme.pool else {}
    names = {trigger.key: trigger.name for trigger in workflow.triggers}
    return PublicRules(
        scheme=scheme.name,
        scheme_version=scheme.version,
        workflow=workflow.name,
        workflow_version=workflow.version,
        rules=rules_in_words(scheme),
        methods=tuple(
            (method["name"], method.get("source") or "", bool(method.get("secret")))
            for method in settings_of(campaign, "methods")
        ),
        states=tuple(
            PublicState(
                state.name,
                points.get(state.key, 0),
                state.final,
                tuple(_clock(clock, names) for clock in state.clocks),
                state.source,
                state.note or "",
            )
            for state in workflow.states
        ),
        pauses=tuple(
            PublicState(
                pause.name,
                0,
                False,
                tuple(_clock(clock, names) for clock in pause.clocks),
                pause.source,
                pause.note or "",
            )
            for pause in workflow.suspensions
        ),
        notices=result_notices(session, campaign),
    )


def _clock(clock: Clock, names: dict[str, str]) -> PublicClock:
    return PublicClock(
        clock.label,
        clock.words,
        clock.starts is ClockStart.SERVED,
        names.get(clock.then or "", ""),
        clock.source,
        clock.note or "",
    )


@dataclass(frozen=True)
class RosterCategory:
    """One category with its units and their targets, by name."""

    name: str
    units: tuple[tuple[str, tuple[str, ...]], ...]
    targets: int


def public_roster(session: Session) -> tuple[RosterCategory, ...]:
    """The units and targets in use, without any person."""
    rows = session.execute(
        select(Category.name, Unit.name, Target.name)
        .join(Unit, Unit.category_id == Category.id)
        .outerjoin(Target, (Target.unit_id == Unit.id) & Target.active)
        .where(Unit.active)
        .order_by(Category.position, Category.id, Unit.position, Unit.id, Target.position, Target.id)
    ).all()
    found: dict[str, dict[str, list[str]]] = {}
    for category, unit, target in rows:
        targets = found.setdefault(category, {}).setdefault(unit, [])
        if target is not None:
            targets.append(target)
    return tuple(
        RosterCategory(
            name,
            tuple((unit, tuple(targets)) for unit, targets in units.items()),
            sum(len(targets) for targets in units.values()),
        )
        for name, units in found.items()
    )
