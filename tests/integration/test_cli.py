"""The command line: what each command prints and writes, its exit status, and what it says when it refuses."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from python_calamine import CalamineWorkbook
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app import create_app
from models.campaign import Campaign, Definition
from models.case import Case, Deadline
from models.engine import make_engine, writing
from models.notice import NoticeFile
from models.people import User
from models.roster import Target
from portal.clock import OFFICE_ZONE
from services.attachments import FileStore, Upload, attach, check
from services.jobs import schedule
from services.results import frozen_ranking
from services.scores import current_ranking, ranking_as_of
from services.transaction import transaction
from services.verification import verify
from tests.conftest import settings_for, sqlite_copy
from tests.integration.due_cases import served_cases
from tests.integration.office import PACK, START, Office, days, find_office
from tests.web.desk_office import Desk
from tests.web.scored_office import rate, rate_worked_example

#: The day after everything in these tests was handed in.
NOW = START + days(1)
Run = Callable[..., Result]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data folder of the installation."""
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


Open = Callable[..., Flask]


@pytest.fixture
def open_app() -> Iterator[Open]:
    """Opens the application over a database and a folder; all are closed at the end."""
    opened: list[Flask] = []

    def make(url: str, folder: Path, **settings: object) -> Flask:
        folder.mkdir(exist_ok=True)
        opened.append(create_app(settings_for(url, folder) | settings))
        return opened[-1]

    yield make
    for app in opened:
        app.extensions["engine"].dispose()


@pytest.fixture
def elsewhere(open_app: Open, tmp_path: Path) -> Flask:
    """The application over an empty folder, with no structure in its database."""
    folder = tmp_path / "elsewhere"
    return open_app(f"sqlite:///{folder / 'pingdu.db'}", folder)


@pytest.fixture
def app(sqlite_office: Path, data: Path, open_app: Open) -> Flask:
    """The application over a copy of the office."""
    made = open_app(sqlite_copy(sqlite_office, data), data)
    made.extensions["clock"] = lambda: NOW
    return made


@pytest.fixture
def office(app: Flask) -> Office:
    """Who and what is in it."""
    with Session(app.extensions["engine"], expire_on_commit=False) as session:
        return find_office(session)


@pytest.fixture
def run(app: Flask) -> Run:
    """Run one command: `run("score", "--json")`; an exception that is no exit fails the test."""
    return runner_of(app)


def runner_of(app: Flask) -> Run:
    """Runs commands of this application."""

    def invoke(*words: object) -> Result:
        result = app.test_cli_runner().invoke(args=[str(word) for word in words])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return invoke


def changed_pack(folder: Path, old: str, new: str) -> Path:
    """A copy of the shipped pack with other words in its scheme."""
    shutil.copytree(PACK, folder)
    file = folder / "scheme.yaml"
    words = file.read_text(encoding="utf-8")
    assert old in words
    file.write_text(words.replace(old, new, 1), encoding="utf-8")
    return folder


class TestPack:
    """Check, load, export, diff."""

    def test_a_sound_pack_is_said_to_be_sound(self, run: Run) -> None:
        result = run("pack", "check", PACK)
        assert result.exit_code == 0
        assert result.output.startswith("方案包完好：")

    def test_every_fault_is_listed_with_its_place_and_nothing_is_loaded(
        self, run: Run, app: Flask, tmp_path: Path
    ) -> None:
        faulty = changed_pack(tmp_path / "faulty", "weight: 20%", "weight: 25%")
        for word in ("check", "load"):
            result = run("pack", word, faulty)
            assert result.exit_code == 2, word
            assert "scheme" in result.stderr
            assert "处问题" in result.stderr
        assert "没有发布" in result.stderr
        with Session(app.extensions["engine"]) as session:
            assert session.execute(select(func.max(Definition.version))).scalar_one() == 1

    def test_what_is_new_becomes_a_version_and_running_campaigns_keep_theirs(
        self, run: Run, app: Flask, tmp_path: Path
    ) -> None:
        assert "没有变动" in run("pack", "load", PACK).output
        first = PACK.joinpath("scheme.yaml").read_text(encoding="utf-8").splitlines()
        name = next(line for line in first if line.startswith("name: "))
        other = changed_pack(tmp_path / "other", name, f"{name}（试行）")
        result = run("pack", "load", other)
        assert result.exit_code == 0, result.output
        assert "已发布1个新版本" in result.output
        assert "第2版" in result.output
        with Session(app.extensions["engine"]) as session:
            campaign = session.execute(select(Campaign)).scalar_one()
            assert session.get_one(Definition, campaign.scheme_id).version == 1

    def test_a_pack_travels_as_one_file(self, run: Run, tmp_path: Path) -> None:
        file = tmp_path / "pack.zip"
        assert run("pack", "export", PACK, file).exit_code == 0
        assert "没有差别" in run("pack", "diff", PACK, file).output
        loaded = run("pack", "load", file)
        assert loaded.exit_code == 0
        assert "没有变动" in loaded.output

    def test_a_difference_is_told_in_words(self, run: Run, tmp_path: Path) -> None:
        other = changed_pack(tmp_path / "other", "points: 3", "points: 4")
        result = run("pack", "diff", PACK, other)
        assert result.exit_code == 0
        assert "3" in result.output
        assert "4" in result.output
        assert "没有差别" not in result.output

    def test_what_is_no_pack_is_refused(self, run: Run, tmp_path: Path) -> None:
        file = tmp_path / "pack.zip"
        file.write_bytes(b"PK\x03\x04 and nothing")
        for word in ("load", "diff"):
            result = run("pack", word, file, *([PACK] if word == "diff" else []))
            assert result.exit_code == 2, word
            assert result.stderr.strip()


