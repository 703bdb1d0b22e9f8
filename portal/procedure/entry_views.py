"""The pages of single states, steps, suspensions, counts and clocks, and of the procedure's own settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from definitions.sentences import Facts, Relation, Sentence
from models.people import Role
from portal.access import allow
from portal.posted import typed_form
from portal.procedure import reading
from portal.procedure.blueprint import PARTS, Page, Sight, blueprint, hand, seen_draft, shared, sight_of
from portal.procedure.pages import (
    ASK_TYPES,
    EFFECTS,
    PERSONS,
    STARTS,
    branch_lines,
    clock_lines,
    effect_lines,
    facts_in,
    rule_of,
)
from portal.procedure.reader import Posted, Settings, Unreadable
from portal.procedure.right_table import rights_said
from portal.rule_lines import rule_options
from services.definition_drafts import DraftChanged
from services.refusal import Refusal
from workflow.definition import Option, Workflow
from workflow.edit import (
    NOUNS,
    Document,
    Part,
    ProcedureEditRefused,
    change_entry,
    change_head,
    clock_in,
    delete_clock,
    entry_in,
    free_clock_name,
    rename_entry,
    save_clock,
)
from workflow.repeat_offence import names_looked_at, words_of_document
from workflow.uses import uses_of
from workflow.vocabulary import AskType, Firing

#: A clock that is not there yet.
NEW = "new"


def offers_in(sight: Sight) -> dict[str, Any]:
    """What the pages offer to choose from."""
    workflow, pack = sight.workflow, sight.found.pack
    pool = pack.scheme.pool
    numbers = {
        ask.field: f"{ask.label}（{trigger.name}）"
        for trigger in workflow.triggers
        for ask in trigger.asks
        if ask.type is AskType.NUMBER
    }
    return {
        "roles": [role.value for role in PERSONS],
        "states": [state.key for state in workflow.states if not state.final],
        "steps": [rule.key for rule in workflow.triggers if rule.by is Firing.PERSON],
        "timers": {rule.key: rule.name for rule in workflow.triggers if rule.by is Firing.TIMER},
        "notices": sight.found.names.notices,
        "forms": {key: form.name for key, form in pack.forms.items() if form.binding is not None},
        "counts": {count.key: count.label for count in workflow.counts},
        "tiers": {tier.key: f"{tier.name}（扣{tier.points}分）" for tier in pool.tiers} if pool else {},
        "suspensions": {pause.key: pause.name for pause in workflow.suspensions},
        "numbers": numbers,
    }


def found_in(read: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """An entry of the draft; the refusal of what is not there where it is gone."""
    try:
        return read()
    except ProcedureEditRefused as refused:
        raise Refusal("entry_gone", refused.sentence, 404) from refused


@blueprint.route(f"/<key>/draft/<{PARTS}:part>/<entry>", methods=["GET", "POST"])
@allow(Role.ADMIN)
def entry(key: str, part: Part, entry: str) -> Page:
    """The settings of one state, step, suspension or count."""
    sight = sight_of(key)
    held = found_in(lambda: entry_in(sight.draft.document, part, entry))
    if request.method == "GET":
        return _entry_page(sight, part, held)
    form = typed_form()
    settings: Settings = {}
    wanted = form.get("key", entry) or entry
    try:
        settings = _posted(sight, part, held, form)
        hand(key).edit(
            _words(part, held, settings, wanted),
            lambda document: _saved(document, part, entry, settings, wanted),
        )
    except Unreadable as refused:
        if form.get("auto"):
            # A page that saves itself while something is half written has done nothing wrong.
            return "", 204
        return _entry_page(sight, part, {**held, **refused.settings}, unreadable=refused), 422
    except DraftChanged as changed:
        latest = seen_draft(changed.draft)
        return _entry_page(latest, part, {**held, **settings, "key": entry}, refusal=changed), 409
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        return _entry_page(
            sight_of(key), part, {**held, **settings, "key": entry}, refusal=refusal
        ), refusal.status
    if form.get("stay") or form.get("effects-new"):
        return redirect(url_for("procedure.entry", key=key, part=part, entry=wanted, saved=1))
    return redirect(url_for("procedure.edit", key=key, at=wanted))


def _saved(document: Document, part: Part, entry: str, settings: Settings, wanted: str) -> Document:
    return rename_entry(change_entry(document, part, entry, settings), part, entry, wanted)


def _words(part: Part, held: Mapping[str, Any], settings: Settings, wanted: str) -> str:
    label = settings.get("name") or settings.get("label") or held.get("name") or held.get("label")
    renamed = f"，代号改为{wanted}" if wanted != held["key"] else ""
    return f"修改{NOUNS[part]}“{label}”{renamed}"


def _posted(sight: Sight, part: Part, held: Mapping[str, Any], form: Posted) -> Settings:
    facts, offers = _facts(sight, part, held), offers_in(sight)
    if part == "states":
        return reading.state_settings(held, form, facts, offers)
    if part == "triggers":
        return reading.step_settings(held, form, facts, offers)
    if part == "suspensions":
        return reading.suspension_settings(form, facts)
    return reading.count_settings(form, facts)


def _facts(sight: Sight, part: Part, held: Mapping[str, Any]) -> Facts:
    trigger = sight.workflow.triggers_by_key.get(held["key"]) if part == "triggers" else None
    return facts_in(sight.workflow, trigger, sight.found.pack)


def _entry_page(
    sight: Sight,
    part: Part,
    shown: Mapping[str, Any],
    *,
    unreadable: Unreadable | None = None,
    refusal: Refusal | None = None,
) -> str:
    workflow: Workflow = sight.workflow
    facts = _facts(sight, part, shown)
    typed: Mapping[str, Sentence] = unreadable.rules if unreadable else {}
    owners: Mapping[str, Any] = {}
    if part in ("states", "suspensions"):
        owners = workflow.states_by_key if part == "states" else workflow.suspensions_by_key
    owner = owners.get(shown["key"])
    return render_template(
        f"procedure/{part}.html",
        part=part,
        noun=NOUNS[part],
        entry=shown,
        offers=offers_in(sight),
        facts=facts,
        rule_options=rule_options(facts),
        relations=list(Relation),
        guard=rule_of("guard", shown.get("guard"), facts, typed),
        branches=branch_lines(workflow, shown, facts, typed) if part == "triggers" else [],
        effects=effect_lines(shown, facts, typed),
        effect_words=EFFECTS,
        ask_types=ASK_TYPES,
        persons=PERSONS,
        clocks=clock_lines(workflow, owner) if owner is not None else [],
        rights=rights_said(sight, shown["key"]) if part == "states" else [],
        uses=uses_of(sight.draft.document, part, shown["key"]),
        typed_faults=unreadable.faults if unreadable else {},
        refusal=refusal,
        **shared(sight, shown["key"]),
    )


# -- clocks --------------------------------------------------------------------------------------------------


@blueprint.route(
    "/<key>/draft/<any(states, suspensions):part>/<entry>/clocks/<name>", methods=["GET", "POST"]
)
@allow(Role.ADMIN)
def clock(key: str, part: Part, entry: str, name: str) -> Page:
    """A clock of a state or suspension: how long, from when, what follows, when it reminds."""
    sight = sight_of(key)
    owner = found_in(lambda: entry_in(sight.draft.document, part, entry))
    held = _held_clock(sight.draft.document, part, entry, name)
    fresh = name == NEW
    if request.method == "GET":
        return _clock_page(sight, part, owner, held, fresh=fresh)
    form = typed_form()
    settings: Settings = {}
    try:
        facts = facts_in(sight.workflow, None, sight.found.pack)
        settings = reading.clock_settings(held, form, facts, offers_in(sight))
        words = f"{'增加' if fresh else '修改'}“{owner['name']}”的期限“{settings['label']}”"
        whole = {name_: value for name_, value in {**held, **settings}.items() if value is not None}
        old, kept = (None, whole) if fresh else (name, settings)
        hand(key).edit(words, lambda draft: save_clock(draft, part, entry, old, kept))
    except Unreadable as refused:
        if form.get("auto"):
            return "", 204
        shown = {**held, **refused.settings}
        return _clock_page(sight, part, owner, shown, fresh=fresh, unreadable=refused), 422
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        latest = sight_of(key)
        return _clock_page(
            latest, part, owner, {**held, **settings}, fresh=fresh, refusal=refusal
        ), refusal.status
    if form.get("stay"):
        return redirect(
            url_for("procedure.clock", key=key, part=part, entry=entry, name=held["name"], saved=1)
        )
    return redirect(url_for("procedure.entry", key=key, part=part, entry=entry, _anchor="clocks"))


def _held_clock(document: Document, part: Part, entry: str, name: str) -> dict[str, Any]:
    """The clock as it is kept; what a new one begins with."""
    if name != NEW:
        return found_in(lambda: clock_in(document, part, entry, name))
    beginning = {"label": "", "starts": "entered", "working_days": 5, "source": "实施口径"}
    return {"name": free_clock_name(document), **beginning}


def _clock_page(
    sight: Sight,
    part: Part,
    owner: Mapping[str, Any],
    shown: Mapping[str, Any],
    *,
    fresh: bool,
    unreadable: Unreadable | None = None,
    refusal: Refusal | None = None,
) -> str:
    length = shown.get("working_days") or shown.get("months")
    return render_template(
        "procedure/clock.html",
        part=part,
        owner=owner,
        clock=shown,
        fresh=fresh,
        days=length["default"] if isinstance(length, dict) else length,
        field=length["field"] if isinstance(length, dict) else "",
        offers=offers_in(sight),
        unit="months" if shown.get("months") else "working_days",
        units={"working_days": _("个工作日"), "months": _("个月")},
        starts=STARTS,
        persons=PERSONS,
        typed_faults=unreadable.faults if unreadable else {},
        refusal=refusal,
        **shared(sight, owner["key"]),
    )


@blueprint.post("/<key>/draft/<any(states, suspensions):part>/<entry>/clocks/<name>/delete")
@allow(Role.ADMIN)
def drop_clock(key: str, part: Part, entry: str, name: str) -> Page:
    """Delete a clock."""
    try:
        hand(key).edit(f"删除期限“{name}”", lambda document: delete_clock(document, part, entry, name))
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        sight = sight_of(key)
        return _entry_page(
            sight, part, entry_in(sight.draft.document, part, entry), refusal=refusal
        ), refusal.status
    flash(_("已删除，可以用“撤销”找回。"), "ok")
    return redirect(url_for("procedure.entry", key=key, part=part, entry=entry))


# -- the procedure's own settings ----------------------------------------------------------------------------


@blueprint.route("/<key>/draft/settings", methods=["GET", "POST"])
@allow(Role.ADMIN)
def head(key: str) -> Page:
    """Name, source, initial state."""
    sight = sight_of(key)
    if request.method == "GET":
        return _head_page(sight, sight.draft.document)
    settings: Settings = {}
    try:
        facts = facts_in(sight.workflow, None, sight.found.pack)
        settings = reading.head_settings(sight.draft.document, typed_form(), facts)
        hand(key).edit("修改流程设置", lambda document: change_head(document, settings))
    except Unreadable as refused:
        shown = {**sight.draft.document, **refused.settings}
        return _head_page(sight, shown, typed_faults=refused.faults), 422
    except Refusal as refusal:
        latest = sight_of(key)
        return _head_page(latest, {**latest.draft.document, **settings}, refusal=refusal), refusal.status
    return redirect(url_for("procedure.edit", key=key))


def _head_page(
    sight: Sight,
    shown: Mapping[str, Any],
    *,
    typed_faults: Mapping[str, str] | None = None,
    refusal: Refusal | None = None,
) -> str:
    return render_template(
        "procedure/head.html",
        document=shown,
        repeat_words=words_of_document(sight.draft.document),
        repeat_counts=_repeat_counts(sight.workflow, shown),
        typed_faults=typed_faults or {},
        refusal=refusal,
        **shared(sight),
    )


def _repeat_counts(workflow: Workflow, shown: Mapping[str, Any]) -> list[Option]:
    """The counts with which 屡查屡犯 can begin: those that a condition looks at, and those that are named."""
    named = (shown.get("repeat_offence") or {}).get("counts") or {}
    known = names_looked_at(workflow) | set(named)
    return [count for count in workflow.counts if count.key in known]
