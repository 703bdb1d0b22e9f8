"""Backup: the database and the handed-in files in one archive with the SHA-256 of each; and back again.

Taken while the office works. The database is copied before the files: a file is written before the row that
points to it, so every row of the copy finds its file.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy import Engine, inspect

from services import database_copy
from services.refusal import Refusal

FORMAT = "pingdu-backup/1"
MANIFEST = "manifest.json"
FILES = "files"
_CHUNK = 1024 * 1024


@dataclass(frozen=True)
class Contents:
    """What an archive holds. kind: sqlite or postgresql; files: path to SHA-256, the database among them."""

    made_at: str
    kind: str
    files: dict[str, str]

    @property
    def database(self) -> str:
        """The path of the database inside the archive."""
        return database_copy.NAMES[self.kind]


def back_up(engine: Engine, data: Path, file: Path, *, now: datetime) -> Contents:
    """Write everything that is kept into one archive. data: the data folder; its secret key is left out.

    The file appears whole or not at all, readable by its owner alone; an existing one is never overwritten.
    """
    if file.exists():
        raise Refusal("backup_exists", f"文件{file}已经存在，备份不会覆盖它；请换一个文件名。", 422)
    file.parent.mkdir(parents=True, exist_ok=True)
    kind = engine.dialect.name
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".pingdu-backup-") as work:
        copy = Path(work) / database_copy.NAMES[kind]
        database_copy.copy_out(engine, copy)
        kept = {copy.name: copy, **_files_in(data / FILES)}
        hashes = {name: _sha256(path) for name, path in kept.items()}
        contents = Contents(now.isoformat(), kind, hashes)
        draft = Path(work) / "archive"
        _write(draft, contents, kept)
        draft.chmod(0o600)
        draft.replace(file)
    return contents


def _files_in(folder: Path) -> dict[str, Path]:
    """Handed-in files by their path in the archive; drafts of files just being written are left out."""
    if not folder.is_dir():
        return {}
    return {
        f"{FILES}/{path.relative_to(folder).as_posix()}": path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".part"
    }


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as source:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _write(file: Path, contents: Contents, kept: dict[str, Path]) -> None:
    manifest = {
        "format": FORMAT,
        "made_at": contents.made_at,
        "database": contents.kind,
        "files": contents.files,
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True).encode()
    with file.open("wb") as out:
        with tarfile.open(fileobj=out, mode="w:gz", compresslevel=6) as archive:
            info = tarfile.TarInfo(MANIFEST)
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text))
            for name, path in kept.items():
                archive.add(path, arcname=name, recursive=False)
        out.flush()
        os.fsync(out.fileno())


def restore(engine: Engine, data: Path, file: Path) -> Contents:
    """Bring a backup into an installation that holds nothing yet.

    Every hash is checked before anything is put in place.
    """
    _refuse_inhabited(engine, data)
    with _unpacked(file, data) as (folder, contents):
        if contents.kind != engine.dialect.name:
            raise Refusal(
                "backup_other_kind",
                f"这份备份来自{contents.kind}数据库，而本安装用的是{engine.dialect.name}；"
                "请把 PINGDU_DATABASE_URL 改为同类数据库再恢复。",
            )
        engine.dispose()
        database_copy.copy_in(engine, folder / contents.database)
        if (folder / FILES).is_dir():
            shutil.rmtree(data / FILES, ignore_errors=True)
            (folder / FILES).replace(data / FILES)
    return contents


def _refuse_inhabited(engine: Engine, data: Path) -> None:
    files = data / FILES
    if inspect(engine).get_table_names() or (files.is_dir() and any(files.iterdir())):
        raise Refusal(
            "not_empty",
            "这里已有数据，恢复只在空的数据目录和空数据库中进行；请另设 PINGDU_DATA 或 PINGDU_DATABASE_URL。",
        )


@contextmanager
def _unpacked(file: Path, data: Path) -> Iterator[tuple[Path, Contents]]:
    """The archive's files in a folder beside where they will lie, each with the hash it should have."""
    data.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=data, prefix=".pingdu-restore-") as work:
        folder = Path(work)
        try:
            with tarfile.open(file, mode="r:gz") as archive:
                contents = _contents(archive)
                for member in archive:
                    _extract(archive, member, folder, contents)
        except (OSError, EOFError, tarfile.TarError) as error:
            raise Refusal(
                "backup_unreadable", f"读不出备份文件{file}：{error}。请换一份备份。", 422
            ) from error
        missing = [name for name in contents.files if not (folder / name).is_file()]
        if missing:
            raise _damaged(missing[0], "缺少")
        yield folder, contents


def _contents(archive: tarfile.TarFile) -> Contents:
    first = archive.next()
    source = archive.extractfile(first) if first is not None and first.name == MANIFEST else None
    if source is None:
        raise Refusal("backup_strange", "这不是评督的备份文件：开头没有清单。", 422)
    try:
        manifest: dict[str, Any] = json.loads(source.read())
        contents = Contents(manifest["made_at"], manifest["database"], dict(manifest["files"]))
        known = manifest["format"] == FORMAT and contents.database in contents.files
    except (ValueError, KeyError, TypeError) as error:
        raise Refusal("backup_strange", "备份文件的清单读不懂。", 422) from error
    if not known:
        raise Refusal("backup_strange", "备份文件的格式不是本版本所认识的。", 422)
    return contents


def _extract(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path, contents: Contents) -> None:
    """One listed plain file, hashed while it is written; anything else in the archive is refused."""
    path = PurePosixPath(member.name)
    if member.name == MANIFEST:
        return
    source = archive.extractfile(member) if member.isfile() else None
    if source is None or member.name not in contents.files or path.is_absolute() or ".." in path.parts:
        raise _damaged(member.name, "多出")
    place = folder / path
    place.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with place.open("wb") as out:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())
    if digest.hexdigest() != contents.files[member.name]:
        raise _damaged(member.name, "摘要不符：")


def _damaged(name: str, how: str) -> Refusal:
    return Refusal("backup_damaged", f"备份文件已损坏或被改动（{how}{name}），没有恢复任何数据。", 422)
