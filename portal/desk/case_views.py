"""Cases: the list, its export, a new one, the page of one, the same for paper."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from models.campaign import Campaign
from models.case import Case
from models.notice import Attachment
from models.people import ROLE_NAMES, Role
from portal.access import allow, current_actor
from portal.clock import OFFICE_ZONE, now
from portal.collections.pages import link_of
from portal.database import database
from portal.desk.blueprint import (
    READERS,
    XLSX,
    Page,
    blueprint,
    campaign_or_404,
    filter_from_query,
    page_number,
    same_list,
)
from portal.desk.sheets import CaseForm
from portal.desk.workbooks import cases_workbook
from portal.downloads import file_answer
from portal.files import file_store
from portal.qr import qr_picture
from services.attachments import Checked, Upload, check
from services.case_collections import forms_about
from services.case_file import case_file
from services.case_lists import MOST_EXPORTED, CaseFilter, list_cases, running_cases, states_in_use
from services.case_opening import evidence_carried, evidence_offered, open_case_once, proposal_from
from services.costs import cost_ahead
from services.deductions import tiers_of
from services.definitions import scheme_of
from services.forced_moves import open_move
from services.messages import mark_read
from services.panel_lists import panels_of_case, step_names
from services.rating_items import MOST_ITEMS
from services.refusal import Refusal
from services.repeat_offence import earlier_cases
from services.roster_choices import categories, problems_by_aspect, targets_by_unit, units_by_category


@blueprint.get("/cases")
@allow(*READERS)
def cases() -> Page:
    """The filtered list."""
    campaign, session = campaign_or_404(), database.session
    which = filter_from_query(CaseFilter)
    found = list_cases(session, current_actor(), campaign, which, now=now(), page=page_number())
    return render_template(
        "desk/cases.html",
        found=found,
        which=which,
        states=[(state.key, state.name) for state in states_in_use(session, campaign).values()],
        tiers=[(tier.key, tier.name) for tier in tiers_of(scheme_of(session, campaign.scheme_id))],
        channels=[(item["key"], item["name"]) for item in campaign.settings["channels"]],
        categories=categories(session),
        units=units_by_category(session),
        targets=targets_by_unit(session, by_key=True),
        url=same_list("desk.cases"),
    )


@blueprint.get("/cases.xlsx")
@allow(*READERS)
def cases_export() -> Page:
    """The whole filtered list as a workbook."""
    which = filter_from_query(CaseFilter)
    found = list_cases(
        database.session, current_actor(), campaign_or_404(), which, now=now(), size=MOST_EXPORTED
    )
    day = now().astimezone(OFFICE_ZONE).date()
    return file_answer(cases_workbook(found.rows), _("整改事项%(day)s.xlsx", day=day.isoformat()), XLSX)


@blueprint.route("/cases/new", methods=["GET", "POST"])
@allow(Role.OFFICER, Role.HEAD)
def new_case() -> Page:
    """Open a case, of one's own knowledge or from a rating."""
    items, later = _items()
    form = _case_form(items)
    offered = _offered(form)
    chosen = _carried_ids() if request.method == "POST" else {row.id for row in offered}
    shown: dict[str, Any] = {
        "form": form,
        "offered": offered,
        "chosen": chosen,
        "items": items,
        "later": later,
        "running": _running(form),
    }
    if not form.validate_on_submit():
        return render_template("desk/new_case.html", **shown), 422 if form.errors else 200
    sheet = form.sheet(items)
    earlier = earlier_cases(database.session, campaign_or_404(), sheet)
    if earlier and request.form.get("repeats_seen") != earlier.numbers:
        return render_template("desk/new_case.html", **shown, earlier=earlier), 422
    try:
        case, fresh = open_case_once(
            database.session,
            current_actor(),
            _campaign_of_page().id,
            sheet,
            token=form.token.data or "",
            now=now(),
            files=[*_carried(form, chosen), *_evidence(form)],
            store=file_store(),
        )
    except Refusal as refusal:
        return render_template("desk/new_case.html", **shown, refusal=refusal), refusal.status
    flash(
        _("已立案，编号%(number)s。", number=case.number)
        if fresh
        else _("这张表已经收到过一次，没有重复立案。"),
        "ok" if fresh else "warn",
    )
    if later:
        return redirect(url_for("desk.new_case", rating=form.rating.data, item=later, how="split"))
    return redirect(url_for("desk.case", case_id=case.id))


