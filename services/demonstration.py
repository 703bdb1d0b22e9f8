"""A demonstration: a simulated half-year, acted out by the office's own services in the order of time.

Whatever stands in it afterwards follows from acts in the log, as in a real campaign, and passes `verify`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from models.campaign import Campaign, CampaignStatus
from models.people import Role, User
from models.rating import BallotRound, Rating
from models.roster import Delegate, Target
from packs.demonstration import (
    DemoBallot,
    DemoCase,
    Demonstration,
    DemoRating,
    DemoStep,
    Story,
    demonstrate,
    load_story,
    posted,
)
from packs.pack import Pack
from services.accounts import Passwords
from services.actor import Actor
from services.attachments import FileStore
from services.ballots import cast_ballot, close_round, issue_codes, open_round
from services.cases import Problem, open_case, step_case
from services.definitions import form_of_campaign
from services.demonstration_collections import Outreach
from services.demonstration_staff import Staff, hire
from services.due_work import WORKS
from services.history import seal_history
from services.jobs import claim, run
from services.packs import create_campaign, load_roster, publish_pack, set_campaign_status
from services.rating_forms import method_of
from services.ratings import submit_rating
from services.refusal import Refusal
from services.results import propose_edition, publish_edition
from services.transaction import transaction, write_pending

LOCAL = ZoneInfo("Asia/Shanghai")
INSTALLER = Actor(user_id=None, name="安装程序", roles=frozenset({"admin"}))
#: What the clocks bring; drawing the notices is left to the worker, nobody waits for it.
_CLOCKWORK = ("deadline", "reminder")


@dataclass(frozen=True)
class Setting:
    """Where a demonstration is played. today: its half-year ends the working day before."""

    pack: Pack
    passwords: Passwords
    store: FileStore
    public_url: str
    today: date
    now: datetime


class NotAsTold(Exception):
    """The story did not come to the end it tells; nothing of it is kept."""


def load_demonstration(session: Session, setting: Setting, *, seed: int = 2012) -> Campaign:
    """Fill an empty installation with a campaign that is marked as demonstration, wholly or not at all.

    Refused once any account exists.
    """
    story = load_story()
    told = demonstrate(setting.pack, story, today=_covered(setting), seed=seed)
    with transaction(session):
        if session.execute(select(User.id).limit(1)).first():
            raise Refusal(
                "not_empty", "已有账号，不能再载入演示数据；请另用一个空的数据目录（PINGDU_DATA）。"
            )
        campaign = _campaign(session, setting, told)
        staff = hire(session, INSTALLER, passwords=setting.passwords, now=told.starts_at)
        _Player(session, setting, campaign, staff, story).play(told)
    while seal_history(session, now=setting.now):
        pass
    return campaign


def _covered(setting: Setting) -> date:
    """Today, or the last day on which the clocks that would run still end within the pack's calendar."""
    calendar = setting.pack.calendar
    last = max((*calendar.published_years, *calendar.provisional_years))
    return min(setting.today, date(last, 9, 30))


def _campaign(session: Session, setting: Setting, told: Demonstration) -> Campaign:
    pack, now = setting.pack, told.starts_at
    publish_pack(session, INSTALLER, pack, now=now)
    load_roster(session, INSTALLER, pack, now=now)
    starts = now.astimezone(LOCAL).date().replace(day=1)
    campaign = create_campaign(
        session,
        INSTALLER,
        pack,
        key="demonstration",
        name=f"（演示）{starts.year}年度区直单位内设机构测评活动",
        starts_on=starts,
        ends_on=starts.replace(year=starts.year + 1) - timedelta(days=1),
        public_url=setting.public_url,
        demonstration=True,
        now=now,
    )
    return set_campaign_status(session, INSTALLER, campaign.id, CampaignStatus.OPEN, now=now)


@dataclass(frozen=True)
class _Event:
    at: datetime
    act: Callable[[], object]


