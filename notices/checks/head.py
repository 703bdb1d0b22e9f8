"""H1 to H8: the head of the document format (文件格式); letters have their own rules."""

from __future__ import annotations

import re
from itertools import pairwise

from notices.checks.verdict import (
    BODY_SIZE,
    CELL,
    HALF_LEADING,
    LEFT,
    LINE,
    NUMBER,
    RIGHT,
    TOP,
    Check,
    Parts,
    absent,
    centre,
    judged,
    near,
)  # fmt: skip
from notices.pagefacts import TextLine

_WRONG_NUMBER = re.compile(r"[\[【（(]\d{4}[\]】）)]\s*第?\d+号|〔\d{4}〕第|〔\d{4}〕0\d*号")
_SECRECY = re.compile(r"(?:绝密|机密|秘密)(?:★(?:[1-9]\d?(?:年|个月)|长期))?")
_MIDDLE = (LEFT + RIGHT) / 2


def ids_of(parts: Parts) -> tuple[TextLine | None, TextLine | None, TextLine | None]:
    """份号, 密级, 紧急程度 as far as the head has them."""
    head = [line for line in parts.head if near(line.left, LEFT, 40)]

    def first(pattern: str) -> TextLine | None:
        return next((line for line in head if re.search(pattern, line.text)), None)

    return first(r"^\d{1,9}$"), first("^(绝密|机密|秘密)"), first("^(特急|加急|平急|特提)$")


def copy_number(parts: Parts) -> Check:
    """H1: six digits, flush left, in line one."""
    asks = "份号：6位数字，3号，顶格在版心第一行"
    found = ids_of(parts)[0]
    if parts.letter or found is None:
        return absent("H1", asks, "信函格式见L4" if parts.letter else "未标份号")
    top = found.top - HALF_LEADING
    good = (
        len(found.text) == 6
        and near(found.left, LEFT)
        and near(top, TOP)
        and near(found.size, BODY_SIZE, 0.3)
    )
    return judged("H1", asks, good, f"“{found.text}”左{found.left:.1f} mm，行顶{top:.1f} mm")


def secrecy(parts: Parts) -> Check:
    """H2: 密级★期限, 黑体, flush left, in line two when there is a 份号."""
    asks = "密级和保密期限：3号黑体，顶格，用★隔开"
    found = ids_of(parts)[1]
    if parts.letter or found is None:
        return absent("H2", asks, "信函格式见L4" if parts.letter else "未标密级")
    good = bool(_SECRECY.fullmatch(found.text)) and "Hei" in found.first_font and near(found.left, LEFT)
    return judged("H2", asks, good, f"“{found.text}”{found.first_font}，左{found.left:.1f} mm")


def urgency(parts: Parts) -> Check:
    """H3: 黑体, flush left; 份号, 密级, 紧急程度 in this order, a line each."""
    asks = "紧急程度：3号黑体，顶格，依次排在份号、密级之下"
    if parts.letter or ids_of(parts)[2] is None:
        return absent("H3", asks, "信函格式见L4" if parts.letter else "未标紧急程度")
    return _urgency_of("H3", asks, parts)


def _urgency_of(rule: str, asks: str, parts: Parts) -> Check:
    given = [line for line in ids_of(parts) if line is not None]
    last = given[-1]
    steps = [round((below.baseline - above.baseline) / LINE, 2) for above, below in pairwise(given)]
    faces = all("Hei" in line.first_font for line in given if not line.text.isdigit())
    good = all(near(step, 1, 0.05) for step in steps) and faces and all(near(x.left, LEFT) for x in given)
    return judged(
        rule, asks, good, f"{'、'.join(line.text for line in given)}；“{last.text}”左{last.left:.1f} mm"
    )


def mark(parts: Parts) -> Check:
    """H4: the red mark, 35 mm under the upper edge of the type area, centred, 小标宋."""
    asks = "发文机关标志：上边缘至版心上边缘35 mm，居中，红色小标宋"
    if parts.letter:
        return absent("H4", asks, "信函格式见L1")
    if not parts.marks:
        return judged("H4", asks, False, "未见红色标志")
    first = min(parts.marks, key=lambda line: line.ink_top if line.text != "文件" else 999)
    middle = (min(x.left for x in parts.marks) + max(x.right for x in parts.marks)) / 2
    face = all("Biaosong" in line.font for line in parts.marks)
    good = near(first.ink_top - TOP, 35) and near(middle, _MIDDLE, 1.5) and face
    return judged("H4", asks, good, f"{first.ink_top - TOP:.1f} mm，中心偏{middle - _MIDDLE:+.1f} mm")


