"""What the designer's pages show of a kind of notice."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from definitions.fault import Fault
from definitions.sentences import Facts
from notices.facts import kind_facts
from notices.template import ASKED
from notices.vocabulary import VOCABULARY
from notices.worded import LEVELS, condition_in_words
from notices.wording import GROUP, ROW, read_aloud
from packs.provision import Issuer

Document = Mapping[str, Any]
_BODY = re.compile(r"body\[(\d+)\]")
_ATTACHED = re.compile(r"attachments\[(\d+)\](?:\.blocks\[(\d+)\])?")
_END = ("signature", "note", "cc", "imprint", "qr", "joint", "duplex")
_EXCERPT = 90
TABLE = "表格"
FORM = "填写栏"


@dataclass(frozen=True)
class Row:
    """One part in the list. type: what it is, in words. rule: when it is printed. movable: a block of a text."""

    part: str
    text: str
    type: str
    rule: str
    faults: int
    kind: str
    movable: bool = True
    first: bool = False
    last: bool = False


def rows_of(document: Document, faults: Sequence[Fault]) -> list[Row]:
    """The parts of a kind in the order in which they are printed."""
    broken = Counter(part_of(fault) for fault in faults)
    rows = [_plain("head", read_aloud(str(document.get("title", ""))).replace("|", ""), "版头和标题", broken)]
    rows += _blocks(document["body"], "body", broken)
    end = [read_aloud(str(document.get(name) or "")) for name in ("note", "cc")]
    rows.append(_plain("end", "；".join(filter(None, end)) or "署名和日期", "落款、附注和版记", broken))
    for number, attachment in enumerate(document.get("attachments") or ()):
        title = read_aloud(str(attachment.get("title", "")))
        rule = condition_in_words(attachment.get("when"))
        rows.append(_plain(f"a{number}", title, f"附件{number + 1}", broken, rule, "attachment"))
        rows += _blocks(attachment.get("blocks") or (), f"a{number}", broken)
    slip = document.get("reply_slip")
    if slip:
        rows.append(_plain("slip", read_aloud(str(slip.get("title", ""))), "回执", broken))
    return rows


def _plain(
    part: str, text: str, words: str, broken: Counter[str], rule: str = "", kind: str = "setting"
) -> Row:
    return Row(part, text[:_EXCERPT], words, rule, broken[part], kind, movable=False)


def _blocks(blocks: Sequence[Mapping[str, Any]], owner: str, broken: Counter[str]) -> list[Row]:
    return [
        Row(
            part=f"{owner}-{index}",
            text=block_excerpt(block),
            type=block_words(block),
            rule=condition_in_words(block.get("when")),
            faults=broken[f"{owner}-{index}"],
            kind="heading" if block.get("level") == 1 else "block",
            first=index == 0,
            last=index == len(blocks) - 1,
        )
        for index, block in enumerate(blocks)
    ]


def block_words(block: Mapping[str, Any]) -> str:
    """What kind of block it is."""
    if "form" in block:
        return FORM
    if "rows" in block:
        return TABLE
    return LEVELS.get(block.get("level", 0), "正文")


def block_excerpt(block: Mapping[str, Any]) -> str:
    """The beginning of what a block says."""
    if "form" in block:
        said = "、".join(str(cell.get("label", "")) for row in block["form"] for cell in row)
    elif "rows" in block:
        said = VOCABULARY[block["rows"]].meaning if block["rows"] in VOCABULARY else str(block["rows"])
    else:
        rows = block.get("each")
        said = read_aloud(f"{block.get('heading', '')}{block.get('text', '')}", rows)
    return said if len(said) <= _EXCERPT else f"{said[:_EXCERPT]}…"


def part_of(fault: Fault) -> str:
    """The part that a fault is about, by its place in the kind's own file."""
    place = fault.place.rpartition(": ")[2]
    if (match := _BODY.match(place)) is not None:
        return f"body-{match[1]}"
    if (match := _ATTACHED.match(place)) is not None:
        return f"a{match[1]}" if match[2] is None else f"a{match[1]}-{match[2]}"
    if place.startswith("reply_slip"):
        return "slip"
    return "end" if re.split(r"[.\[]", place, maxsplit=1)[0] in _END else "head"


