"""A procedure as SCXML, the W3C's language for state charts, so that other tools can read it.

Conditions, roles and clocks have no place in plain SCXML: they go along in attributes and elements of a namespace of
their own (`pd:`), which other tools pass over.
Source: https://www.w3.org/TR/2015/REC-scxml-20150901/.
"""

from __future__ import annotations

import json
from xml.etree.ElementTree import Element, SubElement, indent, register_namespace, tostring

from workflow.definition import PREVIOUS, SAME, Clock, FieldOr, State, Trigger, Workflow
from workflow.vocabulary import Firing

SCXML = "http://www.w3.org/2005/07/scxml"
OWN = "urn:pingdu:workflow:1"

register_namespace("", SCXML)
register_namespace("pd", OWN)


def to_scxml(workflow: Workflow) -> str:
    """The procedure as an SCXML document."""
    root = Element(
        f"{{{SCXML}}}scxml",
        {"version": "1.0", "initial": workflow.initial, "name": workflow.key, "datamodel": "null"},
    )
    root.set(f"{{{OWN}}}name", workflow.name)
    root.set(f"{{{OWN}}}version", str(workflow.version))
    root.set(f"{{{OWN}}}source", workflow.source)
    for state in workflow.states:
        _add_state(root, workflow, state)
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _add_state(root: Element, workflow: Workflow, state: State) -> None:
    tag = "final" if state.final else "state"
    element = SubElement(root, f"{{{SCXML}}}{tag}", {"id": state.key})
    element.set(f"{{{OWN}}}name", state.name)
    element.set(f"{{{OWN}}}source", state.source)
    if state.tier:
        element.set(f"{{{OWN}}}tier", state.tier)
    for clock in state.clocks:
        _add_clock(element, clock)
    for trigger in workflow.triggers:
        if state.key not in workflow.sources_of(trigger):
            continue
        for branch in workflow.branches_from(trigger, state.key):
            ends = workflow.entered_from[state.key] if branch.state == PREVIOUS else (branch.state,)
            for end in ends:
                _add_transition(element, trigger, None if end == SAME else end, branch.when)


def _add_clock(element: Element, clock: Clock) -> None:
    length = clock.length
    made = SubElement(element, f"{{{OWN}}}clock", {"name": clock.name, "label": clock.label})
    unit = "workingDays" if clock.months is None else "months"
    made.set(unit, str(length.default if isinstance(length, FieldOr) else length))
    made.set("starts", clock.starts.value)
    if clock.then:
        made.set("then", clock.then)


def _add_transition(element: Element, trigger: Trigger, end: str | None, when: object) -> None:
    made = SubElement(element, f"{{{SCXML}}}transition", {"event": trigger.key})
    if end is None:
        made.set("type", "internal")
    else:
        made.set("target", end)
    made.set(f"{{{OWN}}}name", trigger.name)
    made.set(f"{{{OWN}}}by", Firing(trigger.by).value)
    if trigger.roles:
        made.set(f"{{{OWN}}}roles", " ".join(role.value for role in trigger.roles))
    if trigger.guard is not None:
        made.set(f"{{{OWN}}}guard", json.dumps(trigger.guard, ensure_ascii=False, sort_keys=True))
    if when is not None:
        made.set(f"{{{OWN}}}when", json.dumps(when, ensure_ascii=False, sort_keys=True))
