"""The values that results give their notices, taken from the frozen edition and the scheme it was made under."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.campaign import Campaign
from models.notice import RankingEdition
from models.rating import Tally
from models.roster import Target
from notices.definition import Value
from scoring.definition import Scheme
from scoring.exact import in_formula, printed
from scoring.nodes.parts_sum import PartsSum
from scoring.nodes.weighted_mean import WeightedMean
from services.definitions import scheme_of


def campaign_values(
    session: Session, campaign: Campaign, edition: RankingEdition, outcome: str | None
) -> dict[str, Value]:
    """For a notice about the whole campaign; `commended` holds those whom the outcome names."""
    scheme = scheme_of(session, edition.scheme_id)
    categories = edition.frozen["categories"]
    names = {item["key"]: item["name"] for item in edition.frozen["outcomes"]}
    lines = [(category, line) for category in categories for line in category["lines"]]
    return {
        **_scheme_values(scheme, outcome),
        "rating_count": str(_rating_count(session, campaign)),
        "target_count": str(len(lines)),
        "unit_count": str(len({line["unit"] for _, line in lines})),
        "ranking_tables": [
            {
                "category": category["name"],
                "rank": str(line["rank"] or "—"),
                "unit": line["unit"],
                "target": line["target"],
                "satisfaction": line["composite"] or "—",
                "rectification": line["rectification"] or "—",
                "total": line["printed"] or "—",
                "outcome": "、".join(names[key] for key in line["outcomes"]) or "—",
            }
            for category, line in lines
        ],
        "commended": [
            {
                "category": category["name"],
                "rank": str(line["rank"] or "—"),
                "unit": line["unit"],
                "target": line["target"],
                "total": line["printed"] or "—",
            }
            for category, line in lines
            if outcome is not None and outcome in line["outcomes"]
        ],
    }


def target_values(
    session: Session, campaign: Campaign, category: dict[str, Any], line: dict[str, Any]
) -> dict[str, Value]:
    """For a notice to one target."""
    scheme = scheme_of(session, campaign.scheme_id)
    target = session.get_one(Target, line["target_id"])
    return {
        **_scheme_values(scheme, None),
        "unit": line["unit"],
        "target": line["target"],
        "category": category["name"],
        "person_in_charge": f"{line['target']}主要负责人{target.person_in_charge}",
        "total": line["printed"] or "",
        "rank": str(line["rank"] or ""),
        "explanation_working_days": str(campaign.settings["written_explanation_working_days"]),
        "working_days": str(campaign.settings["rectify_order_working_days"]),
    }


def _rating_count(session: Session, campaign: Campaign) -> int:
    return int(
        session.execute(
            select(func.coalesce(func.sum(Tally.count), 0)).where(Tally.campaign_id == campaign.id)
        ).scalar_one()
    )


def _scheme_values(scheme: Scheme, outcome: str | None) -> dict[str, Value]:
    values: dict[str, Value] = {}
    below = next((item.when.below for item in scheme.outcomes if item.when.below is not None), None)
    if below is not None:
        values["pass_line"] = in_formula(below)
    praised = scheme.outcome_by_key.get(outcome) if outcome else None
    praised = praised or next((item for item in scheme.outcomes if item.when.first is not None), None)
    if praised is not None and praised.when.first is not None:
        quota = praised.when.first
        numbers = {number for _, number in quota.by_category}
        if quota.count is not None:
            numbers.add(quota.count)
        share = f"{in_formula(quota.share * 100)}%" if quota.share is not None else ""
        values["praise_count"] = "、".join(map(str, sorted(numbers))) or share
    values.update(_weights(scheme))
    return values


def _weights(scheme: Scheme) -> dict[str, Value]:
    """How much the parts and the methods count, in percent of the whole."""
    values: dict[str, Value] = {}
    top = scheme.score
    pool = scheme.pool
    if isinstance(top, PartsSum):
        for part in top.parts:
            if part.of is pool and pool is not None:
                values["rectification_weight"] = printed(part.factor * pool.base, 0)
            elif part.of.key == scheme.headline.composite:
                values["satisfaction_weight"] = printed(part.factor, 0)
    mean = scheme.nodes.get(scheme.headline.composite or "")
    if isinstance(mean, WeightedMean):
        values["method_words"] = "，".join(
            f"{part.of.name.removesuffix('满意率')}占{in_formula(part.weight / mean.weights_total * 100)}%"
            for part in mean.parts
        )
    return values
