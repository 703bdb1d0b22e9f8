"""The three small forms of an account."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import EqualTo, InputRequired, Length


class LoginForm(FlaskForm):
    """Name and password."""

    login = StringField(
        _l("登录名"),
        validators=[
            InputRequired(_l("请填写登录名。")),
            Length(max=60, message=_l("登录名不超过60个字符。")),
        ],
        render_kw={
            "autocomplete": "username",
            "autofocus": True,
            "autocapitalize": "none",
            "spellcheck": "false",
        },
    )
    password = PasswordField(
        _l("密码"),
        validators=[InputRequired(_l("请填写密码。")), Length(max=200, message=_l("密码不超过200个字符。"))],
        render_kw={"autocomplete": "current-password"},
    )


class PasswordForm(FlaskForm):
    """The old password and twice the new one."""

    old_password = PasswordField(
        _l("原密码"),
        validators=[InputRequired(_l("请填写原密码。")), Length(max=200)],
        render_kw={"autocomplete": "current-password"},
    )
    new_password = PasswordField(
        _l("新密码"),
        description=_l("至少10个字符，可以用一句好记的话；不要包含登录名。"),
        validators=[
            InputRequired(_l("请填写新密码。")),
            Length(max=200, message=_l("密码不超过200个字符。")),
        ],
        render_kw={"autocomplete": "new-password"},
    )
    repeated_password = PasswordField(
        _l("再填一次新密码"),
        validators=[
            InputRequired(_l("请再填一次新密码。")),
            EqualTo("new_password", _l("两次填写的新密码不一样，请重新填写。")),
        ],
        render_kw={"autocomplete": "new-password"},
    )
