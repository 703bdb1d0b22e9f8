"""The ledger of deductions: booked when a case reaches a tier, taken back by a reversing entry.

Source: 方案第六条第五款.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session, aliased

from models.case import Case, CaseStep, Deduction
from scoring.definition import Scheme
from scoring.engine import case_deduction
from scoring.nodes.pool import Tier


def entries_of(session: Session, case_id: int) -> list[Deduction]:
    """The ledger of one case, oldest first."""
    return list(
        session.execute(
            select(Deduction).where(Deduction.case_id == case_id).order_by(Deduction.id)
        ).scalars()
    )


def standing(entries: Sequence[Deduction]) -> list[Deduction]:
    """Booked entries that no entry has reversed."""
    reversed_ids = {entry.reverses_id for entry in entries if entry.kind == "reversed"}
    return [entry for entry in entries if entry.kind == "booked" and entry.id not in reversed_ids]


def settle(
    session: Session,
    case: Case,
    step: CaseStep,
    *,
    ledger: list[Deduction],
    scheme: Scheme,
    tiers: Sequence[str],
    reason: str,
    now: datetime,
) -> list[Deduction]:
    """Bring the ledger to what the scheme says of the tiers that stand, and give the entries written.

    ledger: the entries of the case so far; those written are added to it. tiers: those that stand now, in
    order. An entry holds what reaching its tier adds: under the ladder “highest” 3 for the first and 2 more
    for the second, so that the case costs 5. reason: of a reversal. Nothing is written when nothing moves.
    """
    wanted = {entry.tier: entry.points for entry in case_deduction(scheme, states_of(scheme, tiers)).entries}
    held = {entry.tier: entry for entry in standing(ledger)}
    written = [
        _reversal(case, step, entry, reason, now)
        for tier, entry in held.items()
        if wanted.get(tier) != entry.points
    ]
    for tier, points in wanted.items():
        if tier in held and held[tier].points == points:
            continue
        earlier = sum(1 for entry in ledger if entry.tier == tier and entry.kind == "booked")
        written.append(_booking(case, step, scheme, tier, points, earlier + 1, now))
    if written:
        # One statement for all; the database itself notes that the target's score may have moved (`standing`).
        # SQLite promises no order in which it gives the rows back.
        entries = sorted(
            session.scalars(insert(Deduction).returning(Deduction), written), key=lambda entry: entry.id
        )
        ledger.extend(entries)
        return entries
    return []


def tiers_of(scheme: Scheme) -> list[Tier]:
    """The ladder, lightest tier first; empty for a scheme without a pool."""
    return sorted(scheme.pool.tiers, key=lambda tier: tier.points) if scheme.pool else []


def states_of(scheme: Scheme, tiers: Iterable[str]) -> tuple[str, ...]:
    """The states that stand for tiers, as the scheme counts them."""
    by_key = {tier.key: tier.state for tier in tiers_of(scheme)}
    return tuple(by_key[tier] for tier in tiers if tier in by_key)


def _booking(
    case: Case, step: CaseStep, scheme: Scheme, tier_key: str, points: int, occurrence: int, now: datetime
) -> dict[str, Any]:
    tier = next(tier for tier in tiers_of(scheme) if tier.key == tier_key)
    return _entry(
        case,
        step,
        tier=tier_key,
        occurrence=occurrence,
        kind="booked",
        points=points,
        reverses_id=None,
        reason=tier.name,
        source=tier.source or scheme.source,
        booked_at=now,
    )


def _reversal(case: Case, step: CaseStep, entry: Deduction, reason: str, now: datetime) -> dict[str, Any]:
    return _entry(
        case,
        step,
        tier=entry.tier,
        occurrence=entry.occurrence,
        kind="reversed",
        points=-entry.points,
        reverses_id=entry.id,
        reason=reason,
        source=entry.source,
        booked_at=now,
    )


def _entry(case: Case, step: CaseStep, **content: Any) -> dict[str, Any]:
    """A row of the ledger."""
    return {
        "campaign_id": case.campaign_id,
        "case_id": case.id,
        "target_id": case.target_id,
        "step_id": step.id,
        **content,
    }


def standing_tiers(
    session: Session,
    campaign_id: int,
    *,
    target_ids: Sequence[int] | None = None,
    as_of: datetime | None = None,
) -> dict[int, list[tuple[int, str]]]:
    """Target id to its (case id, tier) that stand booked, now or at an earlier instant."""
    reversal = aliased(Deduction)
    taken_back = select(reversal.id).where(reversal.reverses_id == Deduction.id)
    query = select(Deduction.target_id, Deduction.case_id, Deduction.tier).where(
        Deduction.campaign_id == campaign_id, Deduction.kind == "booked"
    )
    if target_ids is not None:
        query = query.where(Deduction.target_id.in_(target_ids))
    if as_of is not None:
        query = query.where(Deduction.booked_at <= as_of)
        taken_back = taken_back.where(reversal.booked_at <= as_of)
    found: dict[int, list[tuple[int, str]]] = {}
    for target_id, case_id, tier in session.execute(query.where(~taken_back.exists()).order_by(Deduction.id)):
        found.setdefault(target_id, []).append((case_id, tier))
    return found
