"""Scores as they stand: kept in memory, brought up to date target by target, explained down to the single rating."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, false, func, literal, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from models.campaign import Campaign
from models.case import Case
from models.rating import Rating, RatingVoid, Standing, Tally
from models.roster import Category, Target, Unit
from scoring.definition import Scheme
from scoring.engine import TargetScore, score_target
from scoring.facts import CaseFacts, TargetFacts
from scoring.ranking import Places
from services.deductions import standing_tiers, states_of
from services.definitions import scheme_of

#: More changed targets than this are read in one sweep over the tallies.
_SWEEP = 400
_ROSTERS: tuple[type[Target | Unit | Category], ...] = (Target, Unit, Category)
#: So many neighbouring targets share one sum of standings.
_PART = 64


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
    #: Category key to the targets in it, by name.
    by_name: Mapping[str, tuple[int, ...]]

    @cached_property
    def by_category(self) -> Mapping[str, tuple[Placed, ...]]:
        """Category key to its lines: ranked ones first, then those without a rank, by name."""
        last = len(self.lines) + 1
        places = {key: line.score.rank or last for key, line in self.lines.items()}
        return {
            category: tuple([self.lines[key] for key in sorted(keys, key=places.__getitem__)])
            for category, keys in self.by_name.items()
        }

    @cached_property
    def provisional(self) -> bool:
        """Whether any target lacks a method: publication then needs an approver's word."""
        return any(line.score.provisional for line in self.lines.values())


@dataclass(frozen=True)
class _Signature:
    """What tells whether a kept ranking is stale.

    roster: the scheme and the rosters' revisions.  moved: part of the targets to the sum of their standings,
    so that a change leads to its part of the standings, not through all of them.
    """

    roster: tuple[Any, ...]
    moved: Mapping[int, int]


