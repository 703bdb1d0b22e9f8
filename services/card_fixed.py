"""What the card of a collection fixes, and whether its code is still good, for forms that the office takes in.

On the web the holder opens the page with the code (`services.answer_desk`); on paper and in a workbook the code
stands on the form, and whoever types it in types the code as well.
"""

from __future__ import annotations

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from forms.definition import FormDefinition
from models.collection import Answer, Collection, CollectionCode
from models.rating import RatingVoid
from services.one_time_codes import code_hash
from services.refusal import Refusal

LONGEST_CODE = 80


def fixed_by(held: Collection, form: FormDefinition, code: CollectionCode | None) -> dict[str, str]:
    """Field key → answer that stands whatever is sent: of the collection, and of whom the card stands for."""
    fixed = dict(held.prefill)
    if code is not None and code.target is not None and form.binding is not None and form.binding.target:
        fixed[form.binding.target] = code.target.key
    return fixed


def typed_code(session: Session, held: Collection, code: str) -> CollectionCode | None:
    """The card whose code stands on a form; None where the collection goes by no cards.

    Raises Refusal `code_missing`, `code_unknown` or `code_spent`. No wrong try is counted: an officer typed it, and
    a slip on a long code must not close the door for those who vote on the web.
    """
    if held.access != "code":
        return None
    if not code.strip():
        raise Refusal("code_missing", f"“{held.title}”凭代码卡填写，请录入表上或所附卡片上的代码。", 422)
    row = session.execute(
        select(CollectionCode).where(
            CollectionCode.collection_id == held.id,
            CollectionCode.code_hash == code_hash(code[:LONGEST_CODE]),
        )
    ).scalar_one_or_none()
    if row is None:
        raise Refusal("code_unknown", "代码不对，请核对卡片上的代码，横线可以不输。", 404)
    if row.spent and stands_for_an_answer(session, row):
        raise code_spent()
    return row


def stands_for_an_answer(session: Session, code: CollectionCode) -> bool:
    """Whether an answer given with this code counts; of one that was withdrawn or voided the paper may come anew."""
    void = exists().where(RatingVoid.rating_id == Answer.rating_id, RatingVoid.approved_at.is_not(None))
    return bool(
        session.execute(
            select(Answer.id).where(Answer.code_id == code.id, Answer.withdrawn_at.is_(None), ~void).limit(1)
        ).scalar()
    )


def code_spent() -> Refusal:
    """The code was used: the answer is here already."""
    return Refusal(
        "code_spent", "这张卡的代码已经用过，答卷已收到，不能再填。如非本人所填，请与发卡的单位联系。"
    )
