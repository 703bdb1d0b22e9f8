"""The rater's phone: report, sum a month up, inspect, read and correct one's own reports."""

from __future__ import annotations

import re
import secrets
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l

from forms.answers import open_form, printed
from models.campaign import Campaign
from models.people import Role
from models.rating import Rating
from portal.access import allow, current_actor
from portal.clock import now
from portal.database import database
from portal.downloads import file_answer
from portal.files import file_store
from portal.menu import MenuEntry
from portal.monitor import case_views
from portal.monitor.blueprint import Page, blueprint, campaign_now
from portal.posted import typed_form
from services import ratings, reports
from services.attachments import attachments_of
from services.choices import StoredChoices
from services.definitions import form_of
from services.form_paper import filled_rating
from services.messages import unread_count
from services.prefills import Known, month_of, prefilled
from services.rating_forms import FormRefused, answers_to_correct, method_of, rating_form, reports_for_monitor
from services.reporter_cases import asked_back

__all__ = ["MENU", "blueprint", "case_views"]

MENU = (
    MenuEntry("monitor.index", _l("我的测评"), _l("测评"), order=10),
    MenuEntry("monitor.cases", _l("请我再评价"), _l("测评"), order=11),
)

_TOKEN = re.compile(r"[0-9A-Za-z_-]{16,64}")


def page_token() -> str:
    """The token of this page: kept when a refused page is shown again, so that it stays one report."""
    sent = request.form.get("token", "")
    return sent if _TOKEN.fullmatch(sent) else secrets.token_urlsafe(24)


