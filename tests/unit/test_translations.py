"""The English catalogue: what it says fits what it translates, and the compiled file is up to date."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

ENGLISH = Path(__file__).resolve().parents[2] / "translations" / "en" / "LC_MESSAGES"


def catalogue() -> Catalog:
    return read_po(BytesIO((ENGLISH / "messages.po").read_bytes()), locale="en")


def test_every_placeholder_is_kept() -> None:
    for message in catalogue():
        if message.id and message.string:
            kept = set(re.findall(r"%\(\w+\)s", str(message.string)))
            assert kept == set(re.findall(r"%\(\w+\)s", str(message.id))), message.id


def test_the_compiled_catalogue_is_the_written_one() -> None:
    compiled = read_mo(BytesIO((ENGLISH / "messages.mo").read_bytes()))
    for message in catalogue():
        if message.id and message.string:
            assert message.id in compiled, "run: pybabel compile -d translations"
            assert compiled[message.id].string == message.string, "run: pybabel compile -d translations"
