"""Forms on paper: blank, to be filled with a pen; filled, as a rating was given; ballots, each with its code."""

from __future__ import annotations

import base64
import io
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from definitions.fault import DefinitionFaults
from forms.choices import ChoiceSource
from forms.definition import FormDefinition, load_form
from forms.paper import Picture, Surroundings, blank_page, filled_page, style
from models.campaign import Campaign
from models.notice import Attachment
from models.people import Role
from models.rating import BallotRound, Rating
from notices.copies import Places, Slot, Stamp
from notices.fonts import FontsMissing
from notices.refusal import NoticeRefused
from services.actor import OFFICE, Actor
from services.answer_access import answer_for
from services.attachments import FileStore, attachments_of
from services.ballots import ballot_choices, issue_codes
from services.choices import StoredChoices
from services.definition_versions import office_pack
from services.definitions import form_of
from services.form_versions import draft_of, published_version, sheet_of
from services.rating_forms import LOCAL, method_of
from services.rating_register import name_in
from services.ratings import own_rating
from services.refusal import Refusal, not_found

if TYPE_CHECKING:
    from collections.abc import Callable

#: Longest side of a photo on paper; 58 mm at 300 dots per inch is 685.
_SIDE = 900
#: Where a ballot's own goes: in the room that its layout leaves (`forms/paper.css`).
BALLOT_PLACES = Places(
    square=(171.0, 16.0, 20.0),
    first_page=Slot(left=20.0, top=13.5, size=11.0, pitch=7.2),
    every_page=Slot(left=20.0, top=287.0, size=8.0, pitch=5.2),
)


def blank_version(session: Session, actor: Actor, key: str, version: int | None, *, address: str) -> bytes:
    """One version of a form for the pen, or its draft (None), marked as such. For the administrator.

    address: of the form on the web, empty where people cannot fill it there.
    """
    if version is None:
        form = _finished(draft_of(session, actor, key).document)
        mark = "草稿，未发布"
    else:
        form = _finished(published_version(session, actor, key, version).body)
        mark = ""
    organ = sheet_of(session, office_pack(session)).get("organ", {})
    if organ.get("demonstration"):
        mark = "　".join(filter(None, ("演示数据", mark)))
    around = Surroundings(organ=str(organ.get("name", "")), address=address, mark=mark)
    return _drawn(lambda: blank_page(form, choices=StoredChoices(session), around=around))


def _finished(document: object) -> FormDefinition:
    try:
        return load_form(document)
    except DefinitionFaults as faults:
        raise Refusal(
            "form_faults", "草稿还有要改好的地方，改好后才能打印空白表；问题列在草稿页上。", 422
        ) from faults


def blank_form(
    session: Session, actor: Actor, campaign: Campaign, form_id: int, *, address: str, coded: bool = False
) -> bytes:
    """A form that the campaign uses, for the pen. coded: it comes with the one-time code of a card."""
    actor.require(Role.ADMIN, *OFFICE, to="打印空白表")
    form = form_of(session, form_id)
    around = Surroundings(organ=_organ(campaign), address=address, mark=_mark(campaign), coded=coded)
    return _drawn(lambda: blank_page(form, choices=StoredChoices(session), around=around))


def _organ(campaign: Campaign) -> str:
    return str(campaign.settings["organ"]["name"])


def _mark(campaign: Campaign, *more: str) -> str:
    """What is said at the top of every page."""
    return "　".join(filter(None, ("演示数据" if campaign.demonstration else "", *more)))


def filled_rating(
    session: Session, actor: Actor, rating_id: int, *, store: FileStore, with_empty: bool = False
) -> bytes:
    """One rating in the form and version it was made with; for the office, and for whoever gave it.

    Nothing around the form names the rater, for the paper may lie open on a desk; what the rater signed in the
    form itself stays, so every page says that it is not for the rated.
    """
    rating = _readable(session, actor, rating_id)
    campaign = session.get_one(Campaign, rating.campaign_id)
    form = form_of(session, rating.form_id)
    state = [] if rating.counted else [("状态", "不再计入（已更正或作废）")]
    around = Surroundings(
        organ=_organ(campaign),
        mark=_mark(campaign, "内部材料，不得转给测评对象"),
        serial=f"测评记录第{rating.id}号",
        facts=[
            ("测评方式", method_of(campaign, rating.method)["name"]),
            ("测评对象", rating.target.full_name),
            ("档次", name_in(campaign.settings["grades"], rating.grade)),
            ("提交时间", _moment(rating.submitted_at)),
            *state,
        ],
    )
    pictures = pictures_of(attachments_of(session, "rating", rating.id), store)
    return _drawn(
        lambda: filled_page(
            form,
            rating.answers,
            choices=StoredChoices(session),
            around=around,
            pictures=pictures,
            with_empty=with_empty,
        )
    )


