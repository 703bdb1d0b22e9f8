"""Editions: proposed by one, published by another, frozen; what the public reads of them."""

from __future__ import annotations

from models.notice import Notice, RankingEdition
from tests.web.desk_office import Desk
from tests.web.scored_office import desk as desk  # noqa: PLC0414 - a fixture is found by its name
from tests.web.scored_office import rate

EDITIONS = "/ranking/editions"


def proposed(desk: Desk, login: str = "officer") -> str:
    """The address of a proposed edition."""
    answer = desk.enter(login).submit(EDITIONS, reason="年度结果")
    assert answer.status_code == 302, answer.text
    return answer.location


def test_an_edition_needs_a_reason_and_keeps_what_was_typed(desk: Desk) -> None:
    answer = desk.enter("officer").submit(EDITIONS, reason="   ")
    assert answer.status_code == 422
    assert "请写明本次公布的事由" in answer.text
    assert desk.count(RankingEdition) == 0


def test_four_eyes_and_the_word_for_provisional_results(desk: Desk) -> None:
    rate(desk, desk.office.target.id, "instant", good=6)
    page = proposed(desk, "head")
    own = desk.enter("head")
    assert "须由另一位负责人批准公布" in own.get(page).text
    assert own.submit(f"{page}/publish", page=page, accept_provisional="yes").status_code == 403
    assert desk.enter("officer").submit(f"{page}/publish", page=page).status_code == 403
    assert desk.count(Notice) == 0


def test_published_results_are_frozen_for_everyone(desk: Desk) -> None:
    rate(desk, desk.office.target.id, "instant", good=6)
    page = proposed(desk)
    public = desk.app.test_client()
    assert "结果尚未公布" in public.get("/public/results").text
    assert public.get("/public/results/1").status_code == 404
    head = desk.enter("head")
    refused = head.submit(f"{page}/publish", page=page)
    assert refused.status_code == 409
    assert "同意按暂定得分公布" in refused.text
    done = head.submit(f"{page}/publish", page=page, accept_provisional="yes")
    assert done.status_code == 302, done.text
    assert desk.count(Notice) > 0
    rate(desk, desk.office.target.id, "instant", bad=20)
    shown = public.get("/public/results").text
    assert "86.67" in shown
    assert public.get("/public/results/1").status_code == 200
    with desk.session() as session:
        edition = session.query(RankingEdition).one()
        assert edition.sha256 in shown
    again = head.post(
        f"{page}/publish", data={"csrf_token": head.token(EDITIONS), "accept_provisional": "yes"}
    )
    assert again.status_code == 409


def test_a_proposed_edition_can_be_withdrawn_once(desk: Desk) -> None:
    page = proposed(desk)
    officer = desk.enter("officer")
    assert officer.submit(f"{page}/withdraw", page=page).status_code == 302
    assert officer.get(page).status_code == 404
    assert officer.submit(f"{page}/withdraw", page=EDITIONS).status_code == 404
