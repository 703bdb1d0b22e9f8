"""Attachments."""

from __future__ import annotations

import os
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

from definitions.expression import ValueType
from definitions.texts import clean
from forms.context import Context
from forms.fields.base import AnswerRefused, Field, Posted, SheetColumn, Summary, Words
from forms.handwriting import Markup, gaps
from forms.tally import Tally, numbers_in

#: An upload that was kept from an earlier try, by the opaque id the service gave it.
_KEPT = re.compile(r"[0-9a-zA-Z_-]{8,64}")
#: First bytes of the kinds of file that can be told by them.
_BEGINNINGS: Mapping[str, tuple[bytes, ...]] = {
    "jpg": (b"\xff\xd8\xff",),
    "jpeg": (b"\xff\xd8\xff",),
    "png": (b"\x89PNG\r\n\x1a\n",),
    "webp": (b"RIFF",),
    "pdf": (b"%PDF-",),
    "docx": (b"PK\x03\x04",),
    "xlsx": (b"PK\x03\x04",),
    "doc": (b"\xd0\xcf\x11\xe0",),
    "xls": (b"\xd0\xcf\x11\xe0",),
    "wps": (b"\xd0\xcf\x11\xe0", b"PK\x03\x04"),
    "mp3": (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"),
    "zip": (b"PK\x03\x04",),
}
KNOWN_EXTENSIONS = tuple(_BEGINNINGS)
MIB = 1024 * 1024


class File(Field):
    """Files; the answer lists them as ``{name, bytes}`` (new) or ``{id}`` (kept from an earlier try).

    Storing them is the service's act: the new ones are in `Bound.uploads`, in the same order, and an ``id``
    has to be checked to belong to whoever answers.
    """

    type: Literal["file"] = "file"
    at_least: int = 0
    at_most: int = 5
    max_mib: int = 10
    extensions: tuple[str, ...] = ("jpg", "jpeg", "png", "pdf", "docx", "xlsx", "doc", "xls", "wps")

    words: ClassVar[str] = "附件"
    asked_as: ClassVar[Mapping[str, Words]] = {
        "at_least": Words("至少几个", "0 表示不限"),
        "at_most": Words("最多几个"),
        "max_mib": Words("每个最大（MB）"),
        "extensions": Words("收哪些文件"),
    }
    value_type: ClassVar[ValueType | None] = ValueType.NUMBER
    #: How many of them is said, and what to do with them on paper.
    measure_word: ClassVar[str] = "份"
    paper_words: ClassVar[str] = "在首页右上角写明本表编号"

    def own_faults(self) -> Iterator[tuple[str, str]]:
        if not 1 <= self.at_most <= 50:
            yield "at_most", "最多个数应在 1 和 50 之间"
        if not 0 <= self.at_least <= self.at_most:
            yield "at_least", "最少个数应在 0 和最多个数之间"
        if not 1 <= self.max_mib <= 100:
            yield "max_mib", "每个文件的上限应在 1 和 100 MB 之间"
        for extension in self.extensions:
            if extension not in _BEGINNINGS:
                yield "extensions", f"不接受“{extension}”；可用的有：{' '.join(_BEGINNINGS)}"

    @property
    def accept(self) -> str:
        """The browser's filter for choosing files."""
        return ",".join(f".{extension}" for extension in self.extensions)

    def holds_typed(self, suffix: str, value: str, context: Context) -> bool:
        return suffix == "kept"

    def collect(self, name: str, formdata: Any, context: Context) -> Posted:
        return {"": [], "kept": list(formdata.getlist(f"{name}-kept"))}

    def uploads_in(self, name: str, context: Context) -> list[Any]:
        """The files that were really sent for this field; an empty control sends a nameless one."""
        sent = context.uploads.getlist(name) if context.uploads is not None else []
        return [upload for upload in sent if getattr(upload, "filename", "")]

    def parse_uploads(self, posted: Posted, uploads: Sequence[Any]) -> list[dict[str, Any]] | None:
        """The answer, with each new file looked at. Raises AnswerRefused."""
        kept = [{"id": value} for value in posted.get("kept", ()) if _KEPT.fullmatch(value)]
        answer = [*kept, *(self._described(upload) for upload in uploads)]
        if len(answer) > self.at_most:
            raise AnswerRefused(f"“{self.label}”最多 {self.at_most} 个，现在有 {len(answer)} 个，请减少")
        return answer or None

    def _described(self, upload: Any) -> dict[str, Any]:
        name = clean(str(upload.filename).replace("\\", "/").rsplit("/", 1)[-1])[-120:]
        extension = name.rsplit(".", 1)[-1].lower() if "." in name else ""
        if extension not in self.extensions:
            allowed = "、".join(self.extensions)
            raise AnswerRefused(f"“{self.label}”不能收“{name}”，只收 {allowed}")
        size = upload.stream.seek(0, os.SEEK_END)
        upload.stream.seek(0)
        beginning = upload.stream.read(16)
        upload.stream.seek(0)
        if size == 0:
            raise AnswerRefused(f"“{self.label}”的“{name}”是空的，请重新选择")
        if size > self.max_mib * MIB:
            raise AnswerRefused(f"“{self.label}”的“{name}”超过 {self.max_mib} MB，请压缩后再传")
        if not beginning.startswith(_BEGINNINGS[extension]):
            raise AnswerRefused(f"“{self.label}”的“{name}”不是真正的 {extension} 文件，请重新选择")
        return {"name": name, "bytes": size}

    def check(self, answer: Any, context: Context) -> None:
        if len(answer) < self.at_least:
            raise AnswerRefused(f"“{self.label}”至少 {self.at_least} 个，现在有 {len(answer)} 个，请补充")

    def facts(self, answer: Any) -> dict[str, Any]:
        """Expressions see how many there are."""
        return {self.key: len(answer) if answer else None}

    def posted_from(self, answer: Any) -> Posted:
        return {"": [], "kept": [item["id"] for item in answer or () if "id" in item]}

    def missing_sentence(self) -> str:
        return f"请为“{self.label}”选择文件"

    def printed(self, answer: Any, context: Context | None = None) -> str:
        return "、".join(str(item.get("name", "已上传的文件")) for item in answer or ())

    def example(self, context: Context) -> Posted:
        return {"kept": ["example-upload-1"]}

    def blank(self, context: Context) -> Markup:
        return gaps(f"{self.measure_word}，附在表后")

    def paper_remark(self, labels: Mapping[str, str]) -> str:
        least = f"至少 {self.at_least} {self.measure_word}，" if self.at_least else ""
        return f"{least}最多 {self.at_most} {self.measure_word}，{self.paper_words}"

    def sheet_columns(self, context: Context) -> tuple[SheetColumn, ...]:
        return ()

    def counted(self, answer: Any) -> Iterable[Hashable]:
        return (len(answer),)

    def summed(self, tally: Tally, context: Context | None = None) -> Summary:
        counted = numbers_in(tally.cells.items())
        total = sum(int(value) * times for value, times in counted.items())
        return Summary(tally.answered, {}, {"共": f"{total}个"} if total else {})

    def answer_schema(self) -> dict[str, Any]:
        sent = {
            "type": "object",
            "properties": {
                "name": {"type": "string", "maxLength": 120},
                "bytes": {"type": "integer", "minimum": 1},
            },
            "required": ["name", "bytes"],
            "additionalProperties": False,
        }
        kept = {
            "type": "object",
            "properties": {"id": {"type": "string", "pattern": "^[0-9a-zA-Z_-]{8,64}$"}},
            "required": ["id"],
            "additionalProperties": False,
        }
        return {
            "type": "array",
            "items": {"anyOf": [sent, kept]},
            "minItems": max(self.at_least, 1),
            "maxItems": self.at_most,
        }
