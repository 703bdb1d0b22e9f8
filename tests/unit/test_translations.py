"""The English catalogue: complete, true to its placeholders, and compiled as it is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_keywords, parse_mapping_cfg
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
TRANSLATIONS = ROOT / "translations"
ENGLISH = TRANSLATIONS / "en" / "LC_MESSAGES"
#: The folders that speak to people; the storeys below know no gettext.
SPEAKING = {"admin", "api", "portal", "templates"}
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]")
HOW = "see docs/contributing.md, “Words on pages”"


def speaks(folder: str) -> bool:
    """Whether extraction goes into the folder; keeps the test quick."""
    return Path(folder).relative_to(ROOT).parts[0] in SPEAKING


@cache
def marked() -> Catalog:
    """What the present sources mark for translation, by the mapping that the command line uses."""
    with (TRANSLATIONS / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found = Catalog()
    for name, line, words, _comments, context in extract_from_dir(
        ROOT, methods, options, DEFAULT_KEYWORDS | parse_keywords(["_l"]), directory_filter=speaks
    ):
        found.add(words, locations=[(name, line)], context=context)
    return found


@cache
def english() -> Catalog:
    return read_po(BytesIO((ENGLISH / "messages.po").read_bytes()), locale="en")


def forms(words: object) -> list[str]:
    """The word, or its singular and plurals."""
    return list(words) if isinstance(words, tuple | list) else [str(words)]


def translated() -> Iterator[tuple[Message, str, str]]:
    """Each message of the catalogue with a form of its Chinese and the English for it.

    English has a singular and a plural; where Chinese has one form, both speak for it.
    """
    for message in english():
        if message.id:
            chinese = forms(message.id)
            for index, words in enumerate(forms(message.string)):
                yield message, chinese[min(index, len(chinese) - 1)], words


def test_extraction_reaches_code_and_templates() -> None:
    places = {Path(name).parts[0] for message in marked() for name, _line in message.locations}
    assert {"admin", "portal", "templates"} <= places


def test_every_word_for_people_has_its_english() -> None:
    missing = []
    for message in marked():
        if message.id:
            known = english().get(message.id, message.context)
            if known is None or not all(words.strip() for words in forms(known.string)):
                missing.append(f"{message.locations[0][0]}:{message.locations[0][1]}: {message.id}")
    assert not missing, f"no English for these ({HOW}):\n" + "\n".join(missing)


def test_nothing_in_the_catalogue_is_a_guess() -> None:
    assert not [message.id for message in english() if message.id and message.fuzzy]


def test_every_placeholder_is_kept() -> None:
    wrong = []
    for message, chinese, words in translated():
        named = PLACEHOLDER.findall(chinese)
        if set(PLACEHOLDER.findall(words)) != set(named):
            wrong.append(f"{message.id}: {words}")
    assert not wrong, "\n".join(wrong)


def test_every_translation_can_be_filled_in() -> None:
    """A lone per cent sign would break the page that fills the sentence in."""
    for _message, chinese, words in translated():
        values = {name[2:-2]: 7 for name in PLACEHOLDER.findall(chinese)}
        assert "%(" not in words % values


def test_the_compiled_catalogue_is_the_written_one() -> None:
    compiled = read_mo(BytesIO((ENGLISH / "messages.mo").read_bytes()))
    for message in english():
        if message.id and message.string:
            known = compiled.get(message.id, message.context)
            assert known is not None, f"not compiled ({HOW}): {message.id}"
            assert known.string == message.string, f"compiled before it was changed ({HOW}): {message.id}"
