"""Signed files: valid over every byte, with the given moment; what cannot sign says why; copies bear no signature."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pikepdf
import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm

from notices.binding import bind
from notices.checks.verdict import Verdict
from notices.completeness import sample_of
from notices.images import stamped, words_of_pages
from notices.measure import measure
from notices.pades import PadesSigner, signature_fault, signer_from
from notices.render import render_pdf
from notices.signer import COVERED, SigningFailed, without_signature
from services.signing_program import ProgramSigner
from tests.notices.kinds import kind_of
from tests.notices.signing_office import OFFICE, PASSWORD, write_certificate

AT = datetime(2026, 4, 9, 1, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def pdf() -> bytes:
    kind = kind_of("rectification_notice")
    return render_pdf(kind, sample_of(kind), draft=False, issued_at=AT)


@pytest.fixture
def signer(tmp_path: Path) -> PadesSigner:
    container, _ = write_certificate(tmp_path, since=AT - timedelta(days=1))
    return signer_from(container.read_bytes(), PASSWORD.encode())


def test_a_signed_notice_is_whole_and_still_as_the_standard_asks(pdf: bytes, signer: PadesSigner) -> None:
    signed = signer.sign(pdf, at=AT)
    assert signed.startswith(pdf)
    assert signer.name == OFFICE
    assert signature_fault(signed, signer.certificate) is None
    measured = measure(signed)
    assert measured.passed, str(measured)
    assert measured.check("F4").verdict is Verdict.OK
    found = PdfFileReader(io.BytesIO(signed)).embedded_signatures[0]
    assert found.self_reported_timestamp == AT
    assert found.docmdp_level is MDPPerm.NO_CHANGES


@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
def test_a_flipped_byte_makes_it_invalid(pdf: bytes, signer: PadesSigner, place: float) -> None:
    signed = bytearray(signer.sign(pdf, at=AT))
    signed[int(len(pdf) * place)] ^= 1
    assert signature_fault(bytes(signed), signer.certificate) is not None


def test_what_is_added_afterwards_or_signed_by_another_is_found(
    pdf: bytes, signer: PadesSigner, tmp_path: Path
) -> None:
    signed = signer.sign(pdf, at=AT)
    assert signature_fault(signed + b"\n% more\n", signer.certificate) is not None
    assert signature_fault(pdf, signer.certificate) == "应有一个电子签名，实有0个"
    other = tmp_path / "other"
    other.mkdir()
    container, _ = write_certificate(other, since=AT)
    forged = signer_from(container.read_bytes(), PASSWORD.encode()).sign(pdf, at=AT)
    assert signature_fault(forged, signer.certificate) == "电子签名不是用登记的证书作的"


def test_what_cannot_sign_says_why(pdf: bytes, tmp_path: Path) -> None:
    container, _ = write_certificate(tmp_path, since=AT, days=10)
    with pytest.raises(SigningFailed, match="口令不对"):
        signer_from(container.read_bytes(), b"wrong")
    with pytest.raises(SigningFailed, match="PKCS#12"):
        signer_from(b"no certificate", None)
    short = signer_from(container.read_bytes(), PASSWORD.encode())
    with pytest.raises(SigningFailed, match="已经过期（有效期2026-04-09至2026-04-19）"):
        short.sign(pdf, at=AT + timedelta(days=11))
    with pytest.raises(SigningFailed, match="尚未生效"):
        short.sign(pdf, at=AT - timedelta(days=1))
    container, _ = write_certificate(tmp_path, since=AT, usage=False)
    with pytest.raises(SigningFailed, match="不是用来签名的"):
        signer_from(container.read_bytes(), PASSWORD.encode()).sign(pdf, at=AT)


def test_copies_to_print_or_stamped_bear_no_signature(
    pdf: bytes, signer: PadesSigner, tmp_path: Path
) -> None:
    signed = signer.sign(pdf, at=AT)
    assert without_signature(pdf) is pdf
    assert bind([signed, pdf], tmp_path / "bound.pdf") == 2 * len(words_of_pages(pdf))
    for copy in (stamped(signed, "作废"), (tmp_path / "bound.pdf").read_bytes()):
        assert COVERED not in copy
        with pikepdf.Pdf.open(io.BytesIO(copy)) as document:
            assert "/AcroForm" not in document.Root
            notes = [note for page in document.pages for note in page.get("/Annots", [])]
            assert not [note for note in notes if note.get("/FT") == pikepdf.Name.Sig]


def script(folder: Path, text: str) -> tuple[str, ...]:
    path = folder / "seal"
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return (str(path),)


def test_a_program_signs(pdf: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PINGDU_SECRET_KEY", "secret")
    told = tmp_path / "told"
    words = script(tmp_path, f"env > {told}; cat; echo '% /ByteRange'")
    signed = ProgramSigner(words, name="签章系统", seconds=20).sign(pdf, at=AT)
    assert signed == pdf + b"% /ByteRange\n"
    assert "PINGDU_SIGNING_AT=2026-04-09T01:00:00+00:00" in told.read_text()
    assert "PINGDU_SECRET_KEY" not in told.read_text()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("cat", "没有电子签名"),
        ("echo '%PDF-1.7 /ByteRange'", "打不开，或者页数"),
        ("echo nothing", "不是PDF"),
        ("echo 密码机没有连接 >&2; exit 3", "退出码3）：密码机没有连接"),
        ("sleep 60 & sleep 60", "1秒内没有完成"),
    ],
)
def test_a_program_that_fails_gives_no_file(pdf: bytes, tmp_path: Path, text: str, sentence: str) -> None:
    signer = ProgramSigner(script(tmp_path, text), name="签章系统", seconds=1 if "sleep" in text else 20)
    with pytest.raises(SigningFailed, match=sentence):
        signer.sign(pdf, at=AT)


def test_a_program_that_is_not_there_is_named(pdf: bytes) -> None:
    signer = ProgramSigner(("/nowhere/seal",), name="签章系统", seconds=1)
    for act in (lambda: signer.check(AT), lambda: signer.sign(pdf, at=AT)):
        with pytest.raises(SigningFailed, match="/nowhere/seal"):
            act()
