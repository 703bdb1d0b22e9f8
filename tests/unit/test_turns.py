"""Requests take turns: one at a time, never for long, and never held up by a slow line or a failure."""

from __future__ import annotations

import threading
from io import BytesIO
from typing import Any

import pytest

from portal.turns import LONGEST_BODY, Turns


def asked(**more: Any) -> dict[str, Any]:
    return {"REQUEST_METHOD": "POST", "wsgi.input": BytesIO(b"a=1"), "CONTENT_LENGTH": "3", **more}


def test_one_request_is_worked_on_at_a_time() -> None:
    inside, most = 0, 0
    counting = threading.Lock()

    def inner(_environ: dict[str, Any], _start: Any) -> list[bytes]:
        nonlocal inside, most
        with counting:
            inside += 1
            most = max(most, inside)
        threading.Event().wait(0.005)
        with counting:
            inside -= 1
        return [b""]

    turns = Turns(inner, wait=30)
    threads = [threading.Thread(target=turns, args=(asked(), None)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_a_slow_page_keeps_nobody_waiting() -> None:
    leave, entered = threading.Event(), threading.Event()

    def inner(environ: dict[str, Any], _start: Any) -> list[bytes]:
        if environ.get("slow"):
            entered.set()
            leave.wait(30)
        return [b"done"]

    turns = Turns(inner, wait=0.01)
    slow = threading.Thread(target=turns, args=(asked(slow=True), None))
    slow.start()
    assert entered.wait(30)
    assert turns(asked(), None) == [b"done"], "went ahead although the slow page still has the turn"
    leave.set()
    slow.join()


def test_a_failure_gives_the_turn_back() -> None:
    def inner(environ: dict[str, Any], _start: Any) -> list[bytes]:
        if environ.get("bad"):
            raise RuntimeError("broken")
        return [b"done"]

    turns = Turns(inner, wait=0)
    with pytest.raises(RuntimeError):
        turns(asked(bad=True), None)
    assert turns._turn.acquire(blocking=False), "the turn is free again"


@pytest.mark.parametrize(
    ("more", "whole"),
    [
        ({}, True),
        ({"CONTENT_LENGTH": ""}, False),
        ({"CONTENT_LENGTH": str(LONGEST_BODY + 1)}, False),
        ({"CONTENT_LENGTH": "٣"}, False),
        ({"CONTENT_LENGTH": "-1"}, False),
        ({"CONTENT_LENGTH": "9" * 5000}, False),
        ({"HTTP_TRANSFER_ENCODING": "chunked"}, False),
    ],
)
def test_only_short_bodies_are_read_beforehand(more: dict[str, str], whole: bool) -> None:
    def inner(environ: dict[str, Any], _start: Any) -> list[bytes]:
        return [environ["wsgi.input"].read()]

    line = BytesIO(b"a=1")
    assert Turns(inner)(asked(**{"wsgi.input": line} | more), None) == [b"a=1"]
    assert not whole or line.read() == b""
