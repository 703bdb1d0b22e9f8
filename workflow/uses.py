"""Where a procedure's document names one of its own states, steps, suspensions or counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from definitions.expression import literals_compared, names_used

Document = dict[str, Any]

#: Facts whose values are keys of these parts.
_FACTS: Mapping[str, tuple[str, ...]] = {
    "states": ("state", "previous", "visited"),
    "triggers": ("done_here",),
}
_CONDITIONS = ("guard", "when")


@dataclass(frozen=True)
class Use:
    """One place that names an entry.

    words: the place, for people. goes_along: whether it can be taken away together with the entry.
    """

    words: str
    goes_along: bool = True


def uses_of(document: Mapping[str, Any], part: str, key: str) -> tuple[Use, ...]:
    """Every place outside an entry itself that names it, in reading order."""
    return tuple(dict.fromkeys(_uses(document, part, key)))


def _uses(document: Mapping[str, Any], part: str, key: str) -> Iterator[Use]:
    if part == "states" and document.get("initial") == key:
        yield Use("流程从它开始（初始状态）", goes_along=False)
    for state in document["states"]:
        yield from _in_owner(state, f"状态“{state['name']}”", part, key)
    for trigger in document["triggers"]:
        yield from _in_trigger(trigger, part, key)
    for suspension in document.get("suspensions", ()):
        yield from _in_owner(suspension, f"中止事由“{suspension['name']}”", part, key)
    repeat = document.get("repeat_offence") or {}
    if (part == "counts" and key in repeat.get("counts", ())) or (
        part == "states" and key in repeat.get("not_counting", ())
    ):
        yield Use("屡查屡犯的规则", goes_along=False)
    for story in document.get("stories", ()):
        if _named_in_story(story, part, key):
            yield Use(f"回归用例“{story['name']}”")


def _in_owner(owner: Mapping[str, Any], words: str, part: str, key: str) -> Iterator[Use]:
    if part == "triggers":
        for clock in owner.get("clocks", ()):
            if clock.get("then") == key:
                yield Use(f"{words}的期限“{clock['label']}”届满时办理它")
    if part == "states" and owner.get("key") == key:
        return
    yield from _in_effects(owner, words, part, key)


def _in_trigger(trigger: Mapping[str, Any], part: str, key: str) -> Iterator[Use]:
    words = f"步骤“{trigger['name']}”"
    if part == "states":
        if key in trigger["from"]:
            yield Use(f"{words}可以从它办理", goes_along=len(trigger["from"]) > 1)
        branches = _branches(trigger)
        if any(branch["state"] == key for branch in branches):
            yield Use(f"{words}以它为去向", goes_along=False)
        if any(key in branch.get("from", ()) for branch in branches):
            yield Use(f"{words}的去向区分是否由它而来", goes_along=False)
    if part == "triggers" and key in trigger.get("four_eyes_with", ()):
        yield Use(f"{words}要求与它不同的人办理")
    if part == "suspensions" and key in (trigger.get("suspend"), trigger.get("during")):
        yield Use(f"{words}引起或答复它")
    for name in _CONDITIONS:
        if _mentions(trigger.get(name), part, key):
            yield Use(f"{words}的条件", goes_along=False)
    for branch in _branches(trigger):
        if _mentions(branch.get("when"), part, key):
            yield Use(f"{words}的去向条件", goes_along=False)
    if not (part == "triggers" and trigger["key"] == key):
        yield from _in_effects(trigger, words, part, key)


def _in_effects(owner: Mapping[str, Any], words: str, part: str, key: str) -> Iterator[Use]:
    for effect in owner.get("effects", ()):
        if part == "counts" and effect["do"] == "count" and effect["name"] == key:
            yield Use(f"{words}计它的次数")
        if _mentions(effect.get("when"), part, key):
            yield Use(f"{words}的效果条件", goes_along=False)


def _branches(trigger: Mapping[str, Any]) -> list[dict[str, Any]]:
    to = trigger["to"]
    return [{"state": to}] if isinstance(to, str) else list(to)


def _mentions(expression: Any, part: str, key: str) -> bool:
    if expression is None:
        return False
    if part == "counts":
        return key in names_used(expression)
    facts = _FACTS.get(part, ())
    return any(name in facts and literal == key for name, literal in literals_compared(expression))


def _named_in_story(story: Mapping[str, Any], part: str, key: str) -> bool:
    if part == "triggers":
        return any(step.get("do") == key for step in story.get("steps", ()))
    return part == "states" and key in (story.get("expect") or {}).get("visited", ())


# -- renaming ------------------------------------------------------------------------------------------------


def renamed(document: Mapping[str, Any], part: str, old: str, new: str) -> Document:
    """The document with one key replaced wherever it is meant; the entry itself too."""

    def word(value: Any) -> Any:
        return new if value == old else value

    changed = _mapped_conditions(document, lambda expression: _reworded(expression, part, old, new))
    changed[part] = [{**entry, "key": word(entry["key"])} for entry in changed.get(part, ())]
    if part == "states":
        changed["initial"] = word(changed["initial"])
        changed["triggers"] = [_with_states(trigger, word) for trigger in changed["triggers"]]
    elif part == "triggers":
        changed["triggers"] = [_with_list(trigger, "four_eyes_with", word) for trigger in changed["triggers"]]
        for owners in ("states", "suspensions"):
            if owners in changed:
                changed[owners] = [_with_then(owner, word) for owner in changed[owners]]
    elif part == "suspensions":
        changed["triggers"] = [
            {**trigger, **{name: word(trigger[name]) for name in ("suspend", "during") if name in trigger}}
            for trigger in changed["triggers"]
        ]
    else:
        for owners in ("states", "triggers"):
            changed[owners] = [_with_counts(owner, word) for owner in changed[owners]]
    if changed.get("stories"):
        changed["stories"] = [_with_story(story, part, word) for story in changed["stories"]]
    if changed.get("repeat_offence"):
        changed["repeat_offence"] = _with_repeat(changed["repeat_offence"], part, word)
    return changed


def _with_repeat(rule: Mapping[str, Any], part: str, word: Callable[[Any], Any]) -> Document:
    if part == "states":
        return _with_list(rule, "not_counting", word)
    if part == "counts" and "counts" in rule:
        return {**rule, "counts": {word(key): number for key, number in rule["counts"].items()}}
    return dict(rule)


def _with_states(trigger: Mapping[str, Any], word: Callable[[Any], Any]) -> Document:
    changed = _with_list(trigger, "from", word)
    if isinstance(changed["to"], str):
        changed["to"] = word(changed["to"])
    else:
        changed["to"] = [
            {**_with_list(branch, "from", word), "state": word(branch["state"])} for branch in changed["to"]
        ]
    return changed


def _with_list(entry: Mapping[str, Any], name: str, word: Callable[[Any], Any]) -> Document:
    return {**entry, name: [word(item) for item in entry[name]]} if name in entry else dict(entry)


def _with_then(owner: Mapping[str, Any], word: Callable[[Any], Any]) -> Document:
    if "clocks" not in owner:
        return dict(owner)
    clocks = [
        {**clock, "then": word(clock["then"])} if "then" in clock else dict(clock)
        for clock in owner["clocks"]
    ]
    return {**owner, "clocks": clocks}


def _with_counts(owner: Mapping[str, Any], word: Callable[[Any], Any]) -> Document:
    if "effects" not in owner:
        return dict(owner)
    effects = [
        {**effect, "name": word(effect["name"])} if effect["do"] == "count" else dict(effect)
        for effect in owner["effects"]
    ]
    return {**owner, "effects": effects}


def _with_story(story: Mapping[str, Any], part: str, word: Callable[[Any], Any]) -> Document:
    if part == "triggers":
        steps = [{**step, "do": word(step["do"])} if "do" in step else dict(step) for step in story["steps"]]
        return {**story, "steps": steps}
    expected = story.get("expect") or {}
    if part == "states" and "visited" in expected:
        return {**story, "expect": _with_list(expected, "visited", word)}
    return dict(story)


def _mapped_conditions(node: Any, change: Callable[[Any], Any]) -> Any:
    """The document with every condition replaced by what `change` makes of it."""
    if isinstance(node, list):
        return [_mapped_conditions(item, change) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        name: change(value) if name in _CONDITIONS else _mapped_conditions(value, change)
        for name, value in node.items()
    }


def _reworded(node: Any, part: str, old: str, new: str) -> Any:
    """A condition with a key replaced: the name of a count, or a literal compared with a fact of the part."""
    if isinstance(node, list):
        return [_reworded(item, part, old, new) for item in node]
    if not isinstance(node, dict):
        return node
    if part == "counts" and node == {"var": old}:
        return {"var": new}
    changed = {}
    for operator, operands in node.items():
        items = operands if isinstance(operands, list) else [operands]
        if any(isinstance(item, dict) and item.get("var") in _FACTS.get(part, ()) for item in items):
            items = [_literal(item, old, new) for item in items]
            changed[operator] = items if isinstance(operands, list) else items[0]
        else:
            changed[operator] = _reworded(operands, part, old, new)
    return changed


def _literal(item: Any, old: str, new: str) -> Any:
    if isinstance(item, list):
        return [new if one == old else one for one in item]
    return new if item == old else item


# -- taking away ---------------------------------------------------------------------------------------------


def without_uses(document: Mapping[str, Any], part: str, key: str) -> Document:
    """The document without the uses that can go along with an entry."""
    changed: Document = dict(document)
    if part == "states":
        changed["triggers"] = [
            {**trigger, "from": [item for item in trigger["from"] if item != key]}
            for trigger in document["triggers"]
        ]
    elif part == "triggers":
        changed["triggers"] = [_without(trigger, "four_eyes_with", key) for trigger in document["triggers"]]
        for owners in ("states", "suspensions"):
            if owners in document:
                changed[owners] = [_without_then(owner, key) for owner in document[owners]]
    elif part == "suspensions":
        changed["triggers"] = [
            {name: value for name, value in trigger.items() if not _asks_for(name, value, trigger, key)}
            for trigger in document["triggers"]
        ]
    else:
        for owners in ("states", "triggers"):
            changed[owners] = [_without_count(owner, key) for owner in document[owners]]
    if document.get("stories"):
        kept = [story for story in document["stories"] if not _named_in_story(story, part, key)]
        changed["stories"] = kept
    return changed


def _without(entry: Mapping[str, Any], name: str, key: str) -> Document:
    if name not in entry:
        return dict(entry)
    rest = [item for item in entry[name] if item != key]
    changed = {**entry, name: rest}
    if not rest:
        changed.pop(name)
    return changed


def _without_then(owner: Mapping[str, Any], key: str) -> Document:
    if "clocks" not in owner:
        return dict(owner)
    clocks = [
        {name: value for name, value in clock.items() if not (name == "then" and value == key)}
        for clock in owner["clocks"]
    ]
    return {**owner, "clocks": clocks}


def _asks_for(name: str, value: Any, trigger: Mapping[str, Any], key: str) -> bool:
    if name in ("suspend", "during"):
        return bool(value == key)
    return name == "lift" and trigger.get("during") == key


def _without_count(owner: Mapping[str, Any], key: str) -> Document:
    if "effects" not in owner:
        return dict(owner)
    effects = [
        effect for effect in owner["effects"] if not (effect["do"] == "count" and effect["name"] == key)
    ]
    return {**owner, "effects": effects}
