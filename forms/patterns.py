"""Patterns that a clerk may demand of a short text, held to a subset that can never hang.

Allowed: plain signs, ``.``, ``\\d \\w \\s``, classes ``[…]``, groups and alternatives, and the quantifiers
``? * + {m,n}`` after a single sign or class. A quantifier after a group (except ``?``), look-around and
back-references are refused, and so is a pattern whose ways to match multiply beyond a bound: exactly these
make an engine take minutes over thirty signs.
"""

from __future__ import annotations

import re

LONGEST_INPUT = 200
MAX_WAYS = 100_000
MAX_LENGTH = 200

_TOKEN = re.compile(
    r"(?P<atom>\\[dDwWsS]|\\[^\w\s]|\[\^?\]?(?:\\.|[^\]\\])*\]|[^\\\[\](){}?*+|])"
    r"|(?P<open>\((?:\?:)?)|(?P<close>\))|(?P<or>\|)"
    r"|(?P<quantifier>\{\d{1,4}(?:,\d{0,4})?\}|[?*+])"
)


def pattern_fault(pattern: str) -> str | None:
    r"""Why a pattern is refused, as a Chinese sentence, or None when it is good.

    >>> pattern_fault(r"\d{3,4}-\d{7,8}") is None
    True
    >>> pattern_fault(r"(a+)+")
    '重复符号不能跟在括号后面（可能使系统停住）；请对单个字符使用'
    """
    if len(pattern) > MAX_LENGTH:
        return f"格式太长：最多 {MAX_LENGTH} 个字符"
    fault = _walk(pattern)
    if fault is not None:
        return fault
    try:
        re.compile(pattern)
    except re.error as error:
        return f"格式写法有误：{error.msg}"
    return None


def _walk(pattern: str) -> str | None:
    ways, position, before = 1, 0, ""
    while position < len(pattern):
        token = _TOKEN.match(pattern, position)
        if token is None:
            return f"第 {position + 1} 个字符“{pattern[position]}”用不得：只能用简单的格式"
        kind, text = str(token.lastgroup), token.group()
        if kind == "quantifier":
            if before == "close" and text != "?":
                return "重复符号不能跟在括号后面（可能使系统停住）；请对单个字符使用"
            if before not in ("atom", "close"):
                return "重复符号前面应当是一个字符"
            ways *= _ways(text)
        elif kind == "or":
            ways *= 2
        if ways > MAX_WAYS:
            return "格式太含糊（可能的配法太多）；请减少 * 和 + 的个数"
        before, position = kind, token.end()
    return None


def _ways(quantifier: str) -> int:
    if quantifier == "?":
        return 2
    if quantifier in "*+":
        return LONGEST_INPUT
    low, _, high = quantifier.strip("{}").partition(",")
    if "," not in quantifier:
        return 1
    return max(int(high or LONGEST_INPUT) - int(low) + 1, 1)