def _readable(session: Session, actor: Actor, rating_id: int) -> Rating:
    if not actor.has(*OFFICE):
        return own_rating(session, actor, rating_id)
    rating = session.get(Rating, rating_id)
    if rating is None or rating.round_id is not None:
        raise not_found("测评记录")
    return rating


def filled_answer(
    session: Session, actor: Actor, answer_id: int, *, store: FileStore, with_empty: bool = False
) -> bytes:
    """One answer of a collection in the form and version it was given in, for whoever may see it."""
    row = answer_for(session, actor, answer_id)
    campaign = session.get_one(Campaign, row.collection.campaign_id)
    form = form_of(session, row.form_id)
    facts = [("收集", row.collection.title)]
    if not row.collection.anonymous:
        facts.append(("收到", _moment(row.submitted_at)))
    if row.withdrawn_at is not None:
        facts.append(("状态", "已作废"))
    around = Surroundings(
        organ=_organ(campaign),
        mark=_mark(campaign),
        serial=f"第{row.position}份" if row.position else "",
        facts=facts,
    )
    owner = ("rating", row.rating_id) if row.rating_id else ("answer", row.id)
    pictures = pictures_of(attachments_of(session, *owner), store)
    return _drawn(
        lambda: filled_page(
            form,
            row.answers,
            choices=StoredChoices(session),
            around=around,
            pictures=pictures,
            with_empty=with_empty,
        )
    )


def _moment(at: datetime) -> str:
    local = at.astimezone(LOCAL)
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"


def pictures_of(files: Sequence[Attachment], store: FileStore) -> dict[str, list[Picture]]:
    """The pictures among files by their field, small enough for paper. A file that is lost is left out."""
    from PIL import Image

    found: dict[str, list[Picture]] = defaultdict(list)
    for file in files:
        path = store.path(file.sha256)
        if not file.media_type.startswith("image/") or not path.is_file():
            continue
        with Image.open(path) as picture:
            picture.thumbnail((_SIDE, _SIDE))
            kept = io.BytesIO()
            picture.convert("RGB").save(kept, "JPEG", quality=75, optimize=True)
        data = base64.b64encode(kept.getvalue()).decode("ascii")
        found[file.field].append(Picture(file.file_name, f"data:image/jpeg;base64,{data}"))
    return dict(found)


def ballot_sample(session: Session, actor: Actor, round_id: int) -> bytes:
    """A round's ballot without a code, to be looked at before it is printed."""
    held, campaign = _round(session, actor, round_id)
    page = _ballot_page(session, held, campaign, "票样，不能用于投票")
    return _drawn(lambda: page)


def issue_ballots(
    session: Session,
    actor: Actor,
    round_id: int,
    groups: dict[str, int],
    *,
    address: str,
    now: datetime,
    token: str = "",
) -> bytes:
    """New codes, each printed on a ballot of its own; as `issue_codes`, they are kept nowhere else.

    The layout is tried before a code is made: what cannot be printed costs none. address: of the page for codes.
    """
    held, campaign = _round(session, actor, round_id)
    page = _ballot_page(session, held, campaign)
    _printed(page, [Stamp("-".join(["2345"] * 7), address)])
    dealt = issue_codes(session, actor, round_id, groups, now=now, token=token)
    return _printed(page, [Stamp(code, f"{address}#{code}") for _, code in dealt])


def _round(session: Session, actor: Actor, round_id: int) -> tuple[BallotRound, Campaign]:
    actor.require(Role.ADMIN, Role.OFFICER, to="印制测评票")
    held = session.get(BallotRound, round_id)
    if held is None:
        raise not_found("集中测评轮次")
    return held, session.get_one(Campaign, held.campaign_id)


def _ballot_page(session: Session, held: BallotRound, campaign: Campaign, *marks: str) -> str:
    around = Surroundings(
        organ=_organ(campaign),
        mark=_mark(campaign, *marks),
        ballot=True,
        facts=[
            ("轮次", held.title),
            ("有效时间", f"{_moment(held.opens_at)} 至 {_moment(held.closes_at)}"),
        ],
    )
    choices: ChoiceSource = ballot_choices(session, held)
    return blank_page(form_of(session, held.form_id), choices=choices, around=around)


def _printed(page: str, stamps: Sequence[Stamp]) -> bytes:
    from notices.copies import draw_copies
    from notices.engine import legible

    return _refused_in_words(lambda: draw_copies(legible(page), style(), stamps, BALLOT_PLACES))


def _drawn(page: Callable[[], str]) -> bytes:
    from notices.engine import draw_pdf, legible  # draws pages; loaded when the first one is asked for

    return _refused_in_words(lambda: draw_pdf(legible(page()), style()))


def _refused_in_words(draw: Callable[[], bytes]) -> bytes:
    try:
        return draw()
    except FontsMissing as missing:
        raise Refusal(
            "fonts_missing", "没有打印：本机没有文书字库。请管理员运行 ./run 安装后再办。", 503
        ) from missing
    except NoticeRefused as refused:
        raise Refusal(refused.code, f"没有打印。{refused.sentence}", 422) from refused
