"""Files people hand in: checked, stripped of what names them, kept by their hash."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.notice import Attachment
from services.actor import Actor
from services.refusal import Refusal, not_found

LARGEST_FILE = 20 * 1024 * 1024
LARGEST_SIDE = 2400
LARGEST_PIXELS = 60_000_000
_OFFICE = {
    ".docx": ("word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ".xlsx": ("xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


@dataclass(frozen=True)
class Upload:
    """A file as it came: the name its owner gave it, and its bytes."""

    file_name: str
    content: bytes


@dataclass(frozen=True)
class Checked:
    """A file that may be kept."""

    file_name: str
    media_type: str
    content: bytes
    sha256: str


def check(upload: Upload) -> Checked:
    """Refuse what is not a picture, a PDF or an Office document; re-encode pictures without their metadata.

    Done before the transaction: it may take a moment.
    """
    name = Path(upload.file_name.replace("\\", "/")).name.strip()[-180:] or "附件"
    if not upload.content:
        raise Refusal("file_empty", f"文件“{name}”是空的，请重新选择。", 422)
    if len(upload.content) > LARGEST_FILE:
        raise Refusal("file_large", f"文件“{name}”超过20MB，请压缩或拆分后再传。", 422)
    if upload.content.startswith(b"%PDF-"):
        return _checked(name, "application/pdf", upload.content)
    suffix = Path(name).suffix.lower()
    if suffix in _OFFICE and zipfile.is_zipfile(io.BytesIO(upload.content)):
        return _office(name, suffix, upload.content)
    return _picture(name, upload.content)


def _office(name: str, suffix: str, content: bytes) -> Checked:
    folder, media_type = _OFFICE[suffix]
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
    except zipfile.BadZipFile as error:
        raise _unknown(name) from error
    unpacked = sum(member.file_size for member in members)
    if unpacked > 200 * 1024 * 1024 or len(members) > 5_000:
        raise Refusal("file_bomb", f"文件“{name}”展开后过大，未予接收。", 422)
    if not any(member.filename.startswith(folder) for member in members):
        raise _unknown(name)
    return _checked(name, media_type, content)


def _picture(name: str, content: bytes) -> Checked:
    from PIL import Image, ImageOps, UnidentifiedImageError  # loaded with the first picture

    try:
        with Image.open(io.BytesIO(content), formats=["JPEG", "PNG", "WEBP"]) as image:
            if image.width * image.height > LARGEST_PIXELS:
                raise Refusal("picture_large", f"照片“{name}”的像素过多，请缩小后再传。", 422)
            upright = ImageOps.exif_transpose(image)
            upright.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
            kept = io.BytesIO()
            # A fresh encoding leaves behind where and with which device the picture was taken.
            upright.convert("RGB").save(kept, "JPEG", quality=85, optimize=True)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise _unknown(name) from error
    return _checked(str(Path(name).with_suffix(".jpg")), "image/jpeg", kept.getvalue())


def _unknown(name: str) -> Refusal:
    return Refusal(
        "file_kind",
        f"无法识别文件“{name}”：只接收照片（JPG、PNG、WebP）、PDF、Word（docx）和Excel（xlsx）。",
        422,
    )


def _checked(name: str, media_type: str, content: bytes) -> Checked:
    return Checked(name, media_type, content, hashlib.sha256(content).hexdigest())


class FileStore:
    """A folder of files named by their hash: written durably before the row that points to them commits."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        """Where the file with this hash lies."""
        return self.folder / sha256[:2] / sha256

    def existing(self, sha256: str, *, name: str) -> Path:
        """Where the file lies, for reading; Refusal when the folder has lost it. name: for the sentence."""
        path = self.path(sha256)
        if path.is_file():
            return path
        raise Refusal("file_lost", f"附件“{name}”的文件不在存储目录中，请告诉系统管理员从备份恢复。", 404)

    def put(self, file: Checked) -> None:
        """Keep the bytes; the same bytes are kept once."""
        path = self.path(file.sha256)
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}.{id(file)}.part")
        with draft.open("wb") as out:
            out.write(file.content)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def attach(
    session: Session,
    actor: Actor,
    store: FileStore,
    files: list[tuple[str, Checked]],
    *,
    owner_kind: str,
    owner_id: int,
    now: datetime,
) -> list[Attachment]:
    """Tie checked files to their owner; inside the owner's transaction. files: (field, file)."""
    rows = []
    for field, file in files:
        store.put(file)
        row = Attachment(
            owner_kind=owner_kind,
            owner_id=owner_id,
            field=field,
            file_name=file.file_name,
            media_type=file.media_type,
            size=len(file.content),
            sha256=file.sha256,
            uploaded_by_id=actor.user_id,
            uploaded_at=now,
        )
        session.add(row)
        rows.append(row)
    if rows:
        session.flush()
    return rows


def attachments_of(session: Session, owner_kind: str, owner_id: int) -> list[Attachment]:
    """The files of one owner in the order they came."""
    return list(
        session.execute(
            select(Attachment)
            .where(Attachment.owner_kind == owner_kind, Attachment.owner_id == owner_id)
            .order_by(Attachment.id)
        ).scalars()
    )


def attachment(session: Session, attachment_id: int) -> Attachment:
    """One file's row; the caller checks who may see it."""
    row = session.get(Attachment, attachment_id)
    if row is None:
        raise not_found("附件")
    return row
