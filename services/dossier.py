"""Everything about one case that a step may need, each thing read once and only when asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, case, false, select, update
from sqlalchemy.orm import Session, aliased, outerjoin

from models.case import Case, CaseStep, Deadline, Deduction
from models.notice import Notice, ServiceRecord
from scoring.definition import Scheme
from services.calendars import work_calendar
from services.deadlines import clocks_of
from services.deductions import standing
from services.definitions import scheme_of, workflow_of
from workflow.calendar import WorkCalendar
from workflow.definition import Workflow


class Dossier:
    """One case inside one act."""

    def __init__(self, session: Session, case: Case, *, year_editions: str | None = None) -> None:
        """year_editions: of the case's calendar, if they were read with it."""
        self.session = session
        self.case = case
        self._year_editions = year_editions

    @cached_property
    def workflow(self) -> Workflow:
        """The procedure the case runs under."""
        return workflow_of(self.session, self.case.workflow_id)

    @cached_property
    def scheme(self) -> Scheme:
        """The scheme of its campaign."""
        return scheme_of(self.session, self.case.campaign.scheme_id)

    @cached_property
    def calendar(self) -> WorkCalendar:
        """The calendar its deadlines run on."""
        return work_calendar(self.session, self.case.campaign, self._year_editions)

    @cached_property
    def all_clocks(self) -> list[Deadline]:
        """Every clock the case ever had, in order of start, locked."""
        return clocks_of(self.session, self.case.id)

    def read_at_once(self) -> None:
        """Read in one statement what a step that may move the ledger looks at; the case is locked before.

        Each row holds a row of one of the four and nothing of the others, for they are joined on nothing.
        """
        case_id = self.case.id
        clock = aliased(
            Deadline, select(Deadline).where(Deadline.case_id == case_id).with_for_update().subquery()
        )
        entry = aliased(Deduction, select(Deduction).where(*self._of_target()).subquery())
        notice = aliased(Notice, select(Notice).where(*self._valid()).subquery())
        told = select(CaseStep.position, CaseStep.asked).where(CaseStep.case_id == case_id).subquery()
        source: Any = clock
        for other in (entry, notice, told):
            source = outerjoin(source, other, false(), full=True)
        rows = self.session.execute(
            select(clock, entry, notice, told.c.position, told.c.asked).select_from(source),
            execution_options={"populate_existing": True},
        ).all()
        self.all_clocks = sorted((row[0] for row in rows if row[0] is not None), key=lambda row: row.id)
        self._target_ledger = sorted((row[1] for row in rows if row[1] is not None), key=lambda row: row.id)
        self.notices = sorted((row[2] for row in rows if row[2] is not None), key=lambda row: -row.id)
        steps = sorted((row[3], row[4]) for row in rows if row[3] is not None)
        self.said = _last_words(asked for _position, asked in steps)

    @property
    def clocks(self) -> list[Deadline]:
        """Running and stopped clocks."""
        return [row for row in self.all_clocks if row.status in ("running", "stopped")]

    @property
    def last_clock(self) -> Deadline | None:
        """The clock with a consequence that matters now: the one that runs, else the last one started."""
        with_consequence = [row for row in self.all_clocks if row.then]
        going = [row for row in with_consequence if row.status in ("running", "stopped")]
        matters = going or with_consequence
        return matters[-1] if matters else None

    @cached_property
    def ledger(self) -> list[Deduction]:
        """All entries of the case's ledger; who writes one adds it here."""
        return [entry for entry in self._target_ledger if entry.case_id == self.case.id]

    @cached_property
    def _target_ledger(self) -> list[Deduction]:
        """What all cases of the target have cost in the campaign, before this step."""
        return list(
            self.session.execute(select(Deduction).where(*self._of_target()).order_by(Deduction.id)).scalars()
        )

    @property
    def standing(self) -> list[Deduction]:
        """Deductions that stand booked now."""
        return standing(self.ledger)

    @property
    def taken_of_target(self) -> int:
        """Points that all cases of the target cost together now."""
        others = sum(entry.points for entry in self._target_ledger if entry.case_id != self.case.id)
        return others + sum(entry.points for entry in self.ledger)

    @cached_property
    def notices(self) -> list[Notice]:
        """Valid notices of the case before this step, newest first."""
        return list(
            self.session.execute(select(Notice).where(*self._valid()).order_by(Notice.id.desc())).scalars()
        )

    def notices_now_served(self) -> list[Notice]:
        """`notices`, with those that waited for service served from now on; in one statement."""
        status = case((Notice.waits, "served"), else_=Notice.status)
        rows = self.session.scalars(
            update(Notice).where(*self._valid()).values(status=status).returning(Notice),
            execution_options={"synchronize_session": False, "populate_existing": True},
        )
        self.notices = sorted(rows, key=lambda row: -row.id)
        return self.notices

    def _of_target(self) -> tuple[ColumnElement[bool], ...]:
        case = self.case
        return (Deduction.campaign_id == case.campaign_id, Deduction.target_id == case.target_id)

    def _valid(self) -> tuple[ColumnElement[bool], ...]:
        return (Notice.case_id == self.case.id, Notice.status != "voided", Notice.replaced_by_id.is_(None))

    @cached_property
    def served_at(self) -> datetime | None:
        """When a notice of the case was last served."""
        return self.session.execute(
            select(ServiceRecord.served_at)
            .join(Notice, Notice.id == ServiceRecord.notice_id)
            .where(Notice.case_id == self.case.id)
            .order_by(ServiceRecord.served_at.desc())
            .limit(1)
        ).scalar_one_or_none()

    @cached_property
    def said(self) -> dict[str, Any]:
        """What the steps of the case were told, the latest word for each question."""
        rows = self.session.execute(
            select(CaseStep.asked).where(CaseStep.case_id == self.case.id).order_by(CaseStep.position)
        ).scalars()
        return _last_words(rows)

    def say(self, asked: Mapping[str, Any]) -> None:
        """What the step that is being taken was told, where the earlier words were read before it."""
        if "said" in self.__dict__:
            self.said = {**self.said, **_last_words([asked])}


def _last_words(told: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The latest word for each question. told: of each step, oldest first."""
    return {name: value for asked in told for name, value in asked.items() if value not in (None, "", [])}
