"""会签 as its page shows it: seats and record in words, and what this person can do on it now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.campaign import Campaign
from models.panel import Panel as PanelRow
from models.people import User
from services.absences import absences_now
from services.actor import Actor
from services.case_file import answer_text
from services.case_rights import hidden_from
from services.definitions import workflow_of
from services.panel_lists import panel_for
from services.panels import eligible_signers
from workflow.definition import Trigger
from workflow.panel import Panel, PanelAct, PanelStatus, SeatStatus, panel_from


@dataclass(frozen=True)
class SeatLine:
    """One signer. signed_by: the substitute's name, empty when the signer signed. turn: whether a word is awaited."""

    name: str
    status: SeatStatus
    turn: bool
    signed_by: str
    delegate: str
    added_by: str


@dataclass(frozen=True)
class ActLine:
    """One act of the record."""

    act: PanelAct
    who: str
    instead_of: str
    to: str
    words: str
    at: datetime


@dataclass(frozen=True)
class SeatOffer:
    """A seat for which this person can speak now. name: of the absent colleague, empty for the own seat.

    back_to: signers to whom it can be returned, beside the proposer.
    """

    seat: int
    name: str
    back_to: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class PanelPage:
    """One panel for one reader."""

    row: PanelRow
    rule: Trigger
    panel: Panel
    answers: tuple[tuple[str, str], ...]
    seats: tuple[SeatLine, ...]
    acts: tuple[ActLine, ...]
    offers: tuple[SeatOffer, ...]
    candidates: tuple[tuple[int, str], ...]
    removable: tuple[tuple[int, str], ...]
    advises: bool
    recalls: tuple[int, ...]
    withdraws: bool

    @property
    def agreed(self) -> int:
        """How many have agreed."""
        return sum(seat.status is SeatStatus.AGREED for seat in self.panel.seats)

    @property
    def can_act(self) -> bool:
        """Whether this person can do anything now."""
        return bool(self.offers or self.removable or self.advises or self.recalls or self.withdraws)


def panel_page(session: Session, actor: Actor, panel_id: int, *, now: datetime) -> PanelPage:
    """Everything of one panel; the offers are those of this actor."""
    row = panel_for(session, actor, panel_id)
    rule = workflow_of(session, row.case.workflow_id).triggers_by_key[row.trigger]
    hidden = hidden_from(session, actor, row.case)
    panel = panel_from(row.standing)
    names = _names(session, panel, row)
    mine = {str(actor.user_id): ""} | {
        str(away.person_id): away.person.name for away in absences_now(session, actor, now=now)
    }
    open_now = panel.status is PanelStatus.OPEN and row.status == "open"
    seated = {seat.person for seat in panel.seats} | {panel.proposer, *panel.asked}
    able = eligible_signers(session, actor, row.case, rule) if open_now else []
    me = str(actor.user_id)
    campaign = session.get_one(Campaign, row.case.campaign_id)
    grades = {item["key"]: item["name"] for item in campaign.settings["grades"]}
    return PanelPage(
        row=row,
        rule=rule,
        panel=panel,
        answers=tuple(
            (ask.label, words)
            for ask in rule.asks
            if ask.field not in hidden and (words := answer_text(ask, row.asked.get(ask.field), grades))
        ),
        seats=tuple(_seat_lines(panel, names)),
        acts=tuple(_act_lines(row, names)),
        offers=tuple(_offers(panel, mine, names)) if open_now else (),
        candidates=tuple((user.id, user.name) for user in able if str(user.id) not in seated),
        removable=_removable(panel, me, names) if open_now else (),
        advises=open_now and me in panel.asked,
        recalls=tuple(
            int(seat.person)
            for seat in panel.seats
            if open_now and seat.signed_by == me and panel.last is not None and panel.last[1] == seat.person
        ),
        withdraws=open_now
        and me == panel.proposer
        and all(seat.status is SeatStatus.WAITING for seat in panel.seats),
    )


def _names(session: Session, panel: Panel, row: PanelRow) -> dict[str, str]:
    ids = {int(seat.person) for seat in panel.seats} | {int(panel.proposer)}
    ids |= {
        int(person)
        for seat in panel.seats
        for person in (seat.signed_by, seat.delegate, seat.added_by)
        if person
    }
    ids |= {entry.seat_id for entry in row.acts} | {entry.by_id for entry in row.acts}
    ids |= {entry.to_id for entry in row.acts if entry.to_id is not None}
    rows = session.execute(select(User.id, User.name).where(User.id.in_(ids))).all()
    return {str(number): name for number, name in rows}


def _seat_lines(panel: Panel, names: dict[str, str]) -> Sequence[SeatLine]:
    return [
        SeatLine(
            name=names[seat.person],
            status=seat.status,
            turn=seat.person in panel.turns,
            signed_by=names[seat.signed_by] if seat.signed_by and seat.signed_by != seat.person else "",
            delegate=names[seat.delegate] if seat.delegate else "",
            added_by=names[seat.added_by] if seat.added_by else "",
        )
        for seat in panel.seats
    ]


def _act_lines(row: PanelRow, names: dict[str, str]) -> Sequence[ActLine]:
    return [
        ActLine(
            act=PanelAct(entry.act),
            who=names[str(entry.by_id)],
            instead_of=names[str(entry.seat_id)] if entry.seat_id != entry.by_id else "",
            to=names[str(entry.to_id)] if entry.to_id is not None else "",
            words=entry.words,
            at=entry.at,
        )
        for entry in row.acts
    ]


def _offers(panel: Panel, mine: dict[str, str], names: dict[str, str]) -> Sequence[SeatOffer]:
    back = tuple(
        (int(seat.person), names[seat.person])
        for seat in panel.seats
        if seat.status is not SeatStatus.WAITING
    )
    return [SeatOffer(int(person), mine[person], back) for person in panel.turns if person in mine]


def _removable(panel: Panel, me: str, names: dict[str, str]) -> tuple[tuple[int, str], ...]:
    if len(panel.seats) <= max(1, panel.at_least):
        return ()
    return tuple(
        (int(seat.person), names[seat.person])
        for seat in panel.seats
        if seat.status is SeatStatus.WAITING and me in (panel.proposer, seat.added_by)
    )
