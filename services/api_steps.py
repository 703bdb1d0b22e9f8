"""A step of a case taken by another system: the same act as on the account's page, once for each key.

The key is written in the step's own transaction, so that a step that was sent twice, also at the same moment, is one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models.access_token import SentStep
from models.base import table_of
from models.case import Case, CaseStep
from services.access_tokens import Entered
from services.actor import Actor
from services.api_cases import offers_in
from services.attachments import Checked, FileStore, Upload, check
from services.case_access import OVERSEERS
from services.cases import step_case
from services.definitions import workflow_of
from services.plain_answers import AnswersRefused, Fault, place
from services.refusal import Refusal, not_found
from services.target_access import own_case
from services.target_case import moved_refusal
from services.target_steps import fixed_answers
from services.uploads import hold, sent_ahead
from workflow.asked import fault_of
from workflow.definition import Ask
from workflow.engine import Offer
from workflow.vocabulary import AskType

LONGEST_TEXT = 20_000
MOST_FILES = 20
_NEW = {
    name: dialect.insert(table_of(SentStep))
    .on_conflict_do_nothing(index_elements=["key_hash"])
    .returning(table_of(SentStep).c.id)
    for name, dialect in (("postgresql", postgresql), ("sqlite", sqlite))
}


@dataclass(frozen=True)
class SentWish:
    """A step as it was sent. version: of the case that the sender decided on. asked: by field, files by their ids."""

    case_id: int
    trigger: str
    version: int
    asked: Mapping[str, Any]

    @property
    def body_hash(self) -> str:
        """What makes it the same when it comes again."""
        body = [self.case_id, self.trigger, self.version, dict(self.asked)]
        return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()

    def refuse_depth(self) -> None:
        """No answer of a step is deeper than a list of files; what is, is read no further."""
        for field, value in self.asked.items():
            inner = value if isinstance(value, list) else [value]
            deep = (part for item in inner if isinstance(item, dict) for part in item.values())
            if any(isinstance(item, list) for item in inner) or any(
                isinstance(part, list | dict) for part in deep
            ):
                raise AnswersRefused([Fault(field, place("asked", field), "写法不对，请对照这一步的填写项")])


def take_step(
    session: Session, entered: Entered, wish: SentWish, *, key: str, store: FileStore, now: datetime
) -> dict[str, Any]:
    """Take one step as this account; gives its place in the history, and where the case stands after it.

    key: of the sender; the same again with the same wish gives the same step, with another it is refused (422).
    A refused wish leaves nothing behind: its key may be used again. Raises AnswersRefused or a Refusal.
    """
    wish.refuse_depth()
    key_hash = hashlib.sha256(f"step:{entered.token_id}:{key}".encode()).hexdigest()
    earlier = _earlier(session, entered.actor, wish, key_hash, now)
    if earlier is not None:
        return earlier
    try:
        return _taken(session, entered, wish, key_hash, store, now)
    except Refusal:
        # The same wish may have been taken just now, by a request beside this one; then it is no longer offered.
        session.rollback()
        earlier = _earlier(session, entered.actor, wish, key_hash, now)
        if earlier is None:
            raise
        return earlier


def _earlier(
    session: Session, actor: Actor, wish: SentWish, key_hash: str, now: datetime
) -> dict[str, Any] | None:
    row = session.execute(select(SentStep).where(SentStep.key_hash == key_hash)).scalar_one_or_none()
    if row is None:
        return None
    if row.body_hash != wish.body_hash:
        raise Refusal(
            "key_reused", "这个 Idempotency-Key 已经用于另一次办理，内容与这次不同。新的办理请换一个。", 422
        )
    case, _offers = offers_in(session, actor, row.case_id, now=now)
    return _said(session, case, row.position, row.version)


def _said(session: Session, case: Case, position: int, version: int) -> dict[str, Any]:
    step = session.execute(
        select(CaseStep).where(CaseStep.case_id == case.id, CaseStep.position == position)
    ).scalar_one()
    state = workflow_of(session, step.workflow_id).states_by_key[step.to_state]
    return {
        "case": case.id,
        "position": position,
        "trigger": step.trigger,
        "state": state.key,
        "state_name": state.name,
        "version": version,
    }


def _taken(
    session: Session, entered: Entered, wish: SentWish, key_hash: str, store: FileStore, now: datetime
) -> dict[str, Any]:
    case, offer, asks = _offer(session, entered.actor, wish, now)
    asked, files = _answers(session, entered.actor, case, asks, wish.asked, store)
    if not entered.actor.has(*OVERSEERS):
        asked |= fixed_answers(offer)
    taken: list[tuple[int, int]] = []

    def mark(case: Case, step: CaseStep) -> None:
        """Write the key with the step; another's step under the same key undoes this one."""
        session.flush()  # gives the case its version
        taken.append((step.position, case.row_version))
        row = {
            "key_hash": key_hash,
            "body_hash": wish.body_hash,
            "token_id": entered.token_id,
            "case_id": case.id,
            "position": step.position,
            "version": case.row_version,
            "sent_at": now,
        }
        if session.execute(_NEW[session.get_bind().dialect.name], row).first() is None:
            raise Refusal("key_taken", "同一个 Idempotency-Key 的另一次请求已经办理，请另换一个。", 422)

    case = _stepped(session, entered.actor, wish, asked, files, store, now, mark)
    return _said(session, case, *taken[-1])


