"""Verify: does everything that is stored follow from what was done? The first difference of each kind is named."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from definitions.canonical import sha256_of
from models.campaign import Campaign
from models.case import Case, CaseStep
from models.collection import Answer, Collection
from models.notice import Notice, NoticeFile, NumberSeries
from models.rating import BallotRound, Rating
from models.roster import Target, Unit
from scoring.engine import case_deduction
from services.case_access import replayed
from services.deductions import entries_of, standing, states_of
from services.definitions import scheme_of
from services.difference import Difference
from services.history import verify_chain
from services.panel_record import panel_differences
from services.scores import current_ranking, recomputed
from services.tallies import recount, tallies
from workflow.engine import ReplayDiffers


def verify(session: Session) -> list[Difference]:
    """All differences found; an empty list means that the books are in order."""
    found = [*_chain(session), *_numbers(session), *_notices(session), *panel_differences(session)]
    for campaign in session.execute(select(Campaign).order_by(Campaign.id)).scalars():
        found += [*_tallies(session, campaign), *_cases(session, campaign), *_scores(session, campaign)]
        found += [*_ballots(session, campaign), *_collections(session, campaign)]
    return found


def _chain(session: Session) -> Iterator[Difference]:
    fault = verify_chain(session)
    if fault is not None:
        yield Difference("history", f"日志第{fault.position}环", fault.what)


def _numbers(session: Session) -> Iterator[Difference]:
    """Numbers of each series and year are 1 … last, none missing, none twice."""
    counters = {(row.series, row.year): row.last for row in session.execute(select(NumberSeries)).scalars()}
    taken = session.execute(
        select(Notice.series, Notice.year, func.count(), func.min(Notice.position), func.max(Notice.position))
        .group_by(Notice.series, Notice.year)
        .order_by(Notice.series, Notice.year)
    ).all()
    for series, year, count, low, high in taken:
        last = counters.get((series, year))
        if low != 1 or high != count or last != high:
            yield Difference(
                "number", f"{series}〔{year}〕", f"应为1至{last}连号，实有{count}件，最小{low}、最大{high}"
            )


def _notices(session: Session) -> Iterator[Difference]:
    """What was frozen still has its hash, and so has the file; what is said to be signed still is."""
    import hashlib

    from models.campaign import Definition

    rows = session.execute(
        select(Notice, Definition.version, NoticeFile.sha256, NoticeFile.pdf, NoticeFile.certificate)
        .join(Definition, Definition.id == Notice.kind_id)
        .outerjoin(NoticeFile, NoticeFile.notice_id == Notice.id)
        .order_by(Notice.id)
        .execution_options(yield_per=50)
    )
    for notice, version, file_hash, pdf, certificate in rows:
        if sha256_of({"kind": notice.kind, "version": version, "values": notice.frozen}) != notice.sha256:
            yield Difference("notice", notice.number, "冻结内容与其摘要不符")
        if pdf is not None and hashlib.sha256(pdf).hexdigest() != file_hash:
            yield Difference("notice", notice.number, "文书文件与其摘要不符")
        if pdf is not None and certificate is not None:
            from notices.pades import signature_fault  # loaded by those who have signed something

            fault = signature_fault(pdf, certificate)
            if fault is not None:
                yield Difference("notice", notice.number, fault)


def _tallies(session: Session, campaign: Campaign) -> Iterator[Difference]:
    kept, counted = tallies(session, campaign.id), recount(session, campaign.id)
    for key in sorted(kept.keys() | counted.keys()):
        if kept.get(key, 0) != counted.get(key, 0):
            target_id, method, grade = key
            yield Difference(
                "tally",
                f"测评对象{target_id}／{method}／{grade}",
                f"计数为{kept.get(key, 0)}，按测评表重数为{counted.get(key, 0)}",
            )


def _cases(session: Session, campaign: Campaign) -> Iterator[Difference]:
    scheme = scheme_of(session, campaign.scheme_id)
    cases = session.execute(
        select(Case)
        .where(Case.campaign_id == campaign.id)
        .options(joinedload(Case.target).joinedload(Target.unit).joinedload(Unit.category))
        .order_by(Case.id)
    ).scalars()
    for case in cases:
        try:
            situation = replayed(session, case)
        except ReplayDiffers as differs:
            yield Difference("case", case.number, str(differs))
            continue
        if situation.as_data() != case.situation or situation.state != case.state:
            yield Difference("case", case.number, f"存为“{case.state}”，按历程重演为“{situation.state}”")
        positions = session.execute(
            select(func.count(), func.max(CaseStep.position)).where(CaseStep.case_id == case.id)
        ).one()
        if positions[0] != positions[1]:
            yield Difference("case", case.number, f"历程应有{positions[1]}步，实有{positions[0]}步")
        booked = sum(entry.points for entry in standing(entries_of(session, case.id)))
        due = case_deduction(scheme, states_of(scheme, situation.tiers)).points
        if booked != due:
            yield Difference("deduction", case.number, f"账上扣{booked}分，按扣分档应扣{due}分")


def _scores(session: Session, campaign: Campaign) -> Iterator[Difference]:
    shown = current_ranking(session, campaign).lines
    for target_id, line in recomputed(session, campaign).items():
        held = shown.get(target_id)
        if held is None or held.score.total != line.score.total:
            yield Difference(
                "score",
                line.score.name,
                f"显示{held.score.printed if held else '无'}，重算为{line.score.printed}",
            )


def _ballots(session: Session, campaign: Campaign) -> Iterator[Difference]:
    for held in session.execute(select(BallotRound).where(BallotRound.campaign_id == campaign.id)).scalars():
        if held.returned > held.issued:
            yield Difference("ballot", held.title, f"收回{held.returned}张，多于发出的{held.issued}张")
        ratings = session.execute(
            select(func.count()).select_from(Rating).where(Rating.round_id == held.id)
        ).scalar_one()
        if ratings > held.returned * len(held.target_ids):
            yield Difference("ballot", held.title, f"选票{held.returned}张，却有{ratings}次测评")


def _collections(session: Session, campaign: Campaign) -> Iterator[Difference]:
    """What a collection counted is there, or was purged by an act; and nothing anonymous has a name."""
    for held in session.execute(select(Collection).where(Collection.campaign_id == campaign.id)).scalars():
        rows, withdrawn, named = session.execute(
            select(
                func.count(),
                func.count().filter(Answer.withdrawn_at.is_not(None)),
                func.count().filter(
                    Answer.respondent_id.is_not(None)
                    | Answer.code_id.is_not(None)
                    | Answer.respondent_key.is_not(None)
                    | Answer.receipt.is_not(None)
                ),
            ).where(Answer.collection_id == held.id)
        ).one()
        if rows != held.taken - held.purged:
            yield Difference(
                "collection",
                held.title,
                f"应有{held.taken - held.purged}份答卷（已清除{held.purged}份），实有{rows}份",
            )
        if not withdrawn <= held.withdrawn <= withdrawn + held.purged:
            yield Difference("collection", held.title, f"作废记{held.withdrawn}份，实有{withdrawn}份")
        if held.anonymous and named:
            yield Difference("collection", held.title, f"匿名收集中有{named}份答卷记着填写人、代码或回执")
