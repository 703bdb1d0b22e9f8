"""One-time codes on cards: made, spelt, hashed, and guarded against guessing. Only hashes are ever kept."""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.people import LoginAttempt
from services.accounts import WINDOW
from services.refusal import Refusal
from services.transaction import transaction

#: No letters that are mistaken for digits; 28 of them are 140 bits.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 28
#: So many cards can be printed for one round or one collection.
MOST_CODES = 5_000
#: So many wrong codes are taken within the window, from everyone together.
MOST_WRONG = 200


def new_code(length: int = CODE_LENGTH) -> str:
    """A code nobody can guess."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def spelt(code: str) -> str:
    """A code in groups of four, as printed.

    >>> spelt("23456789ABCD")
    '2345-6789-ABCD'
    """
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def code_hash(code: str) -> str:
    """Of the code however it was typed: small letters, full-width letters, any dashes and blanks."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKC", code).upper() if sign.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()


def count_wrong(session: Session, now: datetime) -> None:
    """Slow guessing down for everyone together: no address of a visitor is kept. Refuses when it is too much."""
    with transaction(session):
        count = session.execute(
            select(func.count())
            .select_from(LoginAttempt)
            .where(LoginAttempt.key == "code:wrong", LoginAttempt.at > now - WINDOW)
        ).scalar_one()
        if count < MOST_WRONG:
            session.add(LoginAttempt(key="code:wrong", at=now))
    if count >= MOST_WRONG:
        raise Refusal("throttled", "短时间内错误的代码太多，请过一刻钟再试，或请现场工作人员协助。", 429)
