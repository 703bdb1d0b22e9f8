"""Photos taken on the spot."""

from __future__ import annotations

from typing import ClassVar, Literal

from forms.fields.file import File


class Photo(File):
    """Pictures; a phone offers its camera. The service takes the place and device out of them before keeping."""

    # A photo is a file in all but its name and its limits.
    type: Literal["photo"] = "photo"  # type: ignore[assignment]
    at_most: int = 9
    extensions: tuple[str, ...] = ("jpg", "jpeg", "png", "webp")
    words: ClassVar[str] = "照片"
    measure_word: ClassVar[str] = "张"
    paper_words: ClassVar[str] = "在背面写明本表编号"

    def missing_sentence(self) -> str:
        return f"请为“{self.label}”拍照或选择照片"