def joint(parts: Parts) -> Check:
    """H5: joint issue, names of one width one above the other, “文件” at their right and level with their middle."""
    asks = "联合行文：标志上下排列、两端对齐，“文件”居右、上下居中"
    names = [line for line in parts.marks if line.text != "文件"]
    suffix = next((line for line in parts.marks if line.text == "文件"), None)
    if parts.letter or suffix is None or len(names) < 2:
        return absent("H5", asks, "信函格式用主办机关标志" if parts.letter else "单一机关行文")
    edges = (
        max(x.right for x in names) - min(x.right for x in names),
        max(x.left for x in names) - min(x.left for x in names),
    )
    middle = (min(x.ink_top for x in names) + max(x.ink_bottom for x in names)) / 2
    level = (suffix.ink_top + suffix.ink_bottom) / 2 - middle
    good = max(edges) <= 1.2 and suffix.left >= max(x.right for x in names) and abs(level) <= 1.5
    return judged("H5", asks, good, f"{len(names)}个机关，“文件”偏{level:+.1f} mm，两端差{max(edges):.1f} mm")


def number(parts: Parts) -> Check:
    """H6: 〔〕, no leading zero, no 第; in the document format two lines under the mark and centred."""
    asks = "发文字号：六角括号，序号不编虚位、不加“第”；标志下空二行居中"
    found = parts.number
    wrong = next(
        (m for page in parts.pages for line in page.lines if (m := _WRONG_NUMBER.search(line.text))), None
    )
    if found is None or wrong is not None:
        return judged("H6", asks, False, wrong[0] if wrong else "未见发文字号")
    spelt = NUMBER.search(found.text)
    text = spelt[0] if spelt else found.text
    if parts.letter:
        return judged("H6", asks, True, f"{text}（位置见L5）")
    if not parts.marks:
        return judged("H6", asks, False, f"{text}；未见标志")
    gap = (found.top - max(line.ink_bottom for line in parts.marks)) / LINE
    signed = any("签发人" in line.text for line in parts.head)
    placed = near(centre(found), _MIDDLE, 1.0) or signed
    good = placed and gap >= 1.8 and (signed or gap <= 2.25)
    return judged("H6", asks, good, f"{text}，标志下{gap:.2f}行，中心偏{centre(found) - _MIDDLE:+.1f} mm")


def signer(parts: Parts) -> Check:
    """H7: upward documents, the number one cell from the left, 签发人 one cell from the right, names in 楷体."""
    asks = "签发人：发文字号居左空一字，签发人居右空一字，姓名3号楷体"
    lines = [line for line in parts.head if "签发人" in line.text]
    if parts.letter or not lines or parts.number is None:
        return absent("H7", asks, "非上行文")
    left, right = parts.number.left, max(line.right for line in parts.head)
    kai = any("Kai" in face for line in lines for face in line.faces)
    good = near(left, LEFT + CELL) and near(right, RIGHT - CELL, 1.2) and kai
    return judged(
        "H7",
        asks,
        good,
        f"左空{(left - LEFT) / CELL:.1f}字，右空{(RIGHT - right) / CELL:.1f}字，楷体{'是' if kai else '否'}",
    )


def rule(parts: Parts) -> Check:
    """H8: the red rule 4 mm under the number, as wide as the type area."""
    asks = "红色分隔线：发文字号下4 mm，与版心等宽156 mm"
    if parts.letter:
        return absent("H8", asks, "信函格式见L2")
    rules = parts.first.red_rules
    if len(rules) != 1 or parts.number is None:
        return judged("H8", asks, False, f"红线{len(rules)}条")
    gap, width = rules[0].top - parts.number.ink_bottom, rules[0].right - rules[0].left
    good = near(gap, 4) and near(width, 156, 0.5) and near(rules[0].left, LEFT, 0.5)
    return judged("H8", asks, good, f"{gap:.1f} mm，长{width:.1f} mm")


CHECKS = (copy_number, secrecy, urgency, mark, joint, number, signer, rule)
