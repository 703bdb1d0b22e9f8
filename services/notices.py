"""Notices: numbered and frozen in the transaction of the step that issues them; drawn once, kept, never redrawn."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from definitions.canonical import sha256_of
from models.campaign import Campaign
from models.case import Case, CaseStep
from models.notice import Notice, NoticeFile, RankingEdition
from models.people import Role
from models.roster import Target
from notices.definition import NoticeKind, Value, placeholders
from notices.fonts import FontsMissing
from notices.refusal import NoticeRefused
from notices.template import fill
from packs.clauses import cited
from services.actor import OFFICE, Actor
from services.definitions import Live, notice_kind_of, notice_kind_of_campaign
from services.history import record
from services.jobs import schedule
from services.notice_images import Pages, kept_pages
from services.numbers import take_numbers
from services.refusal import Refusal, not_found
from services.seals import seals_for, seals_on
from services.signatures import Finished, finished
from services.transaction import transaction

LOCAL = ZoneInfo("Asia/Shanghai")
#: Gives what a kind prints beyond what every notice of the campaign has.
Values = Callable[[NoticeKind], dict[str, Value]]
#: Refuses the issue of a kind (and its version's id) with these values.
Passed = Callable[[NoticeKind, int, dict[str, Value]], None]


def zh_date(at: datetime) -> str:
    """A date as a document prints it: 2012年4月9日, no leading zeros. Source: GB/T 9704-2012, rule B12."""
    local = at.astimezone(LOCAL)
    return f"{local.year}年{local.month}月{local.day}日"


@dataclass(frozen=True)
class Occasion:
    """What notices are issued about, and when: a step of a case, or an edition of the results."""

    now: datetime
    case: Case | None = None
    step: CaseStep | None = None
    target: Target | None = None
    edition: RankingEdition | None = None


def issue_notices(
    session: Session,
    actor: Actor,
    campaign: Campaign,
    wanted: Sequence[tuple[str, Values]],
    occasion: Occasion,
    *,
    passed: Passed | None = None,
) -> list[Notice]:
    """Take the next numbers of the kinds' series and freeze the values; the PDFs follow as jobs.

    wanted: keys of kinds with what gives their values, in the order in which they are issued. passed: asked with
    what would be printed before anything is written, where a kind must be checked first.
    Refused, with the numbers given back, when a value that a kind prints is missing or cannot be drawn.
    """
    if not wanted:
        return []
    kinds = [notice_kind_of_campaign(session, campaign, key) for key, _values in wanted]
    year = occasion.now.astimezone(LOCAL).year
    positions = take_numbers(session, [code_of(campaign, kind.series) for _live, kind in kinds], year)
    rows = []
    for (_key, values), (live, kind), position in zip(wanted, kinds, positions, strict=True):
        content = _content(campaign, actor, live, kind, values(kind), position, occasion)
        if passed is not None:
            passed(kind, live.id, content["frozen"])
        rows.append(content)
    # One statement for all; SQLite promises no order in which it gives the rows back.
    place = {(row["series"], row["position"]): number for number, row in enumerate(rows)}
    issued = sorted(
        session.scalars(insert(Notice).returning(Notice), rows),
        key=lambda row: place[row.series, row.position],
    )
    for row in issued:
        _follow_up(session, actor, row, occasion.now)
    return issued


def _content(
    campaign: Campaign,
    actor: Actor,
    live: Live,
    kind: NoticeKind,
    values: dict[str, Value],
    position: int,
    occasion: Occasion,
) -> dict[str, Any]:
    now, local = occasion.now, occasion.now.astimezone(LOCAL)
    verify_code = secrets.token_hex(8)
    code = code_of(campaign, kind.series)
    number = f"{code}〔{local.year}〕{position}号"
    frozen = _frozen(
        kind,
        {
            **standing_values(campaign, kind, now),
            **values,
            "number": number,
            "verify_url": f"{campaign.settings['public_url']}/notices/verify/{verify_code}",
        },
    )
    return {
        "series": code,
        "year": local.year,
        "position": position,
        "number": number,
        "kind": kind.key,
        "kind_id": live.id,
        "title": title_of(kind, frozen),
        "campaign_id": campaign.id,
        "case_id": occasion.case.id if occasion.case else None,
        "step_id": occasion.step.id if occasion.step else None,
        "edition_id": occasion.edition.id if occasion.edition else None,
        "target_id": occasion.target.id if occasion.target else None,
        "frozen": frozen,
        "sha256": sha256_of({"kind": kind.key, "version": live.version, "values": frozen}),
        "verify_code": verify_code,
        "issued_at": now,
        "issued_on": local.date(),
        "issued_by_id": actor.user_id,
        **seals_for(campaign, kind, frozen),
        "needs_service": kind.served,
    }


def code_of(campaign: Campaign, series: str) -> str:
    """机关代字: what the numbers of a series of the campaign's organ begin with, and what they are counted under.

    A joint notice is numbered by the lead organ, whose series its kind names. Source: GB/T 9704-2012, 7.2.5.
    """
    return str(campaign.settings["series"][series])


def _follow_up(session: Session, actor: Actor, row: Notice, now: datetime) -> None:
    """The page is drawn as a job, the issue is written into the log."""
    schedule(session, "draw_notice", key=f"draw_notice:{row.id}", payload={"notice": row.id}, due_at=now)
    payload = {"number": row.number, "kind": row.kind, "case": row.case_id, "sha256": row.sha256}
    record(session, actor, "notice.issued", object_kind="notice", object_id=row.id, payload=payload, now=now)


def ready_to_issue() -> None:
    """Load fonts before an act that may issue begins: the first notice of a process kept all other writers waiting."""
    from notices.render import make_ready  # draws pages; loaded when the first notice may be issued

    make_ready()


def title_of(kind: NoticeKind, values: dict[str, Value]) -> str:
    """The title as one line, for registers and lists."""
    return fill(kind.title, lambda name: str(values.get(name, ""))).replace("|", "")[:300]


def standing_values(campaign: Campaign, kind: NoticeKind, now: datetime) -> dict[str, Value]:
    """What every notice of the campaign prints, whatever it is about."""
    organ, plan = campaign.settings["organ"], campaign.settings["plan"]
    return {
        "org": organ["name"],
        "org_mark": organ["mark"],
        "office": organ["short"],
        "contact": organ["contact"],
        "phone": organ["phone"],
        "issued_on": zh_date(now),
        "campaign": campaign.name,
        "year": str(campaign.year),
        "plan": f"《{plan['title']}》",
        "clause": f"《{plan['title']}》{'、'.join(cited(kind.source))}",
    }


def _frozen(kind: NoticeKind, values: dict[str, Value]) -> dict[str, Value]:
    """Just the values that the kind prints; Refusal with all that are missing."""
    from notices.render import check_issue  # draws pages; loaded when the first notice is issued

    frozen = {name: values.get(name, "") for name in sorted(placeholders(kind))}
    try:
        check_issue(kind, frozen)
    except FontsMissing as missing:
        sentence = (
            f"文书“{kind.name}”没有印发，文号没有占用：本机没有文书字库。请管理员运行 ./run 安装后再办。"
        )
        raise Refusal("fonts_missing", sentence, 503) from missing
    except NoticeRefused as refused:
        raise Refusal(
            refused.code, f"文书“{kind.name}”没有印发，文号没有占用。{refused.sentence}", 422
        ) from refused
    return frozen


def draw(session: Session, payload: dict[str, Any]) -> Finished | None:
    """The finished PDF of an issued notice, or None when it is kept already. Takes a moment; writes nothing.

    Signed as of `tried_at` where the installation signs; Refusal where that fails.
    """
    from notices.render import render_pdf

    row = session.get_one(Notice, payload["notice"])
    if session.get(NoticeFile, row.id) is not None:
        return None
    pdf = render_pdf(
        notice_kind_of(session, row.kind_id),
        row.frozen,
        draft=False,
        issued_at=row.issued_at,
        seals=seals_on(session, row),
    )
    return finished(session, pdf, at=datetime.fromisoformat(payload["tried_at"]))


def keep_file(session: Session, payload: dict[str, Any], file: Finished | None, now: datetime) -> None:
    """Keep the first PDF of a notice; a second one is never taken."""
    if file is None or session.get(NoticeFile, payload["notice"], populate_existing=True) is not None:
        return
    session.add(
        NoticeFile(
            notice_id=payload["notice"],
            pdf=file.pdf,
            sha256=hashlib.sha256(file.pdf).hexdigest(),
            rendered_at=now,
            signed_by=file.signed_by,
            certificate=file.certificate,
        )
    )


def notice_for(session: Session, actor: Actor, notice_id: int) -> Notice:
    """One notice for someone who may see it."""
    from services.case_access import answers_for

    row = session.get(Notice, notice_id)
    if row is None:
        raise not_found("文书")
    if actor.has(*OFFICE, Role.ADMIN, Role.LEADER, Role.AUDITOR):
        return row
    if row.case is not None and answers_for(actor, row.case):
        return row
    if row.case is None and row.target is not None and actor.has(Role.TARGET):
        own = actor.target_id == row.target_id
        head = actor.target_id is None and actor.unit_id == row.target.unit_id
        if own or head:
            return row
    raise not_found("文书")


def pdf_of(session: Session, notice: Notice, *, now: datetime) -> bytes:
    """The kept PDF; drawn now if the worker has not come to it yet. Refusal where it should be signed and cannot."""
    file = session.get(NoticeFile, notice.id)
    if file is None:
        drawn = draw(session, {"notice": notice.id, "tried_at": now.isoformat()})
        with transaction(session):
            keep_file(session, {"notice": notice.id}, drawn, now)
        file = session.get_one(NoticeFile, notice.id, populate_existing=True)
    return file.pdf


def shown_pdf(session: Session, notice: Notice, *, original: bool, now: datetime) -> bytes:
    """What people are handed: the kept PDF; of a voided notice a copy with 作废 across each page.

    original: the very file that was issued, byte for byte, also of a voided one.
    """
    pdf = pdf_of(session, notice, now=now)
    if notice.status != "voided" or original:
        return pdf
    from notices.images import stamped

    return stamped(pdf, "作废")


def pages_of(session: Session, notice: Notice, *, now: datetime) -> Pages:
    """The pages of the kept PDF as pictures, without a stamp."""
    pdf = pdf_of(session, notice, now=now)
    return kept_pages(hashlib.sha256(pdf).hexdigest(), pdf)


def verify_by_code(session: Session, code: str) -> Notice | None:
    """The notice whose printed code this is."""
    return session.execute(select(Notice).where(Notice.verify_code == code[:32])).scalar_one_or_none()


def verify_by_number(session: Session, number: str) -> Notice | None:
    """The notice with this number, brackets of any kind."""
    spelt = number.strip().replace("[", "〔").replace("]", "〕").replace("(", "〔").replace(")", "〕")
    spelt = spelt.replace("（", "〔").replace("）", "〕").replace(" ", "")
    return session.execute(select(Notice).where(Notice.number == spelt[:80])).scalar_one_or_none()
