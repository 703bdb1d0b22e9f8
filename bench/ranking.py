"""The ranking of many targets from many ratings, against plain SQL over the same rows."""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy import text
from sqlalchemy.orm import Session

from app import create_app
from bench.office import PASSWORD, Office, office
from bench.report import Line, ratio, spread
from bench.settings import Run
from bench.volume import GROUP_BY, add_ratings, add_targets
from models.campaign import Campaign
from models.engine import make_engine
from models.roster import Target
from services.scores import current_ranking
from services.tallies import count_in
from services.transaction import transaction

_FEW = 128
PAGE = "/ranking"


def measure(run: Run) -> list[Line]:
    """Cold, warm, after one changed grade; few and many targets; on each database of the run."""
    lines = []
    for kind in run.kinds:
        with office(kind, run.folder, run.server) as ours:
            few = min(_FEW, run.targets)
            add_targets(ours, few)
            add_ratings(ours, run.ratings // 10)
            small = _Timed(run, ours)
            add_ratings(ours, run.ratings, earlier=run.ratings // 10)
            large = _Timed(run, ours)
            lines += _few_lines(run, kind, few, small, large)
        with office(kind, run.folder, run.server) as ours:
            add_targets(ours, run.targets)
            add_ratings(ours, run.ratings)
            lines += _many_lines(run, kind, _Timed(run, ours))
    return lines


class _Timed:
    """Milliseconds of each way to see a ranking, several times each.

    On SQLite, where all of it happens in this thread, CPU time: it is what a quiet machine would take.
    """

    def __init__(self, run: Run, ours: Office) -> None:
        self._office = ours
        self._clock = time.thread_time if ours.place.kind == "sqlite" else time.perf_counter
        turns = max(run.turns, 3)
        self.cold = [self._cold() for _ in range(turns)]
        self.plain = [self._ms(self._plain) for _ in range(turns)]
        with Session(ours.engine, expire_on_commit=False) as session:
            campaign = session.get_one(Campaign, ours.campaign_id)
            current_ranking(session, campaign)
            session.commit()
            self.warm = [self._ms(lambda: self._look(session, campaign)) for _ in range(10 * turns)]
            self.changed = [self._after_a_grade(session, campaign, turn) for turn in range(10 * turns)]
        self.pages, self.changed_pages = self._paged(10 * turns)

    def _look(self, session: Session, campaign: Campaign) -> None:
        """The ranking in order, as a page wants it."""
        len(current_ranking(session, campaign).by_category)
        session.commit()

    def _cold(self) -> float:
        engine = make_engine(self._office.place.url)
        try:
            with Session(engine, expire_on_commit=False) as session:
                campaign = session.get_one(Campaign, self._office.campaign_id)
                return self._ms(lambda: self._look(session, campaign))
        finally:
            engine.dispose()

    def _plain(self) -> None:
        with self._office.engine.connect() as connection:
            connection.execute(text(GROUP_BY)).all()

    def _rate(self, session: Session, turn: int) -> None:
        ids = session.query(Target.id).order_by(Target.id).limit(1).offset(turn * 131 % 100).scalar()
        session.commit()
        with transaction(session):
            grade = ("excellent", "bad")[turn % 2]
            count_in(
                session,
                campaign_id=self._office.campaign_id,
                target_id=ids,
                method="concentrated",
                grade=grade,
            )

    def _after_a_grade(self, session: Session, campaign: Campaign, turn: int) -> float:
        self._rate(session, turn)
        return self._ms(lambda: self._look(session, campaign))

    def _paged(self, turns: int) -> tuple[list[float], list[float]]:
        app = create_app(self._office.settings | {"WTF_CSRF_ENABLED": False})
        try:
            client = app.test_client()
            client.post("/account/login", data={"login": "leader", "password": PASSWORD})
            if client.get(PAGE).status_code != 200:
                raise RuntimeError("the ranking page did not open")
            warm = [self._ms(lambda: client.get(PAGE)) for _ in range(turns)]
            changed = []
            with Session(self._office.engine) as session:
                for turn in range(turns):
                    self._rate(session, turn)
                    changed.append(self._ms(lambda: client.get(PAGE)))
        finally:
            app.extensions["engine"].dispose()
        return warm, changed

    def _ms(self, act: Callable[[], object]) -> float:
        start = self._clock()
        act()
        return 1000 * (self._clock() - start)


def _few_lines(run: Run, kind: str, few: int, small: _Timed, large: _Timed) -> list[Line]:
    name = f"ranking, {few} targets, {kind}"
    grown = ratio(sorted(large.warm), sorted(small.warm))
    page = ratio(sorted(large.pages), sorted(small.pages))
    changed = sorted(large.changed)[len(large.changed) // 2]
    return [
        Line(
            f"{name}: {run.ratings:,} to {run.ratings // 10:,} ratings", "≤ 1.2", f"{grown:.2f}", grown <= 1.2
        ),
        Line(f"{name}: the same, whole page", "≤ 1.2", f"{page:.2f}", page <= 1.2),
        Line(f"{name}: after one changed grade", "≤ 5 ms", spread(large.changed, " ms"), changed <= 5),
        Line(f"{name}: page", "", spread(large.pages, " ms")),
        Line(f"{name}: plain GROUP BY", "", spread(large.plain, " ms")),
    ]


def _many_lines(run: Run, kind: str, seen: _Timed) -> list[Line]:
    name = f"ranking, {run.targets:,} targets, {run.ratings:,} ratings, {kind}"
    changed = sorted(seen.changed)[len(seen.changed) // 2]
    page = sorted(seen.changed_pages)[len(seen.changed_pages) // 2]
    faster = sorted(seen.plain)[len(seen.plain) // 2] / sorted(seen.warm)[len(seen.warm) // 2]
    return [
        Line(f"{name}: cold (all scored)", "", spread(seen.cold, " ms", 0)),
        Line(f"{name}: warm", "", spread(seen.warm, " ms")),
        Line(f"{name}: after one changed grade", "≤ 50 ms", spread(seen.changed, " ms"), changed <= 50),
        Line(f"{name}: page, warm", "", spread(seen.pages, " ms")),
        Line(
            f"{name}: page after one changed grade", "≤ 50 ms", spread(seen.changed_pages, " ms"), page <= 50
        ),
        Line(f"{name}: plain GROUP BY", "", spread(seen.plain, " ms", 0)),
        Line(f"{name}: faster than plain GROUP BY", "≥ 100 × at 10 M", f"{faster:.0f} ×"),
    ]
