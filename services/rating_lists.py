"""The ratings behind one figure: by grade and day, never by name.

Source: 方案第八条第（三）项.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.campaign import Campaign
from models.case import Case
from models.rating import Rating
from scoring.exact import in_formula
from services.actor import Actor
from services.explanations import few, guarded_methods, line_for
from services.mixing import smallest_group
from services.rating_forms import method_of
from services.refusal import not_found

PAGE = 100


@dataclass(frozen=True)
class GradeCount:
    """How many ratings gave a grade. count: None when this reader may not know."""

    key: str
    name: str
    points: str
    count: int | None


@dataclass(frozen=True)
class RatingLine:
    """One counted rating without whoever gave it; of a secret ballot a whole day's at once."""

    happened_on: date
    period: str
    grade: str
    count: int
    revision: int
    case_id: int | None
    case_number: str


@dataclass(frozen=True)
class RatingsBehind:
    """What stands behind one method's figure of one target.

    lines: None for a reader who sees counts only. total: None when even the number would tell.
    """

    target_id: int
    unit: str
    target: str
    method: str
    source: str
    secret: bool
    grades: tuple[GradeCount, ...]
    total: int
    withheld: bool
    lines: tuple[RatingLine, ...] | None
    page: int
    pages: int
    matched: int
    #: The last day whose ratings count; None: up to now.
    until: date | None


def ratings_behind_figure(
    session: Session,
    actor: Actor,
    campaign: Campaign,
    *,
    target_id: int,
    method: str,
    grade: str,
    page: int,
    now: datetime,
) -> RatingsBehind:
    """The ratings behind one figure for the office, or their counts for the target itself.

    grade: only these; empty for all. Refused for a target or method that is not there or not the reader's.
    """
    read = line_for(session, actor, campaign, target_id=target_id, now=now)
    line, full = read.line, read.full
    scheme = line.score.scheme
    if method not in scheme.method_by_key:
        raise not_found("测评方式")
    secret = bool(method_of(campaign, method).get("secret"))
    counts = {
        item.key: line.score.inputs.counts.get((method, item.key), 0) for item in scheme.scale(method).grades
    }
    small = any(0 < count < smallest_group(campaign) for count in counts.values())
    closed = not full and method in guarded_methods(campaign) and small
    names = {item.key: item.name for item in scheme.scale(method).grades}
    lines, matched = (
        _lines(session, campaign, target_id, method, grade, page, secret, names) if full else (None, 0)
    )
    return RatingsBehind(
        target_id=target_id,
        unit=line.unit,
        target=line.score.name,
        method=scheme.method_by_key[method].name,
        source=scheme.method_by_key[method].source or "",
        secret=secret,
        grades=tuple(
            GradeCount(item.key, item.name, in_formula(item.points), None if closed else counts[item.key])
            for item in scheme.scale(method).grades
        ),
        total=sum(counts.values()),
        withheld=closed or (not full and method in few(campaign, line.score)),
        lines=lines,
        page=page,
        pages=max(1, -(-matched // PAGE)),
        matched=matched,
        until=read.until,
    )


def _lines(
    session: Session,
    campaign: Campaign,
    target_id: int,
    method: str,
    grade: str,
    page: int,
    secret: bool,
    names: dict[str, str],
) -> tuple[tuple[RatingLine, ...], int]:
    wanted = [
        Rating.campaign_id == campaign.id,
        Rating.target_id == target_id,
        Rating.method == method,
        Rating.counted,
        *([Rating.grade == grade] if grade in names else []),
    ]
    if secret:
        by_day = session.execute(
            select(Rating.happened_on, Rating.grade, func.count())
            .where(*wanted)
            .group_by(Rating.happened_on, Rating.grade)
            .order_by(Rating.happened_on.desc(), Rating.grade)
        ).all()
        found = [RatingLine(day, "", names.get(key, key), count, 1, None, "") for day, key, count in by_day]
        return tuple(found[(page - 1) * PAGE : page * PAGE]), len(found)
    matched = session.execute(select(func.count()).select_from(Rating).where(*wanted)).scalar_one()
    rows = session.execute(
        select(Rating.happened_on, Rating.period, Rating.grade, Rating.revision, Case.id, Case.number)
        .outerjoin(Case, Case.rating_id == Rating.id)
        .where(*wanted)
        .order_by(Rating.happened_on.desc(), Rating.id.desc())
        .offset((page - 1) * PAGE)
        .limit(PAGE)
    )
    lines = (
        RatingLine(day, period, names.get(key, key), 1, revision, case_id, number or "")
        for day, period, key, revision, case_id, number in rows
    )
    return tuple(lines), matched
