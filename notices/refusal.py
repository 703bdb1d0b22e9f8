"""Why a document cannot be made, in words for the officer who asked for it."""

from __future__ import annotations

from collections.abc import Iterable


class NoticeRefused(Exception):
    """A document cannot be made from these values.

    code: stable word for programs. sentence: Chinese, says what is wrong and what to do.
    """

    def __init__(self, code: str, sentence: str) -> None:
        self.code = code
        self.sentence = sentence
        super().__init__(sentence)


class NoticeIncomplete(NoticeRefused):
    """Values that an issued document needs are missing; `missing` lists all as (name, Chinese meaning)."""

    def __init__(self, missing: Iterable[tuple[str, str]]) -> None:
        self.missing: tuple[tuple[str, str], ...] = tuple(missing)
        words = "、".join(f"{meaning}（{name}）" for name, meaning in self.missing)
        super().__init__("notice_incomplete", f"文书缺少以下内容，补齐后才能印发：{words}。")


class NoticeGlyphMissing(NoticeRefused):
    """Characters that no font of the office can draw; `characters` lists each once."""

    def __init__(self, characters: Iterable[str]) -> None:
        self.characters: tuple[str, ...] = tuple(dict.fromkeys(characters))
        words = "、".join(f"“{character}”（U+{ord(character):04X}）" for character in self.characters)
        super().__init__(
            "notice_glyph_missing", f"字库中没有以下字符，无法印发：{words}。请改用规范汉字或删去该字符。"
        )


class NoticeNotDrawn(NoticeRefused):
    """The page engine reported a fault while drawing an issued document."""

    def __init__(self, messages: Iterable[str]) -> None:
        self.messages: tuple[str, ...] = tuple(messages)
        super().__init__("notice_not_drawn", f"版面生成有误，未予印发：{'；'.join(self.messages)}")
