"""Paper ballots of a round typed in by the office: a ballot is what it would have been on the web, its code used up.

Nothing of who typed which ballot is kept, nor when: the log says no more of paper than of the web.
Source: 方案第五条第（四）项.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from forms.answers import bind
from models.people import Role
from models.rating import BallotRound
from services.actor import Actor
from services.ballot_lists import ballot_round
from services.ballots import OpenBallot, ballot_choices, cast_ballot, enter_ballot
from services.definitions import form_of
from services.rating_forms import FormRefused
from services.refusal import Refusal

LONGEST_CODE = 200


def ballot_to_type(session: Session, actor: Actor, round_id: int, *, now: datetime) -> OpenBallot:
    """The ballot of a round that takes papers, before any code is known. Raises Refusal."""
    held = _round(session, actor, round_id)
    if held.closed_at is not None:
        raise Refusal("round_closed", "本轮集中测评已经结束，不能再录入选票。")
    if now < held.opens_at:
        raise Refusal("round_not_open", "本轮测评还没有开始投票，不能录入选票。")
    return OpenBallot(held, form_of(session, held.form_id), ballot_choices(session, held))


def code_fault(session: Session, actor: Actor, round_id: int, code: str, *, now: datetime) -> str:
    """Why a code is not good, before anything else is typed; empty when it is, or when there is none yet."""
    _round(session, actor, round_id)
    if not code.strip():
        return ""
    try:
        enter_ballot(session, plain_code(code), now=now, paper_of=round_id)
    except Refusal as refusal:
        return refusal.sentence
    return ""


def type_ballot(
    session: Session, actor: Actor, round_id: int, code: str, *, formdata: Any, sure: bool, now: datetime
) -> int:
    """Take one paper ballot; gives how many targets it rates. Taken also after the voting time, until the close.

    sure: rows left blank are blank on the paper. A ballot cannot be found again, so that once is asked for.
    Raises FormRefused with the ballot as it was typed.
    """
    ballot = ballot_to_type(session, actor, round_id, now=now)
    bound = bind(ballot.form, formdata, choices=ballot.choices, now=now)
    try:
        enter_ballot(session, plain_code(code), now=now, paper_of=round_id)
        blank = _blank_rows(ballot, bound.form)
        if bound.answers is not None and blank and not sure:
            raise Refusal(
                "rows_blank",
                f"还有{blank}个对象没有选。纸上确是空着的，再交一次，空着的不计；票投出后找不回来，请先核对。",
                422,
            )
        return cast_ballot(session, plain_code(code), formdata=formdata, now=now, paper_of=round_id)
    except FormRefused:
        raise
    except Refusal as refusal:
        raise FormRefused(bound, refusal) from refusal


def plain_code(code: str) -> str:
    """The code, also out of the address that a scanner reads off the ballot.

    >>> plain_code(" https://x.example/ballot#2345-6789 ")
    '2345-6789'
    """
    return code.strip()[:LONGEST_CODE].rpartition("#")[2]


def _blank_rows(ballot: OpenBallot, form: Any) -> int:
    """Rows of the ballot on which nothing was ticked, not even the abstention."""
    key = ballot.form.binding.grade if ballot.form.binding else ""
    return sum(
        not any(form[f"f_{key}"].posted.get(entry.key, ())) for entry in ballot.choices.entries("target")
    )


def _round(session: Session, actor: Actor, round_id: int) -> BallotRound:
    actor.require(Role.ADMIN, Role.OFFICER, to="录入纸质测评票")
    return ballot_round(session, actor, round_id)
