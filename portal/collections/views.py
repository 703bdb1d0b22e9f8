"""收集: from a published form to its link, poster and cards, and to the end."""

from __future__ import annotations

import re
import secrets
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from forms.answers import open_form, printed, reopen_form
from forms.builder import PREFIX, AnswerForm, grouped
from forms.definition import FormDefinition
from models.campaign import Campaign
from models.collection import Collection
from models.people import ROLE_NAMES, Role
from portal.access import allow, current_actor
from portal.clock import OFFICE_ZONE, now
from portal.collections.forms import RulesForm, shown_rules
from portal.database import database
from portal.formats import local
from portal.menu import MenuEntry
from portal.page import current_campaign
from portal.posted import typed_form
from portal.qr import qr_file, qr_picture
from portal.sessionless import Page
from services import collection_codes, collections
from services.answer_access import answer_by_number, counts_by_group, drafts_of
from services.answers import withdraw_answer
from services.choices import StoredChoices
from services.definitions import form_of
from services.mixing import smallest_group
from services.one_time_codes import MOST_CODES, spelt
from services.prefills import fixable
from services.refusal import Refusal

blueprint = Blueprint("collections", __name__, url_prefix="/collections")
MENU = (MenuEntry("collections.index", _l("表单收集"), _l("测评"), order=42),)

_TOKEN = re.compile(r"[0-9A-Za-z_-]{16,64}")
_GROUPS = 6


def campaign_now() -> Campaign:
    """The campaign that forms are sent out in."""
    campaign = current_campaign()
    if campaign is None:
        raise Refusal("no_campaign", _("还没有建立测评活动，请先由管理员建立。"), 404)
    return campaign


def link_of(held: Collection, target: str | None = None) -> str:
    """The address that people open. target: key of the one it names beforehand."""
    base = held.campaign.settings["public_url"]
    return f"{base}{url_for('filling.show', slug=held.slug, target=target)}"


@blueprint.get("")
@allow(Role.ADMIN, Role.OFFICER)
def index() -> Page:
    """All collections of the campaign."""
    campaign = campaign_now()
    held = collections.collections_of(database.session, current_actor(), campaign.id)
    return render_template("collections/index.html", collections=held, now=now())


@blueprint.get("/new")
@allow(Role.ADMIN, Role.OFFICER)
def choose() -> Page:
    """Which form to send out."""
    campaign = campaign_now()
    found = collections.forms_to_send(database.session, current_actor(), campaign)
    return render_template("collections/choose.html", forms=found)


@blueprint.route("/new/<key>", methods=["GET", "POST"])
@allow(Role.ADMIN, Role.OFFICER)
def new(key: str) -> Page:
    """Set the rules and send it out."""
    campaign = campaign_now()
    forms = dict(collections.forms_to_send(database.session, current_actor(), campaign))
    definition = forms.get(key)
    if definition is None:
        raise Refusal("not_found", _("没有这个可以发出的表单，它可能还没有发布。请从列表重新选择。"), 404)
    form = RulesForm()
    if request.method == "GET":
        _suggest(form, definition)
        return _rules_page(form, definition, None)
    if not form.validate():
        return _rules_page(form, definition, None), 422
    try:
        held = collections.create_collection(
            database.session, current_actor(), campaign, key, form.rules(_fixed(definition)), now=now()
        )
    except Refusal as refusal:
        return _rules_page(form, definition, None, refusal), refusal.status
    flash(_("已建立，可以把链接、二维码发出去了。"), "ok")
    return redirect(url_for("collections.show", collection_id=held.id))


def _suggest(form: RulesForm, definition: FormDefinition) -> None:
    """What the form itself says about who fills it in."""
    access = {"public": "open", "code": "code", "account": "account"}[definition.access]
    form.title.data = definition.name
    form.access.data = access
    form.anonymous.data = definition.anonymous
    form.opens_at.data = local(now()).replace(tzinfo=None)


def _fixed(definition: FormDefinition) -> dict[str, str]:
    typed = typed_form()
    return {field.key: typed.get(f"{PREFIX}{field.key}", "") for field in fixable(definition)}


def _fixed_form(definition: FormDefinition, held: Collection | None) -> AnswerForm | None:
    """The fields whose answer can be fixed, as a small form of their own."""
    plain = {
        "required": False,
        "required_when": None,
        "visible_when": None,
        "advised_when": None,
        "prefill": "",
        "hint": "",
    }
    fields = tuple(field.model_copy(update=plain) for field in fixable(definition))
    if not fields:
        return None
    update = {"fields": fields, "binding": None, "intro": "", "privacy": None}
    small = definition.model_copy(update=update)
    choices = StoredChoices(database.session)
    if request.method == "POST":
        return reopen_form(small, typed_form(), choices=choices, now=now())
    if held is not None and held.prefill:
        from werkzeug.datastructures import MultiDict

        typed: MultiDict[str, str] = MultiDict(
            (f"{PREFIX}{key}", str(value)) for key, value in held.prefill.items()
        )
        return reopen_form(small, typed, choices=choices, now=now())
    return open_form(small, choices=choices, now=now())


