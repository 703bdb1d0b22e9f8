"""Walking a case through the shipped definition with as few words as possible."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from workflow.definition import Ask, Trigger, Workflow
from workflow.effects import Effect
from workflow.engine import Entry, Step, start, step
from workflow.vocabulary import AskType, Firing

T = TypeVar("T")

ANSWERS: dict[AskType, Any] = {
    AskType.TEXT: "文字",
    AskType.LONG_TEXT: "较长的文字",
    AskType.BOOLEAN: True,
    AskType.DATE: "2025-09-28",
    AskType.GRADE: "fair",
    AskType.FILES: ["photo.jpg"],
}


def answer_to(ask: Ask) -> Any:
    """A good answer to one asked field."""
    if ask.type is AskType.NUMBER:
        return ask.at_least if ask.at_least is not None else 1
    if ask.type is AskType.CHOICE:
        return ask.options[0].key
    if ask.type is AskType.CHOICES:
        return [ask.options[0].key]
    return ANSWERS[ask.type]


def answers_to(trigger: Trigger) -> dict[str, Any]:
    """Good answers to everything a step requires."""
    return {ask.field: answer_to(ask) for ask in trigger.asks if ask.required}


def actor_of(trigger: Trigger) -> str:
    """A person for each step, so that four eyes never collide."""
    return "system" if trigger.by is Firing.TIMER else f"one-who-may-{trigger.key}"


def roles_of(trigger: Trigger) -> frozenset[str]:
    """The roles that may take the step."""
    return frozenset({"system"}) if trigger.by is Firing.TIMER else frozenset(trigger.roles)


class Walk:
    """A case on its way; remembers its history and all effects."""

    def __init__(self, workflow: Workflow, *, facts: Mapping[str, Any] | None = None) -> None:
        self.workflow = workflow
        self.facts = dict(facts or {})
        self.situation = start(workflow)
        self.effects: list[Effect] = []
        self.entries: list[Entry] = []

    def do(self, *triggers: str, actor: str | None = None, **asked: Any) -> Self:
        """Take steps in turn, each by somebody who may and with everything answered."""
        for key in triggers:
            self.take(key, actor=actor, **asked)
        return self

    def take(self, key: str, *, actor: str | None = None, **asked: Any) -> Step:
        """Take one step and give it back."""
        rule = self.workflow.triggers_by_key[key]
        who, answers = actor or actor_of(rule), {**answers_to(rule), **asked}
        taken = step(
            self.workflow,
            self.situation,
            key,
            roles=roles_of(rule),
            actor=who,
            facts=self.facts,
            asked=answers,
        )
        self.entries.append(
            Entry(key, who, roles_of(rule), taken.facts, answers, taken.from_state, taken.to_state)
        )
        self.situation = taken.situation
        self.effects += taken.effects
        return taken

    def clear(self) -> Self:
        """Forget the effects so far."""
        self.effects = []
        return self

    def effects_of(self, kind: type[T]) -> list[T]:
        """Effects of one kind, in order."""
        return [effect for effect in self.effects if isinstance(effect, kind)]
