"""A throw-away certificate of an imagined office, for tests of signatures."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from cryptography.x509.oid import NameOID

OFFICE = "演示区效能办（签名演示）"
PASSWORD = "演示口令"


def write_certificate(
    folder: Path, *, since: datetime, days: int = 365, usage: bool = True
) -> tuple[Path, Path]:
    """A PKCS#12 file and the file with its password. usage: whether it may be used to sign."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, OFFICE)])
    may = dict.fromkeys(
        (
            "content_commitment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign",
            "encipher_only", "decipher_only",
        ),
        False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(since + timedelta(days=days))
        .add_extension(
            x509.KeyUsage(digital_signature=usage, key_encipherment=not usage, **may), critical=True
        )
        .sign(key, hashes.SHA256())
    )
    container, password = folder / "office.p12", folder / "password"
    container.write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"office", key, certificate, None, BestAvailableEncryption(PASSWORD.encode())
        )
    )
    password.write_text(f"{PASSWORD}\n", encoding="utf-8")
    return container, password
