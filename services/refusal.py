"""An act that was refused, with a sentence for the person: what, where, why, what to do."""

from __future__ import annotations


class Refusal(Exception):
    """The office does not do this now.

    code: stable word for programs, e.g. ``case_moved``.
    sentence: for people, in Chinese, with the way out.
    status: what an HTTP door answers: 403 no right, 404 not there, 409 the state forbids it, 422 bad input.
    field: the answer that is wrong, where it is one; empty when it is not about a field.
    """

    def __init__(self, code: str, sentence: str, status: int = 409, *, field: str = "") -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.status = status
        self.field = field


def not_found(what: str) -> Refusal:
    """The same answer for what is not there and for what this person may not know of."""
    return Refusal("not_found", f"找不到{what}，可能已被移走，或者您无权查看。请从列表重新进入。", 404)


def forbidden(what: str) -> Refusal:
    """A right that was not granted."""
    return Refusal("forbidden", f"您的岗位无权{what}。如确需办理，请与效能办管理员联系。", 403)
