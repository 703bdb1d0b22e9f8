"""A small bounded load client: some clients at once, each sends its next request when the answer is complete."""

from __future__ import annotations

import asyncio
import http.client
import random
import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import urlencode

from bench.machine import cpu_seconds

MOST_CLIENTS = 64
MOST_SECONDS = 60.0
#: A new connection after so many requests, so that several workers share the clients evenly.
_RECONNECT = 10
_HIDDEN = re.compile(r'<input[^>]*name="csrf_token"[^>]*value="([^"]+)"')


@dataclass(frozen=True)
class Post:
    """What one client sends over and over. body: running number to form values; None: it only reads (GET).

    pause: seconds it rests after an answer, half as long to half as long again; 0: it never rests.
    """

    path: str
    cookie: str
    body: Callable[[int], dict[str, str]] | None = None
    pause: float = 0.0


@dataclass
class Loaded:
    """What came of it. waits: seconds of each good answer. cpu_ms: of server and database, a request."""

    waits: list[float] = field(default_factory=list)
    seconds: float = 0.0
    errors: list[str] = field(default_factory=list)
    requests: int = 0
    cpu_ms: float = 0.0

    @property
    def rate(self) -> float:
        """Good answers a second."""
        return len(self.waits) / self.seconds

    def wait_ms(self, share: float) -> float:
        """The wait, in ms, that this share of the requests did not exceed."""
        ordered = sorted(self.waits) or [0.0]
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def load(
    port: int,
    posts: Sequence[Post],
    *,
    seconds: float,
    warm: float,
    processes: Sequence[int],
    expect: tuple[int, ...] = (200, 302, 303),
) -> Loaded:
    """Every client sends its post for so many seconds after warming up. processes: whose CPU is counted."""
    if len(posts) > MOST_CLIENTS or seconds > MOST_SECONDS:
        raise ValueError(f"bounded: at most {MOST_CLIENTS} clients and {MOST_SECONDS:.0f} s")
    result = Loaded(seconds=seconds)
    used = sum(cpu_seconds(process) for process in processes)
    # In a thread of its own: whoever measures may run in a loop already, as a browser's driver does.
    with ThreadPoolExecutor(1) as own:
        own.submit(lambda: asyncio.run(_all(port, posts, result, warm=warm, expect=expect))).result()
    spent = sum(cpu_seconds(process) for process in processes) - used
    result.cpu_ms = 1000 * spent / max(1, result.requests)
    return result


async def _all(
    port: int, posts: Sequence[Post], result: Loaded, *, warm: float, expect: tuple[int, ...]
) -> None:
    start = time.perf_counter() + warm
    clients = [
        _client(port, post, result, number=number * 10_000_000, start=start, expect=expect)
        for number, post in enumerate(posts)
    ]
    await asyncio.gather(*clients)
    result.seconds = time.perf_counter() - start


async def _client(
    port: int, post: Post, result: Loaded, *, number: int, start: float, expect: tuple[int, ...]
) -> None:
    end = start + result.seconds
    streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    rests = random.Random(number)  # noqa: S311  # so that clients do not march in step
    while (sent := time.perf_counter()) < end:
        number += 1
        result.requests += 1
        try:
            if streams is None:
                streams = await asyncio.open_connection("127.0.0.1", port)
            streams[1].write(_message(port, post, number))
            status, stays, content = await _answer(streams[0])
        except (OSError, asyncio.IncompleteReadError, ValueError) as error:
            result.errors.append(repr(error))
            stays = False
        else:
            if status not in expect:
                result.errors.append(f"{status}: {content[:300].decode(errors='replace')}")
            elif sent >= start:
                result.waits.append(time.perf_counter() - sent)
        if streams and (not stays or number % _RECONNECT == 0):
            streams[1].close()
            streams = None
        if post.pause:
            await asyncio.sleep(post.pause * rests.uniform(0.5, 1.5))
    if streams:
        streams[1].close()


def _message(port: int, post: Post, number: int) -> bytes:
    head = f"Host: 127.0.0.1:{port}\r\nCookie: {post.cookie}\r\n"
    if post.body is None:
        return f"GET {post.path} HTTP/1.1\r\n{head}\r\n".encode()
    body = urlencode(post.body(number)).encode()
    head += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
    return f"POST {post.path} HTTP/1.1\r\n{head}\r\n".encode() + body


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bool, bytes]:
    """Status, whether the connection stays open, content."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    status = int(head.split(" ", 2)[1])
    fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
    if "content-length" not in fields:
        return status, False, await reader.read()
    content = await reader.readexactly(int(fields["content-length"]))
    return status, fields.get("connection") != "close", content


class Browser:
    """One person at one server: keeps cookies, reads the token out of a form."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._cookies: dict[str, str] = {}

    @property
    def cookie(self) -> str:
        """The Cookie header as it stands."""
        return "; ".join(f"{name}={value}" for name, value in self._cookies.items())

    def ask(self, path: str, body: dict[str, str] | None = None) -> tuple[int, str, str]:
        """Status, content and Location of one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        headers = {"Cookie": self.cookie}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request("GET" if body is None else "POST", path, urlencode(body or {}) or None, headers)
        answer = connection.getresponse()
        content = answer.read().decode()
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        connection.close()
        return answer.status, content, answer.headers.get("Location", "")

    def token(self, path: str) -> str:
        """The CSRF token of the form at this address."""
        status, content, _ = self.ask(path)
        found = _HIDDEN.search(content)
        if status != 200 or found is None:
            raise RuntimeError(f"no form at {path}: {status}")
        return found[1]

    def log_in(self, login: str, password: str) -> None:
        """Enter through the login page."""
        token = self.token("/account/login")
        status, content, _ = self.ask(
            "/account/login", {"login": login, "password": password, "csrf_token": token}
        )
        if status != 302:
            raise RuntimeError(f"{login} could not enter: {status} {content[:300]}")
