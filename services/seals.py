"""印章: who may have the office's seal printed, and on what. Without an uploaded image its place stays empty."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from models.campaign import Campaign
from models.notice import Notice
from models.people import Role
from models.seal import Seal
from notices.definition import NoticeKind, SignatureStyle, Value
from notices.template import fill, placeholders_in
from services.actor import Actor
from services.definitions import notice_kind_of_campaign
from services.history import record
from services.notice_lists import kind_names
from services.refusal import Refusal
from services.transaction import transaction

LARGEST = 2_000_000
_SIDE = 1_000
_LEAST = 300
_LONGEST_PIXELS = 25_000_000


def upload_seal(
    session: Session, actor: Actor, campaign: Campaign, content: bytes, *, organ: str = "", now: datetime
) -> Seal:
    """From now on notices that leave room for a seal are printed with this image; the head alone decides so.

    organ: blank for the office's own, else one of `joint_organs`, which has to have agreed. The image is encoded
    anew, without whatever its file told besides. Issued notices keep what they bear.
    """
    actor.require(Role.HEAD, to="上传印章图片")
    image = _checked(content)
    if organ and organ not in joint_organs(session, actor, campaign):
        raise Refusal("organ_unknown", f"没有和“{organ[:60]}”联合发文的文书，请从所列机关中选择。", 422)
    with transaction(session):
        row = Seal(
            campaign_id=campaign.id,
            organ=organ,
            image=image,
            sha256=hashlib.sha256(image).hexdigest(),
            uploaded_by_id=actor.person,
            uploaded_at=now,
        )
        session.add(row)
        session.flush()
        _put(_locked(session, campaign), organ, row.id)
        payload = {"campaign": campaign.id, "sha256": row.sha256, "organ": organ}
        record(
            session, actor, "seal.uploaded", object_kind="seal", object_id=row.id, payload=payload, now=now
        )
    return row


def retire_seal(
    session: Session, actor: Actor, campaign: Campaign, *, organ: str = "", now: datetime
) -> None:
    """From now on the place of the office's seal, or of another organ's, stays empty again."""
    actor.require(Role.HEAD, to="停用印章图片")
    with transaction(session):
        held = _locked(session, campaign)
        seal_id = held.joint_seals.get(organ) if organ else held.seal_id
        if seal_id is None:
            raise Refusal("no_seal", "现在没有启用印章图片。")
        payload = {"campaign": campaign.id, "organ": organ}
        record(
            session, actor, "seal.retired", object_kind="seal", object_id=seal_id, payload=payload, now=now
        )
        _put(held, organ, None)


def _put(campaign: Campaign, organ: str, seal_id: int | None) -> None:
    if not organ:
        campaign.seal_id = seal_id
        return
    kept = {name: held for name, held in campaign.joint_seals.items() if name != organ}
    campaign.joint_seals = kept if seal_id is None else {**kept, organ: seal_id}


def active_seal(session: Session, actor: Actor, campaign: Campaign, organ: str = "") -> Seal | None:
    """The image in use; its page is the head's."""
    actor.require(Role.HEAD, to="管理印章图片")
    seal_id = campaign.joint_seals.get(organ) if organ else campaign.seal_id
    return None if seal_id is None else session.get(Seal, seal_id)


def joint_organs(session: Session, actor: Actor, campaign: Campaign) -> list[str]:
    """The organs that the campaign's kinds are issued with and that leave room for a seal, and whose image is kept.

    A name that is a value of each notice is not among them: whose seal that is can only be said once it is known.
    """
    actor.require(Role.HEAD, to="管理印章图片")
    names = {
        organ.name: None
        for key in sorted(kind_names(session, campaign))
        for kind in [notice_kind_of_campaign(session, campaign, key)[1]]
        if kind.signature is not None and kind.signature.style is SignatureStyle.SEAL
        for organ in kind.joint
        if not placeholders_in(organ.name)
    }
    return list(names | dict.fromkeys(sorted(campaign.joint_seals)))


def seals_for(campaign: Campaign, kind: NoticeKind, values: Mapping[str, Value]) -> dict[str, Any]:
    """The images that a notice of this kind issued now bears, as its columns; none where it leaves no room."""
    if kind.signature is None or kind.signature.style is not SignatureStyle.SEAL:
        return {"seal_id": None, "joint_seals": []}
    names = [fill(organ.name, lambda name: str(values.get(name, ""))) for organ in kind.joint]
    return {
        "seal_id": campaign.seal_id,
        "joint_seals": [campaign.joint_seals.get(name) for name in names],
    }


def seals_on(session: Session, notice: Notice) -> tuple[bytes, ...]:
    """The images that an issued notice bears, in the order of its organs; empty for one that seals by hand."""
    wanted = [notice.seal_id, *notice.joint_seals]
    if not any(wanted):
        return ()
    rows = select(Seal).where(Seal.id.in_([seal for seal in wanted if seal])).options(undefer(Seal.image))
    images = {row.id: row.image for row in session.execute(rows).scalars()}
    return tuple(b"" if seal is None else images[seal] for seal in wanted)


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
