"""Opening a case from a page: once however often it is sent, and from a rating with its own words."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from definitions.canonical import sha256_of
from forms.answers import printed
from models.campaign import Campaign
from models.case import Case
from models.notice import Attachment
from models.rating import Rating, Submission
from models.roster import Target
from services.actor import OFFICE, Actor
from services.attachments import Checked, FileStore, attachments_of
from services.cases import Problem, open_case
from services.choices import StoredChoices
from services.definitions import form_of
from services.rating_items import is_source, items_of
from services.refusal import Refusal, not_found
from services.transaction import transaction


@dataclass(frozen=True)
class Proposal:
    """What a rating brings to a new case's sheet. problem: key of the dictionary, empty if none was named."""

    rating_id: int
    target_id: int
    title: str
    facts: str
    found_on: date
    channel: str
    problem: str = ""


def open_case_once(
    session: Session,
    actor: Actor,
    campaign_id: int,
    sheet: Problem,
    *,
    token: str,
    now: datetime,
    files: list[tuple[str, Checked]],
    store: FileStore,
) -> tuple[Case, bool]:
    """Open a case, and say whether it was opened just now; the same token again gives the same case.

    token: of the page that was shown. The same token with another sheet is refused.
    """
    if not token.strip() or len(token) > 64:
        raise Refusal("token_missing", "页面不完整，没有立案；请刷新本页后重新提交。", 422)
    digest = sha256_of(
        {
            **{name: str(value) for name, value in vars(sheet).items()},
            "files": [file.sha256 for _, file in files],
        }
    )
    try:
        with transaction(session):
            held = session.get(Submission, token, populate_existing=True)
            if held is not None:
                return _opened_before(session, held, digest), False
            case = open_case(session, actor, campaign_id, sheet, now=now, files=files, store=store)
            session.execute(
                insert(Submission).values(token=token, made=f"case:{case.id}", digest=digest, at=now)
            )
    except IntegrityError as error:
        session.rollback()
        held = session.get(Submission, token, populate_existing=True)
        if held is None:
            raise Refusal("not_stored", "没有存下这次立案，请再提交一次；已填内容仍在页面上。") from error
        return _opened_before(session, held, digest), False
    return case, True


def _opened_before(session: Session, held: Submission, digest: str) -> Case:
    kind, _, number = held.made.partition(":")
    case = session.get(Case, int(number)) if kind == "case" and number.isdigit() else None
    if case is None or held.digest != digest:
        raise Refusal(
            "token_reused", "这张立案表已经提交过，内容与这次不同。如确需另立一起，请重新打开立案页。", 409
        )
    return case


def proposal_from(session: Session, actor: Actor, rating_id: int, items: Sequence[str] = ()) -> Proposal:
    """What the sheet of a new case can take over from a rating: its target, its day, the words of its form.

    The form's definition says which fields (`case_fields`); a field that picks from the problem dictionary
    gives the problem. items: keys of `services.rating_items`; their words, numbered when several, then take the place
    of the questions they come from. Who rated is never taken over. Refusal when the rating does not count.
    """
    actor.require(*OFFICE, to="由测评立案")
    rating = session.get(Rating, rating_id)
    if rating is None or rating.round_id is not None:
        raise not_found("测评记录")
    if not rating.counted:
        raise Refusal("rating_not_counted", "这份测评已被更正或作废，不能由它立案。")
    form = form_of(session, rating.form_id)
    wanted = form.binding.case_fields if form.binding else ()
    answers = {key: value for key, value in rating.answers.items() if key in wanted}
    fields = {field.key: field for field in form.fields}
    chosen = [item.text for item in items_of(session, rating) if item.key in items]
    plain = {key: value for key, value in answers.items() if not chosen or not is_source(form, fields[key])}
    said = printed(form, plain, choices=StoredChoices(session))
    problem = next(
        (
            str(value)
            for key, value in answers.items()
            if isinstance(value, str) and getattr(fields[key], "dictionary", "") == "problems"
        ),
        "",
    )
    target = session.get_one(Target, rating.target_id)
    return Proposal(
        rating_id=rating.id,
        target_id=rating.target_id,
        title=_title_of(target, chosen) if chosen else _title(target, said),
        facts="\n".join([*_numbered(chosen), *(f"{label}：{text}" for label, text in said)]),
        found_on=rating.happened_on,
        channel=_channel(session, rating),
        problem=problem,
    )


def _channel(session: Session, rating: Rating) -> str:
    """The channel named like the method, else the one for what comes from a rating; empty: to be chosen."""
    campaign = session.get_one(Campaign, rating.campaign_id)
    known = {item["key"] for item in campaign.settings["channels"]}
    return next((key for key in (rating.method, "rating") if key in known), "")


def _title(target: Target, said: list[tuple[str, str]]) -> str:
    words = next((text for _, text in said if text.strip()), "")
    first = words.strip().splitlines()[0] if words.strip() else ""
    return f"{target.name}：{first}"[:120] if first else ""


def _title_of(target: Target, chosen: Sequence[str]) -> str:
    more = f"等{len(chosen)}项问题" if len(chosen) > 1 else ""
    return f"{f'{target.name}：{chosen[0]}'[: 120 - len(more)]}{more}"


def _numbered(chosen: Sequence[str]) -> list[str]:
    return [f"{n}．{text}" for n, text in enumerate(chosen, start=1)] if len(chosen) > 1 else list(chosen)


def evidence_offered(session: Session, actor: Actor, rating_id: int) -> list[Attachment]:
    """The photos and files of a rating that its form names for a case (`case_fields`), in their order."""
    actor.require(*OFFICE, to="由测评立案")
    rating = session.get(Rating, rating_id)
    if rating is None or rating.round_id is not None:
        return []
    form = form_of(session, rating.form_id)
    wanted = form.binding.case_fields if form.binding else ()
    return [row for row in attachments_of(session, "rating", rating.id) if row.field in wanted]


def evidence_carried(
    session: Session, actor: Actor, store: FileStore, rating_id: int, chosen: Collection[int]
) -> list[tuple[str, Checked]]:
    """The chosen ones of `evidence_offered`, as evidence of the case; the rating keeps its own."""
    return [
        (
            "evidence",
            Checked(
                row.file_name,
                row.media_type,
                store.existing(row.sha256, name=row.file_name).read_bytes(),
                row.sha256,
            ),
        )
        for row in evidence_offered(session, actor, rating_id)
        if row.id in chosen
    ]
