"""One rating through its web form, against the bare form of the floor, and with a million earlier ratings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from statistics import median
from uuid import uuid4
from zoneinfo import ZoneInfo

from app import create_app
from bench.counting import listening
from bench.floor import Base, make_floor_engine
from bench.load import Browser, Loaded, Post, load
from bench.office import PASSWORD, Office, database, office
from bench.report import Line, ratio, spread
from bench.servers import Server, serving
from bench.settings import Run
from bench.volume import add_ratings

PAGE = "/m/instant"
#: Seconds that a client rests between two forms where waits are measured, not how much can be taken.
REST = 0.1
_GRADES = ("excellent", "good", "excellent", "fair", "good", "excellent", "good", "excellent", "good", "poor")


def answers(office: Office, number: int) -> dict[str, str]:
    """An instant form as a monitor fills it in; every tenth one tells of a problem."""
    grade = _GRADES[number % len(_GRADES)]
    moment = datetime.now(ZoneInfo("Asia/Shanghai"))
    filled = {
        "token": uuid4().hex,
        "f_target": office.target_keys[number * 7 % len(office.target_keys)],
        "f_grade": grade,
        "f_occurred_at": f"{moment:%Y-%m-%d}T00:00",
        "f_matter_kind": "errand",
        "f_matter": f"办理食品经营许可变更（{number}）",
        "f_handler": "3号窗口",
        "f_call_back": "no",
        "f_aspects-lawful": grade,
        "f_aspects-attitude": "good",
    }
    if grade == "poor":
        filled |= {"f_problem": "slow_delay", "f_situation": "材料齐全，三次前往均被告知改日再来。"}
    return filled


def plain_answers(number: int) -> dict[str, str]:
    """The same for the floor."""
    return {
        "target": str(number % 128 + 1),
        "grade": _GRADES[number % len(_GRADES)],
        "occurred_at": "2026-04-09T00:00",
        "matter_kind": "errand",
        "matter": f"办理食品经营许可变更（{number}）",
        "handler": "3号窗口",
        "situation": "",
        "lawful": "good",
        "attitude": "good",
    }


def our_posts(office: Office, port: int, clients: int) -> list[Post]:
    """Clients that are logged in, each as its own monitor, with the token of the form page."""
    found = []
    for number in range(clients):
        browser = Browser(port)
        browser.log_in(office.monitors[number % len(office.monitors)], PASSWORD)
        fixed = {"csrf_token": browser.token(PAGE)}
        found.append(Post(PAGE, browser.cookie, partial(_together, fixed, partial(answers, office))))
    return found


def floor_posts(port: int, path: str, clients: int) -> list[Post]:
    """Clients of the floor; it knows nobody."""
    found = []
    for _ in range(clients):
        browser = Browser(port)
        fixed = {"csrf_token": browser.token(path)}
        found.append(Post(path, browser.cookie, partial(_together, fixed, plain_answers)))
    return found


def _together(fixed: dict[str, str], filled: Callable[[int], dict[str, str]], number: int) -> dict[str, str]:
    return fixed | filled(number)


@dataclass
class Turns:
    """What each side did, turn by turn."""

    ours: list[Loaded] = field(default_factory=list)
    counted: list[Loaded] = field(default_factory=list)
    plain: list[Loaded] = field(default_factory=list)

    @property
    def errors(self) -> list[str]:
        """Whatever went wrong anywhere."""
        return [
            error for side in (self.ours, self.counted, self.plain) for turn in side for error in turn.errors
        ]


@contextmanager
def floor_server(run: Run, kind: str) -> Iterator[tuple[Server, int | None]]:
    """The floor, served as ours is, on a database of its own."""
    workers, threads = run.workers(kind)
    with database(kind, run.folder, run.server) as place:
        engine = make_floor_engine(place.url)
        Base.metadata.create_all(engine)
        engine.dispose()
        environment = {"BENCH_FLOOR_DATABASE": place.url}
        with serving(
            "bench.floor:create_floor()", environment, workers=workers, threads=threads, log=run.log
        ) as server:
            yield server, place.process


@contextmanager
def our_server(run: Run, office: Office) -> Iterator[Server]:
    """The product on an office."""
    workers, threads = run.workers(office.place.kind)
    with serving(
        "app:create_app()", office.environment, workers=workers, threads=threads, log=run.log
    ) as server:
        yield server


def processes_of(server: Server, database_process: int | None) -> list[int]:
    """Whose CPU a request uses."""
    return [server.process] + ([database_process] if database_process else [])


def measure(run: Run) -> list[Line]:
    """Submissions against the floor, on each database of the run."""
    lines = []
    for kind in run.kinds:
        with office(kind, run.folder, run.server, monitors=run.clients) as ours:
            lines += _against_floor(run, ours)
            lines += commits(ours)
    return lines


def _against_floor(run: Run, ours: Office) -> list[Line]:
    turns = Turns()
    with our_server(run, ours) as server, floor_server(run, ours.place.kind) as (floor, floor_database):
        sides = (
            (turns.ours, server, ours.place.process, our_posts(ours, server.port, run.clients)),
            (turns.counted, floor, floor_database, floor_posts(floor.port, "/counted", run.clients)),
            (turns.plain, floor, floor_database, floor_posts(floor.port, "/plain", run.clients)),
        )
        for _ in range(run.turns):
            for found, side, process, posts in sides:
                used = processes_of(side, process)
                found.append(load(side.port, posts, seconds=run.seconds, warm=run.warm, processes=used))
        resting = [replace(post, pause=REST) for post in our_posts(ours, server.port, run.clients)]
        calm = [
            load(
                server.port, resting, seconds=run.seconds, warm=run.warm, processes=processes_of(server, None)
            )
            for _ in range(run.turns)
        ]
    return [*_lines(ours.place.kind, turns), _resting_line(ours.place.kind, calm)]


def _resting_line(kind: str, calm: list[Loaded]) -> Line:
    """How long one waits while eight hand in ten forms a second each: busier than any office's day."""
    seen = f"{spread([turn.rate for turn in calm], '/s', 0)}; p50 {spread([turn.wait_ms(0.5) for turn in calm], ' ms')}"
    late = median(turn.wait_ms(0.99) for turn in calm)
    return Line(
        f"submit, {kind}: p99 of clients that rest {REST:.1f} s",
        "< 50 ms",
        f"{late:.0f} ms; {seen}",
        late < 50,
    )


