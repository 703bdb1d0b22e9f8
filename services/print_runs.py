"""批量打印: any selection of notices as one file; what is not drawn yet is drawn in parts, on all processors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from models.campaign import Campaign
from models.notice import Notice, NoticeFile
from models.people import Role
from models.print_run import PrintRun
from models.roster import Target
from notices.fonts import FontsMissing
from notices.pool import Drawing, draw_many, part_size
from services.actor import OFFICE, Actor
from services.definitions import notice_kind_of
from services.history import record
from services.jobs import schedule
from services.notices import keep_file
from services.refusal import Refusal, not_found
from services.seals import seals_on
from services.signatures import Finished, finished
from services.transaction import transaction

MOST = 2_000
JOB = "print_part"


@dataclass(frozen=True)
class Progress:
    """How far a run is."""

    run: PrintRun
    drawn: int
    total: int

    @property
    def finished(self) -> bool:
        return self.drawn >= self.total

    @property
    def cancelled(self) -> bool:
        return self.run.cancelled_at is not None

    @property
    def percent(self) -> int:
        return 100 * self.drawn // max(1, self.total)


def ask_print(
    session: Session, actor: Actor, campaign: Campaign, notices: Sequence[int], *, duplex: bool, now: datetime
) -> PrintRun:
    """Want these notices as one file, in the order of their numbers; voided ones are left out.

    Refused without any, and with more than a printer should get at once.
    """
    actor.require(*OFFICE, to="批量打印文书")
    rows = session.execute(
        select(Notice.id)
        .where(Notice.campaign_id == campaign.id, Notice.id.in_(list(notices)[: MOST + 1]))
        .where(Notice.status != "voided")
        .order_by(Notice.series, Notice.year, Notice.position)
    )
    chosen = list(rows.scalars())
    if not chosen:
        raise Refusal("nothing_chosen", "没有可以打印的文书：请先勾选，作废的文书不打印。", 422)
    if len(notices) > MOST:
        raise Refusal("too_many", f"一次最多打印{MOST}份，请缩小筛选范围分批打印。", 422)
    with transaction(session):
        run = PrintRun(
            campaign_id=campaign.id, asked_by_id=actor.person, asked_at=now, notices=chosen, duplex=duplex
        )
        session.add(run)
        session.flush()
        # Short parts: a killed worker loses little, a lease is never outlived, progress is seen, a cancel is heeded.
        size = part_size()
        for place in range(0, len(chosen), size):
            payload = {"run": run.id, "notices": chosen[place : place + size]}
            schedule(session, JOB, key=f"{JOB}:{run.id}:{place}", payload=payload, due_at=now)
        told = {"count": len(chosen), "first": chosen[0], "last": chosen[-1]}
        record(
            session,
            actor,
            "notices.printed",
            object_kind="print_run",
            object_id=run.id,
            payload=told,
            now=now,
        )
    return run


def notices_of_cases(session: Session, actor: Actor, cases: Sequence[int]) -> list[int]:
    """The notices of these cases; for the office, which sees all cases."""
    actor.require(*OFFICE, to="批量打印文书")
    if not cases:
        return []
    return list(session.execute(select(Notice.id).where(Notice.case_id.in_(cases[:MOST]))).scalars())


def run_for(session: Session, actor: Actor, run_id: int) -> PrintRun:
    """A run, for whoever asked for it and for the head; the same refusal whether it is missing or not theirs."""
    actor.require(*OFFICE, to="批量打印文书")
    run = session.get(PrintRun, run_id)
    if run is None or (run.asked_by_id != actor.user_id and not actor.has(Role.HEAD)):
        raise not_found("打印任务")
    return run


def progress_of(session: Session, run: PrintRun) -> Progress:
    """How many of its notices are drawn."""
    drawn = sum(
        int(session.execute(select(func.count()).where(NoticeFile.notice_id.in_(ids))).scalar_one())
        for ids in _chunks(run.notices)
    )
    return Progress(run, drawn, len(run.notices))


def cancel(session: Session, actor: Actor, run_id: int, *, now: datetime) -> PrintRun:
    """Draw no more for this run; what is drawn stays, for those files belong to their notices."""
    with transaction(session):
        run = session.get(PrintRun, run_for(session, actor, run_id).id, with_for_update=True)
        if run is None:
            raise not_found("打印任务")
        if run.cancelled_at is None:
            run.cancelled_at = now
    return run


def draw_part(session: Session, payload: dict[str, Any]) -> dict[int, Finished]:
    """The files that a part of a run still lacks, signed where the installation signs; nothing for a cancelled run.

    Reads only. Refusal when one cannot be signed: the part is tried again as a whole.
    """
    run = session.get_one(PrintRun, payload["run"])
    if run.cancelled_at is not None:
        return {}
    rows = session.execute(
        select(Notice)
        .outerjoin(NoticeFile, NoticeFile.notice_id == Notice.id)
        .where(Notice.id.in_(payload["notices"]), NoticeFile.notice_id.is_(None))
        .order_by(Notice.id)
    ).scalars()
    wanted = {
        row.id: Drawing(
            notice_kind_of(session, row.kind_id), row.frozen, row.issued_at, seals_on(session, row)
        )
        for row in rows
    }
    drawn = zip(wanted, draw_many(list(wanted.values())), strict=True)
    at = datetime.fromisoformat(payload["tried_at"])
    return {notice_id: finished(session, pdf, at=at) for notice_id, pdf in drawn}


def keep_part(session: Session, _payload: dict[str, Any], drawn: dict[int, Finished], now: datetime) -> None:
    """Keep what was drawn; a file that came meanwhile stays."""
    for notice_id, file in drawn.items():
        keep_file(session, {"notice": notice_id}, file, now)


def bound(session: Session, actor: Actor, run_id: int, target: Path) -> int:
    """Write the whole run into one file; gives its pages. Refused until everything is drawn."""
    from notices.binding import bind

    run = run_for(session, actor, run_id)
    if not progress_of(session, run).finished:
        raise Refusal("not_drawn", "文书还没有全部生成，请稍候再下载。")
    return bind(_files(session, run.notices), target, duplex=run.duplex)


def _files(session: Session, ids: Sequence[int]) -> Iterator[bytes]:
    for notice_id in ids:
        pdf = session.execute(select(NoticeFile.pdf).where(NoticeFile.notice_id == notice_id)).scalar_one()
        yield pdf


def address_sheets_of(session: Session, actor: Actor, run_id: int) -> bytes:
    """A sheet for a window envelope per unit that the run's notices go to, in the order of the first notice."""
    from notices.addresses import Letter, address_sheets

    run = run_for(session, actor, run_id)
    campaign = session.get_one(Campaign, run.campaign_id)
    enclosed: dict[str, list[tuple[str, str]]] = {}
    for ids in _chunks(run.notices):
        rows = session.execute(
            select(Notice)
            .where(Notice.id.in_(ids), Notice.target_id.is_not(None))
            .options(joinedload(Notice.target).joinedload(Target.unit), joinedload(Notice.definition))
            .order_by(Notice.series, Notice.year, Notice.position)
        ).scalars()
        for row in rows:
            if row.target is not None:
                enclosed.setdefault(row.target.unit.name, []).append((row.number, row.definition.name))
    if not enclosed:
        raise Refusal("no_addressee", "这些文书没有单独的主送单位，不需要信封地址页。", 422)
    sender = str(campaign.settings["organ"]["name"])
    try:
        return address_sheets([Letter(unit, sender, tuple(papers)) for unit, papers in enclosed.items()])
    except FontsMissing as missing:
        raise Refusal(
            "fonts_missing", "没有打印：本机没有文书字库。请管理员运行 ./run 安装后再办。", 503
        ) from missing


def _chunks(ids: Sequence[int], size: int = 500) -> Iterator[Sequence[int]]:
    for place in range(0, len(ids), size):
        yield ids[place : place + size]