class _Player:
    """Acts a story out; every act gets the story's own time."""

    def __init__(
        self, session: Session, setting: Setting, campaign: Campaign, staff: Staff, story: Story
    ) -> None:
        self.session = session
        self.setting = setting
        self.campaign = campaign
        self.staff = staff
        self.story = story
        self.targets = dict(session.execute(select(Target.key, Target.id)).all())
        self.forms = {
            method["key"]: form_of_campaign(session, campaign, method["form"])[1]
            for method in campaign.settings["methods"]
        }
        self.calendar = setting.pack.calendar.work_calendar()
        self.cases: dict[int, int] = {}
        self.codes: list[str] = []
        self.round: BallotRound | None = None

    def play(self, told: Demonstration) -> None:
        """Everything in order; between two acts the clocks fire that run out there."""
        stretch = None
        for event in sorted(self._events(told), key=lambda event: event.at):
            if self._hours(event.at) != stretch:
                self.fire_until(event.at)
                stretch = self._hours(event.at)
            event.act()
        self.fire_until(self.setting.now)
        self._compare(told)

    def _events(self, told: Demonstration) -> Iterator[_Event]:
        for number, rating in enumerate(told.ratings):
            yield _Event(rating.at, partial(self.rate, rating, number))
        for number, case in enumerate(told.cases):
            yield _Event(case.opened_at, partial(self.open, case, number))
            for step in case.steps:
                if step.at is not None:
                    yield _Event(step.at, partial(self.step, case, step, number, step.at))
        yield _Event(told.ballots_open, partial(self.open_round, told))
        for ballot in told.ballots:
            yield _Event(ballot.at, partial(self.vote, ballot))
        closed = told.ballots_close + timedelta(minutes=30)
        yield _Event(closed, partial(self.close_round, closed))
        yield _Event(told.result_at, partial(self.publish, told.result_at))
        yield from (_Event(at, act) for at, act in self._outreach().events())

    def _outreach(self) -> Outreach:
        return Outreach(
            session=self.session,
            campaign=self.campaign,
            installer=INSTALLER,
            officer=self.staff.one_of("officer", 0),
            store=self.setting.store,
            targets=list(self.targets),
            today=_covered(self.setting),
        )

    def _hours(self, moment: datetime) -> tuple[date, bool, bool]:
        """Which stretch of which day it is; clocks fire and remind where one ends, at the edges of office hours."""
        local = moment.astimezone(self.calendar.zone)
        return local.date(), local.time() >= self.calendar.day_starts, local.time() >= self.calendar.day_ends

    def fire_until(self, moment: datetime) -> None:
        """Do what the clocks bring up to a moment, each at its own time, as a punctual worker would."""
        write_pending(self.session)
        while due := claim(self.session, now=moment, limit=1, kinds=_CLOCKWORK):
            job = due[0]
            if not run(self.session, job, WORKS[job.kind], now=job.due_at + timedelta(seconds=1)):
                raise NotAsTold(f"job {job.kind} {job.payload} failed")
            write_pending(self.session)

    def rate(self, rating: DemoRating, number: int) -> None:
        """One filled form, as its page would post it."""
        rater = self.staff.monitor(rating.rater) if rating.rater else self.staff.one_of("inspector", number)
        submit_rating(
            self.session,
            rater,
            self.campaign,
            rating.method,
            formdata=MultiDict(posted(self.forms[rating.method], rating.answers)),
            files=None,
            token=f"demonstration-{number}",
            store=self.setting.store,
            now=rating.at,
        )

    def open(self, case: DemoCase, number: int) -> None:
        """Register a case."""
        target_id = self.targets[case.target]
        rating_id = self._bad_rating(target_id) if case.channel == "rating" else None
        sheet = Problem(
            target_id=target_id,
            channel=case.channel,
            title=case.title,
            facts=case.facts,
            found_on=case.opened_at.astimezone(LOCAL).date(),
            problem=case.problem,
            grave=case.grave,
            rating_id=rating_id,
        )
        officer = self.staff.one_of("officer", number)
        opened = open_case(self.session, officer, self.campaign.id, sheet, now=case.opened_at)
        self.cases[number] = opened.id

    def _bad_rating(self, target_id: int) -> int | None:
        """The newest rating of the target with one of the two worst grades, if it has any."""
        worst = [grade.key for grade in self.setting.pack.sheet.grades[-2:]]
        return self.session.execute(
            select(Rating.id)
            .where(Rating.target_id == target_id, Rating.grade.in_(worst), Rating.round_id.is_(None))
            .order_by(Rating.id.desc())
            .limit(1)
        ).scalar_one_or_none()

    def step(self, case: DemoCase, step: DemoStep, number: int, at: datetime) -> None:
        """One step of a case by whoever takes it."""
        own = step.role == Role.TARGET
        actor = self.staff.target(case.target) if own else self.staff.one_of(step.role, number)
        step_case(self.session, actor, self.cases[number], step.trigger, asked=step.asked, now=at)

    def open_round(self, told: Demonstration) -> None:
        """Print the cards of the concentrated evaluation."""
        method = next(item["key"] for item in self.campaign.settings["methods"] if item["secret"])
        officer, at = self.staff.one_of("officer", 0), told.ballots_open
        self.round = open_round(
            self.session,
            officer,
            self.campaign,
            method_key=method,
            title=f"（演示）{method_of(self.campaign, method)['name']}",
            target_ids=list(self.targets.values()),
            held_on=told.ballots_close.astimezone(LOCAL).date(),
            opens_at=at,
            closes_at=told.ballots_close,
            now=at,
        )
        groups = Counter(self.session.execute(select(Delegate.group)).scalars())
        cards = issue_codes(self.session, officer, self.round.id, dict(groups), now=at)
        self.codes = [code for _, code in cards]

    def vote(self, ballot: DemoBallot) -> None:
        """One ballot, as its page would post it."""
        method = next(item for item in self.campaign.settings["methods"] if item["secret"])
        answers: dict[str, Any] = {"grades": dict(ballot.grades)}
        if ballot.opinion:
            answers["opinion"] = ballot.opinion
        typed: MultiDict[str, str] = MultiDict(posted(self.forms[method["key"]], answers))
        cast_ballot(self.session, self.codes.pop(), formdata=typed, now=ballot.at)

    def close_round(self, at: datetime) -> None:
        """End the concentrated evaluation."""
        if self.round is None:
            raise NotAsTold("a round is closed that was not opened")
        close_round(self.session, self.staff.one_of("officer", 0), self.round.id, now=at)

    def publish(self, at: datetime) -> None:
        """An edition of the results half-way, proposed by one and published by another."""
        edition = propose_edition(
            self.session, self.staff.one_of("officer", 0), self.campaign, reason=self.story.result, now=at
        )
        publish_edition(
            self.session,
            self.staff.one_of("head", 0),
            edition.id,
            accept_provisional=True,
            now=at + timedelta(minutes=20),
        )

    def _compare(self, told: Demonstration) -> None:
        """Every case stands where its story ends, unless a clock has moved it on since."""
        from models.case import Case

        for number, case in enumerate(told.cases):
            held = self.session.get_one(Case, self.cases[number])
            last = max((step.at for step in case.steps if step.at), default=case.opened_at)
            if held.state != case.ends and held.changed_at <= last:
                raise NotAsTold(f"{held.number} is {held.state}, the story ends it {case.ends}")


def default_store(data: Path) -> FileStore:
    """The folder of files of an installation."""
    return FileStore(data / "files")