def _lines(kind: str, turns: Turns) -> list[Line]:
    ours, counted, plain = turns.ours, turns.counted, turns.plain
    rates = ratio([turn.rate for turn in ours], [turn.rate for turn in counted])
    cpu = ratio([turn.cpu_ms for turn in ours], [turn.cpu_ms for turn in counted])
    late = ratio([turn.wait_ms(0.99) for turn in ours], [turn.wait_ms(0.99) for turn in counted])
    bare = ratio([turn.cpu_ms for turn in ours], [turn.cpu_ms for turn in plain])
    return [
        Line(f"submit, {kind}: requests/s to floor with counter", "≥ 0.6", f"{rates:.2f}", rates >= 0.6),
        Line(f"submit, {kind}: CPU a request to floor with counter", "≤ 2", f"{cpu:.2f}", cpu <= 2),
        Line(f"submit, {kind}: p99 to floor with counter", "≤ 2", f"{late:.2f}", late <= 2),
        Line(f"submit, {kind}: CPU a request to floor without counter", "", f"{bare:.2f}"),
        *(
            Line(f"submit, {kind}: {name}", "", _figures(side))
            for name, side in (("ours", ours), ("floor with counter", counted), ("floor without", plain))
        ),
        Line(f"submit, {kind}: errors", "0", _errors(turns.errors), not turns.errors),
    ]


def _figures(turns: list[Loaded]) -> str:
    parts = (
        spread([turn.rate for turn in turns], "/s", 0),
        "p50 " + spread([turn.wait_ms(0.5) for turn in turns], " ms"),
        "p99 " + spread([turn.wait_ms(0.99) for turn in turns], " ms"),
        "CPU " + spread([turn.cpu_ms for turn in turns], " ms", 2),
    )
    return "; ".join(parts)


def _errors(errors: list[str]) -> str:
    return f"{len(errors)}, first: {errors[0]}" if errors else "0"


def commits(ours: Office) -> list[Line]:
    """What one submission says to the database, asked in this process."""
    app = create_app({**ours.settings, "WTF_CSRF_ENABLED": False})
    kind = ours.place.kind
    try:
        client = app.test_client()
        client.post("/account/login", data={"login": ours.monitors[0], "password": PASSWORD})
        client.post(PAGE, data=answers(ours, 1))
        with listening(app.extensions["engine"]) as said:
            answer = client.post(PAGE, data=answers(ours, 2))
        if answer.status_code != 302:
            raise RuntimeError(f"not taken: {answer.status} {answer.text[:500]}")
    finally:
        app.extensions["engine"].dispose()
    return [
        Line(f"submit, {kind}: commits that wrote", "1", str(said.commits), said.commits == 1),
        Line(f"submit, {kind}: SQL statements", "", str(len(said.statements))),
    ]


def measure_volume(run: Run) -> list[Line]:
    """Submissions with `run.ratings` earlier ones against none, turn by turn, on two databases of one kind."""
    lines = []
    for kind in run.kinds:
        none: list[Loaded] = []
        many: list[Loaded] = []
        with (
            office(kind, run.folder, run.server, monitors=run.clients) as fresh,
            office(kind, run.folder, run.server, monitors=run.clients) as full,
        ):
            add_ratings(full, run.ratings)
            with our_server(run, fresh) as first, our_server(run, full) as second:
                sides = [
                    (none, first, fresh, our_posts(fresh, first.port, run.clients)),
                    (many, second, full, our_posts(full, second.port, run.clients)),
                ]
                for _ in range(run.turns):
                    for found, side, place, posts in sides:
                        used = processes_of(side, place.place.process)
                        found.append(
                            load(side.port, posts, seconds=run.seconds, warm=run.warm, processes=used)
                        )
        cpu = ratio([turn.cpu_ms for turn in many], [turn.cpu_ms for turn in none])
        rates = ratio([turn.rate for turn in none], [turn.rate for turn in many])
        name = f"submit with {run.ratings:,} earlier ratings, {kind}"
        lines += [
            Line(f"{name}: CPU to none", "≤ 1.2", f"{cpu:.2f}", cpu <= 1.2),
            Line(f"{name}: time to none", "≤ 1.2", f"{rates:.2f}", rates <= 1.2),
            Line(f"{name}: with", "", _figures(many)),
            Line(f"{name}: without", "", _figures(none)),
        ]
    return lines
