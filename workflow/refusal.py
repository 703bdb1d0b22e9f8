"""Why a step is not allowed: a code for programs and a sentence for people."""

from __future__ import annotations

from enum import StrEnum


class Because(StrEnum):
    """The kind of reason."""

    #: The definition has no such trigger.
    UNKNOWN_TRIGGER = "unknown_trigger"
    #: It does not lead from the state in which the case is.
    WRONG_STATE = "wrong_state"
    #: A question is pending and the step does not belong to it.
    SUSPENDED = "suspended"
    #: The step answers a question that is not pending.
    NOT_SUSPENDED = "not_suspended"
    #: The actor holds none of the roles.
    ROLE = "role"
    #: The actor has done a step that another person must check.
    FOUR_EYES = "four_eyes"
    #: The step is taken by a panel that has agreed (会签), not by one person.
    PANEL = "panel"
    #: What the step's form asks is missing or wrong.
    ASKED = "asked"
    #: The rule of the step is not fulfilled.
    GUARD = "guard"


class StepRefused(Exception):
    """A step that may not be taken now. Nothing has changed.

    code: see `Because`.  sentence: Chinese, says why and, where it helps, what to do.
    field: the asked field that is wrong, None when it is not about a field.
    """

    def __init__(self, code: Because, sentence: str, *, field: str | None = None) -> None:
        self.code = code
        self.sentence = sentence
        self.field = field
        super().__init__(sentence)
