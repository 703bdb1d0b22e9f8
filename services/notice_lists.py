"""发文登记簿: the register of issued notices, filtered, sorted by number, a page at a time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload
from sqlalchemy.sql.base import ExecutableOption

from models.campaign import Campaign, Definition, DefinitionKind
from models.case import Case
from models.notice import Notice, NumberSeries
from models.people import Role
from models.roster import Target, Unit
from services.actor import OFFICE, Actor

Row = TypeVar("Row", bound=Any)

PAGE_SIZE = 50
READERS = (*OFFICE, Role.ADMIN, Role.LEADER, Role.AUDITOR)
_PLACE = re.compile(r"(\d{4})-(.{1,60})-(\d{1,9})")


@dataclass(frozen=True)
class NoticeFilter:
    """Which notices; empty words filter nothing.

    series: the 机关代字 of the numbers, or the key that the campaign's pack has for it.
    status: `waiting` for its service, `issued` and needing none, `served`, `superseded` or `voided`.
    word: part of number or title. case: part of the case's number. since, until: days of issue, both included.
    """

    series: str = ""
    year: str = ""
    kind: str = ""
    status: str = ""
    unit: str = ""
    target: str = ""
    case: str = ""
    since: str = ""
    until: str = ""
    word: str = ""


@dataclass(frozen=True)
class NoticePage:
    """One page of the register. kinds: name of every kind by its key.

    before, after: where the page before and the page after begin, empty for none; see `list_notices`.
    """

    rows: tuple[Notice, ...]
    total: int
    before: str
    after: str
    kinds: Mapping[str, str]


@dataclass(frozen=True)
class SeriesCheck:
    """The numbers of one series in one year: how many there are, and those that are missing (there must be none)."""

    series: str
    year: int
    last: int
    count: int
    voided: int
    missing: tuple[int, ...]


def list_notices(
    session: Session,
    actor: Actor,
    campaign: Campaign,
    which: NoticeFilter,
    *,
    after: str = "",
    before: str = "",
    size: int = PAGE_SIZE,
) -> NoticePage:
    """A page of the register: newest year first, within it by series, the highest number first.

    after, before: the place of the last row of the page before, or of the first row of the page after; words
    that are no place give the first page. The office reads all of it, a target its own notices alone.
    """
    conditions = [*_readable(actor), *_conditions(campaign, which)]
    total = int(session.execute(_joined(select(func.count()).select_from(Notice), conditions)).scalar_one())
    place = _place(after) or _place(before)
    back = place is not None and _place(after) is None
    if place is not None:
        conditions.append(_beyond(place, back=back))
    order: tuple[Any, ...] = (Notice.year.desc(), Notice.series, Notice.position.desc())
    if back:
        order = (Notice.year, Notice.series.desc(), Notice.position)
    query = _joined(select(Notice), conditions).options(*_loaded()).order_by(*order).limit(size + 1)
    found = list(session.execute(query).scalars())
    more, found = len(found) > size, found[:size]
    rows = tuple(reversed(found)) if back else tuple(found)
    earlier = more if back else place is not None
    later = place is not None if back else more
    return NoticePage(
        rows,
        total,
        before=_spelt(rows[0]) if rows and earlier else "",
        after=_spelt(rows[-1]) if rows and later else "",
        kinds=kind_names(session, campaign),
    )


def whole_register(
    session: Session, actor: Actor, campaign: Campaign, which: NoticeFilter, *, most: int
) -> NoticePage:
    """The filtered register for print and export: by year, series and number, the lowest first."""
    conditions = [*_readable(actor), *_conditions(campaign, which)]
    query = _joined(select(Notice), conditions).options(*_loaded())
    query = query.order_by(Notice.year, Notice.series, Notice.position).limit(most)
    rows = tuple(session.execute(query).scalars())
    return NoticePage(rows, len(rows), "", "", kind_names(session, campaign))


def _joined(query: Select[Row], conditions: list[ColumnElement[bool]]) -> Select[Row]:
    """The query with what the filter looks at."""
    return (
        query.outerjoin(Notice.target)
        .outerjoin(Target.unit)
        .outerjoin(Case, Case.id == Notice.case_id)
        .where(*conditions)
    )


def _loaded() -> tuple[ExecutableOption, ...]:
    return (
        joinedload(Notice.target).joinedload(Target.unit),
        joinedload(Notice.case),
        joinedload(Notice.service),
        joinedload(Notice.issued_by),
        joinedload(Notice.replaced_by),
    )


def _readable(actor: Actor) -> list[ColumnElement[bool]]:
    """What of the register somebody may read at all."""
    if actor.has(*READERS):
        return []
    actor.require(*READERS, Role.TARGET, to="查看发文登记簿")
    if actor.target_id is not None:
        return [Notice.target_id == actor.target_id]
    return [Target.unit_id == (actor.unit_id if actor.unit_id is not None else -1)]


def _place(typed: str) -> tuple[int, str, int] | None:
    match = _PLACE.fullmatch(typed)
    return (int(match[1]), match[2], int(match[3])) if match else None


def _spelt(row: Notice) -> str:
    return f"{row.year}-{row.series}-{row.position}"


def _beyond(place: tuple[int, str, int], *, back: bool) -> ColumnElement[bool]:
    year, series, position = place
    same_year, same_series = Notice.year == year, Notice.series == series
    if back:
        return or_(
            Notice.year > year,
            and_(same_year, Notice.series < series),
            and_(same_year, same_series, Notice.position > position),
        )
    return or_(
        Notice.year < year,
        and_(same_year, Notice.series > series),
        and_(same_year, same_series, Notice.position < position),
    )


def series_checks(session: Session, actor: Actor, campaign: Campaign) -> list[SeriesCheck]:
    """Whether the numbers of each series that the campaign uses have gaps, over all campaigns of the same organ."""
    actor.require(*READERS, to="核对文号")
    used = select(Notice.series).where(Notice.campaign_id == campaign.id)
    held = {
        (series, year): (count, voided)
        for series, year, count, voided in session.execute(
            select(
                Notice.series,
                Notice.year,
                func.count(),
                func.count().filter(Notice.status == "voided"),
            )
            .where(Notice.series.in_(used))
            .group_by(Notice.series, Notice.year)
        )
    }
    checks = []
    counters = select(NumberSeries).where(NumberSeries.series.in_(used)).order_by(NumberSeries.year.desc())
    for counter in session.execute(counters).scalars():
        count, voided = held.get((counter.series, counter.year), (0, 0))
        missing = _missing(session, counter) if count != counter.last else ()
        checks.append(SeriesCheck(counter.series, counter.year, counter.last, count, voided, missing))
    order = {code: place for place, code in enumerate(campaign.settings["series"].values())}
    # A code that the office no longer uses comes last.
    return sorted(checks, key=lambda check: (-check.year, order.get(check.series, len(order)), check.series))


def codes_of_notices(session: Session, campaign: Campaign) -> list[str]:
    """The 机关代字 under which the campaign's notices are numbered, those of its pack first, in its order."""
    rows = session.execute(
        select(Notice.series).where(Notice.campaign_id == campaign.id).distinct().order_by(Notice.series)
    )
    current = [code for key, code in campaign.settings["series"].items() if key != "case"]
    return list(dict.fromkeys([*current, *rows.scalars()]))