class TestScore:
    """Table, JSON, workbook, an earlier day."""

    @pytest.fixture(autouse=True)
    def _ratings(self, app: Flask, office: Office) -> None:
        desk = Desk(app, office)
        rate_worked_example(desk, office.target.id)
        rate(desk, office.target.id, "instant", at=START + days(3), bad=20)

    def test_the_table_shows_the_worked_example(self, run: Run, office: Office) -> None:
        result = run("score", "--as-of", "2026-04-09")
        assert result.exit_code == 0, result.output
        line = next(line for line in result.output.splitlines() if office.target.name in line)
        assert line.split()[0] == "1"
        assert "0.887778" in line
        assert "91.02" in line
        assert "截至2026-04-09 23:59" in result.output

    def test_json_is_what_the_service_says(self, run: Run, app: Flask) -> None:
        told = json.loads(run("score", "--json").stdout)
        earlier = json.loads(run("score", "--json", "--as-of", "2026-04-09").stdout)
        with Session(app.extensions["engine"]) as session:
            campaign = session.execute(select(Campaign)).scalar_one()
            now = frozen_ranking(campaign, current_ranking(session, campaign), NOW)
            end = START.replace(hour=15, minute=59, second=59)
            then = frozen_ranking(campaign, ranking_as_of(session, campaign, end), end)
        assert told == json.loads(json.dumps(now))
        assert {**earlier, "as_of": ""} == {**json.loads(json.dumps(then)), "as_of": ""}
        assert told["categories"] != earlier["categories"]

    def test_a_day_before_everything_has_no_total(self, run: Run) -> None:
        told = json.loads(run("score", "--json", "--as-of", "2026-04-08").stdout)
        lines = [line for category in told["categories"] for line in category["lines"]]
        assert lines
        assert all(line["total"] is None and line["rank"] is None for line in lines)

    def test_the_workbook_says_what_the_table_says(
        self, run: Run, app: Flask, office: Office, tmp_path: Path
    ) -> None:
        file = tmp_path / "scores.xlsx"
        result = run("score", "--as-of", "2026-04-09", "--xlsx", file)
        assert result.exit_code == 0, result.output
        book = CalamineWorkbook.from_path(file)
        rows = [row for name in book.sheet_names for row in book.get_sheet_by_name(name).to_python()]
        (mine,) = (row for row in rows if row[2] == office.target.name)
        assert mine[0] == "1"
        assert mine[5] == "91.02"
        assert len(rows) == len(book.sheet_names) + Desk(app, office).count(Target)


def test_cases_are_listed_those_due_first(run: Run, app: Flask, office: Office) -> None:
    with Session(app.extensions["engine"]) as session:
        served_cases(session, office, 3, apart=days(3))
        numbers = session.execute(select(Case.number).order_by(Case.id)).scalars().all()
    told = json.loads(run("cases", "--json").stdout)
    assert [row["number"] for row in told] == numbers
    assert {row["state"] for row in told} == {"issued"}
    result = run("cases")
    assert result.exit_code == 0
    assert "共3起。" in result.output
    assert all(number in result.output for number in numbers)
    assert json.loads(run("cases", "--json", "--state", "overdue").stdout) == []
    assert "共1起。" in run("cases", "--word", numbers[1]).output
    app.extensions["clock"] = lambda: START + days(60)
    assert "共3起。" in run("cases", "--due", "overdue").output