class _Board:
    """What one process remembers of one campaign."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.versions: dict[int, int] = {}
        self.places: Places | None = None
        #: Always both together, so that they can be looked at without the lock.
        self.kept: tuple[_Signature, Ranking] | None = None
        #: Until when ratings counted, the ranking of that moment's cases, and both put together.
        self.until: tuple[datetime, Ranking, Ranking] | None = None


_boards: WeakKeyDictionary[Engine | Connection, dict[int, _Board]] = WeakKeyDictionary()
_boards_lock = threading.Lock()


def current_ranking(session: Session, campaign: Campaign) -> Ranking:
    """The ranking as of now.

    One small query tells whether anything moved since this process last looked; if so, only the targets
    that moved are read and scored again. Never older than the moment of the call.
    """
    board = _board_of(session, campaign)
    kept, signature = board.kept, _signature(session, campaign)
    if kept is not None and kept[0] == signature:
        return kept[1]
    with board.lock:
        if board.kept is not kept:
            # Another request was faster: what it saw later must not be put back to what this one saw earlier.
            signature = _signature(session, campaign)
        if board.kept is None or board.kept[0] != signature:
            board.kept = (signature, _refreshed(session, campaign, board, signature))
        return board.kept[1]


def _board_of(session: Session, campaign: Campaign) -> _Board:
    with _boards_lock:
        boards = _boards.setdefault(session.get_bind(), {})
        return boards.setdefault(campaign.id, _Board())


def _signature(session: Session, campaign: Campaign) -> _Signature:
    part = Standing.target_id // _PART
    moved = select(part, func.sum(Standing.version)).where(Standing.campaign_id == campaign.id).group_by(part)
    rosters = [select(literal(-1 - place), _revision(noun)) for place, noun in enumerate(_ROSTERS)]
    sums = {number: int(total) for number, total in session.execute(union_all(moved, *rosters))}
    return _Signature((campaign.scheme_id, *(sums.pop(-1 - place) for place, _ in enumerate(_ROSTERS))), sums)


def _revision(noun: type[Target | Unit | Category]) -> Any:
    return func.coalesce(func.sum(noun.row_version), 0) * 1_000_000 + func.count()


def _refreshed(session: Session, campaign: Campaign, board: _Board, signature: _Signature) -> Ranking:
    if board.kept is None or board.places is None or board.kept[0].roster != signature.roster:
        return _anew(session, campaign, board)
    before, ranking = board.kept
    parts = [part for part, total in signature.moved.items() if before.moved.get(part) != total]
    versions = _versions(session, campaign, parts)
    changed = [target for target, version in versions.items() if board.versions.get(target) != version]
    if not changed:
        return ranking
    scored = _scored(session, campaign, ranking.scheme, changed if len(changed) <= _SWEEP else None)
    lines = {**ranking.lines, **scored}
    for target_id, score in board.places.put({key: line.score for key, line in scored.items()}).items():
        line = lines[target_id]
        lines[target_id] = Placed(target_id, line.unit_id, line.unit, score)
    board.versions.update(versions)
    return replace(ranking, lines=lines)


def _anew(session: Session, campaign: Campaign, board: _Board) -> Ranking:
    scheme = scheme_of(session, campaign.scheme_id)
    versions = _versions(session, campaign, None)
    scored = _scored(session, campaign, scheme, None)
    places = Places(scheme, {key: line.score for key, line in scored.items()})
    ranking = _ranking(session, campaign, scheme, scored, places)
    board.versions, board.places = versions, places
    return ranking


def _versions(session: Session, campaign: Campaign, parts: list[int] | None) -> dict[int, int]:
    """Target id to how often its score can have moved. parts: those to look into, None for all."""
    query = select(Standing.target_id, Standing.version).where(Standing.campaign_id == campaign.id)
    if parts is not None and len(parts) <= _SWEEP // 8:
        query = query.where(or_(false(), *(Standing.target_id.between(*_ends(part)) for part in parts)))
    return dict(session.execute(query).all())


def _ends(part: int) -> tuple[int, int]:
    return part * _PART, part * _PART + _PART - 1


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


def _ranking(
    session: Session, campaign: Campaign, scheme: Scheme, scored: Mapping[int, Placed], places: Places
) -> Ranking:
    names = dict(session.execute(select(Category.key, Category.name).order_by(Category.position)).all())
    lines = {key: Placed(key, line.unit_id, line.unit, places.scores[key]) for key, line in scored.items()}
    by_name: dict[str, list[int]] = {key: [] for key in names}
    for key, line in sorted(lines.items(), key=lambda item: item[1].score.name):
        by_name[line.score.category].append(key)
    return Ranking(
        campaign_id=campaign.id,
        scheme=scheme,
        categories=names,
        lines=lines,
        by_name={category: tuple(keys) for category, keys in by_name.items()},
    )


def ranking_as_of(session: Session, campaign: Campaign, as_of: datetime) -> Ranking:
    """The ranking as it was at an earlier instant, from the ratings and the ledger themselves."""
    scheme = scheme_of(session, campaign.scheme_id)
    counts = _counts_as_of(session, campaign, as_of)
    tiers = standing_tiers(session, campaign.id, as_of=as_of)
    numbers = _case_numbers(session, tiers)
    live = current_ranking(session, campaign)
    cases = {
        key: case_facts(scheme, line.score.target, tiers.get(key, ()), numbers)
        for key, line in live.lines.items()
    }
    return _put_together(session, campaign, live, counts, cases)


def ranking_of_ratings_until(session: Session, campaign: Campaign, until: datetime) -> Ranking:
    """The ranking of the ratings up to an earlier instant and of the cases as they stand now.

    Kept until anything of the campaign moves: a round of ballots that is closed late counts on its own day.
    """
    live, board = current_ranking(session, campaign), _board_of(session, campaign)
    kept = board.until
    if kept is not None and kept[0] == until and kept[1] is live:
        return kept[2]
    cases = {key: line.score.inputs.cases for key, line in live.lines.items()}
    found = _put_together(session, campaign, live, _counts_as_of(session, campaign, until), cases)
    board.until = (until, live, found)
    return found


def ranking_of_cases(
    session: Session, campaign: Campaign, cases: Mapping[int, tuple[CaseFacts, ...]]
) -> Ranking:
    """The ranking as it would be with other cases and the ratings that count now. cases: for every target of it."""
    live = current_ranking(session, campaign)
    counts = {key: line.score.inputs.counts for key, line in live.lines.items()}
    return _put_together(session, campaign, live, counts, cases)


def _counts_as_of(
    session: Session, campaign: Campaign, as_of: datetime
) -> dict[int, dict[tuple[str, str], int]]:
    """Target id to how many ratings by method and grade counted at an instant."""
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
    return counts


def _put_together(
    session: Session,
    campaign: Campaign,
    live: Ranking,
    counts: Mapping[int, Mapping[tuple[str, str], int]],
    cases: Mapping[int, tuple[CaseFacts, ...]],
) -> Ranking:
    """The targets of the live ranking with other counts and cases, ranked anew."""
    scored = {
        key: Placed(
            key,
            line.unit_id,
            line.unit,
            score_target(
                live.scheme,
                TargetFacts(line.score.target, line.score.name, line.score.category),
                counts.get(key, {}),
                cases[key],
            ),
        )
        for key, line in live.lines.items()
    }
    places = Places(live.scheme, {key: line.score for key, line in scored.items()})
    return _ranking(session, campaign, live.scheme, scored, places)


def recomputed(session: Session, campaign: Campaign) -> dict[int, Placed]:
    """Every target scored anew from the tallies, past all that is remembered; for `verify`."""
    return _scored(session, campaign, scheme_of(session, campaign.scheme_id), None)
