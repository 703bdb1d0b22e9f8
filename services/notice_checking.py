"""核稿: whether the draft of a notice was checked by a second person, with just the words that are issued."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.case import CaseStep
from models.notice import NoticeDraft
from notices.definition import NoticeKind, Value
from notices.vocabulary import VOCABULARY
from services.refusal import Refusal

#: What a draft cannot know yet.
LATER = frozenset({"number", "issued_on", "verify_url"})


def checked_draft(
    session: Session, step: CaseStep, kind: NoticeKind, kind_id: int, frozen: dict[str, Value]
) -> NoticeDraft:
    """The checked draft that allows this issue, or Refusal with what has to be done or what has changed."""
    row = session.execute(
        select(NoticeDraft)
        .where(
            NoticeDraft.case_id == step.case_id,
            NoticeDraft.trigger == step.trigger,
            NoticeDraft.kind == kind.key,
            NoticeDraft.status.in_(("waiting", "checked", "returned")),
        )
        .order_by(NoticeDraft.id.desc())
        .limit(1)
        .with_for_update()
    ).scalar_one_or_none()
    if row is None:
        raise Refusal("not_checked", f"“{kind.name}”须先经另一人核稿才能印发：请先点“送核”。")
    if row.status == "waiting":
        raise Refusal("not_checked", f"“{kind.name}”已送核，还没有核完，核准后再办理。")
    if row.status == "returned":
        raise Refusal("not_checked", f"“{kind.name}”核稿时被退回：{row.remark}。改好后请重新送核。")
    changed = changed_since(row, kind_id, frozen)
    if changed:
        raise Refusal(
            "changed_since_check", f"“{kind.name}”核稿之后有变动（{'、'.join(changed)}），请重新送核。"
        )
    return row


def changed_since(row: NoticeDraft, kind_id: int, values: dict[str, Value]) -> list[str]:
    """Chinese names of what would be printed otherwise than it was checked."""
    return [
        *(["文书的版本"] if row.kind_id != kind_id else []),
        *(
            VOCABULARY[name].meaning if name in VOCABULARY else name
            for name in sorted(set(values) | set(row.values))
            if name not in LATER and (values.get(name) or "") != (row.values.get(name) or "")
        ),
    ]
