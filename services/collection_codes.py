"""One-time codes of a collection: printed on cards once, kept as hashes, each good for one answer.

Cards of an anonymous collection carry no name and stand for nobody: they are shuffled and dealt by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from forms.definition import FormDefinition
from models.campaign import Campaign
from models.collection import Collection, CollectionCode
from models.people import Role
from models.rating import Submission
from models.roster import Monitor, Target
from services.actor import Actor
from services.collections import locked_collection, may_collect, refuse_closed
from services.definitions import form_of
from services.history import record
from services.mixing import shuffled
from services.one_time_codes import MOST_CODES, code_hash, new_code, spelt
from services.rating_forms import method_of
from services.refusal import Refusal
from services.transaction import transaction

LONGEST_LABEL = 60


@dataclass(frozen=True)
class Wanted:
    """One card that is wanted: for whom, of which group, and whom its answer stands for."""

    label: str = ""
    group: str = ""
    monitor_id: int | None = None
    target_id: int | None = None


@dataclass(frozen=True)
class Card:
    """One card as it is printed. code: in groups of four; it exists here and on the paper alone."""

    label: str
    group: str
    code: str


def blank_cards(groups: Sequence[tuple[str, int]]) -> list[Wanted]:
    """So many cards of each group, without names."""
    return [Wanted(group=group.strip()) for group, count in groups for _ in range(count)]


def cards_for_monitors(session: Session) -> list[Wanted]:
    """One card for each active monitor."""
    rows = session.execute(select(Monitor).where(Monitor.active).order_by(Monitor.key)).scalars()
    return [Wanted(label=row.name[:LONGEST_LABEL], monitor_id=row.id) for row in rows]


def cards_for_targets(session: Session) -> list[Wanted]:
    """One card for each active target; an answer with it is about that target."""
    rows = session.execute(select(Target).where(Target.active).order_by(Target.unit_id, Target.id)).scalars()
    return [Wanted(label=row.full_name[:LONGEST_LABEL], target_id=row.id) for row in rows]


def issue_cards(
    session: Session,
    actor: Actor,
    collection_id: int,
    wanted: Sequence[Wanted],
    *,
    token: str,
    now: datetime,
) -> list[Card]:
    """New cards, to be printed at once: their codes are kept nowhere.

    token: of the page; sent again, it makes no second stack. Cards that stand for somebody come in the order wanted,
    others shuffled.
    """
    may_collect(actor)
    with transaction(session):
        held = locked_collection(session, collection_id)
        refuse_closed(held)
        if held.access != "code":
            raise Refusal("no_codes", "这个收集不用代码卡填写；要用代码卡，请另建一个。")
        if not 1 <= len(wanted) <= MOST_CODES - held.issued:
            raise Refusal(
                "codes_count", f"每个收集最多印{MOST_CODES}张，已印{held.issued}张，请核对张数。", 422
            )
        _refuse_unfit(session, held, wanted)
        _refuse_second_stack(session, token, collection_id, now=now)
        named = any(card.label for card in wanted)
        dealt = [(card, new_code()) for card in wanted]
        dealt = dealt if named else shuffled(dealt)
        rows = [
            {
                "collection_id": collection_id,
                "code_hash": code_hash(code),
                "label": card.label,
                "group": card.group,
                "monitor_id": card.monitor_id,
                "target_id": card.target_id,
                "spent": False,
            }
            for card, code in dealt
        ]
        # In the order of their hashes: that of the cards would show who got which.
        session.execute(insert(CollectionCode), sorted(rows, key=lambda row: str(row["code_hash"])))
        held.issued += len(dealt)
        session.flush()
        record(
            session,
            actor,
            "collection.codes_issued",
            object_kind="collection",
            object_id=held.id,
            payload={"count": len(dealt)},
            now=now,
        )
    return [Card(card.label, card.group, spelt(code)) for card, code in dealt]


def _refuse_unfit(session: Session, held: Collection, wanted: Sequence[Wanted]) -> None:
    if any(len(card.label) > LONGEST_LABEL or len(card.group) > LONGEST_LABEL for card in wanted):
        raise Refusal("label_long", f"卡上的名称和组别不超过{LONGEST_LABEL}字。", 422)
    if held.anonymous:
        if any(card.label or card.monitor_id or card.target_id for card in wanted):
            raise Refusal(
                "anonymous_names", "匿名收集的代码卡不能写名字，也不能代表某个监测点或对象；请只分组别。", 422
            )
        return
    form = form_of(session, held.form_id)
    for_monitors = form.binding is not None and _rated_by_monitors(session, held, form)
    if for_monitors and any(card.monitor_id is None for card in wanted):
        raise Refusal(
            "codes_monitors", "这张表由监测点填报，每张卡要代表一个监测点；请选“每个监测点一张”。", 422
        )


def _rated_by_monitors(session: Session, held: Collection, form: FormDefinition) -> bool:
    campaign = session.get_one(Campaign, held.campaign_id)
    method = method_of(campaign, form.binding.method if form.binding else "")
    return Role.MONITOR in method["raters"] and not method.get("open")


def _refuse_second_stack(session: Session, token: str, collection_id: int, *, now: datetime) -> None:
    if not token:
        return
    if session.get(Submission, token) is not None:
        raise Refusal(
            "cards_shown_once",
            "这批代码卡刚才已经印发并显示过一次，系统没有保存，不能再次显示。"
            "如没有打印成功，请重新打开收集页面补印，并销毁印坏的卡片。",
        )
    session.execute(
        insert(Submission).values(token=token, made=f"collection:{collection_id}", digest="", at=now)
    )


def codes_spent(session: Session, held: Collection) -> int:
    """How many of the cards were used. Of an anonymous one that was closed the codes are gone: 0."""
    counted = select(func.count()).select_from(CollectionCode)
    counted = counted.where(CollectionCode.collection_id == held.id, CollectionCode.spent)
    return int(session.execute(counted).scalar_one())
