"""The sheet with which a case is opened."""

from __future__ import annotations

import secrets
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    MultipleFileField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from services.case_opening import Proposal
from services.cases import Problem
from services.roster_choices import Grouped

_WANTED = _l("请填写此项。")
_TOO_LONG = _l("最多20000字，更长的材料请作为附件。")


def _chosen(value: str | None) -> str:
    return value or ""


def _kept(value: str | None) -> str:
    """Without zero bytes, which no one types and not every database can keep; lines ended one way."""
    return (value or "").replace("\0", "").replace("\r\n", "\n")


class CaseForm(FlaskForm):
    """立案登记: what was found, where, by which channel."""

    target = SelectField(_l("测评对象"), validators=[InputRequired(_l("请选择测评对象。"))])
    channel = SelectField(_l("发现渠道"), validators=[InputRequired(_l("请选择发现渠道。"))])
    problem = SelectField(
        _l("问题类别"), description=_l("按突出问题字典两级归类；拿不准的可以不选。"), filters=[_chosen]
    )
    title = StringField(
        _l("事项名称"),
        description=_l("一句话说清问题，会印在文书上，不超过200字。"),
        filters=[_kept],
        validators=[DataRequired(_WANTED), Length(max=200, message=_l("最多200字。"))],
    )
    facts = TextAreaField(
        _l("查明的事实"),
        description=_l("时间、地点、经过、依据的材料；会印在整改通知书上，不要写出反映人。"),
        filters=[_kept],
        validators=[DataRequired(_WANTED), Length(max=20_000, message=_TOO_LONG)],
    )
    basis = TextAreaField(
        _l("依据"),
        description=_l("违反的规定或承诺；不填用通用写法。"),
        filters=[_kept],
        validators=[Optional(), Length(max=20_000, message=_TOO_LONG)],
    )
    requirement = TextAreaField(
        _l("整改要求"),
        description=_l("不填用通用写法。"),
        filters=[_kept],
        validators=[Optional(), Length(max=20_000, message=_TOO_LONG)],
    )
    found_on = DateField(_l("发现日期"), validators=[InputRequired(_l("请填写日期，例如2026-04-09。"))])
    grave = BooleanField(_l("情节严重（逾期后可以直接挂牌督办）"))
    evidence = MultipleFileField(
        _l("证据材料"), description=_l("照片、PDF、Word、Excel，每个不超过20MB；照片里的定位信息会被去除。")
    )
    rating = HiddenField(filters=[_kept])
    token = HiddenField(filters=[_kept])

    def offer(self, targets: Grouped, channels: list[dict[str, Any]], problems: Grouped) -> None:
        """Put the lists of now into the pickers."""
        self.target.choices = {"": [("", _l("请选择"))], **targets}
        self.channel.choices = [("", _l("请选择")), *((item["key"], item["name"]) for item in channels)]
        self.problem.choices = {"": [("", _l("（不归类）"))], **problems}

    def begin(self, today: date, proposal: Proposal | None, target: str) -> None:
        """Fill in what is known before anything was typed."""
        self.token.data = secrets.token_urlsafe(24)
        self.found_on.data = today
        self.target.data = target
        if proposal is None:
            return
        self.rating.data = str(proposal.rating_id)
        self.target.data = str(proposal.target_id)
        self.channel.data = proposal.channel
        self.problem.data = proposal.problem
        self.title.data = proposal.title
        self.facts.data = proposal.facts
        self.found_on.data = proposal.found_on

    def sheet(self, items: tuple[str, ...] = ()) -> Problem:
        """What was typed, as the service wants it. items: of the rating, that it is about."""
        rating = self.rating.data or ""
        return Problem(
            target_id=int(self.target.data),
            channel=self.channel.data,
            problem=self.problem.data,
            title=self.title.data,
            facts=self.facts.data,
            basis=self.basis.data,
            requirement=self.requirement.data,
            found_on=self.found_on.data,
            grave=self.grave.data,
            rating_id=int(rating) if rating.isascii() and rating.isdigit() and len(rating) < 10 else None,
            items=items,
        )


class ServiceForm(FlaskForm):
    """送达登记: how, when and by whom a notice that starts no clock was received."""

    way = SelectField(_l("送达方式"), validators=[InputRequired(_l("请选择送达方式。"))])
    served_on = DateField(_l("送达日期"), description=_l("不填为当日。"), validators=[Optional()])
    receiver = StringField(
        _l("签收人"),
        filters=[_kept],
        validators=[DataRequired(_WANTED), Length(max=60, message=_l("最多60字。"))],
    )
    remark = TextAreaField(
        _l("代收或留置理由"), filters=[_kept], validators=[Length(max=2_000, message=_l("最多2000字。"))]
    )


class SheetForm(FlaskForm):
    """Words of a registered case that its state lets this person change; fields that it does not are taken out."""

    facts = TextAreaField(_l("查明的事实"), filters=[_kept], render_kw={"rows": 8})
    basis = TextAreaField(_l("依据"), filters=[_kept], render_kw={"rows": 4})
    requirement = TextAreaField(_l("整改要求"), filters=[_kept], render_kw={"rows": 4})
    seen_version = HiddenField(filters=[_kept])

    @property
    def version(self) -> int:
        """The version of the case the person saw; 0 for none, which no case has."""
        text = self.seen_version.data or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
