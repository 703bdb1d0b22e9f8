"""Pages of the ranking, its explanations and its published editions."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from models.people import Role
from portal.access import allow, current_actor
from portal.clock import now
from portal.database import database
from portal.downloads import file_answer
from portal.formats import datetime_zh
from portal.menu import MenuEntry
from portal.ranking.asking import (
    PAGE,
    asked_moment,
    asked_page,
    asked_text,
    case_link,
    page_link,
    ranking_campaign,
)
from services import editions, explanations, rating_lists, results
from services.explanations import SEES_RANKING
from services.refusal import Refusal

blueprint = Blueprint("ranking", __name__, url_prefix="/ranking")
blueprint.add_app_template_global(case_link)

MENU = (
    MenuEntry("ranking.index", _l("排名"), _l("结果"), 300),
    MenuEntry("ranking.outcomes", _l("结果运用"), _l("结果"), 310),
    MenuEntry("ranking.all_editions", _l("公布结果"), _l("结果"), 320),
)

Page = Response | str | tuple[str, int]


@blueprint.get("")
@allow(*SEES_RANKING)
def index() -> Page:
    """The ranking of one category, a hundred lines a page, now or as of an earlier day."""
    campaign = ranking_campaign()
    as_of = asked_moment(request.args)
    ranking = explanations.ranking_for(database.session, current_actor(), campaign, as_of=as_of)
    asked = request.args.get("category", "")
    category = asked if asked in ranking.categories else next(iter(ranking.categories), "")
    word = asked_text(request.args.get("word", ""), longest=80)
    lines = explanations.matching(ranking.by_category.get(category, ()), word)
    page = min(asked_page(request.args), max(1, -(-len(lines) // PAGE)))
    return render_template(
        "ranking/index.html",
        ranking=ranking,
        as_of=as_of,
        category=category,
        word=word,
        lines=[explanations.shown(line) for line in lines[(page - 1) * PAGE : page * PAGE]],
        total=len(lines),
        page=page,
        pages=-(-len(lines) // PAGE),
        page_link=page_link,
        methods=explanations.column_names(campaign, ranking.scheme),
    )


@blueprint.get("/export.xlsx")
@allow(*SEES_RANKING)
def export() -> Response:
    """The whole ranking as a workbook."""
    campaign = ranking_campaign()
    as_of = asked_moment(request.args)
    ranking = explanations.ranking_for(database.session, current_actor(), campaign, as_of=as_of)
    moment = as_of or now()
    heading = [
        campaign.name,
        _(
            "截至%(at)s，%(scheme)s第%(version)s版",
            at=datetime_zh(moment),
            scheme=ranking.scheme.name,
            version=ranking.scheme.version,
        ),
    ]
    if campaign.demonstration:
        heading.append(_("演示数据，不代表任何真实单位"))
    if ranking.provisional:
        heading.append(_("△ 暂定：有的测评对象缺少某种方式的测评，见“暂缺”一列"))
    from portal.ranking.workbook import MEDIA_TYPE, ranking_workbook  # loads a library that pages do without

    content = ranking_workbook(ranking, heading=tuple(heading))
    return file_answer(content, f"ranking-{campaign.key}-{moment:%Y%m%d}.xlsx", MEDIA_TYPE)


@blueprint.get("/own")
@allow(Role.TARGET)
def own() -> Page:
    """A target's own explanation; the head of a unit chooses among its targets."""
    found = explanations.own_lines(database.session, current_actor(), ranking_campaign())
    if len(found) == 1:
        return redirect(url_for("ranking.explanation", target_id=found[0][0]))
    return render_template("ranking/own.html", lines=found)


@blueprint.get("/<int:target_id>")
@allow(*SEES_RANKING, Role.TARGET)
def explanation(target_id: int) -> Page:
    """Why one target has its score."""
    as_of = asked_moment(request.args)
    found = explanations.explanation_for(
        database.session, current_actor(), ranking_campaign(), target_id=target_id, now=now(), as_of=as_of
    )
    return render_template("ranking/explanation.html", found=found, as_of=as_of if found.full else None)


