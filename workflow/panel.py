"""会签: several persons decide together whether a step is taken; who may act, and what their acts bring.

Pure: a panel is a plain value, an act gives a new one or is refused with a sentence. It decides about one step
of one case and takes none: when it has agreed, the caller takes the step in the same transaction.

Two promises hold after every act: while a panel is open somebody's turn it is, so no task is lost; and nobody
holds two seats, so no task is there twice.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from math import ceil
from typing import Any


class PanelMode(StrEnum):
    """How many have to agree."""

    #: 会签: all of them.
    ALL = "all"
    #: 或签: one of them.
    ANY = "any"
    #: 按比例: a share of them.
    RATIO = "ratio"
    #: 依次: all of them, one after the other.
    IN_ORDER = "in_order"


class PanelStatus(StrEnum):
    """How a panel stands."""

    OPEN = "open"
    #: 同意: the step is taken.
    AGREED = "agreed"
    #: 不同意: the step is not taken; the case stands where it stood.
    REFUSED = "refused"
    #: 退回: given back to whoever proposed the step.
    RETURNED = "returned"
    #: 撤回: taken back by whoever proposed it.
    WITHDRAWN = "withdrawn"


class SeatStatus(StrEnum):
    """What a signer has said."""

    WAITING = "waiting"
    AGREED = "agreed"
    REFUSED = "refused"


class PanelAct(StrEnum):
    """What can be done on a panel. A verb."""

    #: 同意.
    AGREE = "agree"
    #: 不同意.
    REFUSE = "refuse"
    #: 转办: the seat goes to another person.
    TRANSFER = "transfer"
    #: 委派: another person is asked for an opinion; the seat stays.
    DELEGATE = "delegate"
    #: 答复委派.
    ADVISE = "advise"
    #: 加签: one more signer, before or after one's own seat.
    ADD = "add"
    #: 减签: a signer who has not signed yet is taken off.
    REMOVE = "remove"
    #: 退回: to the proposer, or to a signer who signed before.
    RETURN = "return"
    #: 撤回: one's own signature, until somebody acts on it.
    RECALL = "recall"
    #: 撤回: the whole proposal, until the first has signed.
    WITHDRAW = "withdraw"


class PanelRefused(Exception):
    """An act that may not be done now. Nothing has changed. code: for programs; sentence: says why and what to do."""

    def __init__(self, code: str, sentence: str) -> None:
        self.code = code
        self.sentence = sentence
        super().__init__(sentence)


@dataclass(frozen=True)
class Seat:
    """One signer. Persons are ids that stay the same for one person.

    signed_by: who signed, another than `person` when a substitute did; None while it waits.
    delegate: who was asked for an opinion, None for nobody. added_by: the signer who added the seat, None for
    those named at the opening.
    """

    person: str
    status: SeatStatus = SeatStatus.WAITING
    signed_by: str | None = None
    delegate: str | None = None
    added_by: str | None = None


@dataclass(frozen=True)
class Panel:
    """会签. share: of the seats that have to agree, for mode ratio alone.

    last: (act, person) of the last act on a signature, so that only the one who signed last can take it back.
    """

    mode: PanelMode
    proposer: str
    seats: tuple[Seat, ...]
    share: Fraction = Fraction(1)
    at_least: int = 1
    status: PanelStatus = PanelStatus.OPEN
    last: tuple[str, str] | None = None

    @property
    def needed(self) -> int:
        """How many have to agree."""
        if self.mode is PanelMode.ANY:
            return 1
        if self.mode is PanelMode.RATIO:
            return max(1, ceil(self.share * len(self.seats)))
        return len(self.seats)

    @property
    def turns(self) -> tuple[str, ...]:
        """Whose word is awaited now, in the order of the seats; empty when the panel has ended."""
        if self.status is not PanelStatus.OPEN:
            return ()
        waiting = [seat.person for seat in self.seats if seat.status is SeatStatus.WAITING]
        return tuple(waiting[:1] if self.mode is PanelMode.IN_ORDER else waiting)

    @property
    def asked(self) -> tuple[str, ...]:
        """Who was asked for an opinion and has not answered."""
        if self.status is not PanelStatus.OPEN:
            return ()
        return tuple(seat.delegate for seat in self.seats if seat.delegate is not None)

    @property
    def signers(self) -> tuple[str, ...]:
        """Everyone who signed, substitutes and those they stood in for alike."""
        found: dict[str, None] = {}
        for seat in self.seats:
            if seat.signed_by is not None:
                found |= {seat.person: None, seat.signed_by: None}
        return tuple(found)

    def seat_of(self, person: str) -> Seat | None:
        """The person's seat."""
        return next((seat for seat in self.seats if seat.person == person), None)

    def as_data(self) -> dict[str, Any]:
        """Plain JSON data; `panel_from` reads it back to an equal value."""
        return {
            "mode": self.mode.value,
            "proposer": self.proposer,
            "share": [self.share.numerator, self.share.denominator],
            "at_least": self.at_least,
            "status": self.status.value,
            "last": list(self.last) if self.last else None,
            "seats": [
                {
                    "person": seat.person,
                    "status": seat.status.value,
                    "signed_by": seat.signed_by,
                    "delegate": seat.delegate,
                    "added_by": seat.added_by,
                }
                for seat in self.seats
            ],
        }


