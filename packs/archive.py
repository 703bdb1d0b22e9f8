"""A pack as one file: to hand it to another district and to take one in."""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path, PurePosixPath
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from packs.pack import Pack, pack_from, read_folder

#: Name of the list of contents inside the archive.
MANIFEST = "manifest.json"
FORMAT = "pingdu-pack/1"
LARGEST_ARCHIVE = 10 * 1024 * 1024
LARGEST_UNPACKED = 40 * 1024 * 1024
MOST_FILES = 500
#: The earliest date a zip can hold: the same content always gives the same bytes.
_EPOCH = (1980, 1, 1, 0, 0, 0)


class ArchiveRefused(Exception):
    """A file that is no sound pack archive; `sentence` says why and what to do."""

    def __init__(self, code: str, sentence: str) -> None:
        self.code = code
        self.sentence = sentence
        super().__init__(sentence)


def export_pack(folder: Path) -> bytes:
    """The pack of a folder as one archive; DefinitionFaults when the pack is not sound."""
    files = read_folder(folder)
    pack = pack_from(files)
    return pack_bytes(files, key=pack.key, version=pack.sheet.version)


def pack_bytes(files: Mapping[str, bytes], *, key: str, version: int) -> bytes:
    """These files as one archive: sorted, undated, with the SHA-256 of each in its manifest."""
    listed = {name: hashlib.sha256(files[name]).hexdigest() for name in sorted(files)}
    manifest = {"format": FORMAT, "key": key, "version": version, "files": listed}
    text = json.dumps(manifest, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        for name, content in ((MANIFEST, text.encode()), *((name, files[name]) for name in listed)):
            info = ZipInfo(name, _EPOCH)
            info.compress_type = ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = 0o644 << 16
            archive.writestr(info, content)
    return buffer.getvalue()


def import_pack(data: bytes) -> tuple[Pack, dict[str, bytes]]:
    """The pack in an archive and its files by path.

    Raises ArchiveRefused for anything that is no sound archive, DefinitionFaults for an unsound pack in one.
    """
    files = unpack(data)
    return pack_from(files), files


def unpack(data: bytes) -> dict[str, bytes]:
    """The files of an archive, proven equal to its manifest; ArchiveRefused otherwise."""
    if len(data) > LARGEST_ARCHIVE:
        raise _too_large()
    try:
        with ZipFile(BytesIO(data)) as archive:
            entries = archive.infolist()
            _refuse_unsafe(entries)
            contents = {entry.filename: archive.read(entry) for entry in entries}
    except (BadZipFile, OSError, ValueError, EOFError, RuntimeError, zlib.error, struct.error) as error:
        raise ArchiveRefused("not_archive", "文件已损坏或不是方案包；请重新导出后再试。") from error
    listed = _manifest(contents.pop(MANIFEST, None))
    for name in sorted(set(listed) | set(contents)):
        if name not in contents or name not in listed:
            raise ArchiveRefused("not_listed", f"方案包内容与清单不符：{name}；请重新导出后再试。")
        if hashlib.sha256(contents[name]).hexdigest() != listed[name]:
            raise ArchiveRefused(
                "altered", f"方案包中的 {name} 与清单的校验值不符，可能被改动；请重新导出后再试。"
            )
    return contents


def _refuse_unsafe(entries: list[ZipInfo]) -> None:
    if len(entries) > MOST_FILES or sum(entry.file_size for entry in entries) > LARGEST_UNPACKED:
        raise _too_large()
    names = [entry.filename for entry in entries]
    if len(set(names)) != len(names):
        raise ArchiveRefused("names", "方案包中有重名的文件；请重新导出后再试。")
    for entry in entries:
        parts = PurePosixPath(entry.filename).parts
        unsafe = (
            "\\" in entry.filename or entry.filename.startswith("/") or ".." in parts or ":" in entry.filename
        )
        if unsafe or entry.is_dir():
            raise ArchiveRefused("names", "方案包中有不允许的路径；请重新导出后再试。")
        if entry.flag_bits & 0x1 or entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise ArchiveRefused("not_archive", "方案包设有密码或压缩方式不支持；请重新导出后再试。")


def _manifest(content: bytes | None) -> dict[str, str]:
    refused = ArchiveRefused("manifest", "方案包缺少可用的清单（manifest.json）；请重新导出后再试。")
    if content is None:
        raise refused
    try:
        manifest = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise refused from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise refused
    files = manifest.get("files")
    if not isinstance(files, dict) or not all(isinstance(value, str) for value in files.values()):
        raise refused
    return {str(name): value for name, value in files.items()}


def _too_large() -> ArchiveRefused:
    return ArchiveRefused("too_large", "方案包过大，无法导入；请确认选对了文件。")
