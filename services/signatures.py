"""电子签名 of notices: whether this installation signs, with what, and what becomes of a drawn page."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from notices.signer import Signer, SigningFailed
from services.refusal import Refusal

#: Under this name the sessions of an installation that signs carry what gives its signer (`Session.info`).
SIGNER = "notice_signer"
SignerSource = Callable[[], Signer]


@dataclass(frozen=True)
class Finished:
    """A file to be kept. signed_by: in whose name it is signed, None where it is not; certificate: as of `Signer`."""

    pdf: bytes
    signed_by: str | None = None
    certificate: str | None = None


def finished(session: Session, pdf: bytes, *, at: datetime) -> Finished:
    """The file of an issued notice, signed where the installation signs. Refusal where that fails: nothing is kept."""
    source: SignerSource | None = session.info.get(SIGNER)
    if source is None:
        return Finished(pdf)
    try:
        signer = source()
        return Finished(signer.sign(pdf, at=at), signer.name[:200], signer.certificate)
    except SigningFailed as failed:
        raise Refusal(
            failed.code,
            f"文书已经印发，电子签名没有成功：{failed.sentence}文号和内容不变，系统会自动重试；"
            "反复失败的列在“任务故障”里，排除原因后可以重新执行。",
            503,
        ) from failed


def certificate_source(key: Path, password: Path | None) -> SignerSource:
    """Signs with a PKCS#12 file, read again whenever it has changed: a new certificate needs no restart."""
    held: dict[tuple[int, int], Signer] = {}

    def source() -> Signer:
        from notices.pades import signer_from  # a second's worth of libraries, for installations that sign

        try:
            state = key.stat()
            stamp = (state.st_mtime_ns, state.st_size)
            if stamp not in held:
                word = password.read_bytes().rstrip(b"\r\n") if password else None
                signer = signer_from(key.read_bytes(), word)
                held.clear()
                held[stamp] = signer
                return signer
            return held[stamp]
        except OSError as error:
            raise SigningFailed(
                f"签名证书或口令文件读不到：{error.filename}（{error.strerror}）。"
            ) from error

    return source


def program_source(command: str, *, name: str, seconds: int) -> SignerSource:
    """Signs through a program. name: in whose name; blank for the program's own."""
    words = shlex.split(command)

    def source() -> Signer:
        from services.signing_program import ProgramSigner

        return ProgramSigner(words, name=name or Path(words[0]).name, seconds=seconds)

    return source
