"""The rules of a collection, as the office types them."""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateTimeLocalField,
    IntegerField,
    RadioField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from models.collection import Collection
from models.people import ROLE_NAMES
from portal.clock import OFFICE_ZONE
from portal.formats import local
from services.collection_rules import (
    LARGEST_QUOTA,
    LONGEST_GRACE,
    LONGEST_RETENTION,
    LONGEST_TITLE,
    LONGEST_WORDS,
    Rules,
)

_MOMENTS = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"]
_NUMBER = _l("请填写整数。")


class _Boxes(SelectMultipleField):
    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class _Number(IntegerField):
    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            raise ValueError(str(_NUMBER)) from error


class RulesForm(FlaskForm):
    """Who may answer, from when to when, how many, and what people are told."""

    title = StringField(
        _l("名称"),
        description=_l("填表人会看到，例如：2026年上半年办事群众问卷"),
        validators=[
            InputRequired(_l("请填写名称。")),
            Length(max=LONGEST_TITLE, message=_l("名称太长，请写短一些。")),
        ],
    )
    access = RadioField(
        _l("谁能填"),
        choices=[
            ("open", _l("得到链接或二维码的任何人")),
            ("code", _l("凭一次性代码卡，一卡一份")),
            ("account", _l("登录的人，按岗位")),
        ],
        validators=[InputRequired(_l("请选择谁能填。"))],
    )
    roles = _Boxes(
        _l("哪些岗位"),
        description=_l("只在“登录的人”时需要选"),
        choices=[(role.value, name) for role, name in ROLE_NAMES.items()],
    )
    anonymous = BooleanField(_l("匿名：不记谁填的、什么时刻填的；结束之前谁也不能看，小组不单列"))
    one_each = BooleanField(_l("一人一份（登录填写时；代码卡总是一卡一份）"))
    opens_at = DateTimeLocalField(
        _l("开始时间"),
        format=_MOMENTS,
        validators=[InputRequired(_l("请填写开始时间，写作2026-04-09 09:00。"))],
    )
    closes_at = DateTimeLocalField(
        _l("截止时间"),
        description=_l("留空就一直收到您结束为止；匿名收集必须写"),
        format=_MOMENTS,
        validators=[Optional()],
    )
    grace_minutes = _Number(
        _l("截止后宽限（分钟）"),
        description=_l("给截止时正在填的人；不宽限写0"),
        default=0,
        validators=[Optional(), NumberRange(0, LONGEST_GRACE, message=_l("写0到1440。"))],
    )
    quota = _Number(
        _l("份数上限"),
        description=_l("收满就不再接收；不限就留空"),
        validators=[Optional(), NumberRange(1, LARGEST_QUOTA, message=_l("写1到1000000。"))],
    )
    retention_days = _Number(
        _l("答卷保存天数"),
        description=_l("到期自动清除，清除记入日志；随活动长期保存就留空"),
        validators=[Optional(), NumberRange(1, LONGEST_RETENTION, message=_l("写1到3650。"))],
    )
    words_before = TextAreaField(
        _l("填写前的说明"), validators=[Length(max=LONGEST_WORDS, message=_l("说明太长，请写短一些。"))]
    )
    words_after = TextAreaField(
        _l("提交后的话"), validators=[Length(max=LONGEST_WORDS, message=_l("说明太长，请写短一些。"))]
    )

    def rules(self, fixed: dict[str, str]) -> Rules:
        """What was typed. fixed: field key → answer as posted."""
        return Rules(
            title=self.title.data or "",
            access=self.access.data or "",
            opens_at=_instant(self.opens_at.data),
            closes_at=_instant(self.closes_at.data) if self.closes_at.data else None,
            anonymous=bool(self.anonymous.data),
            roles=tuple(self.roles.data or ()),
            grace_minutes=self.grace_minutes.data or 0,
            quota=self.quota.data,
            one_each=bool(self.one_each.data),
            fixed=fixed,
            retention_days=self.retention_days.data,
            words_before=self.words_before.data or "",
            words_after=self.words_after.data or "",
        )


def _instant(wall: datetime) -> datetime:
    return wall.replace(tzinfo=OFFICE_ZONE)


def shown_rules(held: Collection) -> dict[str, object]:
    """A collection's rules as the form shows them."""
    return {
        "title": held.title,
        "access": held.access,
        "roles": held.roles,
        "anonymous": held.anonymous,
        "one_each": held.one_each,
        "opens_at": local(held.opens_at),
        "closes_at": local(held.closes_at) if held.closes_at else None,
        "grace_minutes": held.grace_minutes,
        "quota": held.quota,
        "retention_days": held.retention_days,
        "words_before": held.words_before,
        "words_after": held.words_after,
    }
