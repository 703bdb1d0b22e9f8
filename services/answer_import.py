"""Filled forms out of a workbook: tried first, cell by cell; then taken wholly, or only the good lines."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from forms.context import Context
from models.batch import Batch, BatchLine
from models.campaign import Campaign
from models.collection import Answer
from models.people import Role
from models.rating import Rating, RatingVoid
from models.roster import Monitor
from packs.answer_import import AnswerImport, check_answers, heading_text, text_of
from packs.answer_sheets import MOST_COLUMNS, SERIAL, AnswerBook, BookRefused, Extra, book_of
from packs.roster_import import CellFault
from packs.workbook import Sheets, WorkbookRefused, read
from services.actor import Actor
from services.attachments import FileStore
from services.batch_intake import Intake
from services.batch_taking import FilledForm, card_of, received_at, take_form
from services.batches import note, open_batch
from services.choices import StoredChoices
from services.one_time_codes import code_hash
from services.rating_forms import Rated, rated_by
from services.refusal import Refusal
from services.transaction import transaction

MONITOR = "monitor"
#: Not the name of any question's column: those of extras have no field.
CODE = "code"


@dataclass(frozen=True)
class DryRun:
    """What a workbook would bring. fingerprint: of the file and of what it would bring; asked for at the act."""

    book: AnswerBook
    sheets: Sheets
    result: AnswerImport
    fingerprint: str


def book_for(session: Session, intake: Intake) -> AnswerBook:
    """The workbook for an intake: the form's own columns, and who reported where the form does not ask. Refusal."""
    choices = StoredChoices(session)
    extras: list[Extra] = []
    if intake.monitors:
        extras.append(Extra(MONITOR, "监测点", "填这张表的监测点，从列表中选", choices.entries("monitor")))
    if intake.coded:
        extras.append(Extra(CODE, "代码", "这份答卷所附卡片上的一次性代码，横线可以不写", (), free=True))
    try:
        return book_of(intake.form, Context(choices), extras)
    except BookRefused as refused:
        raise Refusal(refused.code, refused.sentence, 422) from refused


def template(session: Session, actor: Actor, intake: Intake) -> bytes:
    """The empty workbook to be filled."""
    from packs.answer_workbook import (
        write_book,  # loads the library that writes; only when something is written
    )

    actor.require(Role.ADMIN, Role.OFFICER, to="下载录入模板")
    return write_book(book_for(session, intake))


def dry_run(
    session: Session,
    actor: Actor,
    campaign: Campaign,
    intake: Intake,
    data: bytes,
    *,
    received_on: date,
    now: datetime,
) -> DryRun:
    """What the workbook would bring, and every cell at fault. Takes nothing."""
    actor.require(Role.ADMIN, Role.OFFICER, to="导入答卷")
    book = book_for(session, intake)
    try:
        sheets = read(data, most_columns=MOST_COLUMNS)
    except WorkbookRefused as refused:
        raise Refusal(refused.code, refused.sentence, 422) from refused
    result = check_answers(
        sheets,
        book,
        Context(StoredChoices(session), None, now),
        lambda extras: intake.fixed(card_of(session, intake, extras.get(CODE, ""))[0]),
    )
    found = list(_office_faults(session, campaign, intake, book, result, received_on, now))
    bad = {fault.row for fault in found}
    result = replace(
        result,
        good=tuple(answer for answer in result.good if answer.row not in bad),
        faults=(*result.faults, *found),
    )
    said = f"{hashlib.sha256(data).hexdigest()}|{book.tag}|{[answer.row for answer in result.good]}"
    return DryRun(book, sheets, result, hashlib.sha256(said.encode()).hexdigest())


def _office_faults(
    session: Session,
    campaign: Campaign,
    intake: Intake,
    book: AnswerBook,
    result: AnswerImport,
    received_on: date,
    now: datetime,
) -> Iterator[CellFault]:
    """What only the office knows: serials that are taken, months already reported, days outside the campaign."""
    main = book.sheets[0]
    column = 1 + next(index for index, item in enumerate(main.columns) if item.suffix == SERIAL)
    taken, months = _taken(session, intake), _months(session, campaign)
    codes: set[str] = set()
    received = received_at(received_on, now)
    for answer in result.good:
        why = ""
        rated: Rated | None = None
        if answer.serial in taken:
            why = f"编号“{answer.serial}”已经录入过"
        elif intake.held is None:
            try:
                rated = rated_by(
                    session, campaign, intake.method, intake.form, dict(answer.answers), now=received
                )
            except Refusal as refusal:
                why = refusal.sentence.rstrip("。")
        if rated is not None and rated.period:
            month = (answer.extras.get(MONITOR, ""), rated.target_id, rated.period)
            if month in months:
                why = f"这个监测点{rated.period}对该测评对象已经报过，每月每个对象报一次"
            months.add(month)
        if not why and intake.coded:
            why = _wrong_code(session, intake, answer.extras.get(CODE, ""), codes)
        if why:
            yield CellFault(
                main.name, answer.row, column, answer.serial, why, "请核对这一份，改正或删去这一行"
            )


