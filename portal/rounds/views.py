"""The office holds a round: set it up, print the cards once, close it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from datetime import datetime

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from models.campaign import Campaign
from models.people import Role
from portal.access import allow, current_actor
from portal.clock import OFFICE_ZONE, now
from portal.database import database
from portal.downloads import file_answer
from portal.menu import MenuEntry
from portal.page import current_campaign
from portal.qr import qr_picture
from portal.rounds import typing_views
from portal.rounds.blueprint import Page, blueprint
from portal.rounds.forms import RoundForm
from services import ballot_lists, ballots, form_paper
from services.mixing import smallest_group
from services.refusal import Refusal

__all__ = ["MENU", "blueprint", "typing_views"]

MENU = (MenuEntry("rounds.index", _l("集中测评"), _l("测评"), order=40),)

_TOKEN = re.compile(r"[0-9A-Za-z_-]{16,64}")


def campaign_now() -> Campaign:
    """The campaign rounds belong to."""
    campaign = current_campaign()
    if campaign is None:
        raise Refusal("no_campaign", "还没有建立测评活动，请先由管理员建立。", 404)
    return campaign


@blueprint.get("")
@allow(Role.ADMIN, Role.OFFICER)
def index() -> Page:
    """All rounds of the campaign."""
    campaign = campaign_now()
    held = ballots.rounds(database.session, current_actor(), campaign.id)
    return render_template("rounds/index.html", rounds=held, now=now(), open=campaign.status == "open")


@blueprint.route("/new", methods=["GET", "POST"])
@allow(Role.ADMIN, Role.OFFICER)
def new() -> Page:
    """Set up a round."""
    campaign = campaign_now()
    form = RoundForm()
    sets = {choice.key: choice for choice in ballot_lists.target_choices(database.session)}
    form.which.choices = [
        (key, _("%(name)s（%(count)s个）", name=choice.name or _("全部"), count=len(choice.target_ids)))
        for key, choice in sets.items()
    ]
    form.method.choices = ballot_lists.secret_methods(campaign)
    if request.method == "GET":
        form.which.data = "all"
        form.method.data = form.method.choices[0][0] if form.method.choices else None
    if not form.validate_on_submit():
        return render_template("rounds/new.html", form=form), 422 if form.errors else 200
    try:
        held = ballots.open_round(
            database.session,
            current_actor(),
            campaign,
            method_key=form.method.data,
            title=form.title.data,
            target_ids=list(sets[form.which.data].target_ids),
            held_on=form.held_on.data,
            opens_at=_instant(form.opens_at.data),
            closes_at=_instant(form.closes_at.data),
            now=now(),
        )
    except Refusal as refusal:
        return render_template("rounds/new.html", form=form, refusal=refusal), refusal.status
    flash(_("已建立，请印发代码卡。"), "ok")
    return redirect(url_for("rounds.show", round_id=held.id))


def _instant(wall: datetime) -> datetime:
    return wall.replace(tzinfo=OFFICE_ZONE)


@blueprint.get("/<int:round_id>")
@allow(Role.ADMIN, Role.OFFICER)
def show(round_id: int) -> Page:
    """One round: counts, cards, the end."""
    return _round_page(round_id)


def _round_page(round_id: int, refusal: Refusal | None = None) -> str:
    sent = request.form.get("token", "")
    return render_template(
        "rounds/show.html",
        round=ballot_lists.ballot_round(database.session, current_actor(), round_id),
        delegate_groups=ballot_lists.delegate_groups(database.session),
        typed=request.form,
        token=sent if refusal and _TOKEN.fullmatch(sent) else secrets.token_urlsafe(24),
        refusal=refusal,
        now=now(),
        smallest=smallest_group(campaign_now()),
    )


@blueprint.post("/<int:round_id>/cards")
@allow(Role.ADMIN, Role.OFFICER)
def cards(round_id: int) -> Page:
    """New cards, shown once: the answer to this very request is the only place where the codes exist."""
    groups = {group.key: group.name for group in ballot_lists.delegate_groups(database.session)}
    try:
        dealt = ballots.issue_codes(
            database.session,
            current_actor(),
            round_id,
            _counts(groups),
            now=now(),
            token=request.form.get("token", "")[:64],
        )
    except Refusal as refusal:
        return _round_page(round_id, refusal), refusal.status
    address = _address()
    return render_template(
        "rounds/cards.html",
        round=ballot_lists.ballot_round(database.session, current_actor(), round_id),
        cards=[(groups[group], code.split("-"), qr_picture(f"{address}#{code}")) for group, code in dealt],
        address=address,
    )


@blueprint.post("/<int:round_id>/ballots")
@allow(Role.ADMIN, Role.OFFICER)
def papers(round_id: int) -> Page:
    """New codes, each on a ballot of its own: this very file is the only place where the codes exist."""
    try:
        pdf = form_paper.issue_ballots(
            database.session,
            current_actor(),
            round_id,
            _counts(group.key for group in ballot_lists.delegate_groups(database.session)),
            address=_address(),
            now=now(),
            token=request.form.get("token", "")[:64],
        )
    except Refusal as refusal:
        return _round_page(round_id, refusal), refusal.status
    return file_answer(pdf, _("测评票.pdf"), "application/pdf")


@blueprint.get("/<int:round_id>/sample.pdf")
@allow(Role.ADMIN, Role.OFFICER)
def sample(round_id: int) -> Page:
    """The ballot without a code, to be looked at."""
    pdf = form_paper.ballot_sample(database.session, current_actor(), round_id)
    return file_answer(pdf, _("票样.pdf"), "application/pdf", inline=True)


def _counts(groups: Iterable[str]) -> dict[str, int]:
    """How many cards of each group were asked for; groups without any are left out."""
    counts = {key: _count(request.form.get(f"count-{key}", "")) for key in groups}
    return {key: count for key, count in counts.items() if count}


def _address() -> str:
    return f"{campaign_now().settings['public_url']}{url_for('ballot.enter')}"


def _count(typed: str) -> int:
    if not typed.strip():
        return 0
    if not re.fullmatch(r"\d{1,5}", typed.strip(), re.ASCII):
        raise Refusal("count_unreadable", "张数请填写整数，例如12；不印的类别留空。", 422)
    return int(typed)


@blueprint.post("/<int:round_id>/close")
@allow(Role.ADMIN, Role.OFFICER)
def close(round_id: int) -> Page:
    """Open the box: codes are destroyed, ballots mixed and counted."""
    try:
        if not request.form.get("sure"):
            raise Refusal("not_sure", "结束后不能再投票，也不能恢复。请勾选确认后再结束。", 422)
        held = ballots.close_round(database.session, current_actor(), round_id, now=now())
    except Refusal as refusal:
        return _round_page(round_id, refusal), refusal.status
    flash(
        _(
            "本轮已结束：印发%(issued)s张，收回%(returned)s票，已计入得分。",
            issued=held.issued,
            returned=held.returned,
        ),
        "ok",
    )
    return redirect(url_for("rounds.show", round_id=round_id))
