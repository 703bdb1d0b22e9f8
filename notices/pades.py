"""PAdES: signs a PDF with the office's certificate (RSA or ECDSA) so that no later change goes unseen.

SM2 and the seals of GB/T 38540 need a certified product, which is plugged in as a program.
"""

from __future__ import annotations

import hashlib
import io
from datetime import datetime

from asn1crypto import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.pdf_signer import PdfSigningSession
from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko_certvalidator import ValidationContext

from notices.signer import SigningFailed

FIELD = "Pingdu"
_MAY_SIGN = {"digital_signature", "non_repudiation"}


class PadesSigner:
    """Signs with one certificate and its key."""

    def __init__(self, held: signers.SimpleSigner, certificate: x509.Certificate) -> None:
        self._held = held
        self._certificate = certificate
        subject = self._certificate.subject.native
        #: The holder as the certificate calls it: its common name, else its organisation.
        self.name: str = str(
            subject.get("common_name") or subject.get("organization_name") or "（证书未载名称）"
        )
        self.certificate: str = hashlib.sha256(self._certificate.dump()).hexdigest()
        self.valid_until: datetime = self._certificate.not_valid_after

    def check(self, at: datetime) -> None:
        """SigningFailed unless the certificate may sign at this moment."""
        begins, ends = self._certificate.not_valid_before, self._certificate.not_valid_after
        if not begins <= at <= ends:
            state = "尚未生效" if at < begins else "已经过期"
            raise SigningFailed(
                f"“{self.name}”的签名证书{state}（有效期{begins:%Y-%m-%d}至{ends:%Y-%m-%d}）。"
                "请换上有效的证书（PINGDU_SIGNING_KEY）。"
            )
        usage = self._certificate.key_usage_value
        if usage is not None and not _MAY_SIGN & set(usage.native):
            raise SigningFailed(f"“{self.name}”的证书不是用来签名的，请换上签名证书（PINGDU_SIGNING_KEY）。")

    def sign(self, pdf: bytes, *, at: datetime) -> bytes:
        """The file certified with no change allowed; what was there before stays byte for byte at its beginning."""
        self.check(at)
        meta = signers.PdfSignatureMetadata(
            field_name=FIELD,
            md_algorithm="sha256",
            subfilter=fields.SigSeedSubFilter.PADES,
            certify=True,
            docmdp_permissions=fields.MDPPerm.NO_CHANGES,
            name=self.name,
        )
        try:
            signed = _AtMoment(meta, self._held, at).sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)))
        except (SigningError, PdfError, ValueError) as error:
            raise SigningFailed(f"用“{self.name}”的证书签名没有成功：{error}。") from error
        return bytes(signed.getbuffer())


class _AtMoment(signers.PdfSigner):
    """The library would ask the clock; the moment of an act is given."""

    def __init__(
        self, meta: signers.PdfSignatureMetadata, held: signers.SimpleSigner, moment: datetime
    ) -> None:
        super().__init__(meta, held)
        self._moment = moment

    def init_signing_session(
        self, pdf_out: BasePdfFileWriter, existing_fields_only: bool = False
    ) -> PdfSigningSession:
        session = super().init_signing_session(pdf_out, existing_fields_only)
        session.system_time = self._moment
        return session


def signer_from(container: bytes, password: bytes | None) -> PadesSigner:
    """The signer in a PKCS#12 file (.p12, .pfx). SigningFailed with a sentence when it holds none that can be used."""
    try:
        key, certificate, _ = pkcs12.load_key_and_certificates(container, password)
    except UnsupportedAlgorithm as error:
        raise SigningFailed(
            "签名证书的算法不能使用：只支持RSA和ECDSA；国密（SM2）请用签章程序（PINGDU_SIGNING_COMMAND）。"
        ) from error
    except (ValueError, TypeError) as error:
        if "password" in str(error).lower():
            raise SigningFailed(
                "签名证书打不开：口令不对，或者文件不是PKCS#12（.p12、.pfx）。请核对PINGDU_SIGNING_PASSWORD_FILE里的口令。"
            ) from error
        raise SigningFailed(
            "签名证书不能读取：PINGDU_SIGNING_KEY指的不是PKCS#12（.p12、.pfx）文件。"
        ) from error
    if key is None or certificate is None:
        raise SigningFailed("签名证书文件里没有私钥或没有证书，请重新导出（.p12、.pfx，含私钥）。")
    held = signers.SimpleSigner.load_pkcs12_data(container, (), password)
    return PadesSigner(held, x509.Certificate.load(certificate.public_bytes(Encoding.DER)))


def signature_fault(pdf: bytes, certificate: str) -> str | None:
    """What is wrong with the one signature that a file must bear, in a sentence; None when all of it is in order.

    In order: made with this certificate (its SHA-256), intact, over the whole file, no change allowed or made. Whether
    the certificate's issuer is to be trusted is for whoever receives the file.
    """
    try:
        found = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
        if len(found) != 1:
            return f"应有一个电子签名，实有{len(found)}个"
        signer = found[0].signer_cert
        if hashlib.sha256(signer.dump()).hexdigest() != certificate:
            return "电子签名不是用登记的证书作的"
        status = validate_pdf_signature(
            found[0], signer_validation_context=ValidationContext(trust_roots=[signer], allow_fetching=False)
        )
    except (PdfError, SignatureValidationError, ValueError, TypeError, KeyError) as error:
        return f"电子签名读不出来：{error}"
    if not (status.intact and status.valid):
        return "电子签名无效，文件被改动过"
    if status.coverage is not SignatureCoverageLevel.ENTIRE_FILE or not status.docmdp_ok:
        return "电子签名没有覆盖整个文件"
    return None
