"""Many targets and ratings at once, written by the database itself: the volume of years in seconds."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Engine, bindparam, func, insert, select, text
from sqlalchemy.orm import Session

from bench.office import Office
from models.base import Json, UtcDateTime
from models.campaign import Campaign
from models.engine import writing
from models.roster import Target, Unit

#: Numbers in, numbers out: the same ratings in every run. Each target has its own leaning.
_RATINGS = """
INSERT INTO rating (campaign_id, target_id, method, grade, form_id, answers, delegate_group, period, happened_on,
                    submitted_at, revision, counted)
WITH RECURSIVE
  numbers(i) AS (SELECT CAST(:earlier AS BIGINT) UNION ALL SELECT i + 1 FROM numbers WHERE i + 1 < :until),
  drawn(i, target, lot) AS (
    SELECT i, :first + i % :targets,
           (i * 1103515245 + 12345) / 65536 % 100 + (:first + i % :targets) * 7919 % 60 FROM numbers)
SELECT :campaign, target,
       CASE i / :targets % 4 WHEN 0 THEN 'instant' WHEN 1 THEN 'comprehensive' WHEN 2 THEN 'inspection'
            ELSE 'concentrated' END,
       CASE WHEN lot < 70 THEN 'excellent' WHEN lot < 95 THEN 'good' WHEN lot < 115 THEN 'fair'
            WHEN lot < 130 THEN 'poor' ELSE 'bad' END,
       :form, :answers, '', '', :day, :at, 1, :yes
FROM drawn
"""
_TALLIES = """
INSERT INTO tally (campaign_id, target_id, method, grade, count)
SELECT campaign_id, target_id, method, grade, count(*) FROM rating WHERE counted
GROUP BY campaign_id, target_id, method, grade
"""
_STANDINGS = """
INSERT INTO standing (campaign_id, target_id, version) SELECT campaign_id, target_id, 1 FROM rating
GROUP BY campaign_id, target_id
"""
#: What plain SQL does for the same figures, whenever it is asked.
GROUP_BY = (
    "SELECT target_id, method, grade, count(*) FROM rating WHERE counted GROUP BY target_id, method, grade"
)


def add_targets(office: Office, count: int) -> None:
    """Bring the roster to so many targets; none is taken away."""
    with writing(), Session(office.engine) as session:
        units = session.execute(select(Unit.id).order_by(Unit.id)).scalars().all()
        there = session.execute(select(func.count()).select_from(Target)).scalar_one()
        rows = [
            {
                "key": f"bench_{number}",
                "name": f"基准测评对象{number:05d}",
                "unit_id": units[number % len(units)],
                "person_in_charge": "",
                "position": number,
                "active": True,
                "row_version": 1,
            }
            for number in range(there, count)
        ]
        if rows:
            session.execute(insert(Target), rows)
        session.commit()


def add_ratings(office: Office, until: int, *, earlier: int = 0) -> None:
    """Bring the campaign from `earlier` to `until` such ratings, spread over all targets, tallies counted anew."""
    now = datetime.now(UTC)
    with writing(), Session(office.engine) as session:
        first, last, count = session.execute(
            select(func.min(Target.id), func.max(Target.id), func.count())
        ).one()
        if last - first + 1 != count:
            raise RuntimeError("the roster's numbers have gaps")
        campaign = session.get_one(Campaign, office.campaign_id)
        values = {
            "earlier": earlier,
            "until": until,
            "first": first,
            "targets": count,
            "campaign": campaign.id,
            "form": campaign.settings["forms"]["instant"],
            "answers": {"grade": "good", "matter": "办理食品经营许可变更", "matter_kind": "errand"},
            "day": now.date(),
            "at": now,
            "yes": True,
        }
        statement = text(_RATINGS).bindparams(
            bindparam("answers", type_=Json), bindparam("at", type_=UtcDateTime)
        )
        session.execute(statement, values)
        session.execute(text("DELETE FROM tally"))
        session.execute(text("DELETE FROM standing"))
        session.execute(text(_TALLIES))
        session.execute(text(_STANDINGS))
        session.commit()
    _settle(office.engine)


def _settle(engine: Engine) -> None:
    """Let the database look at what it has now, as it would over the years."""
    with writing(), engine.begin() as connection:
        connection.execute(text("ANALYZE"))
