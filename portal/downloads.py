"""Files as answers: the name that people see, spelt so that every server and browser can carry it."""

from __future__ import annotations

import re
from urllib.parse import quote

from flask import Response


def file_answer(content: bytes | str, name: str, media_type: str, *, inline: bool = False) -> Response:
    """A file for the browser to keep, or (inline) to show."""
    answer = Response(content, mimetype=media_type)
    answer.headers["Content-Disposition"] = disposition(name, inline=inline)
    return answer


def disposition(name: str, *, inline: bool = False) -> str:
    """The header for a file name in any script.

    Headers carry ASCII alone: a server refuses a Chinese name written plainly, after the page was made. So a
    plain stand-in goes first and the true name after it (RFC 6266).

    >>> disposition("效整改〔2026〕1号.pdf")
    "attachment; filename*=UTF-8''%E6%95%88%E6%95%B4%E6%94%B9%E3%80%942026%E3%80%951%E5%8F%B7.pdf"
    >>> disposition("ranking-2026.xlsx", inline=True)
    'inline; filename="ranking-2026.xlsx"'
    """
    word = "inline" if inline else "attachment"
    clean = re.sub(r"[\x00-\x1f\x7f\"\\/]+", "_", name)
    if clean.isascii():
        return f'{word}; filename="{clean}"'
    return f"{word}; filename*=UTF-8''{quote(clean, safe='')}"