def _rules_page(
    form: RulesForm, definition: FormDefinition, held: Collection | None, refusal: Refusal | None = None
) -> str:
    return render_template(
        "collections/rules.html",
        form=form,
        definition=definition,
        held=held,
        refusal=refusal,
        fixed=_fixed_form(definition, held),
        promised=held is not None and bool(held.taken or held.issued),
    )


@blueprint.route("/<int:collection_id>/rules", methods=["GET", "POST"])
@allow(Role.ADMIN, Role.OFFICER)
def rules(collection_id: int) -> Page:
    """Extend it, raise its quota, mend its words."""
    held = collections.collection_for(database.session, current_actor(), collection_id)
    definition = form_of(database.session, held.form_id)
    if request.method == "GET":
        return _rules_page(RulesForm(data=shown_rules(held)), definition, held)
    form = RulesForm()
    if not form.validate():
        return _rules_page(form, definition, held), 422
    try:
        seen = request.form.get("seen", "")
        collections.change_collection(
            database.session,
            current_actor(),
            collection_id,
            form.rules(_fixed(definition)),
            seen=int(seen) if seen.isascii() and seen.isdigit() else 0,
            now=now(),
        )
    except Refusal as refusal:
        return _rules_page(form, definition, held, refusal), refusal.status
    flash(_("已修改。"), "ok")
    return redirect(url_for("collections.show", collection_id=collection_id))


@blueprint.get("/<int:collection_id>")
@allow(Role.ADMIN, Role.OFFICER)
def show(collection_id: int) -> Page:
    """One collection: its link, what came, its cards, its end."""
    return _show(collection_id)


def _show(collection_id: int, refusal: Refusal | None = None) -> str:
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
        rows=range(_GROUPS),
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


@blueprint.app_context_processor
def _words() -> dict[str, Any]:
    return {"collection_state": state_of}


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


@blueprint.get("/<int:collection_id>/answer")
@allow(Role.ADMIN, Role.OFFICER)
def answer(collection_id: int) -> Page:
    """The answer whose receipt somebody shows, to be read out or withdrawn."""
    return _answer_page(collection_id, request.args.get("number", "")[:40])


def _answer_page(collection_id: int, number: str, refusal: Refusal | None = None) -> str:
    held = collections.collection_for(database.session, current_actor(), collection_id)
    row = answer_by_number(database.session, current_actor(), held, number)
    definition = form_of(database.session, row.form_id)
    return render_template(
        "collections/answer.html",
        held=held,
        answer=row,
        number=spelt(row.receipt or ""),
        printed=printed(definition, row.answers, choices=StoredChoices(database.session)),
        definition=definition,
        refusal=refusal,
        typed=request.form,
    )


@blueprint.post("/<int:collection_id>/answer")
@allow(Role.ADMIN, Role.OFFICER)
def withdraw(collection_id: int) -> Page:
    """Take it out of the count, with the reason."""
    number = request.form.get("number", "")[:40]
    held = collections.collection_for(database.session, current_actor(), collection_id)
    row = answer_by_number(database.session, current_actor(), held, number)
    reason = typed_form().get("reason", "")[:1000]
    try:
        withdraw_answer(database.session, current_actor(), row.id, reason=reason, now=now())
    except Refusal as refusal:
        return _answer_page(collection_id, number, refusal), refusal.status
    flash(_("第%(number)s份已作废，不再计入；内容留着备查。", number=row.position), "ok")
    return redirect(url_for("collections.show", collection_id=collection_id))


@blueprint.get("/<int:collection_id>/poster")
@allow(Role.ADMIN, Role.OFFICER)
def poster(collection_id: int) -> Page:
    """An A4 sheet to be put up. target: a poster for one target, whose answer is filled in beforehand."""
    held = collections.collection_for(database.session, current_actor(), collection_id)
    definition = form_of(database.session, held.form_id)
    entries = {entry.key: entry for entry in StoredChoices(database.session).entries("target")}
    asked = request.args.get("target", "")
    target = entries.get(asked)
    link = link_of(held, target=asked) if target else link_of(held)
    return render_template(
        "collections/poster.html",
        held=held,
        definition=definition,
        target=target,
        link=link,
        picture=qr_picture(link),
    )