def _campaign_of_page() -> Campaign:
    """The campaign the page was opened for; refused where another tab has switched since, lest the case be of that."""
    campaign = campaign_or_404()
    if request.form.get("campaign", str(campaign.id)) != str(campaign.id):
        raise Refusal(
            "campaign_switched",
            f"本页打开之后，您已切换到“{campaign.name}”，没有立案。请切换回原来的活动，再重新打开本页填写。",
        )
    return campaign


def _items() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The items of the rating that this case is about, and those that get a case of their own after it."""
    given = request.form if request.method == "POST" else request.args
    items = tuple(word[:130].replace("\0", "") for word in given.getlist("item")[:MOST_ITEMS])
    if request.method == "POST":
        return items, tuple(word[:130].replace("\0", "") for word in given.getlist("later")[:MOST_ITEMS])
    return (items[:1], items[1:]) if given.get("how") == "split" else (items, ())


def _running(form: CaseForm) -> tuple[Case, ...]:
    """What already runs at the target that is chosen."""
    target = form.target.data or ""
    if not (target.isascii() and target.isdigit() and len(target) < 10):
        return ()
    return running_cases(database.session, current_actor(), campaign_or_404().id, int(target))


def _case_form(items: tuple[str, ...]) -> CaseForm:
    campaign, session = campaign_or_404(), database.session
    form = CaseForm()
    form.offer(targets_by_unit(session), campaign.settings["channels"], problems_by_aspect(session))
    if request.method == "GET":
        rating = request.args.get("rating", "")
        proposal = (
            proposal_from(session, current_actor(), int(rating), items)
            if rating.isascii() and rating.isdigit() and len(rating) < 10
            else None
        )
        form.begin(_today(), proposal, request.args.get("target", ""))
    return form


def _rating_of(form: CaseForm) -> int | None:
    rating = form.rating.data or ""
    return int(rating) if rating.isascii() and rating.isdigit() and len(rating) < 10 else None


def _offered(form: CaseForm) -> list[Attachment]:
    """The rating's photos that can go along."""
    rating = _rating_of(form)
    return [] if rating is None else evidence_offered(database.session, current_actor(), rating)


def _carried_ids() -> set[int]:
    return {
        int(value)
        for value in request.form.getlist("carry")[:50]
        if value.isascii() and value.isdigit() and len(value) < 10
    }


def _carried(form: CaseForm, chosen: set[int]) -> list[tuple[str, Checked]]:
    rating = _rating_of(form)
    if rating is None or not chosen:
        return []
    return evidence_carried(database.session, current_actor(), file_store(), rating, chosen)


def _evidence(form: CaseForm) -> list[tuple[str, Checked]]:
    uploads = [upload for upload in form.evidence.data or [] if getattr(upload, "filename", "")]
    if len(uploads) > 20:
        raise Refusal("files_many", "一次最多20个文件；其余的可以在下达时补充。", 422)
    return [("evidence", check(Upload(upload.filename, upload.stream.read()))) for upload in uploads]


def _today() -> date:
    return now().astimezone(OFFICE_ZONE).date()


@blueprint.get("/cases/<int:case_id>")
@allow(*READERS)
def case(case_id: int) -> Page:
    """One case."""
    file = case_file(database.session, current_actor(), case_id, now=now())
    mark_read(database.session, current_actor(), now=now(), case_id=case_id)
    panels = panels_of_case(database.session, case_id)
    return render_template(
        "desk/case.html",
        file=file,
        case=file.case,
        panels=panels,
        ahead=cost_ahead(database.session, file.case),
        move=open_move(database.session, case_id),
        panel_steps=step_names(database.session, panels),
        forms_about=_forms_about(file.case),
    )


def _forms_about(case: Case) -> list[dict[str, Any]]:
    """Who can be asked to fill in what about the case, each with its link."""
    found = []
    for form in forms_about(database.session, current_actor(), case, now=now()):
        link = link_of(form.held, form.target, case.id)
        names = [name for role, name in ROLE_NAMES.items() if role.value in form.roles]
        found.append({"held": form.held, "link": link, "picture": qr_picture(link), "names": names})
    return found


@blueprint.get("/cases/<int:case_id>/print")
@allow(*READERS)
def case_print(case_id: int) -> Page:
    """The case on paper: everything unfolded, nothing to press."""
    file = case_file(database.session, current_actor(), case_id, now=now())
    return render_template("desk/case_print.html", file=file, case=file.case, printed_at=now())
