"""The rules under which a form is sent out, and what of them does not fit together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from forms.definition import FormDefinition
from forms.fields.matrix import Matrix
from models.campaign import Campaign
from models.collection import Collection
from models.people import Role
from services.choices import StoredChoices
from services.prefills import fixed_answers
from services.rating_forms import method_of
from services.refusal import Refusal

ACCESS = ("open", "code", "account")
LONGEST_TITLE = 100
LONGEST_WORDS = 2_000
LONGEST_GRACE = 24 * 60
LARGEST_QUOTA = 1_000_000
LONGEST_RETENTION = 3_650
#: What tells who filled a form in: hand, voice, picture, number, and what a file says of its writer.
_NAMING = {"signature": "签名", "photo": "照片", "file": "附件", "phone": "电话"}


@dataclass(frozen=True)
class Rules:
    """What the office sets of a collection. Times are aware; None of `closes_at`: until closed by hand."""

    title: str
    access: str
    opens_at: datetime
    closes_at: datetime | None = None
    anonymous: bool = False
    roles: tuple[str, ...] = ()
    grace_minutes: int = 0
    quota: int | None = None
    one_each: bool = False
    #: Field key → the answer as it would be posted.
    fixed: Mapping[str, str] = field(default_factory=dict)
    retention_days: int | None = None
    words_before: str = ""
    words_after: str = ""


def unsendable(campaign: Campaign, form: FormDefinition) -> Refusal | None:
    """Why a form cannot be sent out at all."""
    if form.binding is None:
        return None
    if (
        isinstance(form.field(form.binding.grade), Matrix)
        or method_of(campaign, form.binding.method)["secret"]
    ):
        return Refusal(
            "form_for_rounds",
            f"《{form.name}》一张评多个对象、不记名计分，请在“集中测评”里组织，不在这里收集。",
            422,
        )
    return None


def checked_rules(
    session: Session,
    campaign: Campaign,
    form: FormDefinition,
    rules: Rules,
    *,
    now: datetime,
    earlier: Collection | None = None,
) -> dict[str, Any]:
    """The rules as they are stored; refused with the first thing that does not fit."""
    refusal = (
        unsendable(campaign, form)
        or _wrong_words(rules)
        or _wrong_times(rules, now, earlier)
        or _wrong_numbers(form, rules)
        or _wrong_people(campaign, form, rules)
    )
    if refusal is not None:
        raise refusal
    return {
        "title": rules.title.strip(),
        "access": rules.access,
        "anonymous": rules.anonymous,
        "roles": list(rules.roles) if rules.access == "account" else [],
        "opens_at": rules.opens_at,
        "closes_at": rules.closes_at,
        "grace_minutes": rules.grace_minutes,
        "quota": rules.quota,
        "one_each": rules.one_each or rules.access == "code",
        "prefill": fixed_answers(form, rules.fixed, choices=StoredChoices(session), now=now),
        "retention_days": rules.retention_days,
        "words_before": rules.words_before.strip(),
        "words_after": rules.words_after.strip(),
    }


def _wrong_words(rules: Rules) -> Refusal | None:
    if not 1 <= len(rules.title.strip()) <= LONGEST_TITLE:
        return Refusal("title_missing", f"请写名称，不超过{LONGEST_TITLE}字，填表人会看到它。", 422)
    if max(len(rules.words_before), len(rules.words_after)) > LONGEST_WORDS:
        return Refusal("words_long", f"说明的话不超过{LONGEST_WORDS}字。", 422)
    return None


def _wrong_times(rules: Rules, now: datetime, earlier: Collection | None) -> Refusal | None:
    closes = rules.closes_at
    if closes is None:
        return None
    if closes <= rules.opens_at:
        return Refusal("times", "截止时间要晚于开始时间。", 422)
    moved = earlier is None or earlier.closes_at != closes
    if moved and closes <= now:
        return Refusal("times", "截止时间要晚于现在；要马上结束，请用“结束收集”。", 422)
    return None


def _wrong_numbers(form: FormDefinition, rules: Rules) -> Refusal | None:
    if not 0 <= rules.grace_minutes <= LONGEST_GRACE:
        return Refusal("grace", f"截止后的宽限写0到{LONGEST_GRACE}分钟。", 422)
    if rules.quota is not None and not 1 <= rules.quota <= LARGEST_QUOTA:
        return Refusal("quota", f"份数上限写1到{LARGEST_QUOTA}，不限就留空。", 422)
    days = rules.retention_days
    if days is None:
        return None
    if form.binding is not None:
        return Refusal(
            "retention_rating", "这张表的答卷就是一次测评，是计分的依据，随活动保存，不能设保存天数。", 422
        )
    if not 1 <= days <= LONGEST_RETENTION:
        return Refusal("retention", f"保存天数写1到{LONGEST_RETENTION}，长期保存就留空。", 422)
    return None


def _wrong_people(campaign: Campaign, form: FormDefinition, rules: Rules) -> Refusal | None:
    if rules.access not in ACCESS:
        return Refusal("access", "请选择谁能填。", 422)
    known = {str(role) for role in Role}
    if rules.access == "account" and (not rules.roles or not set(rules.roles) <= known):
        return Refusal("roles", "请至少选一个可以填写的岗位。", 422)
    if rules.one_each and rules.access == "open":
        return Refusal(
            "one_each_open",
            "得到链接的人都能填时，分不清是谁填的，不能一人一份；请改用代码卡或登录填写。",
            422,
        )
    return _wrong_promise(form, rules) or (_wrong_raters(campaign, form, rules) if form.binding else None)


def _wrong_promise(form: FormDefinition, rules: Rules) -> Refusal | None:
    """Source: 个人信息保护法; the promise that nothing names the rater has to be one that can be kept."""
    if form.anonymous and not rules.anonymous:
        return Refusal("form_anonymous", f"《{form.name}》设计为匿名填写，只能匿名收集。", 422)
    if not rules.anonymous:
        return None
    if rules.access == "account":
        return Refusal(
            "anonymous_account", "登录后填写，系统就知道是谁，不能叫匿名；请改用代码卡或链接。", 422
        )
    if rules.closes_at is None:
        return Refusal(
            "anonymous_open_end", "匿名收集要写截止时间：结束时打乱答卷之后才能看，之前谁也看不到。", 422
        )
    naming = [item for item in form.fields if item.type in _NAMING]
    if naming:
        words = "、".join(f"“{item.label}”（{_NAMING[item.type]}）" for item in naming[:4])
        return Refusal(
            "anonymous_naming", f"这张表有{words}，会认出填写人，不能匿名收集；请先在表单里去掉。", 422
        )
    return None


def _wrong_raters(campaign: Campaign, form: FormDefinition, rules: Rules) -> Refusal | None:
    """Who rates by a method is said in the pack; a link must not widen it."""
    method = method_of(campaign, form.binding.method if form.binding else "")
    raters = set(method["raters"])
    if rules.access == "account" and not set(rules.roles) <= raters:
        return Refusal(
            "raters",
            f"《{form.name}》的答卷计为{method['name']}，只有方案规定的测评人能填，请核对岗位。",
            422,
        )
    if rules.access == "open" and not method.get("open"):
        return Refusal(
            "raters_open",
            f"《{form.name}》的答卷计为{method['name']}，方案没有规定任何人都能测评，不能用公开链接收集。",
            422,
        )
    if rules.access == "code" and not (method.get("open") or Role.MONITOR in raters):
        return Refusal(
            "raters_code", f"{method['name']}由登录的人填写，不能用代码卡收集；请选“登录填写”。", 422
        )
    return None


def rules_of(held: Collection, fixed: Mapping[str, str]) -> Rules:
    """The rules of a collection as they are, with these fixed answers."""
    return Rules(
        title=held.title,
        access=held.access,
        opens_at=held.opens_at,
        closes_at=held.closes_at,
        anonymous=held.anonymous,
        roles=tuple(held.roles),
        quota=held.quota,
        fixed=fixed,
        retention_days=held.retention_days,
    )
