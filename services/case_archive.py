"""一案一档: everything of a closed case in one file that explains itself and proves itself, for the archive.

The same case gives the same bytes: names, order and times inside come from the case, nothing from the moment
of packing.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from models.history import HistoryEntry
from models.notice import Notice
from models.people import Role
from services.actor import OFFICE, Actor
from services.attachments import FileStore
from services.case_archive_page import index_page
from services.case_file import CaseFile, case_file
from services.case_lists import tone_of
from services.definitions import workflow_of
from services.history import record
from services.notice_values import LOCAL
from services.notices import pdf_of
from services.refusal import Refusal
from services.transaction import transaction

FORMAT = "pingdu-case-archive/1"
SUMS = "SHA256SUMS"
#: The act of packing is in the log but not in the package, which would differ each time.
PACKED = "case.archived"
_LARGEST_PACKAGE = 2 * 1024**3


@dataclass(frozen=True)
class Package:
    """A packed case: the name of the file and its bytes."""

    file_name: str
    content: bytes


def pack_case(session: Session, actor: Actor, case_id: int, *, store: FileStore, now: datetime) -> Package:
    """The archive package of a closed case: notices, answers, evidence, history, ledger, log, hashes, index.

    For the office and the auditor. Refusal while the case is open or when a file of it is lost. Reads only; that
    it was packed is written into the log afterwards, in a transaction of its own.

    Source: 政府档案“一案一档”; 方案第八条第（二）项.
    """
    actor.require(*OFFICE, Role.ADMIN, Role.AUDITOR, to="下载案卷归档包")
    file = case_file(session, actor, case_id, now=now)
    case = file.case
    if tone_of(workflow_of(session, case.workflow_id), case.state) != "final" or case.ended_at is None:
        raise Refusal("case_open", f"{case.number}还没有办结，办结（销号、免予扣分或撤销）后才能归档。")
    members = _members(session, file, store, now=now)
    content = _zipped(members, case.ended_at)
    with transaction(session):
        payload = {"number": case.number, "sha256": hashlib.sha256(content).hexdigest()}
        record(session, actor, PACKED, object_kind="case", object_id=case.id, payload=payload, now=now)
    return Package(f"{case.number}归档.zip", content)


def faults_of(content: bytes) -> list[str]:
    """What is wrong with a package: damaged, changed, missing or added files; empty when it is as it was packed."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            names = package.namelist()
            if SUMS not in names:
                return [f"没有{SUMS}，不是归档包"]
            told = dict(_sums(package.read(SUMS).decode("utf-8")))
            found = {name: package.read(name) for name in names if name != SUMS}
    except (zipfile.BadZipFile, UnicodeDecodeError, OSError) as error:
        return [f"文件损坏，不能打开：{error}"]
    faults = [f"缺少文件{name}" for name in sorted(told.keys() - found.keys())]
    faults += [f"多出文件{name}" for name in sorted(found.keys() - told.keys())]
    changed = [
        name for name in found if name in told and told[name] != hashlib.sha256(found[name]).hexdigest()
    ]
    return faults + [f"文件被改动：{name}" for name in sorted(changed)]


def _sums(text: str) -> list[tuple[str, str]]:
    return [(line[66:], line[:64]) for line in text.splitlines() if len(line) > 66]


def _members(session: Session, file: CaseFile, store: FileStore, *, now: datetime) -> dict[str, bytes]:
    members: dict[str, bytes] = {}
    papers = []
    for index, notice in enumerate(file.notices, 1):
        path = f"notices/{index:02d}-{_plain(notice.number)}"
        members[f"{path}.pdf"] = pdf_of(session, notice, now=now)
        members[f"{path}.json"] = _json(notice.frozen)
        papers.append(_paper(file, notice, path))
    evidence = []
    for index, item in enumerate(file.files, 1):
        path = f"evidence/{index:03d}-{_plain(item.file_name)}"
        members[path] = store.existing(item.sha256, name=item.file_name).read_bytes()
        evidence.append(
            {"path": path, "name": item.file_name, "media_type": item.media_type, "sha256": item.sha256}
        )
    if sum(map(len, members.values())) > _LARGEST_PACKAGE:
        raise Refusal("archive_large", "案卷文件合计超过2GB，请分次从事项页面下载附件。", 413)
    contents: dict[str, Any] = {
        "format": FORMAT,
        "case": _case(file),
        "steps": [_step(line) for line in file.steps],
        "deductions": [_entry(row) for row in file.entries],
        "notices": papers,
        "evidence": evidence,
        "log": _log(session, file),
    }
    members["index.json"] = _json(contents)
    members["index.html"] = index_page(contents).encode("utf-8")
    return members


