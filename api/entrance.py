"""Who may ask what: a token in every request, a scope for every address, denied unless granted."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable
from threading import Lock
from typing import Any, TypeVar

from flask import Flask, current_app, g, request

from portal.clock import now
from portal.database import database
from services.access_tokens import Entered, enter_with_token
from services.refusal import Refusal

#: Anyone may ask: the description of the interface.
OPEN = "open"
#: So many requests of one token within a minute, in one process; a coarse guard against a loop gone wild.
PER_MINUTE = 600

View = TypeVar("View", bound=Callable[..., Any])


def scope(name: str) -> Callable[[View], View]:
    """Grant a view to tokens with this scope."""

    def mark(view: View) -> View:
        view.__dict__["scope"] = name
        return view

    return mark


def entered() -> Entered:
    """Who asks."""
    who: Entered = g.entered
    return who


class Pace:
    """When each token asked within the last minute."""

    def __init__(self) -> None:
        self._asked: dict[int, deque[float]] = defaultdict(deque)
        self._lock = Lock()

    def refuse_haste(self, token_id: int, *, at: float) -> None:
        """Refuse the request beyond `PER_MINUTE`."""
        with self._lock:
            asked = self._asked[token_id]
            while asked and asked[0] < at - 60:
                asked.popleft()
            if len(asked) >= current_app.config.get("API_PER_MINUTE", PER_MINUTE):
                raise Refusal("too_fast", "请求过于频繁，请一分钟后再试。", 429)
            asked.append(at)


def init_entrance(app: Flask) -> None:
    """Ask every request for its token before anything else."""
    pace = Pace()

    @app.before_request
    def _enter() -> None:
        if request.endpoint is None:
            return  # an unknown address is a 404 for everyone
        wanted = scope_of(app, request.endpoint)
        if wanted == OPEN:
            return
        kind, _, secret = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer" or not secret.strip():
            raise Refusal("token_missing", "请求里没有令牌，请在 Authorization 里写 Bearer 和令牌。", 401)
        who = enter_with_token(
            database.session, secret.strip()[:200], address=request.remote_addr or "", now=now()
        )
        g.entered = who
        pace.refuse_haste(who.token_id, at=time.monotonic())
        if not wanted:
            raise Refusal("forbidden", "这个地址不对外开放。", 403)
        who.require(wanted)


def scope_of(app: Flask, endpoint: str) -> str:
    """The scope an address needs; empty: nobody may ask. Each method of an address has its own."""
    view = app.view_functions[endpoint]
    by_method = getattr(getattr(view, "view_class", None), request.method.lower(), None)
    found: str = getattr(by_method or view, "scope", "")
    return found
