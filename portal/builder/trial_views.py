"""A draft tried out on any device, over a link that nobody can guess."""

from __future__ import annotations

import json

from flask import redirect, render_template, request, url_for
from markupsafe import Markup

from forms.answers import printed
from models.collection import TrialAnswer
from models.people import Role
from portal.access import PUBLIC, allow, current_actor, visitor
from portal.builder.blueprint import Page, blueprint
from portal.clock import now
from portal.database import database
from portal.page import current_campaign
from portal.posted import typed_form
from portal.qr import qr_picture
from services.form_trials import Trial, fill_trial, open_trial
from services.trial_answers import clear_trials, trials_of


@blueprint.route("/try/<token>", methods=["GET", "POST"])
@allow(PUBLIC)
def attempt(token: str) -> Page:
    """Fill in a draft; what would be stored is shown, and kept for the designer until the draft is published."""
    if request.method == "GET":
        return _trial_page(open_trial(database.session, token, now=now()))
    trial = fill_trial(database.session, token, formdata=typed_form(), files=request.files, now=now())
    if trial.bound is None or trial.bound.answers is None:
        return _trial_page(trial), 422
    shown = printed(trial.state.shown, trial.bound.answers, choices=trial.choices)
    targets = {entry.key: entry.label for entry in trial.choices.entries("target")}
    return render_template(
        "builder/tried.html",
        trial=trial,
        printed=shown,
        kept=json.dumps(trial.bound.answers, ensure_ascii=False, indent=2),
        targets=targets,
    )


def _trial_page(trial: Trial) -> str:
    asking = visitor()
    address, picture = "", Markup()
    tried: list[TrialAnswer] = []
    if asking is not None and asking.actor.has(Role.ADMIN):
        campaign = current_campaign()
        base = campaign.settings["public_url"] if campaign else request.host_url.rstrip("/")
        address = f"{base}{url_for('builder.attempt', token=trial.draft.token)}"
        picture = qr_picture(address)
        tried = trials_of(database.session, asking.actor, trial.draft)
    return render_template(
        "builder/try.html", trial=trial, form=trial.form, address=address, picture=picture, tried=tried
    )


@blueprint.post("/try/<token>/clear")
@allow(Role.ADMIN)
def clear(token: str) -> Page:
    """Forget what was tried so far."""
    trial = open_trial(database.session, token, now=now())
    clear_trials(database.session, current_actor(), trial.draft)
    return redirect(url_for("builder.attempt", token=token))
