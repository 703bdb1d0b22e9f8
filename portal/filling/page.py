"""The page of a form that is being filled in: the same for a link, a code and an account."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

from flask import jsonify, render_template, request, url_for
from werkzeug.wrappers import Response

from forms.builder import AnswerForm
from models.collection import AnswerDraft
from portal.formats import local
from portal.qr import qr_picture
from services.answer_desk import Desk
from services.answer_drafts import DraftMoved
from services.answer_filling import HandInRefused
from services.draft_lifting import Waiting, left_aside
from services.one_time_codes import spelt
from services.refusal import Refusal

_TOKEN = re.compile(r"[0-9A-Za-z_-]{16,64}")
_NUMBER = re.compile(r"\d{1,9}")


def page_token() -> str:
    """The token of this page: kept when a refused page is shown again, so that it stays one answer."""
    sent = request.form.get("token", "")
    return sent if _TOKEN.fullmatch(sent) else secrets.token_urlsafe(24)


def page_form_id() -> int | None:
    """The version of the form that the page showed."""
    sent = request.form.get("form", "")
    return int(sent) if _NUMBER.fullmatch(sent) else None


def page_seen() -> int | None:
    """The number of the draft that the page knows."""
    sent = request.form.get("seen", "")
    return int(sent) if _NUMBER.fullmatch(sent) else None


def wants_data() -> bool:
    """Whether the page's own script asks, and wants a short answer instead of a page."""
    return request.headers.get("Accept") == "application/json"


def data_saved(draft: AnswerDraft, resume: str = "") -> Response:
    """The short answer to the script: the draft was saved."""
    at = f"{local(draft.saved_at):%H:%M}"
    return jsonify(seen=draft.seen, resume=resume, token=draft.token, at=at)


def data_refused(refusal: Refusal) -> Response:
    """The short answer to the script: why it was not."""
    answer = jsonify(code=refusal.code, sentence=refusal.sentence)
    answer.status_code = refusal.status
    return answer


@dataclass(frozen=True)
class FillPage:
    """One form on one page.

    frame: the template it stands in. authorised_by: code, link or session. draft: what it goes on with.
    resume: the code of the draft, empty for none. refused: why it was not taken.
    """

    desk: Desk
    frame: str
    action: str
    draft_action: str
    authorised_by: str
    code: str = ""
    draft: AnswerDraft | None = None
    resume: str = ""
    refused: HandInRefused | None = None
    saved: bool = False
    lift_action: str = ""
    not_saved: Refusal | None = None

    def render(self, form: AnswerForm) -> str:
        """The page with this form on it."""
        held = self.desk.held
        token = self.draft.token if self.draft is not None and self.refused is None else page_token()
        return render_template(
            "filling/form.html",
            page=self,
            held=held,
            form=form,
            token=token,
            resume_words=spelt(self.resume),
            resume_address=self._resume_address(),
            resume_picture=qr_picture(self._resume_address()) if self.resume and self.saved else "",
            keeps=not held.anonymous,
            aside=left_aside(self.draft) if self.draft is not None else [],
        )

    def changed(self, waiting: Waiting, *, back: bool = False) -> str:
        """What the new version of the form means for the draft. back: it was just put back."""
        if self.draft is None:
            raise RuntimeError("only a draft is lifted")
        hidden = {"code": self.code, "resume": self.resume}
        return render_template(
            "filling/lift.html",
            frame=self.frame,
            title=self.desk.held.title,
            waiting=waiting,
            draft=self.draft,
            action=self.lift_action,
            authorised_by=self.authorised_by,
            hidden={name: value for name, value in hidden.items() if value},
            may_stay=True,
            back=back,
        )

    def _resume_address(self) -> str:
        if not self.resume:
            return ""
        base = self.desk.held.campaign.settings["public_url"]
        return f"{base}{url_for('filling.resume', slug=self.desk.held.slug)}#{spelt(self.resume)}"

    def kept(self, draft: AnswerDraft, resume: str, again: Callable[[], AnswerForm]) -> Response | str:
        """That the draft was saved: a line for the script, or the page once more."""
        if wants_data():
            return data_saved(draft, resume)
        return replace(self, draft=draft, resume=resume, saved=True).render(again())

    def not_kept(self, refusal: Refusal, again: Callable[[], AnswerForm]) -> Response | tuple[str, int]:
        """Why the draft was not saved; nothing that was typed is lost."""
        if wants_data():
            return data_refused(refusal)
        draft = refusal.draft if isinstance(refusal, DraftMoved) else self.draft
        return replace(self, draft=draft, not_saved=refusal).render(again()), refusal.status
