"""A filled form handed in by another system: the same act as on the page, from plain answers instead of a post."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from forms.builder import PREFIX
from forms.definition import FormDefinition
from forms.fields.base import Field
from forms.fields.file import File
from models.campaign import Campaign
from services.actor import Actor
from services.attachments import FileStore
from services.definitions import form_of_campaign
from services.rating_forms import FormRefused, form_to_fill
from services.ratings import submit_rating
from services.refusal import Refusal, not_found


class AnswersRefused(Refusal):
    """Answers that cannot be taken; `faults_by_field` names each with its sentence."""

    def __init__(self, sentence: str, faults: list[tuple[str, str]], code: str = "answers_refused") -> None:
        super().__init__(code, sentence, 422)
        self.faults_by_field = tuple(faults)


def hand_in(
    session: Session,
    actor: Actor,
    key: str,
    answers: dict[str, Any],
    *,
    token_id: int,
    idempotency_key: str,
    store: FileStore,
    now: datetime,
) -> dict[str, Any]:
    """Take one filled form of the newest campaign as a rating. Gives its kind, number and version.

    answers: as the JSON Schema of the version in force says. idempotency_key: of the sender; the same again with
    the same answers gives the same rating, with others it is refused (422). Raises AnswersRefused or a Refusal.
    """
    campaign, method = _method_with(session, key)
    _form_id, form = form_to_fill(session, actor, campaign, method)
    posted = as_posted(form, answers)
    token = hashlib.sha256(f"api:{token_id}:{key}:{idempotency_key}".encode()).hexdigest()[:60]
    try:
        taken = submit_rating(
            session, actor, campaign, method, formdata=posted, files=None, token=token, store=store, now=now
        )
    except FormRefused as refused:
        if refused.beyond_fields:
            raise Refusal(refused.code, refused.sentence, refused.status) from refused
        raise AnswersRefused(refused.sentence, list(refused.bound.faults)) from refused
    return {"kind": "rating", "id": taken.rating_id, "version": form.version}


def _method_with(session: Session, key: str) -> tuple[Campaign, str]:
    """The newest campaign and the method whose form this is."""
    campaign = session.execute(
        select(Campaign).order_by(Campaign.year.desc(), Campaign.id.desc()).limit(1)
    ).scalar_one_or_none()
    if campaign is not None:
        for method in campaign.settings["methods"]:
            if method["form"] == key:
                return campaign, str(method["key"])
        if key in campaign.settings["forms"]:
            form_of_campaign(session, campaign, key)
            raise Refusal("form_unbound", "这个表单没有绑定测评方式，不能从接口提交。", 409)
    raise not_found("这个表单")


def as_posted(form: FormDefinition, answers: dict[str, Any]) -> MultiDict[str, str]:
    """Plain answers as the page would have posted them. Raises AnswersRefused for what has not the right shape."""
    faults: list[tuple[str, str]] = []
    posted: MultiDict[str, str] = MultiDict()
    for key, answer in answers.items():
        field = form.field(key)
        if field is None or not field.asks:
            faults.append((key, "表单里没有这一题"))
        elif isinstance(field, File):
            faults.append((key, "接口不收附件，请在网页上补传"))
        elif answer is not None and not _add(posted, field, answer):
            faults.append((key, "写法不对，请对照这一版的 JSON Schema"))
    if faults:
        raise AnswersRefused("；".join(f"{key}：{sentence}" for key, sentence in faults[:20]), faults)
    return posted


#: JSON Schema's word for a type → what Python reads it as.
_SHAPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


def _add(posted: MultiDict[str, str], field: Field, answer: Any) -> bool:
    if not fits(field.answer_schema(), answer):
        return False
    for suffix, values in field.posted_from(answer).items():
        for value in values:
            posted.add(f"{PREFIX}{field.key}" + (f"-{suffix}" if suffix else ""), value)
    return True


def fits(schema: dict[str, Any], answer: Any) -> bool:
    """Whether an answer has the shape its schema says; what it holds is for the form to judge."""
    if "anyOf" in schema:
        return any(fits(part, answer) for part in schema["anyOf"])
    wanted = _SHAPES.get(schema.get("type", ""), (object,))
    if not isinstance(answer, wanted) or (isinstance(answer, bool) and bool not in wanted):
        return False
    if isinstance(answer, list):
        return all(fits(schema.get("items", {}), item) for item in answer)
    if isinstance(answer, dict):
        known, other = schema.get("properties", {}), schema.get("additionalProperties", {})
        return all(
            fits(known[name], item) if name in known else isinstance(other, dict) and fits(other, item)
            for name, item in answer.items()
        )
    return True
