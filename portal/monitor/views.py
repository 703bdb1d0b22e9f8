"""The rater's phone: report, sum a month up, inspect, read and correct one's own reports."""

from __future__ import annotations

import re
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from forms.answers import open_form, printed
from models.campaign import Campaign
from models.collection import AnswerDraft
from models.people import Role, User
from models.rating import Rating
from portal.access import allow, current_actor
from portal.clock import now
from portal.database import database
from portal.downloads import file_answer
from portal.files import file_store
from portal.filling.page import data_refused, data_saved, page_seen, page_token, wants_data
from portal.menu import MenuEntry
from portal.monitor import case_views
from portal.monitor.blueprint import Page, blueprint, campaign_now
from portal.posted import typed_form
from services import rating_drafts, ratings, reports
from services.answer_drafts import DraftMoved
from services.answer_pages import known_of, with_case
from services.attachments import attachments_of
from services.choices import StoredChoices
from services.definitions import form_of
from services.draft_lifting import Waiting, left_aside
from services.form_paper import filled_rating
from services.messages import unread_count
from services.prefills import Known, month_of, prefilled
from services.rating_forms import FormRefused, answers_to_correct, method_of, rating_form, reports_for_monitor
from services.refusal import Refusal
from services.reporter_cases import asked_back, own_running

__all__ = ["MENU", "blueprint", "case_views"]

MENU = (
    MenuEntry("monitor.index", _l("我的测评"), _l("测评"), order=10),
    MenuEntry("monitor.cases", _l("请我再评价"), _l("测评"), order=11),
)

_ABOUT = re.compile(r"[0-9A-Za-z_~-]{0,70}")


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
        begun=[
            (draft, _query(about))
            for draft, about in rating_drafts.begun_ratings(database.session, actor, campaign, now=now())
        ],
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
            about=about_sent(),
        )
    except FormRefused as refused:
        return _form_page(campaign, method, refused.bound.form, refused), refused.status
    return redirect(url_for("monitor.receipt", rating_id=taken.rating_id))


def about_asked() -> str:
    """What the link to the form named: its draft is another than that of the plain form."""
    named = f"{request.args.get('month', '')}~{request.args.get('target', '')}".strip("~")
    return named if _ABOUT.fullmatch(named) else ""


def about_sent() -> str:
    """The same, as the page sent it back."""
    sent = request.form.get("about", "")
    return sent if _ABOUT.fullmatch(sent) else ""


@blueprint.post("/fill/<method>/draft")
@allow(Role.MONITOR, Role.INSPECTOR)
def save_draft(method: str) -> Page:
    """Keep what was typed so far: at a press of the button, or by the page itself."""
    campaign = campaign_now()
    try:
        draft = rating_drafts.save_rating_draft(
            database.session,
            current_actor(),
            campaign,
            method,
            about_sent(),
            formdata=typed_form(),
            files=request.files,
            token=page_token(),
            seen=page_seen(),
            store=file_store(),
            now=now(),
        )
    except Refusal as refusal:
        if wants_data():
            return data_refused(refusal)
        if not isinstance(refusal, DraftMoved):
            raise
        flash(refusal.sentence, "warn")
        form = rating_drafts.as_typed(
            database.session, current_actor(), campaign, method, typed_form(), now=now()
        )
        return _form_page(campaign, method, form, None, draft=refusal.draft), refusal.status
    if wants_data():
        return data_saved(draft)
    flash(_("草稿已保存，在任何设备上登录后打开这张表，就能接着填。"), "ok")
    return redirect(url_for("monitor.fill", method=method, **_query(about_sent())))


