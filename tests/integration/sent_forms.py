"""A published questionnaire and the handles to send it out, for tests of collections."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from definitions.canonical import sha256_of
from models.campaign import Definition, DefinitionKind, DefinitionStatus
from models.collection import Collection
from models.engine import writing
from services.answer_desk import desk_for_account, desk_for_code, desk_for_visitor
from services.answer_filling import hand_in
from services.answers import Taken
from services.attachments import FileStore
from services.collection_rules import Rules
from services.collections import create_collection
from tests.integration.office import START, Office

OPEN_UNTIL = START + timedelta(days=10)
QUESTIONNAIRE: dict[str, Any] = {
    "key": "citizens",
    "name": "办事群众问卷",
    "version": 1,
    "source": "实施口径",
    "access": "public",
    "privacy": {"who": "区效能办。", "why": "改进服务。", "what": "您的评价。", "how_long": "一年。", "rights": "可以要求更正、删除。"},
    "fields": [
        {"key": "target", "type": "picker", "of": "target", "label": "办事科室", "prefill": "target"},
        {
            "key": "feel",
            "type": "choice",
            "label": "总体感受",
            "required": True,
            "options": [{"key": "good", "name": "满意"}, {"key": "bad", "name": "不满意"}],
        },
        {"key": "why", "type": "long_text", "label": "哪里不满意", "required_when": {"==": [{"var": "feel"}, "bad"]}},
        {"key": "window", "type": "short_text", "label": "窗口", "prefill": "link"},
        {"key": "visits", "type": "number", "label": "今年来过几次", "prefill": "last"},
    ],
}  # fmt: skip


def publish_form(
    session: Session, document: dict[str, Any], *, version: int = 1, pack_key: str = "district-2012"
) -> int:
    """Put a form in force as it would be after publishing; the version before is retired. Gives its id."""
    body = {**document, "version": version}
    with writing():
        for row in session.query(Definition).filter_by(
            pack_key=pack_key, kind=DefinitionKind.FORM, key=document["key"]
        ):
            row.status = DefinitionStatus.RETIRED
        row = Definition(
            pack_key=pack_key,
            kind=DefinitionKind.FORM,
            key=document["key"],
            version=version,
            name=document["name"],
            status=DefinitionStatus.PUBLISHED,
            body=body,
            sha256=sha256_of(body),
            created_at=START,
            published_at=START,
        )
        session.add(row)
        session.commit()
    return row.id


def send_out(
    session: Session, office: Office, *, access: str = "open", form: str = "citizens", **rules: Any
) -> Collection:
    """A collection of the questionnaire that runs now."""
    values: dict[str, Any] = {"title": "办事群众问卷", "opens_at": START, "closes_at": OPEN_UNTIL} | rules
    return create_collection(
        session, office.officer, office.campaign, form, Rules(access=access, **values), now=START
    )


def answer(
    session: Session,
    held: Collection,
    store: Path,
    *,
    now: datetime,
    actor: Any = None,
    code: str = "",
    token: str = "",
    **typed: Any,
) -> Taken:
    """One answer as its page would post it."""
    values: dict[str, Any] = {"feel": "good"} | typed
    pairs: MultiDict[str, str] = MultiDict((f"f_{key}", str(value)) for key, value in values.items())
    if code:
        desk = desk_for_code(session, held, code, now=now)
    elif actor is not None:
        desk = desk_for_account(session, held, actor)
    else:
        desk = desk_for_visitor(session, held)
    return hand_in(session, desk, formdata=pairs, files=None, token=token, store=FileStore(store), now=now)
