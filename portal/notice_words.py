"""How a notice stands, in the same words on every page, in the register and in its export."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _

from models.notice import Notice

#: What the register can be narrowed to, see `services.notice_lists.NoticeFilter`.
WAITING, ISSUED, SERVED, VOIDED = "waiting", "issued", "served", "voided"


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
    if notice.status == SERVED:
        return NoticeState(SERVED, _("已送达"), "ok")
    if notice.needs_service:
        return NoticeState(WAITING, _("待签收") if addressee else _("待送达"), "warn")
    return NoticeState(ISSUED, _("已印发"), "")
