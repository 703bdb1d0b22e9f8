"""Forms of the administrators' tables, each written out: nothing is derived from columns."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from flask_admin.form import BaseForm
from flask_babel import lazy_gettext as _l
from wtforms import DateField, HiddenField, IntegerField, PasswordField, RadioField, SelectField, StringField
from wtforms import SelectMultipleField as MultipleField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from admin.lists import (
    category_choices,
    dictionary_choices,
    entry_choices,
    monitor_choices,
    pack_choices,
    target_choices,
    unit_choices,
)
from models.campaign import CampaignStatus, DayKind
from models.people import ROLE_NAMES, Role
from services.roster_changes import LARGEST_POSITION

KEY_HINT = _l("小写字母开头，只含小写字母、数字和下划线；保存后不能再改")
DAY_KINDS = {
    DayKind.HOLIDAY: _l("法定节假日"),
    DayKind.MAKEUP: _l("调休上班"),
    DayKind.CLOSURE: _l("停止办公"),
    DayKind.HALF_DAY: _l("半日办公"),
}
CAMPAIGN_STATES = {
    CampaignStatus.PREPARED: _l("筹备"),
    CampaignStatus.OPEN: _l("进行中"),
    CampaignStatus.CLOSED: _l("已截止"),
}


def _choices(pairs: Iterable[tuple[Any, Any]]) -> list[SelectChoice]:
    return [SelectChoice(value, label) for value, label in pairs]


def _select(read: Any, *, empty: Any = None) -> Any:
    """Choices read anew for each form."""
    return lambda: _choices([*([("", empty)] if empty is not None else []), *read()])


def _number(text: Any) -> int | None:
    return int(text) if text not in (None, "") else None


def _truth(text: Any) -> bool | None:
    return text if isinstance(text, bool) or text is None else text == "True"


def _rows(label: Any, read: Any, *, empty: Any = None, required: bool = True) -> SelectField:
    validators = [InputRequired(_l("请选择。"))] if required else [Optional()]
    return SelectField(label, choices=_select(read, empty=empty), coerce=_number, validators=validators)


def _text(label: Any, longest: int, *, required: bool = True, hint: Any = "") -> StringField:
    validators = [InputRequired(_l("请填写。"))] if required else [Optional()]
    length = Length(max=longest, message=_l("超过%(max)d个字，请缩短。"))
    return StringField(label, [*validators, length], description=hint, filters=[_without_controls])


def _without_controls(text: str | None) -> str | None:
    """What no keyboard types and no page can show again."""
    return re.sub(r"[\x00-\x1f\x7f]", "", text) if text else text


def _position() -> IntegerField:
    return IntegerField(
        _l("排序"),
        [
            InputRequired(_l("请填写整数。")),
            NumberRange(0, LARGEST_POSITION, _l("应在%(min)s到%(max)s之间。")),
        ],
        default=0,
        description=_l("数字小的排在前面"),
    )


def _active(label: Any = None) -> RadioField:
    return RadioField(
        label or _l("状态"),
        choices=lambda: _choices([("True", _l("启用")), ("False", _l("停用"))]),
        coerce=_truth,
        default=True,
        validators=[InputRequired(_l("请选择。"))],
    )


class RowForm(BaseForm):
    """A row with the version that the person saw."""

    row_version = HiddenField(default="0")

    def values(self) -> dict[str, Any]:
        """What was filled in, by column; empty text for text left out."""
        return {
            name: "" if field.data is None and isinstance(field, StringField) else field.data
            for name, field in self._fields.items()
            if name != "row_version"
        }


def without_key(form: type[RowForm], *names: str) -> type[RowForm]:
    """The same form for a row that exists: what is fixed is not asked."""
    return type(f"Changed{form.__name__}", (form,), dict.fromkeys(names))


class CategoryForm(RowForm):
    """类别."""

    key = _text(_l("编码"), 60, hint=KEY_HINT)
    name = _text(_l("名称"), 60)
    position = _position()


class UnitForm(RowForm):
    """单位."""

    key = _text(_l("编码"), 60, hint=KEY_HINT)
    name = _text(_l("名称"), 120, hint=_l("与方案的写法一致，文书按此印发"))
    category_id = _rows(_l("类别"), category_choices)
    position = _position()
    active = _active()


class TargetForm(RowForm):
    """测评对象."""

    key = _text(_l("编码"), 60, hint=KEY_HINT)
    name = _text(_l("名称"), 120)
    unit_id = _rows(_l("单位"), unit_choices)
    person_in_charge = _text(_l("主要负责人"), 60, required=False)
    in_charge_since = DateField(_l("任职日期"), [Optional()])
    position = _position()
    active = _active()


class MonitorForm(RowForm):
    """监测点."""

    key = _text(_l("编码"), 60, hint=KEY_HINT)
    name = _text(_l("名称"), 120)
    kind = _text(_l("类型"), 60, required=False, hint=_l("如企业、个体工商户、社区"))
    contact = _text(_l("联系人"), 60, required=False)
    phone = _text(_l("联系电话"), 30, required=False)
    active = _active()


class DelegateForm(RowForm):
    """代表."""

    key = _text(_l("编码"), 60, hint=KEY_HINT)
    name = _text(_l("姓名"), 60)
    group = SelectField(
        _l("代表类别"),
        choices=_select(lambda: entry_choices("delegate_groups")),
        validators=[InputRequired(_l("请选择。"))],
    )
    organisation = _text(_l("所在单位"), 120, required=False)
    phone = _text(_l("联系电话"), 30, required=False)
    active = _active()


class EntryForm(RowForm):
    """字典条目."""

    dictionary_key = SelectField(
        _l("字典"), choices=_select(dictionary_choices), validators=[InputRequired(_l("请选择。"))]
    )
    key = _text(_l("编码"), 60, hint=KEY_HINT)
    name = _text(_l("名称"), 200)
    parent = _text(_l("上级条目的编码"), 60, required=False, hint=_l("第一级条目留空"))
    position = _position()
    active = _active()


class AccountForm(RowForm):
    """A new account."""

    login = _text(_l("登录名"), 60, hint=_l("保存后不能再改"))
    name = _text(_l("姓名"), 60, hint=_l("一人一号，不得共用"))
    phone = _text(_l("联系电话"), 30, required=False)
    roles = MultipleField(
        _l("岗位"),
        choices=lambda: _choices((role.value, ROLE_NAMES[role]) for role in Role),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    unit_id = _rows(_l("所属单位"), unit_choices, empty=_l("（无）"), required=False)
    target_id = _rows(_l("代表的测评对象"), target_choices, empty=_l("（无）"), required=False)
    monitor_id = _rows(_l("代表的监测点"), monitor_choices, empty=_l("（无）"), required=False)
    password = PasswordField(
        _l("首个密码"),
        [InputRequired(_l("请填写。"))],
        description=_l("至少10个字符；本人首次登录时必须修改"),
        render_kw={"autocomplete": "new-password"},
    )


class AccountChangeForm(AccountForm):
    """An account that exists; an empty password stays as it is."""

    login = None
    active = _active(_l("账号状态"))
    password = PasswordField(
        _l("重置密码"),
        [Optional()],
        description=_l("留空则不改；填写后本人须在下次登录时修改，已有登录全部退出"),
        render_kw={"autocomplete": "new-password"},
    )


class CampaignForm(RowForm):
    """A new campaign."""

    pack = SelectField(
        _l("方案包"),
        choices=_select(pack_choices),
        validators=[InputRequired(_l("请选择。"))],
        description=_l("只列出已发布的方案包"),
    )
    key = _text(_l("代号"), 60, hint=_l("如 2026；保存后不能再改"))
    name = _text(_l("名称"), 200, hint=_l("如“2026年度机关效能测评活动”"))
    starts_on = DateField(_l("开始日期"), [InputRequired(_l("请填写日期。"))])
    ends_on = DateField(_l("结束日期"), [InputRequired(_l("请填写日期。"))])
    public_url = _text(_l("公开网址"), 200, hint=_l("印在文书二维码里，供核验；如 https://xn.example.gov"))


class CampaignStatusForm(RowForm):
    """What changes of a campaign that exists."""

    status = RadioField(
        _l("状态"),
        choices=lambda: _choices((state.value, label) for state, label in CAMPAIGN_STATES.items()),
        coerce=lambda given: given if given is None else CampaignStatus(given).value,
        validators=[InputRequired(_l("请选择。"))],
    )