def panel_from(data: Mapping[str, Any]) -> Panel:
    """The panel that `as_data` wrote."""
    return Panel(
        mode=PanelMode(data["mode"]),
        proposer=data["proposer"],
        share=Fraction(*data["share"]),
        at_least=data["at_least"],
        status=PanelStatus(data["status"]),
        last=tuple(data["last"]) if data["last"] else None,
        seats=tuple(Seat(**{**seat, "status": SeatStatus(seat["status"])}) for seat in data["seats"]),
    )


@dataclass(frozen=True)
class Deed:
    """One act on a panel, as it is recorded and can be done again.

    by: who acts. seat: whose seat it is about, another than `by` only for a substitute. to: the person brought in,
    taken off, or returned to (None: the proposer). before: for an addition, whether it goes before the own seat.
    """

    act: PanelAct
    by: str
    seat: str
    to: str | None = None
    before: bool = False


def convene(
    mode: PanelMode,
    *,
    proposer: str,
    persons: Iterable[str],
    share: Fraction = Fraction(1),
    at_least: int = 1,
) -> Panel:
    """A panel of these persons in this order. Raises PanelRefused."""
    seated = tuple(persons)
    if len(set(seated)) != len(seated):
        raise PanelRefused("twice", "同一个人只能有一个会签席位，请去掉重复的人")
    if proposer in seated:
        raise PanelRefused("proposer", "提出的人不能参加会签，请另选他人")
    if len(seated) < max(1, at_least):
        raise PanelRefused("too_few", f"至少要选{max(1, at_least)}人会签")
    return Panel(mode, proposer, tuple(Seat(person) for person in seated), share=share, at_least=at_least)


def act(panel: Panel, deed: Deed, *, eligible: Collection[str]) -> Panel:
    """The panel after an act. Nothing changes when it is refused.

    eligible: who may be brought in (holders of the rule's roles who have not done a step that this one checks).
    Raises PanelRefused.
    """
    if panel.status is not PanelStatus.OPEN:
        raise PanelRefused("ended", "会签已经结束，不能再办")
    return _settled(_ACTS[deed.act](panel, deed, frozenset(eligible)))


def replayed(panel: Panel, deeds: Iterable[Deed], *, eligible: Collection[str]) -> Panel:
    """The panel after all acts of its record."""
    for deed in deeds:
        panel = act(panel, deed, eligible=eligible)
    return panel


def _own_turn(panel: Panel, deed: Deed) -> Seat:
    seat = panel.seat_of(deed.seat)
    if seat is None:
        raise PanelRefused("no_seat", "您不在会签人员之中")
    if seat.status is not SeatStatus.WAITING:
        raise PanelRefused("signed", "您已经签署过意见")
    if deed.seat not in panel.turns:
        raise PanelRefused("not_yet", "按顺序还没有轮到您签署")
    if deed.by != deed.seat and (panel.seat_of(deed.by) is not None or deed.by == panel.proposer):
        raise PanelRefused("two_seats", "您自己也在本次会签之中，不能再代他人签署")
    if any(other.signed_by == deed.by for other in panel.seats):
        raise PanelRefused("two_seats", "您已经代另一位签署人签署，一人不能签署两次")
    return seat


def _newcomer(panel: Panel, person: str | None, eligible: frozenset[str]) -> str:
    if person is None:
        raise PanelRefused("nobody", "请选择人员")
    if person == panel.proposer:
        raise PanelRefused("proposer", "提出的人不能参加会签，请另选他人")
    if panel.seat_of(person) is not None or person in panel.asked or person in panel.signers:
        raise PanelRefused("twice", "所选人员已在本次会签之中，请另选他人")
    if person not in eligible:
        raise PanelRefused(
            "not_eligible", "所选人员的岗位不能签署这一步，或者办过须由他人复核的步骤，请另选他人"
        )
    return person


def _with(panel: Panel, old: Seat, *new: Seat) -> Panel:
    seats: list[Seat] = []
    for seat in panel.seats:
        seats += new if seat is old else (seat,)
    return replace(panel, seats=tuple(seats))


def _sign(status: SeatStatus) -> Callable[[Panel, Deed, frozenset[str]], Panel]:
    def signed(panel: Panel, deed: Deed, _eligible: frozenset[str]) -> Panel:
        seat = _own_turn(panel, deed)
        after = replace(seat, status=status, signed_by=deed.by, delegate=None)
        return replace(_with(panel, seat, after), last=(deed.act.value, deed.seat))

    return signed


def _transfer(panel: Panel, deed: Deed, eligible: frozenset[str]) -> Panel:
    seat = _own_turn(panel, deed)
    newcomer = _newcomer(panel, deed.to, eligible)
    return replace(_with(panel, seat, Seat(newcomer, added_by=seat.added_by)), last=None)