def _wrong_code(session: Session, intake: Intake, code: str, codes: set[str]) -> str:
    """Why the code of a line is not good; codes: hashes of those met above."""
    _card, refusal = card_of(session, intake, code)
    if refusal is not None:
        return refusal.sentence.rstrip("。")
    if code_hash(code) in codes:
        return "前面的行已经用了这个代码，一张卡只收一份"
    codes.add(code_hash(code))
    return ""


def _taken(session: Session, intake: Intake) -> set[str]:
    """Serials whose forms still stand."""
    voided = exists().where(RatingVoid.rating_id == BatchLine.rating_id, RatingVoid.approved_at.is_not(None))
    gone = exists().where(Answer.id == BatchLine.answer_id, Answer.withdrawn_at.is_not(None))
    return set(
        session.execute(
            select(BatchLine.serial).where(
                BatchLine.scope == intake.scope,
                BatchLine.withdrawn_at.is_(None),
                ~voided,
                ~gone,
            )
        ).scalars()
    )


def _months(session: Session, campaign: Campaign) -> set[tuple[str, int, str]]:
    """(monitor, target, month) already reported."""
    rows = session.execute(
        select(Monitor.key, Rating.target_id, Rating.period)
        .join(Monitor, Monitor.id == Rating.monitor_id)
        .where(Rating.campaign_id == campaign.id, Rating.counted.is_(True), Rating.period != "")
    )
    return {(key, target_id, period) for key, target_id, period in rows}


def marked_workbook(run: DryRun) -> bytes:
    """The workbook as it came, with every cell at fault coloured and explained, to be mended and sent again."""
    from packs.answer_workbook import write_book

    lines = {
        name: [
            [heading_text(cell) for cell in rows[0]],
            *([text_of(cell) for cell in row] for row in rows[1:]),
        ]
        for name, rows in run.sheets.rows.items()
        if rows
    }
    return write_book(run.book, lines=lines, marks=run.result.marks())


def apply(
    session: Session,
    actor: Actor,
    campaign: Campaign,
    intake: Intake,
    data: bytes,
    *,
    file_name: str,
    received_on: date,
    good_only: bool,
    fingerprint: str,
    store: FileStore,
    now: datetime,
) -> Batch:
    """Take what the dry run showed as one batch, in one act.

    good_only: take the faultless lines and leave the others; otherwise one fault keeps all of them out.
    """
    with transaction(session):
        run = dry_run(session, actor, campaign, intake, data, received_on=received_on, now=now)
        if run.fingerprint != fingerprint:
            raise Refusal(
                "import_moved", "试导入之后名册或已录入的内容有变化，没有导入。请核对新的结果后再确认。"
            )
        if run.result.faults and not good_only:
            raise Refusal("import_faults", "工作簿中还有错误，没有导入。请改正后重新上传。", 422)
        if not run.result.good:
            raise Refusal("import_empty", "没有可以导入的答卷。", 422)
        batch = open_batch(
            session,
            actor,
            campaign,
            intake,
            source="excel",
            title=file_name or "Excel 导入",
            received_on=received_on,
            file_name=file_name,
            sha256=hashlib.sha256(data).hexdigest(),
            now=now,
        )
        for answer in run.result.good:
            card, _refusal = card_of(session, intake, answer.extras.get(CODE, ""))
            form = FilledForm(
                answer.serial,
                dict(answer.answers),
                answer.extras.get(MONITOR, ""),
                code_id=card.id if card else None,
            )
            take_form(session, actor, batch, intake, form, store=store, now=now)
        left = run.result.total - len(run.result.good)
        note(session, actor, batch, "batch.imported", {"taken": len(run.result.good), "left_out": left}, now)
    return batch
