"""The ranking as it is read: lines with printed figures, and one target's figures explained down to single ratings.

Whoever was rated sees the own figures only, and none that would tell how a single monitor or delegate rated.
Source: 方案第六条、第七条；方案第八条第（三）项.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.campaign import Campaign
from models.case import Case, Deduction
from models.people import Role
from models.rating import Rating
from scoring.definition import Scheme
from scoring.engine import TargetScore
from scoring.exact import in_formula, printed
from scoring.explained import Counted, Explained
from services.actor import OFFICE, Actor
from services.mixing import smallest_group
from services.rated_view import RatedView, rated_view
from services.refusal import not_found
from services.scores import Placed, Ranking, current_ranking, ranking_as_of

#: Those who see the whole ranking, also before it is published.
SEES_RANKING = (*OFFICE, Role.ADMIN, Role.LEADER, Role.AUDITOR)
#: With fewer ratings in a cell than the campaign's smallest group the rated could guess who gave them.
WITHHELD = "测评次数不足{least}次，为保护测评人暂不显示；次数够了或结果公布后可见"
NO_BREAKDOWN = "Σ（各档次数×分值）÷（测评总次数×最高分值）；为保护测评人，不显示各档次数"


@dataclass(frozen=True)
class ShownLine:
    """A line of the ranking as it is printed. None: no figure; missing, outcomes, conflicts: in words."""

    target_id: int
    rank: int | None
    unit: str
    target: str
    satisfaction: tuple[str | None, ...]
    composite: str | None
    rectification: str | None
    total: str | None
    missing: tuple[str, ...]
    outcomes: tuple[str, ...]
    conflicts: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """What a figure counted: so many of a grade, or one case. points: for one; amount: what it added."""

    label: str
    count: int
    points: str
    amount: str
    case_id: int | None


@dataclass(frozen=True)
class Figure:
    """A node of a score as one reader may see it.

    method: key when it counts ratings. withheld: the value is kept from this reader, `formula` says why.
    """

    key: str
    label: str
    printed: str | None
    exact: str | None
    formula: str
    source: str | None
    method: str
    withheld: bool
    rows: tuple[Row, ...]
    children: tuple[Figure, ...]


@dataclass(frozen=True)
class Movement:
    """One entry of the ledger that moved the score. points: as the target feels it, negative when deducted."""

    at: datetime
    reason: str
    points: int
    case_id: int
    case_number: str


@dataclass(frozen=True)
class Explanation:
    """All that one reader may know of one target's score. full: an inside reader, not the rated.

    until: the last day whose ratings count; None: up to now.
    """

    line: ShownLine
    category: str
    tree: Figure
    full: bool
    neighbours: tuple[ShownLine, ...]
    movements: tuple[Movement, ...]
    recent: tuple[tuple[str, int], ...]
    until: date | None


def ranking_for(session: Session, actor: Actor, campaign: Campaign, *, as_of: datetime | None) -> Ranking:
    """The whole ranking for someone of the office, now (None) or as it was at an earlier instant."""
    actor.require(*SEES_RANKING, to="查看全部排名")
    return current_ranking(session, campaign) if as_of is None else ranking_as_of(session, campaign, as_of)


def leaf_names(scheme: Scheme) -> dict[str, str]:
    """Key of each figure that counts facts, to its name."""
    return {key: node.name for key, node in scheme.leaves}


def column_names(campaign: Campaign, scheme: Scheme) -> list[str]:
    """The short name of each method's column, as the campaign's sheet has it."""
    short = {method["key"]: method["name"] for method in campaign.settings["methods"]}
    return [
        short.get(getattr(node, "method", ""), node.name)
        for key, node in scheme.leaves
        if key in scheme.ballot_keys
    ]


def shown(line: Placed) -> ShownLine:
    """The line with its figures printed by the scheme's rule."""
    score = line.score
    scheme, names = score.scheme, leaf_names(score.scheme)
    headline = scheme.headline
    return ShownLine(
        target_id=line.target_id,
        rank=score.rank,
        unit=line.unit,
        target=score.name,
        satisfaction=tuple(_printed(score, key, value) for key, value in score.satisfaction.items()),
        composite=_printed(score, headline.composite, score.composite),
        rectification=_printed(score, headline.rectification, score.rectification),
        total=score.printed,
        missing=tuple(names[key] for key in score.missing),
        outcomes=tuple(scheme.outcome_by_key[key].name for key in score.outcomes),
        conflicts=tuple(scheme.outcome_by_key[key].name for key in score.conflicts),
    )


