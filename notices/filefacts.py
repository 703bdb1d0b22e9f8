"""What a PDF is as a file: metadata, structure, enclosed data, signs of PDF/A, things an archive refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

#: Actions and things that PDF/A forbids, by the key that shows them.
_FORBIDDEN = {
    "JavaScript": "脚本",
    "JS": "脚本",
    "Launch": "启动动作",
    "RichMedia": "多媒体",
    "XFA": "XFA表单",
}


@dataclass(frozen=True)
class DocumentFacts:
    """The file as a whole.

    figures: alternative text of each figure, blank for none. forbidden: what an archived file may not hold.
    order: all text without blanks in the order in which it is taken out. legible: fonts whose text can be taken out.
    """

    title: str
    language: str
    tagged: bool
    output_intent: bool
    pdfa_part: str
    pdfa_level: str
    enclosed: tuple[str, ...]
    forbidden: tuple[str, ...]
    figures: tuple[str, ...]
    order: str
    legible: frozenset[str]


def document_facts(pdf: Any) -> DocumentFacts:
    """The facts of an opened file."""
    from pdfminer.pdftypes import resolve1

    catalog = pdf.doc.catalog
    language = catalog.get("Lang", b"")
    xmp = resolve1(catalog.get("Metadata"))
    words = xmp.get_data().decode("utf-8", "replace") if xmp is not None else ""
    return DocumentFacts(
        title=(pdf.metadata or {}).get("Title", ""),
        language=language.decode("utf-8", "replace") if isinstance(language, bytes) else str(language),
        tagged="StructTreeRoot" in catalog,
        output_intent=bool(resolve1(catalog.get("OutputIntents"))),
        pdfa_part=_pdfa(words, "part"),
        pdfa_level=_pdfa(words, "conformance").lower(),
        enclosed=tuple(dict.fromkeys(_enclosed(catalog))),
        forbidden=tuple(_forbidden(pdf, catalog)),
        figures=tuple(_figures(catalog)),
        legible=frozenset(char["fontname"] for page in pdf.pages for char in page.chars),
        order="".join(
            char["text"] for page in pdf.pages for char in page.chars if not char["text"].isspace()
        ),
    )


def _pdfa(xmp: str, name: str) -> str:
    found = re.search(rf"pdfaid:{name}(?:>|=[\"'])([^<\"']+)", xmp)
    return found[1].strip() if found else ""


def _enclosed(catalog: Any) -> Iterator[str]:
    from pdfminer.pdftypes import resolve1

    for reference in resolve1(catalog.get("AF")) or []:
        file = resolve1(reference)
        name = file.get("UF", file.get("F", b""))
        yield _decoded(resolve1(name))


def _decoded(name: Any) -> str:
    if not isinstance(name, bytes):
        return str(name)
    return name.decode("utf-16" if name.startswith((b"\xfe\xff", b"\xff\xfe")) else "latin-1", "replace")


def _forbidden(pdf: Any, catalog: Any) -> Iterator[str]:
    from pdfminer.pdftypes import resolve1

    if pdf.doc.encryption is not None:
        yield "加密"
    if "OpenAction" in catalog and isinstance(resolve1(catalog["OpenAction"]), dict):
        yield "打开动作"
    names = resolve1(catalog.get("Names")) or {}
    found = set(names) | set(resolve1(catalog.get("AcroForm")) or {})
    for page in pdf.pages:
        for reference in resolve1(page.page_obj.attrs.get("Annots")) or []:
            action = resolve1((resolve1(reference) or {}).get("A")) or {}
            found |= set(action)
            if str(action.get("S", "")).strip("/'") == "URI":
                yield "外部链接"
    yield from sorted({word for key, word in _FORBIDDEN.items() if key in found})


def _figures(catalog: Any) -> Iterator[str]:
    """Alternative texts of the structure's figures, in order."""
    from pdfminer.pdftypes import resolve1

    waiting = [resolve1(catalog.get("StructTreeRoot"))]
    seen = 0
    while waiting and seen < 200_000:
        element = waiting.pop()
        seen += 1
        if isinstance(element, list):
            waiting += [resolve1(item) for item in reversed(element)]
            continue
        if not isinstance(element, dict):
            continue
        if str(element.get("S", "")).strip("/'") == "Figure":
            yield _decoded(resolve1(element.get("Alt", b"")))
        waiting.append(resolve1(element.get("K")))
