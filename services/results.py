"""Results: an edition of the ranking frozen, approved by a second person, published with its notices.

Source: 方案第七条.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from definitions.canonical import sha256_of
from models.campaign import Campaign
from models.notice import Notice, RankingEdition
from models.people import Role
from models.roster import Target
from scoring.exact import ratio
from services.actor import OFFICE, Actor
from services.campaign_choice import refuse_unless_it_ranks
from services.history import record
from services.notices import Occasion, issue_notices
from services.refusal import Refusal, not_found
from services.result_values import campaign_values, target_values
from services.scores import Placed, Ranking, current_ranking
from services.transaction import transaction


def propose_edition(
    session: Session, actor: Actor, campaign: Campaign, *, reason: str, now: datetime
) -> RankingEdition:
    """Freeze the ranking as it stands, with its inputs, for another person to publish.

    reason: why this edition (年终公布, 申诉成立后重排 …); it is shown with the edition for ever.
    """
    actor.require(*OFFICE, to="提请公布结果")
    refuse_unless_it_ranks(campaign)
    if not reason.strip():
        raise Refusal("reason_missing", "请写明本次公布的事由，例如“年度结果”或“某申诉成立后重排”。", 422)
    with transaction(session):
        waiting = session.execute(
            select(RankingEdition.id).where(
                RankingEdition.campaign_id == campaign.id, RankingEdition.published_at.is_(None)
            )
        ).first()
        if waiting:
            raise Refusal("edition_waiting", "已有一版结果正待批准公布；请先办理那一版。")
        last = session.execute(
            select(func.coalesce(func.max(RankingEdition.edition), 0)).where(
                RankingEdition.campaign_id == campaign.id
            )
        ).scalar_one()
        frozen = frozen_ranking(campaign, current_ranking(session, campaign), now)
        edition = RankingEdition(
            campaign_id=campaign.id,
            edition=last + 1,
            reason=reason.strip(),
            as_of=now,
            scheme_id=campaign.scheme_id,
            frozen=frozen,
            sha256=sha256_of(frozen),
            proposed_by_id=actor.person,
            proposed_at=now,
        )
        session.add(edition)
        session.flush()
        _note(session, actor, edition, "result.proposed", {"reason": edition.reason}, now)
    return edition


def withdraw_edition(session: Session, actor: Actor, edition_id: int, *, now: datetime) -> None:
    """Take back a proposed edition that was not published; what was published stays."""
    actor.require(*OFFICE, to="撤回待公布的结果")
    with transaction(session):
        edition = _edition(session, edition_id)
        if edition.published_at is not None:
            raise Refusal("edition_published", "这一版已经公布，不能撤回；更正请另出一版。")
        _note(session, actor, edition, "result.withdrawn", {"sha256": edition.sha256}, now)
        session.delete(edition)


def publish_edition(
    session: Session, actor: Actor, edition_id: int, *, accept_provisional: bool, now: datetime
) -> RankingEdition:
    """Publish a frozen edition and issue its notices, all in one transaction.

    accept_provisional: the approver's word that an edition in which some method has no rating yet may go out.
    """
    actor.require(Role.HEAD, to="批准公布结果")
    with transaction(session):
        edition = _edition(session, edition_id)
        campaign = session.get_one(Campaign, edition.campaign_id)
        if edition.published_at is not None:
            raise Refusal("edition_published", "这一版已经公布。")
        if edition.proposed_by_id == actor.user_id:
            raise Refusal("same_person", "提请公布的人不能自己批准，请由另一人办理。", 403)
        if edition.frozen["provisional"] and not accept_provisional:
            raise Refusal(
                "edition_provisional",
                "这一版中有的测评对象缺少某种方式的测评，得分是暂定的；确要公布的，请勾选“同意按暂定得分公布”。",
            )
        edition.approved_by_id, edition.published_at = actor.person, now
        session.flush()
        numbers = _issue_notices(session, actor, campaign, edition, now)
        _note(
            session, actor, edition, "result.published", {"sha256": edition.sha256, "notices": numbers}, now
        )
    return edition


def frozen_ranking(campaign: Campaign, ranking: Ranking, now: datetime) -> dict[str, Any]:
    """The ranking with everything it was made from, as plain data: figures as fractions and as printed."""
    scheme = ranking.scheme
    return {
        "campaign": {"key": campaign.key, "name": campaign.name, "year": campaign.year},
        "as_of": now.isoformat(),
        "scheme": {"key": scheme.key, "name": scheme.name, "version": scheme.version},
        "methods": [
            {"key": key, "name": scheme.nodes[key].name} for key in scheme.ballot_keys if key in scheme.nodes
        ],
        "provisional": ranking.provisional,
        "categories": [
            {"key": key, "name": name, "lines": [_line(line) for line in ranking.by_category[key]]}
            for key, name in ranking.categories.items()
        ],
        "outcomes": [
            {
                "key": outcome.key,
                "name": outcome.name,
                "note": outcome.note or "",
                "source": outcome.source or "",
            }
            for outcome in scheme.outcomes
        ],
    }


def _line(line: Placed) -> dict[str, Any]:
    score = line.score
    places = score.scheme.places_of
    explained = {node.key: node.printed for node in score.explanation.walk()}
    return {
        "target_id": line.target_id,
        "target_key": score.target,
        "target": score.name,
        "unit": line.unit,
        "rank": score.rank,
        "satisfaction": {key: explained.get(key) for key in score.satisfaction},
        "composite": explained.get(score.scheme.headline.composite or ""),
        "rectification": explained.get(score.scheme.headline.rectification or ""),
        "total": ratio(score.total) if score.total is not None else None,
        "printed": score.printed,
        "outcomes": list(score.outcomes),
        "conflicts": list(score.conflicts),
        "missing": list(score.missing),
        "provisional": score.provisional,
        "inputs": {
            "counts": [
                [method, grade, count] for (method, grade), count in sorted(score.inputs.counts.items())
            ],
            "cases": [[case.key, list(case.states)] for case in score.inputs.cases],
        },
        "places": places(score.scheme.score),
    }


def _issue_notices(
    session: Session, actor: Actor, campaign: Campaign, edition: RankingEdition, now: datetime
) -> list[str]:
    numbers: list[str] = []
    for rule in campaign.settings["results"]:
        concerned = [
            (category, line)
            for category in edition.frozen["categories"]
            for line in category["lines"]
            if rule["outcome"] is None or rule["outcome"] in line["outcomes"]
        ]
        if not concerned:
            continue
        if rule["per"] == "campaign":
            found = campaign_values(session, campaign, edition, rule["outcome"])
            numbers.append(_issue(session, actor, campaign, edition, rule["notice"], found, None, now))
            continue
        for category, line in concerned:
            target = session.get(Target, line["target_id"])
            found = target_values(session, campaign, category, line)
            numbers.append(_issue(session, actor, campaign, edition, rule["notice"], found, target, now))
    return numbers


def _issue(
    session: Session,
    actor: Actor,
    campaign: Campaign,
    edition: RankingEdition,
    kind: str,
    values: dict[str, Any],
    target: Target | None,
    now: datetime,
) -> str:
    occasion = Occasion(now, target=target, edition=edition)
    return issue_notices(session, actor, campaign, [(kind, lambda _kind: values)], occasion)[0].number


def editions(session: Session, campaign_id: int) -> list[RankingEdition]:
    """All editions of a campaign, newest first; those not yet published among them."""
    return list(
        session.execute(
            select(RankingEdition)
            .where(RankingEdition.campaign_id == campaign_id)
            .order_by(RankingEdition.edition.desc())
        ).scalars()
    )


def latest_published(session: Session, campaign_id: int) -> RankingEdition | None:
    """What the public sees: the newest published edition, or None."""
    return session.execute(
        select(RankingEdition)
        .where(RankingEdition.campaign_id == campaign_id, RankingEdition.published_at.is_not(None))
        .order_by(RankingEdition.edition.desc())
        .limit(1)
    ).scalar_one_or_none()


def notices_of_edition(session: Session, edition_id: int) -> list[Notice]:
    """The notices that the publication of an edition issued."""
    return list(
        session.execute(select(Notice).where(Notice.edition_id == edition_id).order_by(Notice.id)).scalars()
    )


def _edition(session: Session, edition_id: int) -> RankingEdition:
    edition = session.get(RankingEdition, edition_id, with_for_update=True, populate_existing=True)
    if edition is None:
        raise not_found("这一版结果")
    return edition


def _note(
    session: Session, actor: Actor, edition: RankingEdition, act: str, payload: dict[str, Any], now: datetime
) -> None:
    record(
        session,
        actor,
        act,
        object_kind="ranking_edition",
        object_id=edition.id,
        payload={"edition": edition.edition, **payload},
        now=now,
    )