class TestTick:
    """Due work, once."""

    def test_what_is_due_is_done_and_nothing_is_left(self, run: Run, app: Flask, office: Office) -> None:
        with Session(app.extensions["engine"]) as session:
            (case_id,) = served_cases(session, office, 1)
        result = run("tick", "--now", "2026-06-08T09:00")
        assert result.exit_code == 0, result.output
        with Session(app.extensions["engine"]) as session:
            assert session.get_one(Case, case_id).state == "overdue"
            drawn = session.execute(select(func.count()).select_from(NoticeFile)).scalar_one()
            assert drawn >= 3
            assert verify(session) == []
        assert "已办理0件" in run("tick", "--now", "2026-06-08T09:00").output

    def test_what_is_left_undone_is_told_by_exit_status(self, run: Run, app: Flask) -> None:
        with Session(app.extensions["engine"]) as session, transaction(session):
            schedule(session, "unheard-of", key="a", payload={}, due_at=START)
        result = run("tick")
        assert result.exit_code == 1
        assert "还有1件" in result.stderr

    def test_in_earnest_nobody_turns_the_clock(self, sqlite_office: Path, data: Path, open_app: Open) -> None:
        url = sqlite_copy(sqlite_office, data)
        for debug, status in ((False, 2), (True, 0)):
            run = runner_of(open_app(url, data, TESTING=False, PINGDU_DEBUG=debug))
            result = run("tick", "--now", "2026-04-09T09:00")
            assert result.exit_code == status, result.output


class TestVerify:
    """Exit status 0 in order, 1 after tampering."""

    def test_books_in_order(self, run: Run, app: Flask, office: Office) -> None:
        with Session(app.extensions["engine"]) as session:
            served_cases(session, office, 1)
        result = run("verify")
        assert result.exit_code == 0, result.output
        assert "核验无误" in result.output

    def test_tampering_is_named(self, run: Run, app: Flask, office: Office) -> None:
        with Session(app.extensions["engine"]) as session:
            served_cases(session, office, 1)
            number = session.execute(select(Case.number)).scalar_one()
        with Session(app.extensions["engine"]) as session, writing():
            session.execute(text("UPDATE rectification_case SET state = 'closed'"))
            session.commit()
        result = run("verify")
        assert result.exit_code == 1
        assert f"[case] {number}：" in result.stdout
        assert "共1处差异" in result.stderr


class TestBackup:
    """There and back."""

    def test_what_comes_back_is_verified(
        self, run: Run, app: Flask, office: Office, elsewhere: Flask, tmp_path: Path
    ) -> None:
        data, archive = Path(app.config["PINGDU_DATA"]), tmp_path / "backup.tar.gz"
        with Session(app.extensions["engine"]) as session:
            (case_id,) = served_cases(session, office, 1)
            with transaction(session):
                files = [("evidence", check(Upload("证据.pdf", b"%PDF-1.4 demonstration")))]
                store = FileStore(data / "files")
                attach(session, office.officer, store, files, owner_kind="step", owner_id=case_id, now=START)
        made = run("backup", archive)
        assert made.exit_code == 0, made.output
        assert "1个附件" in made.output
        again = run("backup", archive)
        assert again.exit_code == 1
        assert "不会覆盖" in again.stderr

        result = runner_of(elsewhere)("restore", archive)
        assert result.exit_code == 0, result.output
        assert "核验无误" in result.output
        with Session(elsewhere.extensions["engine"]) as session:
            assert session.get_one(Case, case_id).state == "issued"
        assert len([path for path in (tmp_path / "elsewhere" / "files").rglob("*") if path.is_file()]) == 1
        refused = runner_of(elsewhere)("restore", archive)
        assert refused.exit_code == 1
        assert "已有数据" in refused.stderr

    def test_a_damaged_archive_restores_nothing(self, run: Run, elsewhere: Flask, tmp_path: Path) -> None:
        archive = tmp_path / "backup.tar.gz"
        run("backup", archive)
        archive.write_bytes(archive.read_bytes()[:3000])
        result = runner_of(elsewhere)("restore", archive)
        assert result.exit_code == 1
        assert "换一份备份" in result.stderr
        empty = make_engine(f"sqlite:///{tmp_path / 'elsewhere' / 'pingdu.db'}")
        with empty.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM sqlite_master")).scalar_one() == 0
        empty.dispose()