def _case(file: CaseFile) -> dict[str, Any]:
    case = file.case
    return {
        "number": case.number, "title": case.title, "unit": case.target.unit.name, "target": case.target.name,
        "campaign": case.campaign.name, "channel": file.channel, "problem": file.problem, "facts": case.facts,
        "basis": case.basis, "requirement": case.requirement, "found_on": _day(case.found_on),
        "opened_at": _moment(case.opened_at), "ended_at": _moment(case.ended_at), "state": file.state_name,
        "points": str(file.points),
    }  # fmt: skip


def _step(line: Any) -> dict[str, Any]:
    return {
        "position": line.position, "name": line.name, "who": line.who, "from": line.from_state, "to": line.to_state,
        "effective_at": _moment(line.effective_at), "recorded_at": _moment(line.recorded_at),
        "answers": [list(answer) for answer in line.answers], "source": line.source,
    }  # fmt: skip


def _entry(row: Any) -> dict[str, Any]:
    return {"tier": row.tier, "points": str(row.points), "reason": row.reason, "source": row.source}


def _paper(file: CaseFile, notice: Notice, path: str) -> dict[str, Any]:
    service = notice.service
    return {
        "number": notice.number, "kind": file.kinds[notice.kind], "title": notice.title,
        "status": "superseded" if notice.superseded else notice.status,
        "issued_on": notice.issued_on.isoformat(), "path": f"{path}.pdf", "values": f"{path}.json",
        "values_sha256": notice.sha256, "void_reason": notice.void_reason,
        "service": None if service is None else {
            "way": service.way, "receiver": service.receiver, "served_at": _moment(service.served_at),
            "remark": service.remark,
        },
    }  # fmt: skip


def _log(session: Session, file: CaseFile) -> list[dict[str, Any]]:
    """The office's log on this case and its notices, in order."""
    papers = [str(notice.id) for notice in file.notices]
    rows = session.execute(
        select(HistoryEntry)
        .where(
            or_(
                and_(HistoryEntry.object_kind == "case", HistoryEntry.object_id == str(file.case.id)),
                and_(HistoryEntry.object_kind == "notice", HistoryEntry.object_id.in_(papers)),
            ),
            HistoryEntry.act != PACKED,
        )
        .order_by(HistoryEntry.id)
    ).scalars()
    return [
        {
            "at": _moment(row.at), "who": row.actor_name, "act": row.act, **_opened(row, file.hidden),
            "commitment": row.commitment,
        }
        for row in rows
    ]  # fmt: skip


def _opened(row: HistoryEntry, hidden: frozenset[str]) -> dict[str, Any]:
    """What an entry says; what the procedure hides is left out, and with it the salt that would let it be guessed."""
    kept = {name: value for name, value in row.payload.items() if name not in hidden}
    return {"payload": kept, "salt": row.salt if len(kept) == len(row.payload) else ""}


def _moment(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(LOCAL).isoformat(timespec="seconds")


def _day(day: date | None) -> str:
    """A date; empty for one that the procedure hides."""
    return "" if day is None else day.isoformat()


def _plain(name: str) -> str:
    """A file name that every system can keep."""
    return re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*]+', "_", name).strip(". ")[-120:] or "_"


def _json(content: Any) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode("utf-8")


def _zipped(members: dict[str, bytes], ended_at: datetime) -> bytes:
    """The package; its sums can be checked by `sha256sum -c` after unpacking."""
    sums = "".join(f"{hashlib.sha256(members[name]).hexdigest()}  {name}\n" for name in sorted(members))
    local = ended_at.astimezone(LOCAL)
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as package:
        for name, content in [*sorted(members.items()), (SUMS, sums.encode("utf-8"))]:
            entry = zipfile.ZipInfo(name, local.timetuple()[:6])
            entry.compress_type = (
                zipfile.ZIP_STORED if name.endswith((".pdf", ".jpg")) else zipfile.ZIP_DEFLATED
            )
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            package.writestr(entry, content)
    return kept.getvalue()
