"""The plan itself as the document that the office uploads; each upload stays, the newest is shown first.

Source: 方案第八条第（三）项.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from models.campaign import Campaign
from models.notice import Attachment
from models.people import Role
from services.actor import Actor
from services.attachments import Checked, FileStore, Upload, attach, attachment, attachments_of, check
from services.history import record
from services.refusal import Refusal, not_found
from services.transaction import transaction

OWNER = "plan"
#: What a plan may be: as printed, or as written.
_KINDS = frozenset(
    {"application/pdf", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"}
)


def plan_documents(session: Session, campaign_id: int) -> list[Attachment]:
    """All uploads of the campaign's plan, newest first; empty when there is none yet."""
    return attachments_of(session, OWNER, campaign_id)[::-1]


def plan_file(session: Session, attachment_id: int) -> Attachment:
    """One upload of a plan, for everyone; any other file is not found here."""
    row = attachment(session, attachment_id)
    if row.owner_kind != OWNER:
        raise not_found("方案文件")
    return row


def upload_plan(
    session: Session, actor: Actor, campaign: Campaign, *, upload: Upload, store: FileStore, now: datetime
) -> Attachment:
    """Publish the plan as a document. Refused for anything but PDF and Word, and for the same file again."""
    actor.require(Role.ADMIN, to="上传方案文件")
    file = _checked(upload)
    with transaction(session):
        earlier = plan_documents(session, campaign.id)
        if earlier and earlier[0].sha256 == file.sha256:
            raise Refusal("plan_same", f"这个文件与现在公开的“{earlier[0].file_name}”完全相同，不必再传。")
        row = attach(session, actor, store, [("", file)], owner_kind=OWNER, owner_id=campaign.id, now=now)[0]
        record(
            session,
            actor,
            "plan.uploaded",
            object_kind="campaign",
            object_id=campaign.id,
            payload={"file": row.file_name, "sha256": row.sha256, "attachment": row.id},
            now=now,
        )
    return row


def _checked(upload: Upload) -> Checked:
    file = check(upload)
    if file.media_type not in _KINDS:
        raise Refusal(
            "plan_kind", f"文件“{file.file_name}”不是PDF或Word（docx）文件，请换一个文件再传。", 422
        )
    return file