def test_a_demonstration_is_not_loaded_among_people(run: Run, app: Flask) -> None:
    with Session(app.extensions["engine"]) as session:
        before = session.execute(select(func.count()).select_from(User)).scalar_one()
    result = run("demo", "load", "--today", "2026-11-24")
    assert result.exit_code == 1
    assert "已有账号" in result.stderr
    assert "PINGDU_DATA" in result.stderr
    with Session(app.extensions["engine"]) as session:
        assert session.execute(select(func.count()).select_from(User)).scalar_one() == before
        assert session.execute(select(func.count()).select_from(Campaign)).scalar_one() == 1


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("score", "--json", "--xlsx", "a.xlsx"), 2, "只能用一个"),
        (("score", "--as-of", "tomorrow"), 2, "%Y-%m-%d"),
        (("score", "--campaign", "1999"), 1, "现有：2026"),
        (("score", "--xlsx", "/nowhere/a.xlsx"), 1, "/nowhere/a.xlsx"),
        (("cases", "--campaign", "1999"), 1, "现有：2026"),
        (("cases", "--due", "never"), 2, "overdue"),
        (("cases", "--state", "unheard-of"), 2, "issued"),
        (("cases", "--unit", "unheard-of"), 2, "没有代号“unheard-of”"),
        (("cases", "--target", "unheard-of"), 2, "等"),
        (("cases", "--category", "unheard-of"), 2, "enforcement"),
        (("cases", "--channel", "unheard-of"), 2, "inspection"),
        (("cases", "--tier", "unheard-of"), 2, "overdue"),
        (("tick", "--now", "soon"), 2, "2026-04-09T17:31"),
        (("pack", "check", "/nowhere"), 2, "/nowhere"),
        (("pack", "export", PACK, "/nowhere/a.zip"), 2, "/nowhere/a.zip"),
        (("backup", "/proc/nowhere/a.tar.gz"), 1, "/proc/nowhere"),
        (("restore", "/nowhere.tar.gz"), 2, "/nowhere.tar.gz"),
        (("demo", "load", "--today", "soon"), 2, "%Y-%m-%d"),
        (("unheard-of",), 2, "unheard-of"),
    ],
    ids=lambda value: "-".join(map(str, value[:2])) if isinstance(value, tuple) else "",
)
def test_a_wrong_word_is_answered_with_what_to_do(
    run: Run, words: tuple[object, ...], status: int, said: str
) -> None:
    result = run(*words)
    assert result.exit_code == status, result.output
    assert said in result.stderr


@pytest.mark.parametrize(
    "words", [("score",), ("cases",), ("tick",), ("verify",), ("demo", "load"), ("worker",)]
)
def test_without_an_installation_every_command_says_so(words: tuple[str, ...], elsewhere: Flask) -> None:
    result = runner_of(elsewhere)(*words)
    assert result.exit_code == 1
    assert "./run" in result.stderr


def test_an_older_structure_is_not_worked_on(run: Run) -> None:
    assert run("db", "downgrade", "-1").exit_code == 0
    result = run("score")
    assert result.exit_code == 1
    assert "db upgrade" in result.stderr
    assert run("db", "upgrade").exit_code == 0
    assert run("score").exit_code == 0


def test_an_office_without_a_campaign_is_told_so(sqlite_template: Path, data: Path, open_app: Open) -> None:
    result = runner_of(open_app(sqlite_copy(sqlite_template, data), data))("score")
    assert result.exit_code == 1
    assert "还没有建立测评活动" in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("pack",),
        ("pack", "load"),
        ("score",),
        ("cases",),
        ("tick",),
        ("verify",),
        ("backup",),
        ("restore",),
    ],
)
def test_help_is_in_the_office_s_language(run: Run, words: tuple[str, ...]) -> None:
    result = run(*words, "--help")
    assert result.exit_code == 0
    assert not words or any("一" <= letter <= "鿿" for letter in result.output)


def test_a_moment_without_a_zone_is_of_the_office_s_clock(run: Run, app: Flask, office: Office) -> None:
    with Session(app.extensions["engine"]) as session:
        served_cases(session, office, 1)
        due = session.execute(select(Deadline.due_at)).scalar_one()
    early, late = due - timedelta(minutes=1), due + timedelta(minutes=1)
    assert run("tick", "--now", early.isoformat()).exit_code == 0
    assert "共0起。" in run("cases", "--state", "overdue").output
    assert run("tick", "--now", late.astimezone(OFFICE_ZONE).replace(tzinfo=None).isoformat()).exit_code == 0
    assert "共1起。" in run("cases", "--state", "overdue").output
