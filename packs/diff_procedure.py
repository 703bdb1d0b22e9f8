"""What changed in a procedure that entries and attributes do not tell well: rights cell by cell, 屡查屡犯 as a rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from packs.diff_words import ROLES
from workflow.field_right import CASE_FIELDS, MAY_WORDS
from workflow.repeat_offence import words_of_document

_AS_EVER = "照常"
Cells = dict[tuple[str, str], str]


def without_told(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document without what is told here; another kind of document as it is."""
    rest = dict(document)
    if _has_states(rest):
        rest.pop("repeat_offence", None)
        rest["states"] = [
            {name: value for name, value in state.items() if name != "rights"} for state in rest["states"]
        ]
    return rest


def rights_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """One sentence for each cell that differs, in states that both documents have or that are new with rights."""
    if not (_has_states(old) and _has_states(new)):
        return
    labels = {**_labels(old), **_labels(new), **CASE_FIELDS}
    before = {state.get("key"): _cells(state) for state in old["states"]}
    for state in new["states"]:
        was, now = before.get(state.get("key"), {}), _cells(state)
        for role, field in dict.fromkeys([*was, *now]):
            one, other = was.get((role, field), ""), now.get((role, field), "")
            if one != other:
                words = f"{MAY_WORDS.get(one, _AS_EVER)} → {MAY_WORDS.get(other, _AS_EVER)}"
                who = ROLES.get(role, role)
                yield f"状态“{state.get('name')}”中{who}对“{labels.get(field, field)}”的权限 {words}"


def repeat_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """The rule of 屡查屡犯 before and after, whole; nothing where it says the same on the same grounds."""
    if not (_has_states(old) and _has_states(new)):
        return
    before, after = old.get("repeat_offence") or {}, new.get("repeat_offence") or {}
    if before == after:
        return
    one, other = words_of_document(old), words_of_document(new)
    if one != other:
        yield f"屡查屡犯 {_quoted(one)} → {_quoted(other)}"
    for name, words in (("source", "依据"), ("note", "说明")):
        if before and after and before.get(name) != after.get(name):
            yield f"屡查屡犯的{words} {_quoted(before.get(name))} → {_quoted(after.get(name))}"


def _quoted(words: str | None) -> str:
    return f"“{words}”" if words else "（无）"


def _has_states(document: Mapping[str, Any]) -> bool:
    states = document.get("states")
    return isinstance(states, list) and all(isinstance(state, dict) for state in states)


def _labels(document: Mapping[str, Any]) -> dict[str, str]:
    return {
        ask["field"]: str(ask.get("label", ask["field"]))
        for trigger in document.get("triggers", ())
        for ask in trigger.get("asks") or ()
    }


def _cells(state: Mapping[str, Any]) -> Cells:
    return {(right["role"], right["field"]): right["may"] for right in state.get("rights") or ()}
