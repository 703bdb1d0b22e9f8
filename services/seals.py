"""印章: who may have the office's seal printed, and on what. Without an uploaded image its place stays empty."""

from __future__ import annotations

import hashlib
import io
from datetime import datetime

from sqlalchemy.orm import Session

from models.campaign import Campaign
from models.notice import Notice
from models.people import Role
from models.seal import Seal
from notices.definition import NoticeKind, SignatureStyle
from services.actor import Actor
from services.history import record
from services.refusal import Refusal
from services.transaction import transaction

LARGEST = 2_000_000
_SIDE = 1_000
_LEAST = 300
_LONGEST_PIXELS = 25_000_000


def upload_seal(session: Session, actor: Actor, campaign: Campaign, content: bytes, *, now: datetime) -> Seal:
    """From now on notices that leave room for a seal are printed with this image; the head alone decides so.

    The image is encoded anew, without whatever its file told besides. Issued notices keep what they bear.
    """
    actor.require(Role.HEAD, to="上传印章图片")
    image = _checked(content)
    with transaction(session):
        row = Seal(
            campaign_id=campaign.id,
            image=image,
            sha256=hashlib.sha256(image).hexdigest(),
            uploaded_by_id=actor.person,
            uploaded_at=now,
        )
        session.add(row)
        session.flush()
        _locked(session, campaign).seal_id = row.id
        payload = {"campaign": campaign.id, "sha256": row.sha256}
        record(
            session, actor, "seal.uploaded", object_kind="seal", object_id=row.id, payload=payload, now=now
        )
    return row


def retire_seal(session: Session, actor: Actor, campaign: Campaign, *, now: datetime) -> None:
    """From now on the place of the seal stays empty again."""
    actor.require(Role.HEAD, to="停用印章图片")
    with transaction(session):
        row = _locked(session, campaign)
        if row.seal_id is None:
            raise Refusal("no_seal", "现在没有启用印章图片。")
        payload = {"campaign": campaign.id}
        record(
            session,
            actor,
            "seal.retired",
            object_kind="seal",
            object_id=row.seal_id,
            payload=payload,
            now=now,
        )
        row.seal_id = None


def active_seal(session: Session, actor: Actor, campaign: Campaign) -> Seal | None:
    """The image in use; its page is the head's."""
    actor.require(Role.HEAD, to="管理印章图片")
    return None if campaign.seal_id is None else session.get(Seal, campaign.seal_id)


def seal_for(campaign: Campaign, kind: NoticeKind) -> int | None:
    """The image that a notice of this kind issued now bears; None where the kind leaves no room for one."""
    signed = kind.signature is not None and kind.signature.style is SignatureStyle.SEAL
    return campaign.seal_id if signed else None


def seals_on(session: Session, notice: Notice) -> tuple[bytes, ...]:
    """The images that an issued notice bears; of a joint issue the lead's alone, the others seal by hand."""
    row = None if notice.seal_id is None else session.get(Seal, notice.seal_id)
    return () if row is None else (row.image,)


def _locked(session: Session, campaign: Campaign) -> Campaign:
    return session.get_one(Campaign, campaign.id, with_for_update=True, populate_existing=True)


def _checked(content: bytes) -> bytes:
    from PIL import Image, UnidentifiedImageError

    if not content or len(content) > LARGEST:
        raise Refusal("seal_size", "请选择不超过2MB的印章图片。", 422)
    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
            if picture.width * picture.height > _LONGEST_PIXELS:
                raise Refusal("seal_size", "印章图片的像素过多，请缩小到1000×1000以内。", 422)
            if min(picture.size) < _LEAST or not 0.9 <= picture.width / picture.height <= 1.1:
                raise Refusal("seal_shape", "印章图片应是正方形，边长不少于300像素。", 422)
            clean = picture.convert("RGBA")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise Refusal("seal_kind", "印章图片应是PNG文件，背景透明。", 422) from error
    if clean.getchannel("A").histogram()[255] == clean.width * clean.height:
        raise Refusal("seal_opaque", "印章图片的背景不透明，会遮住署名和日期，请换成背景透明的PNG。", 422)
    clean.thumbnail((_SIDE, _SIDE))
    kept = io.BytesIO()
    clean.save(kept, "PNG", optimize=True)
    return kept.getvalue()
