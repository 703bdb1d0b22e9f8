"""会签: what waits for my signature, one panel, and acting on it."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.access import allow, current_actor
from portal.clock import now
from portal.database import database
from portal.desk.blueprint import READERS, Page, blueprint
from portal.files import file_store
from services.actor import OFFICE
from services.panel_lists import panels_proposed, panels_waiting, step_names
from services.panel_pages import panel_page
from services.panels import Signature, act_on_panel
from services.refusal import Refusal
from workflow.panel import PanelAct

ACT_WORDS = {
    PanelAct.AGREE: _l("同意"),
    PanelAct.REFUSE: _l("不同意"),
    PanelAct.TRANSFER: _l("转办"),
    PanelAct.DELEGATE: _l("委派"),
    PanelAct.ADVISE: _l("答复委派"),
    PanelAct.ADD: _l("加签"),
    PanelAct.REMOVE: _l("减签"),
    PanelAct.RETURN: _l("退回"),
    PanelAct.RECALL: _l("撤回意见"),
    PanelAct.WITHDRAW: _l("撤回会签"),
}


@blueprint.get("/panels")
@allow(*OFFICE)
def panels() -> Page:
    """What waits for my signature, and what I proposed."""
    session, actor, at = database.session, current_actor(), now()
    waiting = panels_waiting(session, actor, now=at)
    proposed = panels_proposed(session, actor)
    return render_template(
        "desk/panels.html",
        waiting=waiting,
        proposed=proposed,
        steps=step_names(session, [*waiting, *proposed]),
    )


@blueprint.get("/panels/<int:panel_id>")
@allow(*READERS)
def panel(panel_id: int) -> Page:
    """One panel: the step, the seats, the record, what I can do."""
    return _page(panel_id)


def _page(panel_id: int, refusal: Refusal | None = None, words: str = "") -> str:
    page = panel_page(database.session, current_actor(), panel_id, now=now())
    return render_template(
        "desk/panel.html", page=page, case=page.row.case, acts=ACT_WORDS, refusal=refusal, words=words
    )


@blueprint.post("/panels/<int:panel_id>")
@allow(*OFFICE)
def act_on(panel_id: int) -> Page:
    """Sign, or hand on."""
    try:
        status = act_on_panel(
            database.session, current_actor(), _signature(panel_id), store=file_store(), now=now()
        ).status
    except Refusal as refusal:
        database.session.rollback()
        if refusal.status == 404:
            raise
        return _page(panel_id, refusal, request.form.get("words", "")[:2_000]), refusal.status
    said = {
        "agreed": _("会签同意，这一步已经办理。"),
        "refused": _("会签未获同意，这一步没有办理。"),
        "returned": _("已退回提出的人。"),
        "withdrawn": _("会签已撤回。"),
    }
    flash(said.get(status, _("已记录。")), "ok")
    return redirect(url_for("desk.panel", panel_id=panel_id))


def _signature(panel_id: int) -> Signature:
    form = request.form
    try:
        what = PanelAct(form.get("act", ""))
    except ValueError as error:
        raise Refusal("panel_act", _("请选择要办的事，再提交。"), 422) from error
    return Signature(
        panel_id,
        what,
        _number("seen_version") or 0,
        seat=_number("seat"),
        to=_number("to"),
        before=form.get("place") == "before",
        words=form.get("words", "").replace("\0", ""),
    )


def _number(name: str) -> int | None:
    """An id out of the form; None for what is none."""
    text = request.form.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
