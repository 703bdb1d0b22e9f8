"""发文登记簿: the register of issued notices, filtered, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, joinedload

from models.campaign import Campaign, Definition, DefinitionKind
from models.notice import Notice
from models.people import Role
from models.roster import Target
from services.actor import OFFICE, Actor

PAGE_SIZE = 50
READERS = (*OFFICE, Role.ADMIN, Role.LEADER, Role.AUDITOR)


@dataclass(frozen=True)
class NoticeFilter:
    """Which notices; empty words filter nothing.

    status: `waiting` for its service, `issued` and needing none, `served` or `voided`.
    """

    series: str = ""
    year: str = ""
    kind: str = ""
    status: str = ""
    target: str = ""
    word: str = ""


@dataclass(frozen=True)
class NoticePage:
    """One page of the register. kinds: name of every kind by its key."""

    rows: tuple[Notice, ...]
    total: int
    page: int
    pages: int
    kinds: Mapping[str, str]


def list_notices(
    session: Session,
    actor: Actor,
    campaign: Campaign,
    which: NoticeFilter,
    *,
    page: int = 1,
    size: int = PAGE_SIZE,
) -> NoticePage:
    """A page of the register, newest first. A page beyond the last is the last."""
    actor.require(*READERS, to="查看发文登记簿")
    conditions = _conditions(campaign, which)
    total = int(
        session.execute(
            select(func.count()).select_from(Notice).outerjoin(Notice.target).where(*conditions)
        ).scalar_one()
    )
    pages = max(1, -(-total // size))
    page = min(max(1, page), pages)
    rows = session.execute(
        select(Notice)
        .outerjoin(Notice.target)
        .where(*conditions)
        .options(
            joinedload(Notice.target).joinedload(Target.unit),
            joinedload(Notice.case),
            joinedload(Notice.service),
            joinedload(Notice.issued_by),
        )
        .order_by(Notice.id.desc())
        .limit(size)
        .offset((page - 1) * size)
    ).scalars()
    return NoticePage(tuple(rows), total, page, pages, kind_names(session, campaign))


def kind_names(session: Session, campaign: Campaign) -> dict[str, str]:
    """Kind of notice to its name, as the pack of the campaign has them."""
    rows = session.execute(
        select(Definition.key, Definition.name)
        .where(Definition.pack_key == campaign.pack_key, Definition.kind == DefinitionKind.NOTICE_KIND)
        .order_by(Definition.version)
    )
    return {row.key: row.name for row in rows}


def years_of_notices(session: Session, campaign: Campaign) -> list[int]:
    """The years in which the campaign's notices were numbered, newest first."""
    rows = session.execute(
        select(Notice.year).where(Notice.campaign_id == campaign.id).distinct().order_by(Notice.year.desc())
    )
    return list(rows.scalars())


def _conditions(campaign: Campaign, which: NoticeFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [Notice.campaign_id == campaign.id]
    for wanted, column in (
        (which.series, Notice.series),
        (which.kind, Notice.kind),
        (which.target, Target.key),
    ):
        if wanted:
            found.append(column == wanted)
    if which.status:
        found.append(Notice.status == ("issued" if which.status == "waiting" else which.status))
    if which.status in {"waiting", "issued"}:
        found.append(Notice.needs_service == (which.status == "waiting"))
    if which.year.isdigit() and len(which.year) <= 4:
        found.append(Notice.year == int(which.year))
    if which.word.strip():
        word = which.word.strip()[:100]
        found.append(
            or_(Notice.number.icontains(word, autoescape=True), Notice.title.icontains(word, autoescape=True))
        )
    return found
