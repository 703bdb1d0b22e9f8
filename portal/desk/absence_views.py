"""外出代理: who is away, who acts meanwhile."""

from __future__ import annotations

from datetime import date

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from models.people import Role
from portal.access import allow, current_actor
from portal.clock import OFFICE_ZONE, now
from portal.database import database
from portal.desk.blueprint import Page, blueprint
from services.absences import FOR_OTHERS, absences_of, colleagues, end_absence, record_absence
from services.actor import OFFICE
from services.refusal import Refusal


class AbsenceForm(FlaskForm):
    """登记外出代理."""

    person = SelectField(_l("外出的人"), coerce=int, validators=[InputRequired(_l("请选择外出的人。"))])
    substitute = SelectField(_l("代理人"), coerce=int, validators=[InputRequired(_l("请选择代理人。"))])
    first_day = DateField(_l("从"), validators=[InputRequired(_l("请填写日期。"))])
    last_day = DateField(
        _l("到"), description=_l("当天仍由代理人办理。"), validators=[InputRequired(_l("请填写日期。"))]
    )
    reason = StringField(
        _l("事由"),
        filters=[lambda value: (value or "").replace("\0", "")],
        validators=[DataRequired(_l("请填写事由。")), Length(max=200, message=_l("最多200字。"))],
    )


@blueprint.route("/absences", methods=["GET", "POST"])
@allow(*OFFICE, Role.ADMIN)
def absences() -> Page:
    """The list, and one more."""
    actor, session = current_actor(), database.session
    form = AbsenceForm()
    people = [(user.id, user.name) for user in colleagues(session)]
    form.substitute.choices = [(0, _("请选择")), *people]
    form.person.choices = (
        people if actor.has(*FOR_OTHERS) else [pair for pair in people if pair[0] == actor.user_id]
    )
    if request.method == "GET":
        form.first_day.data = form.last_day.data = _today()
    if not form.validate_on_submit():
        return _page(form), 422 if form.errors else 200
    try:
        record_absence(
            session,
            actor,
            person_id=form.person.data,
            substitute_id=form.substitute.data,
            first_day=form.first_day.data,
            last_day=form.last_day.data,
            reason=form.reason.data,
            now=now(),
        )
    except Refusal as refusal:
        return _page(form, refusal), refusal.status
    flash(_("已登记。代理人在这些日子里可以代为办理和会签，记录上写明由谁代谁。"), "ok")
    return redirect(url_for("desk.absences"))


@blueprint.post("/absences/<int:absence_id>/end")
@allow(*OFFICE, Role.ADMIN)
def end(absence_id: int) -> Page:
    """Back early."""
    end_absence(database.session, current_actor(), absence_id, now=now())
    flash(_("代理已结束。"), "ok")
    return redirect(url_for("desk.absences"))


def _page(form: AbsenceForm, refusal: Refusal | None = None) -> str:
    actor = current_actor()
    return render_template(
        "desk/absences.html",
        form=form,
        refusal=refusal,
        rows=absences_of(database.session, actor, now=now()),
        today=_today(),
        may_end=lambda row: row.person_id == actor.user_id or actor.has(*FOR_OTHERS),
    )


def _today() -> date:
    return now().astimezone(OFFICE_ZONE).date()
