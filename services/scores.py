"""Scores as they stand: kept in memory, brought up to date target by target, explained down to the single rating."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.orm import Session, aliased

from models.campaign import Campaign
from models.case import Case
from models.rating import Rating, RatingVoid, Standing, Tally
from models.roster import Category, Target, Unit
from scoring.definition import Scheme
from scoring.engine import TargetScore, score_target
from scoring.facts import CaseFacts, TargetFacts
from scoring.ranking import rank
from services.deductions import standing_tiers, states_of
from services.definitions import scheme_of

#: More changed targets than this are read in one sweep over the tallies.
_SWEEP = 400


@dataclass(frozen=True)
class Placed:
    """One target with its score: a line of the ranking."""

    target_id: int
    unit_id: int
    unit: str
    score: TargetScore


@dataclass(frozen=True)
class Ranking:
    """All targets of a campaign, scored and ranked, at one moment."""

    campaign_id: int
    scheme: Scheme
    #: Category key to its name, in order.
    categories: Mapping[str, str]
    lines: Mapping[int, Placed]

    @cached_property
    def by_category(self) -> Mapping[str, tuple[Placed, ...]]:
        """Category key to its lines: ranked ones first, then those without a rank, by name."""
        found: dict[str, list[Placed]] = {key: [] for key in self.categories}
        for line in self.lines.values():
            found[line.score.category].append(line)
        return {
            key: tuple(
                sorted(
                    lines, key=lambda line: (line.score.rank is None, line.score.rank or 0, line.score.name)
                )
            )
            for key, lines in found.items()
        }

    @property
    def provisional(self) -> bool:
        """Whether any target lacks a method: publication then needs an approver's word."""
        return any(line.score.provisional for line in self.lines.values())


