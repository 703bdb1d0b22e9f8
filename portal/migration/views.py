"""Dry run, execution and way back of a change of procedure under running cases."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from models.campaign import Campaign, Definition
from models.people import Role
from portal.access import allow, current_actor
from portal.clock import now
from portal.database import database
from portal.menu import MenuEntry
from portal.page import current_campaign
from services import case_migrations, migration_progress
from services.actor import OFFICE
from services.case_migrations import MOVERS
from services.definitions import workflow_of
from services.migration_plan import POLICIES, Plan, dry_run, newest_version
from services.refusal import Refusal

blueprint = Blueprint("migration", __name__, url_prefix="/procedure-changes")
MENU = (MenuEntry("migration.index", _l("流程变更"), _l("督办"), 17),)
READERS = (*OFFICE, Role.ADMIN, Role.AUDITOR)
#: How many cases a page lists; all of them are counted.
SHOWN = 300

Page = Response | str | tuple[str, int]
POLICY_NAMES = {
    "keep": _l("保持原日期"),
    "recompute": _l("按新流程重算"),
    "shift": _l("按天数差顺延或提前"),
}
VERDICTS = {
    "fits": (_l("直接转入"), "ok"),
    "mapped": (_l("按对应状态转入"), "info"),
    "needs_mapping": (_l("须指定对应状态"), "warn"),
    "stays": (_l("留在原流程"), "final"),
}


def _campaign() -> Campaign:
    campaign = current_campaign()
    if campaign is None:
        raise Refusal("no_campaign", _("还没有建立测评活动，请先由管理员建立。"), 404)
    return campaign


@blueprint.get("")
@allow(*READERS)
def index() -> Page:
    """What there is to move, and the migrations so far."""
    campaign, session = _campaign(), database.session
    goal = newest_version(session, campaign)
    plan = dry_run(session, campaign, goal, {}, "keep", now=now()) if goal else None
    return render_template(
        "migration/index.html",
        goal=goal,
        current=session.get_one(Definition, campaign.workflow_id),
        waiting=len(plan.rows) if plan else 0,
        rows=migration_progress.migrations(session, current_actor(), campaign),
        may=current_actor().has(*MOVERS),
        policies=POLICY_NAMES,
    )


@blueprint.route("/new", methods=["GET", "POST"])
@allow(*MOVERS)
def new() -> Page:
    """The dry run with its state map and policy; executed when it says what was seen."""
    campaign = _campaign()
    goal = newest_version(database.session, campaign)
    if goal is None:
        raise Refusal("no_version", _("没有已发布的流程，请先发布方案包。"), 404)
    if request.method == "GET" or request.form.get("act") != "execute":
        return _plan_page(campaign, goal)
    try:
        row = case_migrations.start_migration(
            database.session,
            current_actor(),
            campaign.id,
            state_map=_state_map(goal),
            policy=_policy(),
            reason=request.form.get("reason", ""),
            seen=request.form.get("seen", ""),
            now=now(),
        )
    except Refusal as refusal:
        database.session.rollback()
        return _plan_page(_campaign(), goal, refusal), refusal.status
    flash(_("已开始执行。事项多时分批办理，本页随时可以刷新查看进度。"), "ok")
    return redirect(url_for("migration.show", migration_id=row.id))


def _policy() -> str:
    chosen = request.values.get("policy", "keep")
    return chosen if chosen in POLICIES else "keep"


def _state_map(goal: Definition) -> dict[str, str]:
    """What the page says of states; only pairs that differ and lead to a state of the new version."""
    known = {state.key for state in workflow_of(database.session, goal.id).states}
    found = {}
    for name, value in request.values.items():
        key = name.removeprefix("to-")
        if name.startswith("to-") and value in known and value != key:
            found[key[:60]] = value
    return found


def _plan_page(campaign: Campaign, goal: Definition, refusal: Refusal | None = None) -> str:
    session = database.session
    state_map = _state_map(goal)
    plan = dry_run(session, campaign, goal, state_map, _policy(), now=now())
    return render_template(
        "migration/new.html",
        plan=plan,
        goal=goal,
        old_states=_old_states(plan),
        new_states=[state for state in workflow_of(session, goal.id).states if not state.final],
        chosen=state_map,
        policies=POLICY_NAMES,
        verdicts=VERDICTS,
        shown=SHOWN,
        refusal=refusal,
        typed=request.values,
    )


def _old_states(plan: Plan) -> list[tuple[str, str, int]]:
    """States in which cases stand: key, name, how many."""
    found: dict[str, tuple[str, int]] = {}
    for row in plan.rows:
        name, count = found.get(row.case.state, (row.state, 0))
        found[row.case.state] = (name, count + 1)
    return [(key, name, count) for key, (name, count) in found.items()]


@blueprint.get("/<int:migration_id>")
@allow(*READERS)
def show(migration_id: int) -> Page:
    """How far it is, what moved, what was left and why."""
    return _page(migration_id)


def _page(migration_id: int, refusal: Refusal | None = None) -> str:
    session, actor = database.session, current_actor()
    row = migration_progress.migration_for(session, actor, migration_id)
    return render_template(
        "migration/show.html",
        row=row,
        progress=migration_progress.progress_of(session, row),
        left=migration_progress.cases_of(session, row, "left"),
        went_on=migration_progress.cases_of(session, row, "went_on"),
        moves=migration_progress.moves_of(session, row),
        policies=POLICY_NAMES,
        may=actor.has(*MOVERS),
        refusal=refusal,
        typed=request.form,
        shown=SHOWN,
    )


@blueprint.post("/<int:migration_id>/back")
@allow(*MOVERS)
def back(migration_id: int) -> Page:
    """Take it back for all cases that have not gone on."""
    try:
        case_migrations.take_back(
            database.session, current_actor(), migration_id, reason=request.form.get("reason", ""), now=now()
        )
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        database.session.rollback()
        return _page(migration_id, refusal), refusal.status
    flash(_("已开始撤回。变更之后办理过其他步骤的事项保持新版本，并列在下面。"), "ok")
    return redirect(url_for("migration.show", migration_id=migration_id))