@dataclass(frozen=True)
class FaultLine:
    """One thing still to mend, with the part it is about; no part: another file of the pack."""

    part: str
    label: str
    sentence: str


def fault_lines(document: Document, faults: Sequence[Fault], key: str) -> list[FaultLine]:
    """Faults with the names of their parts."""
    rows = {row.part: row for row in rows_of(document, ())}
    lines = []
    for fault in faults:
        file = fault.place.rpartition(": ")[0]
        part = part_of(fault) if file in ("", f"notices/{key}.yaml") else ""
        if part in rows:
            lines.append(FaultLine(part, rows[part].text[:24] or rows[part].type, fault.what))
        else:
            lines.append(FaultLine("", fault.place, fault.what))
    return lines


@dataclass(frozen=True)
class ValueLine:
    """One value that can be printed: as it is typed, whence it comes, a sample; sure: it is always there."""

    typed: str
    meaning: str
    sources: tuple[str, ...]
    sample: str
    sure: bool


def value_lines(issuers: Sequence[Issuer], rows: str | None = None) -> list[ValueLine]:
    """Every value that the steps which issue the kind can give; rows: also the columns of that list.

    A kind that nothing issues yet may use the whole vocabulary.
    """
    columns = VOCABULARY[rows].columns if rows is not None and rows in VOCABULARY else {}
    lines = [
        ValueLine(f"{{{ROW}{meaning}}}", f"{ROW}{meaning}", ("逐行重复的表格",), "", sure=True)
        for meaning in columns.values()
    ]
    asked = dict.fromkeys(v.name for issuer in issuers for v in issuer.values if v.name.startswith(ASKED))
    for name, entry in (*VOCABULARY.items(), *((name, VOCABULARY[name]) for name in asked)):
        if entry.columns:
            continue
        given = [(issuer, value) for issuer in issuers for value in issuer.values if value.name == name]
        if issuers and not given:
            continue
        sample = str(entry.sample)
        lines.append(
            ValueLine(
                typed=f"{{{name if name in asked else entry.meaning}}}",
                meaning=entry.meaning,
                sources=tuple(dict.fromkeys(value.source for _issuer, value in given)),
                sample=sample if len(sample) <= 40 else f"{sample[:40]}…",
                sure=bool(given) and len(given) >= len(issuers) and all(value.sure for _i, value in given),
            )
        )
    return lines


def group_line() -> ValueLine:
    """The value that an attachment is grouped by, for its title."""
    return ValueLine(f"{{{GROUP}}}", GROUP, ("附件的分组",), "", sure=True)


def facts_for(issuers: Sequence[Issuer], *used: Any) -> Facts:
    """What conditions of the kind may speak of: what its steps give, and what its rules speak of already."""
    from definitions.expression import names_used

    whole = kind_facts()
    known = frozenset().union(*(issuer.names for issuer in issuers)) if issuers else whole.types.keys()
    kept = set(known)
    for condition in used:
        if condition is not None:
            kept |= set(names_used(condition))
    types = {name: kind for name, kind in whole.types.items() if name in kept}
    return Facts(types, {name: whole.labels[name] for name in types}, {}, noun=whole.noun)


def list_names() -> dict[str, str]:
    """Values that are rows of a table."""
    return {name: entry.meaning for name, entry in VOCABULARY.items() if entry.columns}


def column_names() -> dict[str, dict[str, str]]:
    """List value → its columns, name to meaning."""
    return {name: dict(entry.columns) for name, entry in VOCABULARY.items() if entry.columns}
