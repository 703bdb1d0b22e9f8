"""What the pages of a collection show."""

from __future__ import annotations

import re
import secrets

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext as _

from forms.builder import grouped
from forms.definition import FormDefinition
from models.campaign import Campaign
from models.collection import Collection
from models.people import ROLE_NAMES
from portal.access import current_actor
from portal.clock import now
from portal.database import database
from portal.page import current_campaign
from portal.qr import qr_picture
from services import collection_codes, collections
from services.answer_access import counts_by_group, drafts_of
from services.choices import StoredChoices
from services.definitions import form_of
from services.mixing import smallest_group
from services.refusal import Refusal

blueprint = Blueprint("collections", __name__, url_prefix="/collections")
_TOKEN = re.compile(r"[0-9A-Za-z_-]{16,64}")
GROUPS = 6


def campaign_now() -> Campaign:
    """The campaign that forms are sent out in."""
    campaign = current_campaign()
    if campaign is None:
        raise Refusal("no_campaign", _("还没有建立测评活动，请先由管理员建立。"), 404)
    return campaign


def link_of(held: Collection, target: str | None = None, case: int | None = None) -> str:
    """The address that people open. target: key of the one it names beforehand; case: number of the case's page."""
    base = held.campaign.settings["public_url"]
    return f"{base}{url_for('filling.show', slug=held.slug, target=target, case=case)}"


def show_page(collection_id: int, refusal: Refusal | None = None) -> str:
    """One collection: its link, what came, its cards, its end."""
    held = collections.collection_for(database.session, current_actor(), collection_id)
    definition = form_of(database.session, held.form_id)
    choices = StoredChoices(database.session)
    sent = request.form.get("token", "")
    named = any(field.prefill == "target" for field in definition.fields)
    return render_template(
        "collections/show.html",
        held=held,
        definition=definition,
        refusal=refusal,
        state=state_of(held),
        link=link_of(held),
        picture=qr_picture(link_of(held)),
        targets=grouped(choices.entries("target")) if named and "target" not in held.prefill else [],
        fixed=_fixed_words(held, definition, choices),
        newer=collections.newer_form(database.session, held),
        drafts=drafts_of(database.session, held),
        spent=collection_codes.codes_spent(database.session, held),
        by_group=_groups(held),
        smallest=smallest_group(held.campaign),
        role_names=[name for role, name in ROLE_NAMES.items() if role.value in held.roles],
        token=sent if refusal and _TOKEN.fullmatch(sent) else secrets.token_urlsafe(24),
        typed=request.form,
        rows=range(GROUPS),
        now=now(),
    )


def state_of(held: Collection) -> str:
    """closed, full, over (past its time, not ended), waiting (not yet open) or open."""
    if held.closed_at is not None:
        return "closed"
    if held.closes_at is not None and now() > held.closes_at:
        return "over"
    if held.quota is not None and held.standing >= held.quota:
        return "full"
    return "waiting" if now() < held.opens_at else "open"


def _fixed_words(
    held: Collection, definition: FormDefinition, choices: StoredChoices
) -> list[tuple[str, str]]:
    from forms.context import Context

    context = Context(choices, None, now())
    found = []
    for key, typed in held.prefill.items():
        field = definition.field(key)
        if field is not None:
            answer = field.parse({"": [str(typed)]}, context)
            found.append((field.label, field.printed(answer, context) or str(typed)))
    return found


def _groups(held: Collection) -> list[tuple[str, int]]:
    """Counts by group where they may be shown."""
    if held.access != "code":
        return []
    try:
        counts = counts_by_group(database.session, current_actor(), held)
    except Refusal:
        return []
    return [(group or _("未分组"), count) for group, count in counts.items()] if set(counts) - {""} else []