def _delegate(panel: Panel, deed: Deed, eligible: frozenset[str]) -> Panel:
    seat = _own_turn(panel, deed)
    return replace(_with(panel, seat, replace(seat, delegate=_newcomer(panel, deed.to, eligible))), last=None)


def _advise(panel: Panel, deed: Deed, _eligible: frozenset[str]) -> Panel:
    seat = next((seat for seat in panel.seats if seat.delegate == deed.by), None)
    if seat is None:
        raise PanelRefused("not_asked", "没有人请您提出意见，或者对方已经自行签署")
    return replace(_with(panel, seat, replace(seat, delegate=None)), last=None)


def _add(panel: Panel, deed: Deed, eligible: frozenset[str]) -> Panel:
    seat = _own_turn(panel, deed)
    added = Seat(_newcomer(panel, deed.to, eligible), added_by=deed.seat)
    pair = (added, seat) if deed.before else (seat, added)
    return replace(_with(panel, seat, *pair), last=None)


def _remove(panel: Panel, deed: Deed, _eligible: frozenset[str]) -> Panel:
    seat = panel.seat_of(deed.to or "")
    if seat is None:
        raise PanelRefused("no_seat", "所选人员不在会签人员之中")
    if seat.status is not SeatStatus.WAITING:
        raise PanelRefused("signed", "已经签署的人不能减签")
    if deed.by != panel.proposer and seat.added_by != deed.by:
        raise PanelRefused("not_yours", "只有提出的人，或者加签此人的签署人，才能减签")
    if len(panel.seats) <= max(1, panel.at_least):
        raise PanelRefused("too_few", f"会签不能少于{max(1, panel.at_least)}人；确需撤销请撤回整个会签")
    return replace(_with(panel, seat), last=None)


def _return(panel: Panel, deed: Deed, _eligible: frozenset[str]) -> Panel:
    own = _own_turn(panel, deed)
    if deed.to is None or deed.to == panel.proposer:
        return replace(panel, status=PanelStatus.RETURNED)
    seat = panel.seat_of(deed.to)
    if seat is None or seat.status is SeatStatus.WAITING:
        raise PanelRefused("not_signed", "只能退回给提出的人，或者已经签署的人")
    again = {deed.to}
    if panel.mode is PanelMode.IN_ORDER:
        people = [other.person for other in panel.seats]
        again = set(people[people.index(deed.to) : people.index(own.person)])
    seats = tuple(
        replace(other, status=SeatStatus.WAITING, signed_by=None) if other.person in again else other
        for other in panel.seats
    )
    return replace(panel, seats=seats, last=None)


def _recall(panel: Panel, deed: Deed, _eligible: frozenset[str]) -> Panel:
    seat = panel.seat_of(deed.seat)
    if seat is None or seat.status is SeatStatus.WAITING or seat.signed_by != deed.by:
        raise PanelRefused("not_signed", "您还没有签署，没有可以撤回的意见")
    if panel.last is None or panel.last[1] != deed.seat:
        raise PanelRefused("acted_on", "您签署之后已有他人办理，不能再撤回；可以请后面的人退回给您")
    return replace(_with(panel, seat, replace(seat, status=SeatStatus.WAITING, signed_by=None)), last=None)


def _withdraw(panel: Panel, deed: Deed, _eligible: frozenset[str]) -> Panel:
    if deed.by != panel.proposer:
        raise PanelRefused("not_yours", "只有提出的人可以撤回整个会签")
    if any(seat.status is not SeatStatus.WAITING for seat in panel.seats):
        raise PanelRefused("acted_on", "已经有人签署，不能再撤回；可以请签署人退回给您")
    return replace(panel, status=PanelStatus.WITHDRAWN)


_ACTS: Mapping[PanelAct, Callable[[Panel, Deed, frozenset[str]], Panel]] = {
    PanelAct.AGREE: _sign(SeatStatus.AGREED),
    PanelAct.REFUSE: _sign(SeatStatus.REFUSED),
    PanelAct.TRANSFER: _transfer,
    PanelAct.DELEGATE: _delegate,
    PanelAct.ADVISE: _advise,
    PanelAct.ADD: _add,
    PanelAct.REMOVE: _remove,
    PanelAct.RETURN: _return,
    PanelAct.RECALL: _recall,
    PanelAct.WITHDRAW: _withdraw,
}


def _settled(panel: Panel) -> Panel:
    """Ended as soon as nobody's word can change the outcome."""
    if panel.status is not PanelStatus.OPEN:
        return panel
    agreed = sum(seat.status is SeatStatus.AGREED for seat in panel.seats)
    refused = sum(seat.status is SeatStatus.REFUSED for seat in panel.seats)
    if agreed >= panel.needed:
        return replace(panel, status=PanelStatus.AGREED)
    if refused > len(panel.seats) - panel.needed:
        return replace(panel, status=PanelStatus.REFUSED)
    return panel
