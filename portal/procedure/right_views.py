"""The page of a state's rights to fields (字段权限): a table that is sent as it stands."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from models.people import Role
from portal.access import allow
from portal.posted import typed_form
from portal.procedure.blueprint import Page, Sight, blueprint, hand, shared, sight_of
from portal.procedure.entry_views import found_in
from portal.procedure.pages import PERSONS
from portal.procedure.right_table import Group, cells_of, posted_cells, rights_said, table_of, with_cells
from services.refusal import Refusal
from workflow.edit import entry_in
from workflow.field_right import MAY_WORDS


@blueprint.route("/<key>/draft/states/<entry>/rights", methods=["GET", "POST"])
@allow(Role.ADMIN)
def rights(key: str, entry: str) -> Page:
    """Who sees, may fill and must fill which field while a case stands in a state."""
    sight = sight_of(key)
    state = found_in(lambda: entry_in(sight.draft.document, "states", entry))
    held = cells_of(sight.draft.document, entry)
    groups = table_of(sight.workflow, entry, held)
    if request.method == "GET":
        return _page(sight, entry, groups)
    cells = posted_cells(groups, typed_form())
    try:
        hand(key).edit(
            f"修改状态“{state['name']}”的字段权限", lambda document: with_cells(document, entry, cells)
        )
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        latest = sight_of(key)
        typed = table_of(latest.workflow, entry, cells)
        return _page(latest, entry, typed, refusal=refusal), refusal.status
    flash(_("字段权限已保存，可以用“撤销”找回。"), "ok")
    return redirect(url_for("procedure.entry", key=key, part="states", entry=entry, _anchor="s-rights"))


def _page(sight: Sight, state: str, groups: list[Group], *, refusal: Refusal | None = None) -> str:
    return render_template(
        "procedure/rights.html",
        state=sight.workflow.states_by_key[state],
        field_groups=groups,
        persons=PERSONS,
        words=MAY_WORDS,
        said=rights_said(sight, state),
        refusal=refusal,
        **shared(sight, state),
    )