def _missing(session: Session, counter: NumberSeries) -> tuple[int, ...]:
    taken = set(
        session.execute(
            select(Notice.position).where(Notice.series == counter.series, Notice.year == counter.year)
        ).scalars()
    )
    return tuple(number for number in range(1, counter.last + 1) if number not in taken)


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


def units_of_notices(session: Session, campaign: Campaign) -> list[tuple[str, str]]:
    """The units (key, name) that notices of the campaign went to."""
    notice = aliased(Notice)
    rows = session.execute(
        select(Unit.key, Unit.name)
        .where(
            Unit.id.in_(
                select(Target.unit_id)
                .join(notice, notice.target_id == Target.id)
                .where(notice.campaign_id == campaign.id)
            )
        )
        .order_by(Unit.position)
    )
    return [(row.key, row.name) for row in rows]


def _conditions(campaign: Campaign, which: NoticeFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [Notice.campaign_id == campaign.id]
    for wanted, column in (
        (campaign.settings["series"].get(which.series, which.series), Notice.series),
        (which.kind, Notice.kind),
        (which.target, Target.key),
        (which.unit, Unit.key),
    ):
        if wanted:
            found.append(column == wanted)
    found += _standing(which.status)
    if which.year.isascii() and which.year.isdigit() and len(which.year) <= 4:
        found.append(Notice.year == int(which.year))
    if (since := _day(which.since)) is not None:
        found.append(Notice.issued_on >= since)
    if (until := _day(which.until)) is not None:
        found.append(Notice.issued_on <= until)
    if which.case.strip():
        found.append(Case.number.icontains(which.case.strip()[:60], autoescape=True))
    if which.word.strip():
        word = which.word.strip()[:100]
        found.append(
            or_(Notice.number.icontains(word, autoescape=True), Notice.title.icontains(word, autoescape=True))
        )
    return found


def _standing(status: str) -> list[ColumnElement[bool]]:
    if not status:
        return []
    if status == "superseded":
        return [Notice.replaced_by_id.is_not(None), Notice.status != "voided"]
    found = [Notice.status == ("issued" if status == "waiting" else status)]
    if status != "voided":
        found.append(Notice.replaced_by_id.is_(None))
    if status in {"waiting", "issued"}:
        found.append(Notice.needs_service == (status == "waiting"))
    return found


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed.strip())
    except ValueError:
        return None
