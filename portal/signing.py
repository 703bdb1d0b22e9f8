"""Whether this installation signs its notices, from the settings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask

if TYPE_CHECKING:
    from services.signatures import SignerSource


def init_signing(app: Flask) -> None:
    """Let every session know the signer; without a setting nothing is loaded and nothing signed."""
    source = _source(app.config)
    app.extensions["signer"] = source
    if source is not None:
        from services.signatures import SIGNER

        app.extensions["sessions"].configure(info={SIGNER: source})


def _source(config: Mapping[str, Any]) -> SignerSource | None:
    key, command = config["PINGDU_SIGNING_KEY"], config["PINGDU_SIGNING_COMMAND"]
    if not key and not command:
        return None
    from services.signatures import certificate_source, program_source

    if key:
        password = config["PINGDU_SIGNING_PASSWORD_FILE"]
        return certificate_source(Path(key), Path(password) if password else None)
    return program_source(
        command, name=config["PINGDU_SIGNING_NAME"], seconds=config["PINGDU_SIGNING_SECONDS"]
    )


def signing_fault(app: Flask, *, at: datetime) -> str | None:
    """Why nothing could be signed, as far as can be seen without signing; None when it can, or is not wanted."""
    source: SignerSource | None = app.extensions["signer"]
    if source is None:
        return None
    from notices.signer import SigningFailed

    try:
        source().check(at)
    except SigningFailed as failed:
        return failed.sentence
    return None