@blueprint.get("/<int:target_id>/<method>")
@allow(*SEES_RANKING, Role.TARGET)
def ratings(target_id: int, method: str) -> Page:
    """The ratings behind one figure."""
    found = rating_lists.ratings_behind_figure(
        database.session,
        current_actor(),
        ranking_campaign(),
        target_id=target_id,
        method=method,
        grade=request.args.get("grade", ""),
        page=asked_page(request.args),
        now=now(),
    )
    return render_template(
        "ranking/ratings.html", found=found, grade=request.args.get("grade", ""), page_link=page_link
    )


@blueprint.get("/outcomes")
@allow(*SEES_RANKING)
def outcomes() -> Page:
    """What follows from the ranking as it stands, with reasons and the notices it leads to."""
    as_of = asked_moment(request.args)
    found = editions.outcomes_of(database.session, current_actor(), ranking_campaign(), as_of=as_of)
    return render_template("ranking/outcomes.html", found=found, as_of=as_of)


@blueprint.get("/editions")
@allow(*SEES_RANKING)
def all_editions(refusal: Refusal | None = None, reason: str = "") -> Page:
    """All editions; the form that proposes the next."""
    found = editions.edition_list(database.session, current_actor(), ranking_campaign())
    page = render_template("ranking/editions.html", found=found, refusal=refusal, reason=reason)
    return (page, refusal.status) if refusal else page


@blueprint.post("/editions")
@allow(Role.OFFICER, Role.REVIEWER, Role.HEAD)
def propose() -> Page:
    """Freeze the ranking as it stands, for another person to publish."""
    reason = asked_text(request.form.get("reason", ""), longest=2000)
    try:
        edition = results.propose_edition(
            database.session, current_actor(), ranking_campaign(), reason=reason, now=now()
        )
    except Refusal as refusal:
        return all_editions(refusal, reason)
    flash(_("第%(edition)s版结果已冻结，等待另一位负责人批准公布。", edition=edition.edition), "ok")
    return redirect(url_for("ranking.edition", edition_id=edition.id))


@blueprint.get("/editions/<int:edition_id>")
@allow(*SEES_RANKING)
def edition(edition_id: int, refusal: Refusal | None = None) -> Page:
    """One frozen edition with its hash and its notices."""
    found = editions.edition_for(database.session, current_actor(), edition_id)
    sheet = editions.frozen_page(
        found.edition,
        category=request.args.get("category", ""),
        page=asked_page(request.args),
        campaign=ranking_campaign(),
    )
    page = render_template(
        "ranking/edition.html", found=found, sheet=sheet, page_link=page_link, refusal=refusal
    )
    return (page, refusal.status) if refusal else page


@blueprint.post("/editions/<int:edition_id>/publish")
@allow(Role.HEAD)
def publish(edition_id: int) -> Page:
    """Publish what another person proposed."""
    try:
        done = results.publish_edition(
            database.session,
            current_actor(),
            edition_id,
            accept_provisional=request.form.get("accept_provisional") == "yes",
            now=now(),
        )
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        return edition(edition_id, refusal)
    flash(_("第%(edition)s版结果已公布，文书已印发。", edition=done.edition), "ok")
    return redirect(url_for("ranking.edition", edition_id=edition_id))


@blueprint.post("/editions/<int:edition_id>/withdraw")
@allow(Role.OFFICER, Role.REVIEWER, Role.HEAD)
def withdraw(edition_id: int) -> Page:
    """Take back a proposed edition."""
    try:
        results.withdraw_edition(database.session, current_actor(), edition_id, now=now())
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        return edition(edition_id, refusal)
    flash(_("已撤回，这一版没有公布。"), "ok")
    return redirect(url_for("ranking.all_editions"))