def _printed(score: TargetScore, key: str | None, value: Fraction | None) -> str | None:
    if value is None:
        return None
    scheme = score.scheme
    node = dict(scheme.leaves).get(key or "") or scheme.nodes.get(key or "")
    return printed(value, scheme.places_of(node) if node else scheme.settings.places)


def matching(lines: Iterable[Placed], word: str) -> list[Placed]:
    """The lines whose unit or target contains the word; all of them for an empty one."""
    wanted = word.strip().casefold()
    if not wanted:
        return list(lines)
    return [line for line in lines if wanted in f"{line.unit}{line.score.name}".casefold()]


def own_lines(session: Session, actor: Actor, campaign: Campaign) -> list[tuple[int, str, str]]:
    """(target id, unit, target) of what the account answers for: its target, or all of its unit."""
    actor.require(Role.TARGET, to="查看本单位得分")
    return [
        (line.target_id, line.unit, line.score.name)
        for line in current_ranking(session, campaign).lines.values()
        if _is_own(actor, line)
    ]


def _is_own(actor: Actor, line: Placed) -> bool:
    if not actor.has(Role.TARGET):
        return False
    if actor.target_id is not None:
        return actor.target_id == line.target_id
    return actor.unit_id is not None and actor.unit_id == line.unit_id


@dataclass(frozen=True)
class ReadLine:
    """A line for one reader. full: sees everything of it. until: last day whose ratings count; None: up to now."""

    ranking: Ranking
    line: Placed
    full: bool
    until: date | None


def line_for(
    session: Session,
    actor: Actor,
    campaign: Campaign,
    *,
    target_id: int,
    now: datetime,
    as_of: datetime | None = None,
) -> ReadLine:
    """The target's line as the reader may see it.

    The same refusal whether the target is missing or not the reader's. Of an earlier day only the office reads;
    the target itself sees what `services.rated_view` gives.
    """
    full = actor.has(*SEES_RANKING)
    if full:
        view = RatedView(ranking_for(session, actor, campaign, as_of=as_of), None)
    else:
        view = rated_view(session, campaign, now=now)
    line = view.ranking.lines.get(target_id)
    if line is None or not (full or _is_own(actor, line)):
        raise not_found("测评对象")
    return ReadLine(view.ranking, line, full, view.until)


def explanation_for(
    session: Session,
    actor: Actor,
    campaign: Campaign,
    *,
    target_id: int,
    now: datetime,
    as_of: datetime | None = None,
) -> Explanation:
    """Why a target has its score, for someone of the office or for the target itself."""
    read = line_for(session, actor, campaign, target_id=target_id, now=now, as_of=as_of)
    ranking, line, full = read.ranking, read.line, read.full
    hidden = frozenset() if full else few(campaign, line.score)
    guarded = frozenset() if full else guarded_methods(campaign)
    least = smallest_group(campaign)
    cases = {case.key for case in line.score.inputs.cases}
    case_ids = dict(session.execute(select(Case.number, Case.id).where(Case.target_id == target_id)).all())
    case_ids = {number: case_id for number, case_id in case_ids.items() if number in cases}
    tree = _figure(line.score.explanation, _Reader(line.score.scheme, hidden, guarded, case_ids, least))
    own = shown(line)
    if tree.withheld:
        own = _without_figures(own, tree)
    return Explanation(
        line=own,
        category=ranking.categories[line.score.category],
        tree=tree,
        full=full,
        neighbours=_neighbours(ranking, line) if full else (),
        movements=_movements(session, campaign, target_id, as_of or now),
        recent=_recent(session, campaign, target_id, as_of or now) if full else (),
        until=read.until,
    )


