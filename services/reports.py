"""What a rater has reported: the own list, and a month at a glance for the monthly form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload

from models.campaign import Campaign
from models.rating import Rating
from models.roster import Target, Unit
from services.actor import Actor
from services.rating_forms import LOCAL


@dataclass(frozen=True)
class Report:
    """One of a person's own reports. state: `counted`, `revised` (a newer one counts) or `voided`."""

    rating: Rating
    state: str


@dataclass(frozen=True)
class MonthLine:
    """A target in one month: the instant ratings by grade, and the month's own rating if there is one."""

    target: Target
    counts: dict[str, int]
    comprehensive_id: int | None
    comprehensive_grade: str | None

    @property
    def total(self) -> int:
        """How many instant ratings."""
        return sum(self.counts.values())


def own_reports(
    session: Session, actor: Actor, campaign_id: int, *, page: int = 1, size: int = 50
) -> tuple[list[Report], int]:
    """One page of what this person (or monitor) has reported, newest first, and how many there are."""
    where = (Rating.campaign_id == campaign_id, _mine(actor))
    total = session.execute(select(func.count()).select_from(Rating).where(*where)).scalar_one()
    newer = aliased(Rating)
    rows = session.execute(
        select(Rating, exists().where(newer.revises_id == Rating.id))
        .where(*where)
        .options(joinedload(Rating.target).joinedload(Target.unit))
        .order_by(Rating.id.desc())
        .offset((max(page, 1) - 1) * size)
        .limit(size)
    )
    return [Report(rating, _state(rating, revised=revised)) for rating, revised in rows], int(total)


def newer_revision(session: Session, rating: Rating) -> int | None:
    """The id of the report that corrects this one; None when there is none."""
    return session.execute(select(Rating.id).where(Rating.revises_id == rating.id)).scalar_one_or_none()


def report_state(session: Session, rating: Rating) -> str:
    """See `Report.state`."""
    return _state(rating, revised=newer_revision(session, rating) is not None)


def _mine(actor: Actor) -> ColumnElement[bool]:
    mine = Rating.rater_id == actor.user_id
    return mine | (Rating.monitor_id == actor.monitor_id) if actor.monitor_id is not None else mine


def _state(rating: Rating, *, revised: bool) -> str:
    if rating.counted:
        return "counted"
    return "revised" if revised else "voided"


def month_counts(session: Session, actor: Actor, campaign_id: int, month: str) -> dict[str, dict[str, int]]:
    """Target key to grade to count of this monitor's instant ratings in a month (`2026-09`), to sum it up.

    Source: 方案第五条第（二）项.
    """
    if actor.monitor_id is None:
        return {}
    rows = session.execute(
        select(Target.key, Rating.grade, func.count())
        .join(Rating.target)
        .where(
            Rating.campaign_id == campaign_id,
            Rating.monitor_id == actor.monitor_id,
            Rating.counted,
            Rating.period == "",
            Rating.happened_on >= date.fromisoformat(f"{month}-01"),
            Rating.happened_on < _after(month),
        )
        .group_by(Target.key, Rating.grade)
    )
    found: dict[str, dict[str, int]] = {}
    for key, grade, count in rows:
        found.setdefault(key, {})[grade] = count
    return found


def month_lines(session: Session, actor: Actor, campaign_id: int, month: str) -> list[MonthLine]:
    """What a monitor reported in a month (`2026-09`), target by target in roster order.

    Source: 方案第五条第（二）项.
    """
    if actor.monitor_id is None:
        return []
    counts = month_counts(session, actor, campaign_id, month)
    summed = {
        target_id: (rating_id, grade)
        for target_id, rating_id, grade in session.execute(
            select(Rating.target_id, Rating.id, Rating.grade).where(
                Rating.campaign_id == campaign_id,
                Rating.monitor_id == actor.monitor_id,
                Rating.counted,
                Rating.period == month,
            )
        )
    }
    targets = session.execute(
        select(Target)
        .join(Target.unit)
        .where(Target.key.in_(counts) | Target.id.in_(summed))
        .options(contains_eager(Target.unit))
        .order_by(Unit.category_id, Unit.position, Unit.id, Target.position, Target.id)
    ).scalars()
    return [
        MonthLine(target, counts.get(target.key, {}), *summed.get(target.id, (None, None)))
        for target in targets
    ]


def due_day(campaign: Campaign, month: str) -> date | None:
    """Until when a month's comprehensive forms are to be in; None where the pack says nothing."""
    days = campaign.settings.get("comprehensive_due_day")
    return _after(month) + timedelta(days=int(days) - 1) if days else None


def this_month(now: datetime) -> str:
    """The office's month, `2026-09`."""
    return f"{now.astimezone(LOCAL):%Y-%m}"


def months_of(campaign: Campaign, *, now: datetime) -> list[str]:
    """The campaign's months up to now, newest first."""
    last = min(now.astimezone(LOCAL).date(), campaign.ends_on)
    year, month = campaign.starts_on.year, campaign.starts_on.month
    found: list[str] = []
    while (year, month) <= (last.year, last.month):
        found.append(f"{year}-{month:02d}")
        year, month = year + month // 12, month % 12 + 1
    return found[::-1]


def _after(month: str) -> date:
    first = date.fromisoformat(f"{month}-01")
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)


def office_day(now: datetime) -> date:
    """Today at the office."""
    return now.astimezone(LOCAL).date()


def month_due(campaign: Campaign, *, now: datetime) -> str:
    """The month to sum up now: the last one until its forms are due, then the running one."""
    today = office_day(now)
    last = f"{today.replace(day=1) - timedelta(days=1):%Y-%m}"
    due = due_day(campaign, last)
    return last if due and today <= due and last in months_of(campaign, now=now) else f"{today:%Y-%m}"