@blueprint.get("")
@allow(Role.MONITOR, Role.INSPECTOR)
def index() -> Page:
    """What there is to fill in, the month so far, and one's own reports."""
    campaign, actor = campaign_now(), current_actor()
    page = max(request.args.get("page", 1, type=int), 1)
    found, total = reports.own_reports(database.session, actor, campaign.id, page=page)
    month = reports.this_month(now())
    return render_template(
        "monitor/index.html",
        methods=[
            method
            for method in campaign.settings["methods"]
            if not method["secret"] and actor.roles & set(method["raters"])
        ],
        open=campaign.status == "open",
        reports=found,
        total=total,
        page=page,
        pages=max(-(-total // 50), 1),
        month=month,
        lines=reports.month_lines(database.session, actor, campaign.id, month),
        asked=len(asked_back(database.session, actor, now=now())),
        unread=unread_count(database.session, actor),
        **_words(campaign),
    )


@blueprint.route("/fill/<method>", methods=["GET", "POST"])
@blueprint.route("/instant", methods=["GET", "POST"], defaults={"method": "instant"})
@blueprint.route("/comprehensive", methods=["GET", "POST"], defaults={"method": "comprehensive"})
@blueprint.route("/inspect", methods=["GET", "POST"], defaults={"method": "inspection"})
@allow(Role.MONITOR, Role.INSPECTOR)
def fill(method: str) -> Page:
    """One form, which becomes one rating."""
    campaign, actor = campaign_now(), current_actor()
    if request.method == "GET":
        return _empty_form(campaign, method)
    try:
        taken = ratings.submit_rating(
            database.session,
            actor,
            campaign,
            method,
            formdata=typed_form(),
            files=request.files,
            token=page_token(),
            store=file_store(),
            now=now(),
        )
    except FormRefused as refused:
        return _form_page(campaign, method, refused.bound.form, refused), refused.status
    return redirect(url_for("monitor.receipt", rating_id=taken.rating_id))


def _empty_form(campaign: Campaign, method: str) -> str:
    _, definition = rating_form(database.session, current_actor(), campaign, method)
    choices = StoredChoices(database.session)
    answers = prefilled(
        definition,
        link=request.args,
        choices=choices,
        known=Known(month=reports.month_due(campaign, now=now())),
        now=now(),
    )
    return _form_page(
        campaign, method, open_form(definition, choices=choices, answers=answers, now=now()), None
    )


def _form_page(campaign: Campaign, method: str, form: Any, refused: FormRefused | None) -> str:
    month = _month_shown(campaign, form)
    return render_template(
        "monitor/fill.html",
        form=form,
        refused=refused,
        token=page_token(),
        method=method_of(campaign, method),
        month=month,
        months=reports.months_of(campaign, now=now())[:3],
        due=reports.due_day(campaign, month) if month else None,
        today=reports.office_day(now()),
        lines=reports.month_lines(database.session, current_actor(), campaign.id, month) if month else [],
        **_words(campaign),
    )


def _month_shown(campaign: Campaign, form: Any) -> str:
    """The month a monthly form speaks of; empty for forms that are not monthly."""
    binding = form.definition.binding
    if binding is None or not binding.period:
        return ""
    typed = month_of({"month": form[f"f_{binding.period}"].shown()})
    return typed or reports.month_due(campaign, now=now())


@blueprint.get("/reports/<int:rating_id>/receipt")
@allow(Role.MONITOR, Role.INSPECTOR)
def receipt(rating_id: int) -> Page:
    """That it was received: number, time, content, and how to correct it."""
    return _report_page(ratings.own_rating(database.session, current_actor(), rating_id), fresh=True)


@blueprint.get("/reports/<int:rating_id>")
@allow(Role.MONITOR, Role.INSPECTOR)
def report(rating_id: int) -> Page:
    """One's own report, in the version of the form it was made with."""
    return _report_page(ratings.own_rating(database.session, current_actor(), rating_id), fresh=False)


@blueprint.get("/reports/<int:rating_id>/print.pdf")
@allow(Role.MONITOR, Role.INSPECTOR)
def printed_report(rating_id: int) -> Page:
    """One's own report on paper."""
    session, actor = database.session, current_actor()
    ratings.own_rating(session, actor, rating_id)
    pdf = filled_rating(session, actor, rating_id, store=file_store())
    return file_answer(pdf, f"report-{rating_id}.pdf", "application/pdf", inline=True)


def _report_page(rating: Rating, *, fresh: bool) -> str:
    campaign = database.session.get_one(Campaign, rating.campaign_id)
    definition = form_of(database.session, rating.form_id)
    return render_template(
        "monitor/report.html",
        rating=rating,
        fresh=fresh,
        form=definition,
        method=method_of(campaign, rating.method),
        state=reports.report_state(database.session, rating),
        newer=reports.newer_revision(database.session, rating),
        answers=printed(definition, rating.answers, choices=StoredChoices(database.session)),
        files=attachments_of(database.session, "rating", rating.id),
        open=campaign.status == "open",
        **_words(campaign),
    )


@blueprint.route("/reports/<int:rating_id>/correct", methods=["GET", "POST"])
@allow(Role.MONITOR, Role.INSPECTOR)
def correct(rating_id: int) -> Page:
    """Fill the same form anew; the old report stays to be read."""
    rating = ratings.own_rating(database.session, current_actor(), rating_id)
    if request.method == "GET":
        return _correction_page(rating, _form_to_correct(rating), None)
    try:
        taken = ratings.revise_rating(
            database.session,
            current_actor(),
            rating_id,
            formdata=typed_form(),
            files=request.files,
            token=page_token(),
            store=file_store(),
            now=now(),
        )
    except FormRefused as refused:
        return _correction_page(rating, refused.bound.form, refused), refused.status
    return redirect(url_for("monitor.receipt", rating_id=taken.rating_id))


def _form_to_correct(rating: Rating) -> Any:
    definition = form_of(database.session, rating.form_id)
    answers = answers_to_correct(database.session, definition, rating)
    return open_form(definition, choices=StoredChoices(database.session), answers=answers, now=now())


def _correction_page(rating: Rating, form: Any, refused: FormRefused | None) -> str:
    campaign = database.session.get_one(Campaign, rating.campaign_id)
    return render_template(
        "monitor/fill.html",
        form=form,
        refused=refused,
        token=page_token(),
        rating=rating,
        method=method_of(campaign, rating.method),
        month="",
        **_words(campaign),
    )


def _words(campaign: Campaign) -> dict[str, Any]:
    """Names of grades and methods as this campaign calls them."""
    return {
        "grades": {grade["key"]: grade["name"] for grade in campaign.settings["grades"]},
        "method_names": {method["key"]: method["name"] for method in campaign.settings["methods"]},
        "for_monitor": lambda key: reports_for_monitor(campaign, key),
    }