@dataclass(frozen=True)
class _Reader:
    scheme: Scheme
    #: Methods whose figures would tell single ratings.
    hidden: frozenset[str]
    #: Methods whose raters must stay unknown to this reader.
    guarded: frozenset[str]
    case_ids: Mapping[str, int]
    #: The campaign's `smallest_group`.
    least: int


def guarded_methods(campaign: Campaign) -> frozenset[str]:
    """Methods whose raters are outsiders: monitors and secret ballots, not the office's own inspectors."""
    return frozenset(
        method["key"]
        for method in campaign.settings["methods"]
        if method.get("secret") or Role.MONITOR.value in method.get("raters", ())
    )


def few(campaign: Campaign, score: TargetScore) -> frozenset[str]:
    """Guarded methods with some ratings, but too few to show a figure to the rated."""
    totals: dict[str, int] = {}
    for (method, _), count in score.inputs.counts.items():
        totals[method] = totals.get(method, 0) + count
    guarded, least = guarded_methods(campaign), smallest_group(campaign)
    return frozenset(key for key, total in totals.items() if key in guarded and 0 < total < least)


def _figure(node: Explained, reader: _Reader) -> Figure:
    method = next((row.of for row in node.counted if row.of in reader.scheme.method_by_key), "")
    withheld = any(row.of in reader.hidden for below in node.walk() for row in below.counted)
    closed = method in reader.guarded and any(row.count < reader.least for row in node.counted)
    formula = WITHHELD.format(least=reader.least) if withheld else NO_BREAKDOWN if closed else node.formula
    return Figure(
        key=node.key,
        label=node.label,
        printed=None if withheld else node.printed,
        exact=None if withheld or node.value is None else in_formula(node.value),
        formula=formula,
        source=node.source,
        method=method,
        withheld=withheld,
        rows=() if withheld or closed else tuple(_row(row, reader.case_ids) for row in node.counted),
        children=tuple(_figure(child, reader) for child in node.children),
    )


def _row(row: Counted, case_ids: Mapping[str, int]) -> Row:
    return Row(row.label, row.count, in_formula(row.points), in_formula(row.amount), case_ids.get(row.of))


def _without_figures(line: ShownLine, tree: Figure) -> ShownLine:
    kept = _by_key(tree)
    return ShownLine(
        line.target_id,
        None,
        line.unit,
        line.target,
        (),
        None,
        line.rectification if line.rectification in kept else None,
        None,
        line.missing,
        (),
        (),
    )


def _by_key(figure: Figure) -> set[str]:
    found = {figure.printed} if figure.printed else set()
    return found.union(*(_by_key(child) for child in figure.children))


def _neighbours(ranking: Ranking, line: Placed) -> tuple[ShownLine, ...]:
    lines: Sequence[Placed] = ranking.by_category[line.score.category]
    place = next(index for index, other in enumerate(lines) if other.target_id == line.target_id)
    return tuple(shown(other) for other in lines[max(0, place - 2) : place + 3])


def _movements(session: Session, campaign: Campaign, target_id: int, until: datetime) -> tuple[Movement, ...]:
    rows = session.execute(
        select(Deduction.booked_at, Deduction.reason, Deduction.points, Case.id, Case.number)
        .join(Deduction.case)
        .where(
            Deduction.campaign_id == campaign.id,
            Deduction.target_id == target_id,
            Deduction.booked_at <= until,
        )
        .order_by(Deduction.id.desc())
        .limit(10)
    )
    return tuple(
        Movement(at, reason, -points, case_id, number) for at, reason, points, case_id, number in rows
    )


def _recent(
    session: Session, campaign: Campaign, target_id: int, until: datetime
) -> tuple[tuple[str, int], ...]:
    names = {method["key"]: method["name"] for method in campaign.settings["methods"]}
    rows = session.execute(
        select(Rating.method, func.count())
        .where(
            Rating.campaign_id == campaign.id,
            Rating.target_id == target_id,
            Rating.counted,
            Rating.submitted_at > until - timedelta(days=30),
            Rating.submitted_at <= until,
        )
        .group_by(Rating.method)
    ).all()
    return tuple((names.get(method, method), count) for method, count in sorted(rows))
