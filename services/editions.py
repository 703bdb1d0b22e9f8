"""Results to read: what follows from the ranking, and the frozen editions.

Source: 方案第七条.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from definitions.canonical import sha256_of
from models.campaign import Campaign
from models.notice import Notice, RankingEdition
from models.people import Role
from scoring.words import condition_in_words, outcome_reason
from services.actor import Actor
from services.definitions import notice_kind_of_campaign
from services.explanations import SEES_RANKING, ShownLine, ranking_for, shown
from services.refusal import not_found
from services.results import notices_of_edition

PAGE = 100


@dataclass(frozen=True)
class ResultNotice:
    """A notice that publication issues. outcome: key, None for the whole campaign; per: target or campaign."""

    kind: str
    name: str
    outcome: str | None
    per: str
    source: str


@dataclass(frozen=True)
class Met:
    """A target that meets an outcome (or would, but for a conflict), and why."""

    line: ShownLine
    category: str
    reason: str


@dataclass(frozen=True)
class OutcomeSheet:
    """One outcome with its condition in words, whom it concerns, and what is issued for it."""

    key: str
    name: str
    note: str
    source: str
    condition: str
    met: tuple[Met, ...]
    conflicts: tuple[Met, ...]
    notices: tuple[ResultNotice, ...]


@dataclass(frozen=True)
class Outcomes:
    """What follows from the ranking. general: notices about the whole campaign."""

    sheets: tuple[OutcomeSheet, ...]
    general: tuple[ResultNotice, ...]
    provisional: bool


def result_notices(session: Session, campaign: Campaign) -> tuple[ResultNotice, ...]:
    """The notices of the campaign's results, in the order in which publication issues them."""
    return tuple(
        ResultNotice(
            rule["notice"],
            notice_kind_of_campaign(session, campaign, rule["notice"])[1].name,
            rule.get("outcome"),
            rule["per"],
            rule.get("source") or "",
        )
        for rule in campaign.settings["results"]
    )


def outcomes_of(session: Session, actor: Actor, campaign: Campaign, *, as_of: datetime | None) -> Outcomes:
    """All outcomes of the scheme with the targets that meet them now, or at an earlier instant."""
    ranking = ranking_for(session, actor, campaign, as_of=as_of)
    notices = result_notices(session, campaign)
    met: dict[str, list[Met]] = {}
    conflicts: dict[str, list[Met]] = {}
    for category, name in ranking.categories.items():
        for line in ranking.by_category[category]:
            for keys, found in ((line.score.outcomes, met), (line.score.conflicts, conflicts)):
                for key in keys:
                    reason = outcome_reason(ranking.scheme, line.score, key)
                    found.setdefault(key, []).append(Met(shown(line), name, reason))
    sheets = tuple(
        OutcomeSheet(
            outcome.key,
            outcome.name,
            outcome.note or "",
            outcome.source or "",
            condition_in_words(ranking.scheme, outcome),
            tuple(met.get(outcome.key, ())),
            tuple(conflicts.get(outcome.key, ())),
            tuple(notice for notice in notices if notice.outcome == outcome.key),
        )
        for outcome in ranking.scheme.outcomes
    )
    general = tuple(notice for notice in notices if notice.outcome is None)
    return Outcomes(sheets, general, ranking.provisional)


@dataclass(frozen=True)
class EditionList:
    """All editions, newest first. waiting: one is proposed and not yet published."""

    editions: tuple[RankingEdition, ...]
    waiting: bool
    may_propose: bool


def edition_list(session: Session, actor: Actor, campaign: Campaign) -> EditionList:
    """The editions of a campaign for someone of the office."""
    actor.require(*SEES_RANKING, to="查看各版结果")
    found = _editions(session, campaign.id, published=False)
    return EditionList(
        found,
        any(edition.published_at is None for edition in found),
        actor.has(Role.OFFICER, Role.REVIEWER, Role.HEAD),
    )


def published_editions(session: Session, campaign_id: int) -> tuple[RankingEdition, ...]:
    """What the public may read, newest first."""
    return _editions(session, campaign_id, published=True)


def published_edition(session: Session, campaign_id: int, number: int) -> RankingEdition:
    """One published edition by its number; Refusal for one that is not there or not published."""
    for edition in _editions(session, campaign_id, published=True):
        if edition.edition == number:
            return edition
    raise not_found("这一版结果")


def _editions(session: Session, campaign_id: int, *, published: bool) -> tuple[RankingEdition, ...]:
    query = (
        select(RankingEdition)
        .where(RankingEdition.campaign_id == campaign_id)
        .options(joinedload(RankingEdition.proposed_by), joinedload(RankingEdition.approved_by))
        .order_by(RankingEdition.edition.desc())
    )
    if published:
        query = query.where(RankingEdition.published_at.is_not(None))
    return tuple(session.execute(query).scalars())


@dataclass(frozen=True)
class EditionSheet:
    """One edition as the office sees it. intact: its content still has the hash it was frozen with."""

    edition: RankingEdition
    notices: tuple[Notice, ...]
    intact: bool
    may_publish: bool
    own_proposal: bool
    may_withdraw: bool


def edition_for(session: Session, actor: Actor, edition_id: int) -> EditionSheet:
    """One edition with its notices for someone of the office."""
    actor.require(*SEES_RANKING, to="查看各版结果")
    edition = session.get(RankingEdition, edition_id, populate_existing=True)
    if edition is None:
        raise not_found("这一版结果")
    waiting = edition.published_at is None
    own = edition.proposed_by_id == actor.user_id
    return EditionSheet(
        edition,
        tuple(notices_of_edition(session, edition_id)),
        is_intact(edition),
        waiting and actor.has(Role.HEAD) and not own,
        waiting and own,
        waiting and actor.has(Role.OFFICER, Role.REVIEWER, Role.HEAD),
    )


def is_intact(edition: RankingEdition) -> bool:
    """Whether the frozen content still has its hash."""
    return sha256_of(edition.frozen) == edition.sha256


@dataclass(frozen=True)
class FrozenPage:
    """A page of one category of a frozen edition."""

    category: str
    tabs: tuple[tuple[str, str, int], ...]
    methods: tuple[tuple[str, str], ...]
    lines: Sequence[Mapping[str, Any]]
    outcome_names: Mapping[str, str]
    method_names: Mapping[str, str]
    page: int
    pages: int
    total: int


def frozen_page(edition: RankingEdition, *, category: str, page: int, campaign: Campaign) -> FrozenPage:
    """So many lines of a frozen edition; an unknown category gives the first.

    campaign: for the short names of its methods.
    """
    frozen = edition.frozen
    categories = {item["key"]: item for item in frozen["categories"]}
    key = category if category in categories else next(iter(categories), "")
    lines = categories[key]["lines"] if key else []
    pages = max(1, -(-len(lines) // PAGE))
    page = min(page, pages)
    short = {item["key"]: item["name"] for item in campaign.settings["methods"]}
    methods = tuple((item["key"], short.get(item["key"], item["name"])) for item in frozen["methods"])
    return FrozenPage(
        key,
        tuple((item["key"], item["name"], len(item["lines"])) for item in categories.values()),
        methods,
        lines[(page - 1) * PAGE : page * PAGE],
        {item["key"]: item["name"] for item in frozen["outcomes"]},
        dict(methods),
        page,
        pages,
        len(lines),
    )