def _offer(
    session: Session, actor: Actor, wish: SentWish, now: datetime
) -> tuple[Case, Offer, tuple[Ask, ...]]:
    """The step as it is offered to this account; refused where it is not, or not now."""
    case, offers = offers_in(session, actor, wish.case_id, now=now)
    if wish.version != case.row_version:
        raise _moved(session, actor, case)
    offer, asks = _one_of(offers, wish.trigger)
    if not offer.allowed:
        raise Refusal("step_not_now", f"{offer.reason}。")
    rule = workflow_of(session, case.workflow_id).triggers_by_key[offer.trigger]
    if rule.panel is not None:
        raise Refusal("step_by_panel", f"“{offer.name}”须经会签，请在事项页面提交会签。")
    return case, offer, asks


def _one_of(offers: list[tuple[Offer, tuple[Ask, ...]]], trigger: str) -> tuple[Offer, tuple[Ask, ...]]:
    for offer, asks in offers:
        if offer.trigger == trigger:
            return offer, asks
    raise not_found("这一步骤")


def _moved(session: Session, actor: Actor, case: Case) -> Refusal:
    """The rated read no name of the office, and what else of a case they were not told of stays untold."""
    if not actor.has(*OVERSEERS):
        return moved_refusal(session, case)
    return Refusal(
        "case_moved", "本事项在您读取之后有了新的进展，您的操作没有执行。请重新读取本事项，再决定是否办理。"
    )


def _stepped(
    session: Session,
    actor: Actor,
    wish: SentWish,
    asked: dict[str, Any],
    files: list[tuple[str, Checked]],
    store: FileStore,
    now: datetime,
    mark: Callable[[Case, CaseStep], None],
) -> Case:
    try:
        return step_case(
            session,
            actor,
            wish.case_id,
            wish.trigger,
            asked=asked,
            now=now,
            seen_version=wish.version,
            files=files,
            store=store,
            also=mark,
        )
    except Refusal as refused:
        if refused.code != "case_moved":
            raise
        session.rollback()
        if actor.has(*OVERSEERS):
            raise _moved(session, actor, session.get_one(Case, wish.case_id)) from refused
        raise _moved(session, actor, own_case(session, actor, wish.case_id)) from refused


def upload(
    session: Session,
    actor: Actor,
    case_id: int,
    trigger: str,
    field: str,
    file: Any,
    *,
    store: FileStore,
    now: datetime,
) -> dict[str, Any]:
    """Hold a file for a question of a step that is open to this account; see `services.uploads.keep_upload`."""
    _case, offers = offers_in(session, actor, case_id, now=now)
    offer, asks = _one_of(offers, trigger)
    if not offer.allowed:
        raise Refusal("step_not_now", f"{offer.reason}。")
    if not any(ask.field == field and ask.type is AskType.FILES for ask in asks):
        raise not_found("这道收照片或附件的题")
    checked = check(Upload(file.filename or "", file.stream.read()))
    return hold(session, actor, field, checked, store=store, now=now)


def _answers(
    session: Session,
    actor: Actor,
    case: Case,
    asks: tuple[Ask, ...],
    sent: Mapping[str, Any],
    store: FileStore,
) -> tuple[dict[str, Any], list[tuple[str, Checked]]]:
    """What was sent as the procedure takes it, and the files. Raises AnswersRefused with the place of each fault."""
    grades = frozenset(str(grade["key"]) for grade in case.campaign.settings["grades"])
    asked: dict[str, Any] = {}
    files: list[tuple[str, Checked]] = []
    faults = [
        Fault(field, place("asked", field), "这一步没有这一项")
        for field in sent.keys() - {ask.field for ask in asks}
    ]
    for ask in asks:
        value = _plain(sent.get(ask.field))
        if ask.type is AskType.FILES and value:
            value = _files(session, actor, ask, value, store, files, faults)
        fault = _unfit(value) or fault_of(ask, value)
        if fault is None and ask.type is AskType.GRADE and value and value not in grades:
            fault = f"请从列出的档次中选择“{ask.label}”"
        if fault:
            faults.append(Fault(ask.field, place("asked", ask.field), fault))
        elif ask.type is AskType.BOOLEAN:
            asked[ask.field] = bool(value)
        elif value not in (None, "", []):
            asked[ask.field] = value
    if faults:
        raise AnswersRefused(sorted(faults, key=lambda fault: fault.pointer))
    return asked, files


def _plain(value: Any) -> Any:
    """Words as a page would have sent them; zero bytes are typed by no one, and not every database keeps them."""
    if isinstance(value, str):
        return value.replace("\r\n", "\n").replace("\0", "").strip()
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _unfit(value: Any) -> str | None:
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        return f"最多{LONGEST_TEXT}字，更长的材料请作为附件"
    if isinstance(value, str) and not _is_text(value):
        return "含有无法保存的字符"
    if isinstance(value, list) and len(value) > 200:
        return "项数太多"
    if isinstance(value, int) and abs(value) > 999_999_999:
        return "数目太大"
    return None


def _is_text(value: str) -> bool:
    """Whether it is text throughout: JSON can also write halves of characters."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _files(
    session: Session,
    actor: Actor,
    ask: Ask,
    value: Any,
    store: FileStore,
    files: list[tuple[str, Checked]],
    faults: list[Fault],
) -> list[str]:
    """The names of the files that were sent ahead; they are added to `files`, what is wrong with them to `faults`."""
    if not isinstance(value, list) or len(value) > MOST_FILES:
        faults.append(Fault(ask.field, place("asked", ask.field), f"应为列表，最多{MOST_FILES}个文件"))
        return []
    names = []
    for number, item in enumerate(value):
        key = item.get("id") if isinstance(item, dict) and set(item) == {"id"} else None
        file = sent_ahead(session, actor.user_id, ask.field, key, store) if isinstance(key, str) else None
        if file is None:
            sentence = "文件要先单独上传，这里写上传后得到的 id，并在期限内提交"
            faults.append(Fault(ask.field, place("asked", ask.field, number), sentence))
        else:
            files.append((ask.field, file))
            names.append(file.file_name)
    return names