@blueprint.get("/<int:collection_id>/qr.svg")
@allow(Role.ADMIN, Role.OFFICER)
def picture(collection_id: int) -> Page:
    """The code as a picture, for one's own layout."""
    held = collections.collection_for(database.session, current_actor(), collection_id)
    asked = request.args.get("target", "")
    known = {entry.key for entry in StoredChoices(database.session).entries("target")}
    link = link_of(held, target=asked) if asked in known else link_of(held)
    answer = Response(qr_file(link), mimetype="image/svg+xml")
    answer.headers["Content-Disposition"] = f"attachment; filename=collection-{held.id}.svg"
    return answer


@blueprint.post("/<int:collection_id>/cards")
@allow(Role.ADMIN, Role.OFFICER)
def cards(collection_id: int) -> Page:
    """New cards, shown once: the answer to this very request is the only place where the codes exist."""
    held = collections.collection_for(database.session, current_actor(), collection_id)
    try:
        dealt = collection_codes.issue_cards(
            database.session,
            current_actor(),
            collection_id,
            _wanted(),
            token=request.form.get("token", "")[:64],
            now=now(),
        )
    except Refusal as refusal:
        return _show(collection_id, refusal), refusal.status
    address = link_of(held)
    shown = [(card, card.code.split("-"), qr_picture(f"{address}#{card.code}")) for card in dealt]
    return render_template("collections/cards.html", held=held, cards=shown, address=address)


def _wanted() -> list[collection_codes.Wanted]:
    which = request.form.get("which", "blank")
    if which == "monitors":
        return collection_codes.cards_for_monitors(database.session)
    if which == "targets":
        return collection_codes.cards_for_targets(database.session)
    if which == "names":
        lines = typed_form().get("names", "").splitlines()
        return [collection_codes.Wanted(label=line.strip()) for line in lines if line.strip()]
    pairs = []
    for row in range(_GROUPS):
        count = request.form.get(f"count-{row}", "").strip()
        if not count:
            continue
        if not re.fullmatch(r"\d{1,5}", count, re.ASCII):
            raise Refusal("count_unreadable", _("张数请填写整数，例如12。"), 422)
        pairs.append((typed_form().get(f"group-{row}", ""), int(count)))
    if sum(count for _group, count in pairs) > MOST_CODES:
        raise Refusal("codes_count", _("一次印得太多，请核对张数。"), 422)
    return collection_codes.blank_cards(pairs)


@blueprint.post("/<int:collection_id>/form")
@allow(Role.ADMIN, Role.OFFICER)
def adopt(collection_id: int) -> Page:
    """Give out the newer version of the form from now on."""
    offered = request.form.get("form", "")
    try:
        collections.adopt_newer_form(
            database.session,
            current_actor(),
            collection_id,
            form_id=int(offered) if re.fullmatch(r"\d{1,9}", offered, re.ASCII) else 0,
            now=now(),
        )
    except Refusal as refusal:
        return _show(collection_id, refusal), refusal.status
    flash(_("从现在起发出新版；已收到的答卷仍按原来的版本保存。"), "ok")
    return redirect(url_for("collections.show", collection_id=collection_id))


@blueprint.post("/<int:collection_id>/close")
@allow(Role.ADMIN, Role.OFFICER)
def close(collection_id: int) -> Page:
    """End it."""
    try:
        if not request.form.get("sure"):
            raise Refusal("not_sure", _("结束后不再接收填写。请勾选确认后再结束。"), 422)
        held = collections.close_collection(database.session, current_actor(), collection_id, now=now())
    except Refusal as refusal:
        return _show(collection_id, refusal), refusal.status
    flash(_("已结束，共收到%(count)s份。", count=held.standing), "ok")
    return redirect(url_for("collections.show", collection_id=collection_id))


@blueprint.post("/<int:collection_id>/reopen")
@allow(Role.ADMIN, Role.OFFICER)
def reopen(collection_id: int) -> Page:
    """Take answers again."""
    from datetime import datetime

    typed = request.form.get("closes_at", "").strip()
    try:
        try:
            until = datetime.fromisoformat(typed).replace(tzinfo=OFFICE_ZONE) if typed else None
        except ValueError as error:
            raise Refusal("times", _("截止时间看不懂，请写作2026-04-09 18:00，或者留空。"), 422) from error
        collections.reopen_collection(
            database.session, current_actor(), collection_id, closes_at=until, now=now()
        )
    except Refusal as refusal:
        return _show(collection_id, refusal), refusal.status
    flash(_("已重新开放。"), "ok")
    return redirect(url_for("collections.show", collection_id=collection_id))
