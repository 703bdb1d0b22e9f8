"""Setting up a round."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, DateTimeLocalField, RadioField, StringField
from wtforms.validators import InputRequired, Length

_MOMENTS = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"]


class RoundForm(FlaskForm):
    """Over which targets, on which day, between which moments (office time)."""

    title = StringField(
        _l("名称"),
        description=_l("例如：2026年年中集中测评"),
        validators=[
            InputRequired(_l("请填写名称。")),
            Length(max=200, message=_l("名称不超过200个字。")),
        ],
    )
    method = RadioField(_l("测评方式"), validators=[InputRequired(_l("请选择测评方式。"))])
    which = RadioField(_l("测评对象"), validators=[InputRequired(_l("请选择测评对象。"))])
    held_on = DateField(_l("测评日期"), validators=[InputRequired(_l("请填写测评日期，写作2026-04-09。"))])
    opens_at = DateTimeLocalField(
        _l("投票开始"),
        format=_MOMENTS,
        validators=[InputRequired(_l("请填写开始时间，写作2026-04-09 09:00。"))],
    )
    closes_at = DateTimeLocalField(
        _l("投票结束"),
        format=_MOMENTS,
        validators=[InputRequired(_l("请填写结束时间，写作2026-04-09 18:00。"))],
    )
