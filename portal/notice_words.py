"""How a notice stands, in the same words on every page, in the register and in its export."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _

from models.notice import Notice

#: What the register can be narrowed to, see `services.notice_lists.NoticeFilter`.
WAITING, ISSUED, SERVED, VOIDED, SUPERSEDED = "waiting", "issued", "served", "voided", "superseded"


@dataclass(frozen=True)
class NoticeState:
    """key: as the register filters it. tone: of the badge."""

    key: str
    words: str
    tone: str


def notice_state(notice: Notice, *, addressee: bool = False) -> NoticeState:
    """How the notice stands. addressee: said to whoever has to sign for it.

    Only what needs a service waits for one: a receipt or a circular is issued, and that is all.
    """
    if notice.status == VOIDED:
        return NoticeState(VOIDED, _("作废"), "final")
    if notice.superseded:
        return NoticeState(SUPERSEDED, _("已被代替"), "final")
    if notice.status == SERVED:
        return NoticeState(SERVED, _("已送达"), "ok")
    if notice.needs_service:
        return NoticeState(WAITING, _("待签收") if addressee else _("待送达"), "warn")
    return NoticeState(ISSUED, _("已印发"), "")


def act_words(act: str) -> str:
    """What an act upon a notice is called in its life."""
    known = {
        "notice.submitted_for_check": _("送核"),
        "notice.checked": _("核准"),
        "notice.returned": _("核稿退回"),
        "notice.issued": _("印发"),
        "notice.served": _("送达"),
        "notice.void_proposed": _("提出作废"),
        "notice.void_refused": _("不同意作废"),
        "notice.voided": _("作废"),
        "notice.superseded": _("由新文书代替"),
        "notice.reissued": _("重发自旧文书"),
    }
    return known.get(act, act)
