"""Backup and restore: what comes back is what was there; what was damaged does not come back at all."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine, MetaData, create_engine, make_url, select, text
from sqlalchemy.orm import Session

from models.engine import make_engine
from services.attachments import FileStore, Upload, attach, check
from services.backup import MANIFEST, back_up, restore
from services.history import seal_history
from services.refusal import Refusal
from services.transaction import transaction
from services.verification import verify
from tests.integration.due_cases import served_cases
from tests.integration.office import START, Office

PDF = b"%PDF-1.4 demonstration"


@pytest.fixture
def data(session: Session, office: Office, tmp_path: Path) -> Path:
    """A data folder with one handed-in file, beside a database with cases."""
    (case_id,) = served_cases(session, office, 1)
    folder = tmp_path / "data"
    with transaction(session):
        files = [("evidence", check(Upload("证据.pdf", PDF)))]
        store = FileStore(folder / "files")
        attach(session, office.officer, store, files, owner_kind="step", owner_id=case_id, now=START)
    seal_history(session, now=START)
    session.close()
    return folder


@pytest.fixture
def elsewhere(engine: Engine, tmp_path: Path) -> Iterator[Engine]:
    """An empty database of the same kind."""
    if engine.dialect.name == "sqlite":
        other = make_engine(f"sqlite:///{tmp_path / 'elsewhere' / 'pingdu.db'}")
        yield other
        other.dispose()
        return
    name = f"pingdu_restored_{uuid4().hex[:12]}"
    server = create_engine(engine.url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    other = make_engine(make_url(engine.url).set(database=name))
    yield other
    other.dispose()
    with server.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    server.dispose()


def rows_of(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    """Everything that is stored."""
    known = MetaData()
    known.reflect(engine)
    with engine.connect() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(select(table))), key=repr)
            for table in known.sorted_tables
        }


def test_what_comes_back_is_what_was_there(
    engine: Engine, elsewhere: Engine, data: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "backup.tar.gz"
    made = back_up(engine, data, archive, now=START)
    digest = hashlib.sha256(PDF).hexdigest()
    assert made.files[f"files/{digest[:2]}/{digest}"] == digest
    assert archive.stat().st_mode & 0o077 == 0
    target = tmp_path / "elsewhere"
    target.mkdir(exist_ok=True)
    restore(elsewhere, target, archive)
    assert rows_of(elsewhere) == rows_of(engine)
    assert FileStore(target / "files").path(digest).read_bytes() == PDF
    with Session(elsewhere) as reading:
        assert verify(reading) == []
    assert not list(target.glob(".pingdu-*"))
    with pytest.raises(Refusal, match="已有数据"):
        restore(elsewhere, target, archive)
    with pytest.raises(Refusal, match="不会覆盖"):
        back_up(engine, data, archive, now=START)


def rewritten(archive: Path, name: str, content: bytes | None, *, extra: str = "") -> Path:
    """The archive with one member changed (None: left out), or with one more."""
    changed = archive.with_name("changed.tar.gz")
    with tarfile.open(archive) as old, tarfile.open(changed, "w:gz") as new:
        for member in old:
            source = old.extractfile(member)
            assert source is not None
            kept = source.read()
            if member.name == name:
                if content is None:
                    continue
                kept = content
            member.size = len(kept)
            new.addfile(member, io.BytesIO(kept))
        if extra:
            info = tarfile.TarInfo(extra)
            info.size = 1
            new.addfile(info, io.BytesIO(b"x"))
    return changed


def test_a_damaged_archive_restores_nothing(sqlite_url: str, tmp_path: Path) -> None:
    source = make_engine(sqlite_url)
    archive = tmp_path / "backup.tar.gz"
    (tmp_path / "data").mkdir()
    back_up(source, tmp_path / "data", archive, now=START)
    source.dispose()
    manifest = json.dumps({"format": "another/1", "made_at": "", "database": "sqlite", "files": {}}).encode()
    half = tmp_path / "half.tar.gz"
    half.write_bytes(archive.read_bytes()[:2000])
    text_file = tmp_path / "note.txt"
    text_file.write_text("no archive", encoding="utf-8")
    target = tmp_path / "elsewhere"
    target.mkdir()
    for damaged in (
        rewritten(archive, "database.sqlite", b"SQLite format 3\x00 and then nothing"),
        half,
        text_file,
    ):
        _refused(damaged, target)
    for name, content, extra in (
        ("database.sqlite", None, ""),
        (MANIFEST, manifest, ""),
        (MANIFEST, b"{", ""),
        (MANIFEST, None, ""),
        ("", None, "../outside"),
        ("", None, "files/aa/unlisted"),
    ):
        _refused(rewritten(archive, name, content, extra=extra), target)
    assert not (tmp_path / "outside").exists()


def _refused(archive: Path, target: Path) -> None:
    empty = make_engine(f"sqlite:///{target / 'pingdu.db'}")
    try:
        with pytest.raises(Refusal):
            restore(empty, target, archive)
        with empty.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM sqlite_master")).scalar_one() == 0
    finally:
        empty.dispose()
    assert not (target / "files").exists()
    assert not list(target.glob(".pingdu-*"))
