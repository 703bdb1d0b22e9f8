"""The demonstration's two collections: an open questionnaire, and an anonymous one by cards; all of it simulated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from definitions.source import load_yaml
from models.campaign import Campaign
from models.collection import Collection
from packs.demonstration import posted
from services.actor import Actor
from services.answer_desk import Desk, desk_for_code, desk_for_visitor
from services.answer_filling import hand_in
from services.attachments import FileStore
from services.collection_codes import blank_cards, issue_cards
from services.collection_rules import Rules
from services.collections import create_collection
from services.form_drafts import edit_draft, start_form
from services.form_publishing import publish_draft

_FILE = Path(__file__).resolve().parents[1] / "packs" / "demonstration_collections.yaml"
LOCAL = ZoneInfo("Asia/Shanghai")


@dataclass
class Outreach:
    """What is played. today: the day the half-year ends. officer: who sends the forms out."""

    session: Session
    campaign: Campaign
    installer: Actor
    officer: Actor
    store: FileStore
    targets: list[str]
    today: date
    told: dict[str, Any] = field(default_factory=lambda: load_yaml(_FILE))

    held: Collection | None = None

    def events(self) -> Iterator[tuple[datetime, Callable[[], object]]]:
        """Every act with its time."""
        first = self._at(self.told["open"]["days_ago"], 9)
        yield first - timedelta(minutes=40), partial(self.make_form, first - timedelta(minutes=40))
        yield first, partial(self.send_open, first)
        for number in range(len(self.told["answers"])):
            # Two in three days, in office hours; the last one yesterday.
            came = self._at(max(self.told["open"]["days_ago"] - 2 * number // 3, 1), 10 + number % 6)
            yield came, partial(self.answer_open, number, came)
        second = self._at(self.told["coded"]["days_ago"], 10)
        yield second, partial(self.send_coded, second)

    def _at(self, days_ago: int, hour: int) -> datetime:
        return datetime.combine(self.today - timedelta(days=days_ago), time(hour, 20), LOCAL).astimezone(UTC)

    def make_form(self, at: datetime) -> None:
        """Make the questionnaire in the builder and publish it."""
        told = self.told["form"]
        draft = start_form(self.session, self.installer, name=told["name"], key=told["key"], now=at)
        whole = {"version": draft.version, **told}
        draft = edit_draft(
            self.session,
            self.installer,
            draft.key,
            lambda _document: whole,
            seen=draft.seen,
            words="填入全部字段",
            now=at,
        )
        publish_draft(
            self.session, self.installer, draft.key, seen=draft.seen, adopt=[self.campaign.id], now=at
        )

    def send_open(self, at: datetime) -> None:
        """The open one."""
        told = self.told["open"]
        rules = self._rules(told, "open", at, retention_days=told["retention_days"])
        held = create_collection(
            self.session, self.officer, self.campaign, self.told["form"]["key"], rules, now=at
        )
        self.held = held

    def answer_open(self, number: int, at: datetime) -> None:
        """One answer by the link."""
        if self.held is None:
            raise RuntimeError("an answer came before the form went out")
        answers = self.told["answers"][number]
        target = self.targets[answers["target"] % len(self.targets)]
        given = {**answers, "target": target, "visited_on": f"{at.astimezone(LOCAL):%Y-%m-%d}"}
        desk = desk_for_visitor(self.session, self.held)
        self._answer(desk, given, f"demonstration-open-{number}", at)

    def send_coded(self, at: datetime) -> None:
        """The anonymous one; whoever dealt the cards has some back."""
        told = self.told["coded"]
        rules = self._rules(told, "code", at, anonymous=True)
        held = create_collection(
            self.session, self.officer, self.campaign, self.told["form"]["key"], rules, now=at
        )
        groups = [(str(group), int(count)) for group, count in told["groups"]]
        cards = issue_cards(self.session, self.officer, held.id, blank_cards(groups), token="", now=at)
        for number, card in enumerate(cards[: told["used"]]):
            came = at + timedelta(minutes=15 + number)
            desk = desk_for_code(self.session, held, card.code, now=came)
            self._answer(desk, {"overall": "fair" if number else "satisfied"}, "", came)

    def _rules(self, told: dict[str, Any], access: str, at: datetime, **more: Any) -> Rules:
        return Rules(
            title=told["title"],
            access=access,
            opens_at=at,
            closes_at=at + timedelta(days=told["days_ago"] + told["days_left"]),
            words_before=told["words_before"],
            words_after=told.get("words_after", ""),
            **more,
        )

    def _answer(self, desk: Desk, answers: dict[str, Any], token: str, at: datetime) -> None:
        typed: MultiDict[str, str] = MultiDict(posted(desk.form, answers))
        hand_in(self.session, desk, formdata=typed, files=None, token=token, store=self.store, now=at)