class _Board:
    """What one process remembers of one campaign."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.signature: tuple[Any, ...] = ()
        self.roster: tuple[Any, ...] = ()
        self.versions: dict[int, int] = {}
        self.unranked: dict[int, Placed] = {}
        self.ranking: Ranking | None = None


_boards: WeakKeyDictionary[Engine | Connection, dict[int, _Board]] = WeakKeyDictionary()
_boards_lock = threading.Lock()


def current_ranking(session: Session, campaign: Campaign) -> Ranking:
    """The ranking as of now.

    One small query tells whether anything moved since this process last looked; if so, only the targets
    that moved are read and scored again. Never older than the moment of the call.
    """
    with _boards_lock:
        boards = _boards.setdefault(session.get_bind(), {})
        board = boards.setdefault(campaign.id, _Board())
    signature = _signature(session, campaign)
    with board.lock:
        if board.ranking is None or board.signature != signature:
            _refresh(session, campaign, board, signature)
        ranking = board.ranking
    if ranking is None:
        raise RuntimeError("a refreshed board has a ranking")
    return ranking


def _signature(session: Session, campaign: Campaign) -> tuple[Any, ...]:
    moved = (
        select(func.coalesce(func.sum(Standing.version), 0))
        .where(Standing.campaign_id == campaign.id)
        .scalar_subquery()
    )
    row = session.execute(select(moved, *(_revision(noun) for noun in (Target, Unit, Category)))).one()
    return (campaign.scheme_id, *row)


def _revision(noun: type[Target | Unit | Category]) -> Any:
    return select(func.coalesce(func.sum(noun.row_version), 0) * 1_000_000 + func.count()).scalar_subquery()


def _refresh(session: Session, campaign: Campaign, board: _Board, signature: tuple[Any, ...]) -> None:
    scheme = scheme_of(session, campaign.scheme_id)
    versions = dict(
        session.execute(
            select(Standing.target_id, Standing.version).where(Standing.campaign_id == campaign.id)
        ).all()
    )
    roster = (signature[0], *signature[2:])
    if board.roster != roster:
        board.unranked = {}
        changed = None
    else:
        changed = [target for target, version in versions.items() if board.versions.get(target) != version]
    wanted = None if changed is None or len(changed) > _SWEEP else changed
    board.unranked.update(_scored(session, campaign, scheme, wanted))
    board.roster, board.versions, board.signature = roster, versions, signature
    board.ranking = _ranked(session, campaign, scheme, board.unranked)


def _scored(
    session: Session, campaign: Campaign, scheme: Scheme, target_ids: list[int] | None
) -> dict[int, Placed]:
    """Targets scored alone, without rank. target_ids: None for all active ones."""
    query = (
        select(Target.id, Target.key, Target.name, Unit.id, Unit.name, Category.key)
        .join(Target.unit)
        .join(Unit.category)
        .where(Target.active, Unit.active)
        .order_by(Category.position, Unit.position, Target.position, Target.id)
    )
    tally = select(Tally.target_id, Tally.method, Tally.grade, Tally.count).where(
        Tally.campaign_id == campaign.id, Tally.count != 0
    )
    if target_ids is not None:
        query = query.where(Target.id.in_(target_ids))
        tally = tally.where(Tally.target_id.in_(target_ids))
    counts: dict[int, dict[tuple[str, str], int]] = {}
    for target_id, method, grade, count in session.execute(tally):
        counts.setdefault(target_id, {})[method, grade] = count
    tiers = standing_tiers(session, campaign.id, target_ids=target_ids)
    numbers = _case_numbers(session, tiers)
    return {
        target_id: Placed(
            target_id,
            unit_id,
            unit,
            score_target(
                scheme,
                TargetFacts(key, name, category),
                counts.get(target_id, {}),
                case_facts(scheme, key, tiers.get(target_id, ()), numbers),
            ),
        )
        for target_id, key, name, unit_id, unit, category in session.execute(query)
    }


def case_facts(
    scheme: Scheme, target: str, tiers: Iterable[tuple[int, str]], numbers: Mapping[int, str]
) -> tuple[CaseFacts, ...]:
    """The cases of one target as the scheme counts them: the tiers that stand booked, in order."""
    by_case: dict[int, list[str]] = {}
    for case_id, tier in tiers:
        by_case.setdefault(case_id, []).append(tier)
    return tuple(
        CaseFacts(numbers[case_id], target, states_of(scheme, found)) for case_id, found in by_case.items()
    )


def _case_numbers(session: Session, tiers: Mapping[int, list[tuple[int, str]]]) -> dict[int, str]:
    wanted = sorted({case_id for found in tiers.values() for case_id, _ in found})
    numbers: dict[int, str] = {}
    for start in range(0, len(wanted), 500):
        numbers.update(
            session.execute(
                select(Case.id, Case.number).where(Case.id.in_(wanted[start : start + 500]))
            ).all()
        )
    return numbers


def _ranked(session: Session, campaign: Campaign, scheme: Scheme, unranked: Mapping[int, Placed]) -> Ranking:
    names = dict(session.execute(select(Category.key, Category.name).order_by(Category.position)).all())
    lines = list(unranked.values())
    scores = rank(scheme, [line.score for line in lines])
    return Ranking(
        campaign_id=campaign.id,
        scheme=scheme,
        categories=names,
        lines={
            line.target_id: Placed(line.target_id, line.unit_id, line.unit, score)
            for line, score in zip(lines, scores, strict=True)
        },
    )


def ranking_as_of(session: Session, campaign: Campaign, as_of: datetime) -> Ranking:
    """The ranking as it was at an earlier instant, from the ratings and the ledger themselves."""
    scheme = scheme_of(session, campaign.scheme_id)
    later = aliased(Rating)
    revised = select(later.id).where(later.revises_id == Rating.id, later.submitted_at <= as_of)
    voided = select(RatingVoid.id).where(RatingVoid.rating_id == Rating.id, RatingVoid.approved_at <= as_of)
    counts: dict[int, dict[tuple[str, str], int]] = {}
    for target_id, method, grade, count in session.execute(
        select(Rating.target_id, Rating.method, Rating.grade, func.count())
        .where(Rating.campaign_id == campaign.id, Rating.submitted_at <= as_of)
        .where(~revised.exists(), ~voided.exists())
        .group_by(Rating.target_id, Rating.method, Rating.grade)
    ):
        counts.setdefault(target_id, {})[method, grade] = count
    tiers = standing_tiers(session, campaign.id, as_of=as_of)
    numbers = _case_numbers(session, tiers)
    unranked = {
        line.target_id: Placed(
            line.target_id,
            line.unit_id,
            line.unit,
            score_target(
                scheme,
                TargetFacts(line.score.target, line.score.name, line.score.category),
                counts.get(line.target_id, {}),
                case_facts(scheme, line.score.target, tiers.get(line.target_id, ()), numbers),
            ),
        )
        for line in current_ranking(session, campaign).lines.values()
    }
    return _ranked(session, campaign, scheme, unranked)


def recomputed(session: Session, campaign: Campaign) -> dict[int, Placed]:
    """Every target scored anew from the tallies, past all that is remembered; for `verify`."""
    return _scored(session, campaign, scheme_of(session, campaign.scheme_id), None)