@blueprint.post("/fill/<method>/lift")
@allow(Role.MONITOR, Role.INSPECTOR)
def lift(method: str) -> Page:
    """Move the draft to the form that the campaign uses now, or back."""
    campaign, actor, about = campaign_now(), current_actor(), about_sent()
    if request.form.get("do") != "back":
        rating_drafts.lift_rating(database.session, actor, campaign, method, about, now=now())
    else:
        try:
            rating_drafts.put_back_rating(
                database.session,
                actor,
                campaign,
                method,
                about,
                formdata=typed_form(),
                files=request.files,
                token=page_token(),
                seen=page_seen(),
                store=file_store(),
                now=now(),
            )
        except DraftMoved as moved:
            flash(moved.sentence, "warn")
            form = rating_drafts.as_typed(database.session, actor, campaign, method, typed_form(), now=now())
            return _form_page(campaign, method, form, None, draft=moved.draft), moved.status
        flash(_("已换回原来的版本，填的内容都在。"), "ok")
    return redirect(url_for("monitor.fill", method=method, **_query(about)))


@blueprint.post("/fill/<method>/restart")
@allow(Role.MONITOR, Role.INSPECTOR)
def restart(method: str) -> Page:
    """Forget the draft and begin with an empty form."""
    rating_drafts.drop_rating_draft(
        database.session, current_actor(), campaign_now(), method, about_sent(), store=file_store()
    )
    flash(_("已清空，可以重新填写。"), "ok")
    return redirect(url_for("monitor.fill", method=method, **_query(about_sent())))


def _query(about: str) -> dict[str, Any]:
    """The link's query that a draft was about."""
    month, _mark, target = about.rpartition("~")
    if not target:
        return {}
    if not month and month_of({"month": target}):
        return {"month": target}
    return {"month": month, "target": target} if month else {"target": target}


def _empty_form(campaign: Campaign, method: str) -> str:
    actor = current_actor()
    _, definition = rating_form(database.session, actor, campaign, method)
    draft = rating_drafts.rating_draft(database.session, actor, campaign, method, about_asked(), now=now())
    if draft is not None:
        waiting = rating_drafts.waiting_rating(database.session, actor, campaign, draft, now=now())
        if waiting is not None:
            return _lift_page(method, definition.name, draft, waiting)
        form = rating_drafts.reopened_rating(database.session, actor, campaign, draft, now=now())
        return _form_page(campaign, method, form, None, draft=draft)
    choices = StoredChoices(database.session)
    answers = prefilled(
        definition,
        link=request.args,
        choices=choices,
        known=with_case(database.session, actor, _known(campaign, method), request.args),
        now=now(),
    )
    return _form_page(
        campaign, method, open_form(definition, choices=choices, answers=answers, now=now()), None
    )


def _known(campaign: Campaign, method: str) -> Known:
    actor = current_actor()
    return known_of(
        database.session.get_one(User, actor.person),
        Known(month=reports.month_due(campaign, now=now())),
        last=rating_drafts.last_answers(database.session, actor, campaign, method),
    )


def _lift_page(method: str, title: str, draft: AnswerDraft, waiting: Waiting) -> str:
    """What the form that the campaign uses now means for a draft of the one before."""
    return render_template(
        "filling/lift.html",
        frame="monitor/frame.html",
        title=title,
        waiting=waiting,
        draft=draft,
        action=url_for("monitor.lift", method=method),
        authorised_by="session",
        hidden={"about": about_asked()},
        may_stay=False,
        back=False,
    )


def _form_page(
    campaign: Campaign,
    method: str,
    form: Any,
    refused: FormRefused | None,
    *,
    draft: AnswerDraft | None = None,
) -> str:
    month = _month_shown(campaign, form)
    return render_template(
        "monitor/fill.html",
        form=form,
        refused=refused,
        draft=draft,
        aside=left_aside(draft) if draft else [],
        seen=page_seen() if refused else (draft.seen if draft else 0),
        about=about_sent() if request.method == "POST" else about_asked(),
        token=draft.token if draft and not refused else page_token(),
        method=method_of(campaign, method),
        month=month,
        months=reports.months_of(campaign, now=now())[:3],
        due=reports.due_day(campaign, month) if month else None,
        today=reports.office_day(now()),
        lines=reports.month_lines(database.session, current_actor(), campaign.id, month) if month else [],
        visited=_visited(),
        again=[] if month else own_running(database.session, current_actor(), campaign.id, _visited()),
        **_words(campaign),
    )


def _visited() -> str:
    """The target that the link names; whatever is no key names none of them."""
    return request.args.get("target", "")[:60].replace("\0", "")


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
