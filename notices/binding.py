"""Binds many finished files into one for the printer, a few in memory at a time."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from notices.signer import without_signature

_AT_ONCE = 25


def bind(files: Iterable[bytes], target: Path, *, duplex: bool = False) -> int:
    """Write all files in their order into one PDF; gives the number of its pages.

    duplex: a blank page follows a file with an odd number of pages, so that the next begins on a new sheet.
    Parts lie beside the target while it is written and are removed.
    """
    parts: list[Path] = []
    try:
        for index, batch in enumerate(_batches(files)):
            part = target.with_name(f"{target.name}.{index}.part")
            parts.append(part)
            _bind_batch(batch, part, duplex=duplex)
        return _bind_parts(parts, target)
    finally:
        for part in parts:
            part.unlink(missing_ok=True)


def _batches(files: Iterable[bytes]) -> Iterable[Sequence[bytes]]:
    batch: list[bytes] = []
    for file in files:
        batch.append(file)
        if len(batch) == _AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _bind_batch(batch: Sequence[bytes], part: Path, *, duplex: bool) -> None:
    import pikepdf

    bound = pikepdf.Pdf.new()
    for file in batch:
        with pikepdf.Pdf.open(io.BytesIO(without_signature(file))) as source:
            bound.pages.extend(source.pages)
            if duplex and len(source.pages) % 2:
                box = source.pages[-1].mediabox
                bound.add_blank_page(page_size=(float(box[2]), float(box[3])))
    bound.save(part)


def _bind_parts(parts: Sequence[Path], target: Path) -> int:
    import pikepdf

    bound = pikepdf.Pdf.new()
    sources = [pikepdf.Pdf.open(part) for part in parts]
    try:
        for source in sources:
            bound.pages.extend(source.pages)
        bound.save(target)
        return len(bound.pages)
    finally:
        for source in sources:
            source.close()
