"""A draft tried out over its own link: filled, checked, shown, and kept for its designer alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from forms.answers import Bound, bind, open_form, printed, proposes_case, ratings
from forms.builder import AnswerForm
from forms.choices import Entry
from forms.context import Uploads
from forms.unfinished import Unfinished, unfinished
from services.choices import StoredChoices
from services.definition_versions import Draft
from services.form_versions import draft_by_token
from services.trial_answers import keep_trial


class TrialChoices(StoredChoices):
    """The office's lists, but not its monitors: whoever has the link may not learn who they are."""

    def entries(self, of: str) -> Sequence[Entry]:
        """See `forms.choices.ChoiceSource`."""
        if of == "monitor":
            return tuple(Entry(f"sample_{number}", f"示例监测点{number}") for number in range(1, 4))
        return super().entries(of)


@dataclass(frozen=True)
class Trial:
    """A draft opened for trying.

    form: to be shown. bound: what was filled, None before anything was posted. rated: (target, grade) of the
    ratings it would be. case: whether it would propose a rectification case.
    """

    draft: Draft
    state: Unfinished
    form: AnswerForm
    choices: TrialChoices
    bound: Bound | None = None
    rated: Sequence[tuple[str, str]] = ()
    case: bool = False


def open_trial(session: Session, token: str, *, now: datetime) -> Trial:
    """The empty form of the draft behind a link; 404 when the draft is gone."""
    draft = draft_by_token(session, token)
    state, choices = unfinished(draft.document), TrialChoices(session)
    return Trial(draft, state, open_form(state.shown, choices=choices, now=now), choices)


def fill_trial(session: Session, token: str, *, formdata: Any, files: Uploads | None, now: datetime) -> Trial:
    """What would become of a filled form; kept as a trial answer, which no count sees. Uploaded files are not kept."""
    draft = draft_by_token(session, token)
    state, choices = unfinished(draft.document), TrialChoices(session)
    bound = bind(state.shown, formdata, choices=choices, files=files, now=now)
    rated: Sequence[tuple[str, str]] = ()
    case = False
    if bound.answers is not None:
        rated = ratings(state.shown, bound.answers)
        case = proposes_case(state.shown, bound.answers)
        shown = printed(state.shown, bound.answers, choices=choices)
        keep_trial(session, draft, bound.answers, shown, now=now)
    return Trial(draft, state, bound.form, choices, bound, rated, case)
