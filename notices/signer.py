"""电子签名 of a finished PDF: what anything that signs must do, whoever makes it.

The place where a seal service is plugged in. `notices/pades.py` signs with the office's own certificate,
`services/signing_program.py` hands the file to a program.
"""

from __future__ import annotations

import io
from datetime import datetime
from typing import Protocol

from notices.refusal import NoticeRefused

#: Every signature in a PDF says which bytes it covers; a file without these words bears none.
COVERED = b"/ByteRange"


class SigningFailed(NoticeRefused):
    """A file was not signed, or what should sign it cannot be used; the sentence says why and what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__("not_signed", sentence)


class Signer(Protocol):
    """Signs finished files in the name of the office."""

    @property
    def name(self) -> str:
        """In whose name, as pages say it."""

    @property
    def certificate(self) -> str | None:
        """SHA-256 of the certificate that the signature can be checked against; None where others check it."""

    def check(self, at: datetime) -> None:
        """SigningFailed when it could not sign at this moment, as far as can be seen without signing."""

    def sign(self, pdf: bytes, *, at: datetime) -> bytes:
        """The signed file. at: the moment of signing. Raises SigningFailed, and never gives a file unsigned."""


def without_signature(pdf: bytes) -> bytes:
    """A copy to be bound or stamped, which a signature could not cover; an unsigned file as it is."""
    if COVERED not in pdf:
        return pdf
    import pikepdf

    with pikepdf.Pdf.open(io.BytesIO(pdf)) as document:
        for name in ("/AcroForm", "/Perms"):
            if name in document.Root:
                del document.Root[name]
        for page in document.pages:
            kept = [note for note in page.get("/Annots", []) if note.get("/FT") != pikepdf.Name.Sig]
            if kept:
                page["/Annots"] = pikepdf.Array(kept)
            elif "/Annots" in page:
                del page["/Annots"]
        held = io.BytesIO()
        document.save(held)
    return held.getvalue()


def blank_page() -> bytes:
    """An empty A4 page, to try a signer on."""
    import pikepdf

    document = pikepdf.Pdf.new()
    document.add_blank_page(page_size=(595.28, 841.89))
    held = io.BytesIO()
    document.save(held)
    return held.getvalue()
