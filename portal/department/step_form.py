"""The form of one step, made from what the procedure asks: words kept on refusal, files to be chosen again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import MultipleFileField
from wtforms import (
    BooleanField,
    DateField,
    Field,
    HiddenField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from services.attachments import Checked, Upload, check
from workflow.definition import Ask
from workflow.vocabulary import AskType

MOST_FILES = 10
LONGEST_TEXT, LONGEST_LINE = 20_000, 200
ACCEPTED_FILES = ".jpg,.jpeg,.png,.webp,.pdf,.docx,.xlsx"


class StepForm(FlaskForm):
    """What every step sends along: the version of the case the person saw when deciding."""

    seen = HiddenField()

    @property
    def seen_version(self) -> int | None:
        """The version as a number; None when it is no number at all, which no page of ours sends."""
        text = str(self.seen.data or "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def step_form(asks: Sequence[Ask], *, grades: Sequence[tuple[str, str]] = (), **given: Any) -> StepForm:
    """An instance of the form for these questions. grades: choices of a grade. given: first values by field."""
    fields = {f"a_{ask.field}": _field(ask, grades) for ask in asks}
    kind = type("StepFormOfAsks", (StepForm,), fields)
    form: StepForm = kind(data={f"a_{name}": value for name, value in given.items()})
    return form


def _field(ask: Ask, grades: Sequence[tuple[str, str]]) -> Field:
    words: dict[str, Any] = {"label": ask.label, "description": ask.hint or ""}
    needed = InputRequired(_l("请填写此项。")) if ask.required else Optional()
    choices = [(option.key, option.label) for option in ask.options]
    if ask.type is AskType.LONG_TEXT:
        return TextAreaField(validators=[needed, *_text(ask, LONGEST_TEXT)], render_kw={"rows": 6}, **words)
    if ask.type is AskType.NUMBER:
        limits = NumberRange(ask.at_least, ask.at_most, _between(ask))
        return IntegerField(validators=[needed, limits], render_kw={"inputmode": "numeric"}, **words)
    if ask.type is AskType.DATE:
        return DateField(validators=[needed], **words)
    if ask.type is AskType.BOOLEAN:
        return BooleanField(**words)
    if ask.type is AskType.CHOICES:
        return SelectMultipleField(validators=[needed], choices=choices, **words)
    if ask.type in (AskType.CHOICE, AskType.GRADE):
        offered = choices or list(grades)
        return SelectField(validators=[needed], choices=[("", _("请选择")), *offered], **words)
    if ask.type is AskType.FILES:
        words["description"] = ask.hint or _(
            "可一次选多个：照片、PDF、Word、Excel，每个不超过20MB，最多%(most)s个。", most=MOST_FILES
        )
        return MultipleFileField(
            validators=[_files_needed(ask)], render_kw={"accept": ACCEPTED_FILES, "multiple": True}, **words
        )
    return StringField(validators=[needed, *_text(ask, LONGEST_LINE)], **words)


def _between(ask: Ask) -> Any:
    if ask.at_least is not None and ask.at_most is not None:
        return _l("请填写%(low)s到%(high)s之间的整数。", low=ask.at_least, high=ask.at_most)
    return _l("请填写范围以内的整数。")


def _text(ask: Ask, longest: int) -> list[Any]:
    limit = Length(max=longest, message=_l("不能超过%(most)s字，更长的请作为附件。", most=longest))
    return [limit, _not_blank] if ask.required else [limit]


def _not_blank(_form: FlaskForm, field: Field) -> None:
    if not str(field.data or "").strip():
        raise ValidationError(_("请填写此项。"))


def _files_needed(ask: Ask) -> Any:
    def judge(_form: FlaskForm, field: Field) -> None:
        chosen = [file for file in field.data or () if getattr(file, "filename", "")]
        if ask.required and not chosen:
            raise ValidationError(_("请选择文件。"))
        if len(chosen) > MOST_FILES:
            raise ValidationError(_("一次最多%(most)s个文件，请合并后再传。", most=MOST_FILES))

    return judge


def answers(form: StepForm, asks: Sequence[Ask]) -> tuple[dict[str, Any], list[tuple[str, Checked]]]:
    """What was answered as plain values, and the files, checked. Raises Refusal for a file that cannot be kept.

    An answer left empty is left out; files stand among the answers by their names.
    """
    said: dict[str, Any] = {}
    files: list[tuple[str, Checked]] = []
    for ask in asks:
        value = form[f"a_{ask.field}"].data
        if ask.type is AskType.FILES:
            kept = [_checked(file) for file in value or () if getattr(file, "filename", "")]
            files += [(ask.field, file) for file in kept]
            value = [file.file_name for file in kept]
        if isinstance(value, date):
            value = value.isoformat()
        if isinstance(value, str):
            value = value.replace("\x00", "").replace("\r\n", "\n").strip()
        if value not in (None, "", []):
            said[ask.field] = value
    return said, files


def _checked(file: Any) -> Checked:
    return check(Upload(file.filename, file.read()))


def first_values(asks: Sequence[Ask], source: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the given values that the step asks for."""
    wanted = {ask.field for ask in asks}
    return {name: value for name, value in source.items() if name in wanted}
