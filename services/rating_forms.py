"""A form that is to become a rating: whose it is to fill, what was typed, which files came with it.

Whatever is refused, nothing typed is lost: the refusal carries the filled form, and files that were good are
held under the person's account, so that the form shown again refers to them instead of asking for them anew.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from definitions.canonical import sha256_of
from forms.answers import Bound, bind, proposes_case, ratings
from forms.builder import PREFIX
from forms.context import Uploads
from forms.definition import FormDefinition
from forms.fields.file import File
from models.base import table_of
from models.campaign import Campaign, CampaignStatus
from models.notice import Attachment
from models.people import Role
from models.rating import Rating
from models.roster import Target
from services.actor import Actor
from services.attachments import Checked, FileStore, Upload, attach, attachments_of, check
from services.choices import StoredChoices
from services.definitions import form_of_campaign
from services.refusal import Refusal, forbidden, not_found
from services.retention import HELD, UPLOADS_KEPT, plan_expiry
from services.transaction import transaction
from services.uploads import sent_ahead

LOCAL = ZoneInfo("Asia/Shanghai")
_ROSTER = table_of(Target).c
_TARGET = select(_ROSTER.id).where(_ROSTER.key == bindparam("key"), _ROSTER.active)
_KEPT = re.compile(r"file-(\d{1,12})")


class FormRefused(Refusal):
    """A filled form that cannot be taken as it is; `bound` shows it again exactly as it was filled.

    The faults of single fields are in `bound.faults`; any other reason is the sentence.
    """

    def __init__(self, bound: Bound, why: Refusal | None = None) -> None:
        sentence = "；".join(f"{label}：{text}" for label, text in bound.faults)
        given = why or Refusal("form_refused", sentence, 422)
        super().__init__(given.code, given.sentence, given.status)
        self.bound = bound
        #: A reason that no single field shows.
        self.beyond_fields = why is not None


@dataclass(frozen=True)
class Rated:
    """Which rating the answers of a bound form are: whom, how, for which month, of which day."""

    target_id: int
    grade: str
    period: str
    happened_on: date


@dataclass(frozen=True)
class Filling:
    """A form filled without fault. digest: of all that was handed in, files included."""

    form_id: int
    form: FormDefinition
    bound: Bound
    answers: dict[str, Any]
    target_id: int
    grade: str
    period: str
    happened_on: date
    files: list[tuple[str, Checked]]
    digest: str

    @property
    def proposes_case(self) -> bool:
        """Whether the answers ask for a look as a rectification case."""
        return proposes_case(self.form, self.answers)


def method_of(campaign: Campaign, key: str) -> dict[str, Any]:
    """The method's line of the campaign's settings: key, name, form, raters, secret."""
    for method in campaign.settings["methods"]:
        if method["key"] == key:
            return dict(method)
    raise not_found("测评方式")


def rating_form(
    session: Session, actor: Actor, campaign: Campaign, method_key: str
) -> tuple[int, FormDefinition]:
    """The form by which this person rates by this method, with its id; refused if it is not theirs to fill."""
    found = form_to_fill(session, actor, campaign, method_key)
    refuse_unless_open(campaign)
    return found


def form_to_fill(
    session: Session, actor: Actor, campaign: Campaign, method_key: str
) -> tuple[int, FormDefinition]:
    """As `rating_form`, also while the campaign takes no ratings."""
    method = method_of(campaign, method_key)
    if method["secret"] or not actor.roles & set(method["raters"]):
        raise forbidden(f"填报《{method['name']}》")
    if reports_for_monitor(campaign, method_key) and actor.monitor_id is None:
        raise Refusal(
            "monitor_missing", "您的账号还没有登记到监测点，暂不能填报，请与效能办管理员联系。", 403
        )
    return form_of_campaign(session, campaign, method["form"])


def reports_for_monitor(campaign: Campaign, method_key: str) -> bool:
    """Whether the one who rates by this method is the monitor, not the person."""
    return Role.MONITOR in method_of(campaign, method_key)["raters"]


def refuse_unless_open(campaign: Campaign) -> None:
    """Nothing counts before a campaign is opened or after it was closed."""
    if campaign.status is not CampaignStatus.OPEN:
        raise Refusal(
            "campaign_not_open", f"活动“{campaign.name}”目前不接收测评（未启动或已截止）。已填内容没有提交。"
        )


def read_filling(
    session: Session,
    actor: Actor,
    campaign: Campaign,
    *,
    method_key: str,
    form_id: int,
    form: FormDefinition,
    formdata: Any,
    files: Uploads | None,
    store: FileStore,
    now: datetime,
    corrects: Rating | None = None,
) -> Filling:
    """Read what was posted; everything that is wrong with it becomes one FormRefused."""
    bound = bind(form, formdata, choices=StoredChoices(session), files=files, now=now)
    checked, why = checked_uploads(bound)
    try:
        refuse_unless_open(campaign)
        if why is not None:
            raise why
        if bound.answers is None:
            raise FormRefused(bound)
        filling = _filling(
            session,
            actor,
            form_id=form_id,
            bound=bound,
            checked=checked,
            store=store,
            corrects=corrects,
            now=now,
        )
        _refuse_day(campaign, method_key, filling, now=now, correcting=corrects is not None)
    except Refusal as refusal:
        raise refused(session, actor, bound, refusal, checked=checked, store=store, now=now) from refusal
    return filling


def refused(
    session: Session,
    actor: Actor,
    bound: Bound,
    why: Refusal,
    *,
    checked: list[tuple[str, Checked]],
    store: FileStore,
    now: datetime,
) -> FormRefused:
    """The refusal with the filled form; its good new files are held and named by the form shown again."""
    kept = {file.sha256 for file in _kept_before(session, bound)}
    new = [(field, file) for field, file in checked if file.sha256 not in kept]
    with transaction(session):
        rows = attach(session, actor, store, new, owner_kind=HELD, owner_id=actor.person, now=now)
        if rows:
            plan_expiry(session, now + UPLOADS_KEPT)
    for row in rows:
        control = bound.form[f"{PREFIX}{row.field}"]
        ids = [*control.posted.get("kept", ()), kept_id(row)]
        control.posted = {**control.posted, "kept": ids[: control.spec.at_most]}
    return why if isinstance(why, FormRefused) else FormRefused(bound, why)


def kept_id(row: Attachment) -> str:
    """How a form refers to a file that is already here."""
    return f"file-{row.id:08d}"


def answers_to_correct(session: Session, form: FormDefinition, rating: Rating) -> dict[str, Any]:
    """The answers of a rating as its form shows them for correction; files are referred to, not asked anew."""
    shown = dict(rating.answers)
    for field in form.fields:
        if isinstance(field, File):
            shown.pop(field.key, None)
    for row in attachments_of(session, "rating", rating.id):
        shown.setdefault(row.field, []).append({"id": kept_id(row)})
    return shown


def checked_uploads(
    bound: Bound, *, unasked: bool = False
) -> tuple[list[tuple[str, Checked]], Refusal | None]:
    """The files that came with a form and may be kept, and why another may not.

    unasked: also those of fields that are hidden now; a draft keeps everything.
    """
    checked: list[tuple[str, Checked]] = []
    why: Refusal | None = None
    uploads = {field.spec.key: field.uploads for field in bound.form} if unasked else bound.uploads
    for field, files in uploads.items():
        for upload in files:
            try:
                checked.append((field, checked_upload(upload)))
            except Refusal as refusal:
                why = why or refusal
    # A fault that the field itself names is said there.
    return checked, None if bound.answers is None else why


def checked_upload(upload: Any) -> Checked:
    """A file that came with a form, read and checked; `upload` has `filename` and `stream`."""
    return check(Upload(upload.filename or "附件", upload.stream.read()))


def _filling(
    session: Session,
    actor: Actor,
    *,
    form_id: int,
    bound: Bound,
    checked: list[tuple[str, Checked]],
    store: FileStore,
    corrects: Rating | None,
    now: datetime,
) -> Filling:
    form, answers = bound.definition, dict(bound.answers or {})
    rated = _rated(session, form, answers, now)
    files: list[tuple[str, Checked]] = []
    for field in form.fields:
        if not isinstance(field, File) or field.key not in answers:
            continue
        ids = [item["id"] for item in answers[field.key] if "id" in item]
        kept = [_kept_file(session, actor, store, field.key, key, corrects) for key in ids]
        own = [*kept, *(file for key, file in checked if key == field.key)]
        files += [(field.key, file) for file in own]
        answers[field.key] = [{"name": file.file_name, "bytes": len(file.content)} for file in own]
    digest = sha256_of({"form": form_id, "answers": answers, "files": [file.sha256 for _, file in files]})
    return Filling(
        form_id=form_id,
        form=form,
        bound=bound,
        answers=answers,
        target_id=rated.target_id,
        grade=rated.grade,
        period=rated.period,
        happened_on=rated.happened_on,
        files=files,
        digest=digest,
    )


def rated_by(
    session: Session,
    campaign: Campaign,
    method_key: str,
    form: FormDefinition,
    answers: dict[str, Any],
    *,
    now: datetime,
) -> Rated:
    """Which rating these answers are; refused where the campaign cannot take it now."""
    refuse_unless_open(campaign)
    rated = _rated(session, form, answers, now)
    _refuse_day(campaign, method_key, rated, now=now)
    return rated


def _rated(session: Session, form: FormDefinition, answers: dict[str, Any], now: datetime) -> Rated:
    chosen = ratings(form, answers)
    if not chosen:
        raise Refusal("form_unbound", "这张表没有给出测评对象和评价，不能作为一次测评，请管理员检查表单。")
    target_key, grade = chosen[0]
    return Rated(
        _target_id(session, target_key), grade, _period(form, answers), _happened_on(form, answers, now)
    )


def _kept_before(session: Session, bound: Bound) -> list[Attachment]:
    ids = [
        int(match[1])
        for control in bound.form
        if isinstance(control.spec, File)
        for key in control.posted.get("kept", ())
        if (match := _KEPT.fullmatch(key))
    ]
    return list(session.execute(select(Attachment).where(Attachment.id.in_(ids))).scalars()) if ids else []


def _kept_file(
    session: Session, actor: Actor, store: FileStore, field: str, key: str, corrects: Rating | None
) -> Checked:
    """A file that is already here, if it is this person's own or of the rating that is being corrected."""
    ahead = sent_ahead(session, actor.user_id, field, key, store)
    if ahead is not None:
        return ahead
    match = _KEPT.fullmatch(key)
    row = session.get(Attachment, int(match[1])) if match else None
    held = row is not None and row.owner_kind == HELD and row.owner_id == actor.user_id
    earlier = (
        row is not None
        and corrects is not None
        and row.owner_kind == "rating"
        and row.owner_id == corrects.id
    )
    if row is None or not (held or earlier):
        raise Refusal("file_gone", "先前上传的照片已经找不到，请去掉勾选，重新选择照片。", 422)
    return Checked(row.file_name, row.media_type, store.path(row.sha256).read_bytes(), row.sha256)


