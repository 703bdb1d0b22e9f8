"""What the builder's pages posted, as settings of a form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from definitions.sentences import Facts, Sentence
from definitions.texts import clean
from forms.describe import Way, read_settings, settings_of
from forms.fields import TYPES
from forms.formulas import FormulaRefused, read_formula
from portal.rule_lines import Posted, Unreadable, read_rule

PRIVACY = ("who", "why", "what", "how_long", "rights")


def posted_settings(field: Mapping[str, Any], form: Posted, facts: Facts) -> dict[str, Any]:
    """Everything a settings page posted of one field. Raises Unreadable with all faults."""
    kind = TYPES[field["type"]]
    settings = read_settings(kind, form, held=field)
    faults: dict[str, str] = {}
    rules: dict[str, Sentence] = {}
    for setting in settings_of(kind):
        if setting.way is Way.CONDITION:
            settings[setting.name] = field.get(setting.name)
            read_rule(setting.name, form, facts, settings, faults, rules)
        elif setting.way is Way.FORMULA and not form.get(f"{setting.name}-kept"):
            names = {facts.labels[name]: name for name in facts.types} | {name: name for name in facts.types}
            try:
                settings[setting.name] = read_formula(form.get(setting.name, ""), names)
            except FormulaRefused as refused:
                faults[setting.name] = str(refused)
    if faults:
        raise Unreadable(faults, rules)
    return settings


def posted_head(document: Mapping[str, Any], form: Posted, facts: Facts) -> dict[str, Any]:
    """The form's own settings as posted. Raises Unreadable for the rule about cases."""
    told = {name: clean(form.get(f"privacy-{name}", "")) for name in PRIVACY}
    settings = {
        "name": clean(form.get("name", "")).replace("\n", " "),
        "source": clean(form.get("source", "")).replace("\n", " "),
        "intro": clean(form.get("intro", "")) or None,
        "submit": clean(form.get("submit", "")).replace("\n", " ") or None,
        "access": form.get("access", "account"),
        "anonymous": True if form.get("anonymous") else None,
        "privacy": told if any(told.values()) else None,
        "binding": _posted_binding(document, form, facts),
    }
    # What was left to its default stays so.
    if settings["access"] == "account" and "access" not in document:
        settings["access"] = None
    return settings


def _posted_binding(document: Mapping[str, Any], form: Posted, facts: Facts) -> dict[str, Any] | None:
    if not form.get("method"):
        return None
    held = document.get("binding") or {}
    binding: dict[str, Any] = {"method": form["method"]}
    for part in ("target", "grade", "period"):
        if form.get(part):
            binding[part] = form[part]
    binding.setdefault("grade", "")
    settings: dict[str, Any] = {"case_when": held.get("case_when")}
    faults: dict[str, str] = {}
    rules: dict[str, Sentence] = {}
    read_rule("case_when", form, facts, settings, faults, rules)
    if faults:
        raise Unreadable(faults, rules)
    if settings["case_when"] is not None:
        binding["case_when"] = settings["case_when"]
    chosen = form.getlist("case_fields")
    if chosen:
        binding["case_fields"] = [field["key"] for field in document["fields"] if field["key"] in chosen]
    return binding
