"""The pack as a whole: read from a folder or from files in hand, checked, ready to be used."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from definitions.fault import DefinitionFaults, Fault
from packs.check import check
from packs.parts import Pack, Part, PartKind, assemble

__all__ = ["Pack", "Part", "PartKind", "load_pack", "pack_from", "read_folder"]

#: Bytes of one file of a pack.
LARGEST_FILE = 5 * 1024 * 1024


def load_pack(folder: Path) -> Pack:
    """The pack in a folder, or DefinitionFaults with every fault and its place, file first.

    Faults of single files come first; only when all files can be read is the whole checked for references.
    """
    return pack_from(read_folder(folder))


def pack_from(files: Mapping[str, bytes]) -> Pack:
    """The pack made of files in hand (content by path); faults as in `load_pack`."""
    pack = assemble(files)
    faults = check(pack)
    if faults:
        raise DefinitionFaults(faults)
    return pack


def read_folder(folder: Path) -> dict[str, bytes]:
    """Every file of a pack's folder by its path with ``/``; hidden files are passed over."""
    if not folder.is_dir():
        raise DefinitionFaults([Fault(str(folder), "没有这个目录")])
    files: dict[str, bytes] = {}
    faults: list[Fault] = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not path.is_file() or any(part.startswith(".") for part in name.split("/")):
            continue
        try:
            if path.stat().st_size > LARGEST_FILE:
                faults.append(Fault(name, "文件过大"))
                continue
            files[name] = path.read_bytes()
        except OSError as error:
            faults.append(Fault(name, f"无法读取：{error.strerror}"))
    if faults:
        raise DefinitionFaults(faults)
    return files