def _target_id(session: Session, key: str) -> int:
    found = session.execute(_TARGET, {"key": key}).scalar_one_or_none()
    if found is None:
        raise Refusal("target_unknown", "所选测评对象不存在或已停用，请重新选择。", 422)
    return int(found)


def _period(form: FormDefinition, answers: dict[str, Any]) -> str:
    period = form.binding.period if form.binding else None
    return str(answers.get(period, ""))[:7] if period else ""


def _happened_on(form: FormDefinition, answers: dict[str, Any], now: datetime) -> date:
    """The day the form speaks of: its first date; today where it asks none."""
    for field in form.fields:
        if field.type in ("date", "datetime") and answers.get(field.key):
            text = str(answers[field.key])
            return date.fromisoformat(text[:10] if len(text) >= 10 else f"{text}-01")
    return now.astimezone(LOCAL).date()


def _refuse_day(
    campaign: Campaign, method_key: str, filling: Filling | Rated, *, now: datetime, correcting: bool = False
) -> None:
    """What happened outside the campaign, or too long ago, counts for nothing."""
    first, last = campaign.starts_on, campaign.ends_on
    if filling.period:
        first = first.replace(day=1)
    if not first <= filling.happened_on <= last:
        raise Refusal(
            "outside_campaign",
            f"活动“{campaign.name}”只收{first:%Y-%m-%d}至{last:%Y-%m-%d}之间的测评，请核对表上的日期。",
            422,
        )
    days = campaign.settings.get(f"{method_key}_backdate_days")
    # A correction may come late: it says anew what was reported in time.
    if days is None or correcting:
        return
    if filling.happened_on < now.astimezone(LOCAL).date() - timedelta(days=int(days)):
        raise Refusal("too_late", f"这件事已超过{days}天，不能再补报，请核对表上的时间。", 422)
