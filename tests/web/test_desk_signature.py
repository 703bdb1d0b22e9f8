"""Signed notices from issue to the public check: by certificate or program; a failure keeps nothing and is tried again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import create_app
from cli.worker import make_worker
from models.job import Job
from models.notice import Notice, NoticeFile
from notices.pades import signature_fault
from portal.signing import signing_fault
from services.jobs import PAUSES
from services.verification import verify
from tests.conftest import settings_for, sqlite_copy
from tests.integration.office import START, find_office
from tests.notices.signing_office import OFFICE, write_certificate
from tests.web.desk_office import Desk
from tests.web.test_desk_cases import office_file

__all__ = ["office_file"]

SigningDesk = Callable[..., Desk]


@pytest.fixture
def signing_desk(office_file: Path, tmp_path: Path) -> Iterator[SigningDesk]:
    """Opens the desk of an office with these settings."""
    opened: list[Flask] = []

    def make(**settings: object) -> Desk:
        app = create_app(settings_for(sqlite_copy(office_file, tmp_path), tmp_path) | settings)
        opened.append(app)
        with Session(app.extensions["engine"], expire_on_commit=False) as session:
            desk = Desk(app, find_office(session))
        desk.turn_clock(START)
        return desk

    yield make
    for app in opened:
        app.extensions["engine"].dispose()


def certified(folder: Path, *, days: int = 365) -> dict[str, object]:
    container, password = write_certificate(folder, since=START - timedelta(days=1), days=days)
    return {"PINGDU_SIGNING_KEY": str(container), "PINGDU_SIGNING_PASSWORD_FILE": str(password)}


def first_notice(desk: Desk) -> Notice:
    with desk.session() as session:
        return session.execute(select(Notice).order_by(Notice.id).limit(1)).scalar_one()


def kept_files(desk: Desk) -> list[tuple[bytes, str, str | None, str | None]]:
    wanted = select(NoticeFile.pdf, NoticeFile.sha256, NoticeFile.signed_by, NoticeFile.certificate)
    with desk.session() as session:
        rows = session.execute(wanted.order_by(NoticeFile.notice_id))
        return [(pdf, digest, by, certificate) for pdf, digest, by, certificate in rows]


def test_nothing_is_signed_by_default(signing_desk: SigningDesk) -> None:
    desk = signing_desk()
    desk.served_case()
    assert signing_fault(desk.app, at=START) is None
    make_worker(desk.app).turn()
    files = kept_files(desk)
    assert files
    assert all(b"/ByteRange" not in pdf and by is None for pdf, _, by, _ in files)
    notice = first_notice(desk)
    assert "没有电子签名" in desk.app.test_client().get(f"/notices/verify/{notice.verify_code}").text


def test_the_worker_signs_with_the_certificate_and_pages_say_so(
    signing_desk: SigningDesk, tmp_path: Path
) -> None:
    desk = signing_desk(**certified(tmp_path))
    desk.served_case()
    make_worker(desk.app).turn()
    files = kept_files(desk)
    assert files
    for pdf, _, by, certificate in files:
        assert by == OFFICE
        assert certificate is not None
        assert signature_fault(pdf, certificate) is None
    notice = first_notice(desk)
    officer = desk.enter("officer")
    for client, address in (
        (officer, f"/desk/notices/{notice.id}"),
        (desk.app.test_client(), f"/notices/verify/{notice.verify_code}"),
    ):
        page = client.get(address).text
        assert OFFICE in page
        assert str(files[0][3]) in page
    assert files[0][1] in page
    assert officer.get(f"/desk/notices/{notice.id}.pdf").data == files[0][0]
    with desk.session() as session:
        assert verify(session) == []


def test_verify_finds_a_kept_file_whose_signature_is_not_its_own(
    signing_desk: SigningDesk, tmp_path: Path
) -> None:
    desk = signing_desk(**certified(tmp_path))
    desk.served_case()
    make_worker(desk.app).turn()
    engine = desk.app.extensions["engine"]
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER notice_file_no_update")
        connection.execute(update(NoticeFile).where(NoticeFile.notice_id == 1).values(certificate="0" * 64))
    with desk.session() as session:
        assert [difference.what for difference in verify(session)] == ["电子签名不是用登记的证书作的"]


def test_a_notice_opened_before_the_worker_came_is_signed_as_well(
    signing_desk: SigningDesk, tmp_path: Path
) -> None:
    desk = signing_desk(**certified(tmp_path))
    desk.served_case()
    pdf = desk.enter("officer").get(f"/desk/notices/{first_notice(desk).id}.pdf").data
    ((kept, _, by, certificate),) = kept_files(desk)
    assert (kept, by) == (pdf, OFFICE)
    assert certificate is not None
    assert signature_fault(pdf, certificate) is None


def seal_program(folder: Path, text: str) -> str:
    path = folder / "seal-program"
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def failing(folder: Path, text: str) -> dict[str, object]:
    return {
        "PINGDU_SIGNING_COMMAND": seal_program(folder, text),
        "PINGDU_SIGNING_NAME": "签章系统（演示）",
        "PINGDU_SIGNING_SECONDS": 2,
    }


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("echo 密码机没有连接 >&2; exit 1", "密码机没有连接"), ("sleep 60", "2秒内没有完成")],
)
def test_a_failure_keeps_nothing_and_is_tried_again(
    signing_desk: SigningDesk, tmp_path: Path, text: str, sentence: str
) -> None:
    desk = signing_desk(**failing(tmp_path, text))
    case_id = desk.case()
    desk.step("officer", case_id, "issue")
    notice = first_notice(desk)
    make_worker(desk.app).turn()
    assert kept_files(desk) == []
    officer = desk.enter("officer")
    answer = officer.get(f"/desk/notices/{notice.id}.pdf")
    assert answer.status_code == 503
    assert sentence in answer.text
    page = officer.get(f"/desk/notices/{notice.id}")
    assert page.status_code == 200
    assert "还没有可以打印的文件" in page.text
    assert kept_files(desk) == []
    with desk.session() as session:
        assert sentence in session.execute(select(Job).where(Job.kind == "draw_notice")).scalar_one().error
    seal_program(tmp_path, "cat; echo '% /ByteRange'")
    desk.turn_clock(START + PAUSES[0])
    make_worker(desk.app).turn()
    ((pdf, _, by, certificate),) = kept_files(desk)
    assert pdf.endswith(b"% /ByteRange\n")
    assert (by, certificate) == ("签章系统（演示）", None)
    assert "签章系统（演示）" in officer.get(f"/desk/notices/{notice.id}").text


def test_a_failure_without_end_is_an_incident_that_says_why(
    signing_desk: SigningDesk, tmp_path: Path
) -> None:
    desk = signing_desk(**failing(tmp_path, "exit 7"))
    desk.step("officer", desk.case(), "issue")
    at = START
    for pause in (*PAUSES, PAUSES[-1]):
        make_worker(desk.app).turn()
        at += pause
        desk.turn_clock(at)
    page = desk.enter("officer").get("/desk/incidents").text
    assert "签章程序没有成功（退出码7）" in page
    assert kept_files(desk) == []


def test_a_batch_to_print_is_signed(signing_desk: SigningDesk, tmp_path: Path) -> None:
    from services.print_runs import ask_print

    desk = signing_desk(**certified(tmp_path))
    desk.step("officer", desk.case(), "issue")
    notice = first_notice(desk)
    with desk.session() as session:
        session.execute(select(Job).where(Job.kind == "draw_notice")).scalar_one().due_at = START + timedelta(
            days=9
        )
        session.commit()
        ask_print(session, desk.office.officer, desk.office.campaign, [notice.id], duplex=False, now=START)
    make_worker(desk.app).turn()
    ((pdf, _, _, certificate),) = kept_files(desk)
    assert certificate is not None
    assert signature_fault(pdf, certificate) is None


def test_a_start_says_what_is_wrong_with_the_certificate(signing_desk: SigningDesk, tmp_path: Path) -> None:
    given = certified(tmp_path, days=30)
    desk = signing_desk(**given)
    assert signing_fault(desk.app, at=START) is None
    assert "已经过期" in str(signing_fault(desk.app, at=START + timedelta(days=40)))
    run = desk.app.test_cli_runner().invoke
    checked = run(args=["signature", "check"])
    assert checked.exit_code == 0
    assert f"试签成功，签名人：{OFFICE}" in checked.output
    Path(str(given["PINGDU_SIGNING_PASSWORD_FILE"])).write_text("wrong", encoding="utf-8")
    held = signing_desk(**given)
    assert "口令不对" in str(signing_fault(held.app, at=START))
    Path(str(given["PINGDU_SIGNING_KEY"])).unlink()
    assert "读不到" in str(signing_fault(held.app, at=START))
    refused = held.app.test_cli_runner().invoke(args=["signature", "check"])
    assert refused.exit_code == 1
    assert "读不到" in refused.output
    absent = signing_desk(PINGDU_SIGNING_COMMAND="/nowhere/seal --office 1")
    assert "/nowhere/seal" in str(signing_fault(absent.app, at=START))
