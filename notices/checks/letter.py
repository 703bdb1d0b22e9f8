"""L1 to L10: the letter format (信函格式)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from notices.checks.head import ids_of
from notices.checks.verdict import (
    BODY_SIZE,
    LEFT,
    LINE,
    PITCH,
    RIGHT,
    Check,
    Parts,
    absent,
    centre,
    judged,
    listed,
    near,
)  # fmt: skip
from notices.pagefacts import MM, Rule

_MIDDLE = (LEFT + RIGHT) / 2
_SEVEN_EIGHTHS = BODY_SIZE * 7 / 8
#: What each rule asks.
ASKS = {
    "L1": "发文机关标志：上边缘至上页边30 mm，居中，红色小标宋，不加“文件”",
    "L2": "红色双线：标志下4 mm上粗下细，距下页边20 mm上细下粗，长170 mm居中",
    "L3": "双线粗细：标准未定，粗线明显粗于细线（通行约1.5磅和0.75磅）",
    "L4": "份号、密级、紧急程度：第一条双线下顶格，依次分行",
    "L5": "发文字号：顶格居右，距第一条双线3号字高的7/8（14磅）",
    "L6": "标题：居中，与其上最后一个要素相距二行",
    "L7": "首页不显示页码，第2页起编排",
    "L8": "版记不加印发机关、印发日期和分隔线",
    "L9": "首页末行文字距第二条双线不小于3号字高的7/8（14磅）",
    "L10": "命令（令）格式、纪要格式",
}


def _rules(parts: Parts) -> list[Rule]:
    return sorted(parts.first.red_rules, key=lambda rule: rule.top)


def mark(parts: Parts) -> Check:
    """L1: the red mark 30 mm under the edge of the page, centred, without 文件."""
    asks = ASKS["L1"]
    if not parts.marks:
        return judged("L1", asks, False, "未见红色标志")
    top = min(line.ink_top for line in parts.marks)
    middles = [centre(line) for line in parts.marks]
    plain = not parts.marks[-1].text.endswith("文件") and all("Biaosong" in x.font for x in parts.marks)
    good = near(top, 30) and all(near(x, _MIDDLE, 1.5) for x in middles) and plain
    return judged("L1", asks, good, f"{top:.1f} mm，中心偏{middles[0] - _MIDDLE:+.1f} mm")


def double_rules(parts: Parts) -> Check:
    """L2: 4 mm under the mark and 20 mm above the foot, thick outside, 170 mm long and centred."""
    asks = ASKS["L2"]
    rules = _rules(parts)
    if len(rules) != 4 or not parts.marks:
        return judged("L2", asks, False, f"红线{len(rules)}条")
    gap = rules[0].top - max(line.ink_bottom for line in parts.marks)
    foot = parts.first.height - rules[3].bottom
    long = all(near(rule.right - rule.left, 170, 0.5) and near(rule.left, 21, 0.5) for rule in rules)
    order = rules[0].weight > rules[1].weight and rules[2].weight < rules[3].weight
    good = near(gap, 4) and near(foot, 20) and long and order
    return judged("L2", asks, good, f"{gap:.1f} mm、{foot:.1f} mm，长{rules[0].right - rules[0].left:.1f} mm")


def weights(parts: Parts) -> Check:
    """L3: the standard fixes no weights; the thick stroke is seen to be thicker."""
    asks = ASKS["L3"]
    rules = _rules(parts)
    if len(rules) != 4:
        return judged("L3", asks, False, f"红线{len(rules)}条")
    thick, thin = rules[0].weight / MM, rules[1].weight / MM
    return judged("L3", asks, thick >= 1.5 * thin, f"{thick:.2f}磅、{thin:.2f}磅")


def ids(parts: Parts) -> Check:
    """L4: 份号, 密级, 紧急程度 flush left under the first double rule, a line each."""
    asks = ASKS["L4"]
    given = [line for line in ids_of(parts) if line is not None]
    if not given:
        return absent("L4", asks, "未标")
    rules = _rules(parts)
    below = bool(rules) and given[0].top > rules[1].bottom
    steps = [(b.baseline - a.baseline) / LINE for a, b in pairwise(given)]
    faces = all("Hei" in line.first_font for line in given if not line.text.isdigit())
    good = below and faces and all(near(x.left, LEFT) for x in given) and all(near(s, 1, 0.05) for s in steps)
    return judged("L4", asks, good, "、".join(f"{line.text}（左{line.left:.1f} mm）" for line in given))


def number(parts: Parts) -> Check:
    """L5: the number flush right under the first double rule, seven eighths of a 3号 character apart."""
    asks = ASKS["L5"]
    rules, line = _rules(parts), parts.number
    if line is None or len(rules) < 2:
        return judged("L5", asks, False, "未见发文字号")
    gap = (line.ink_top - rules[1].bottom) / MM
    good = near(line.right, RIGHT) and abs(gap - _SEVEN_EIGHTHS) < 3
    return judged("L5", asks, good, f"右边{line.right:.1f} mm，距线{gap:.1f}磅")


def title(parts: Parts) -> Check:
    """L6: the title centred, two lines under what stands above it."""
    asks = ASKS["L6"]
    above = [line for line in parts.head if line.baseline < parts.title_top]
    if not parts.title or not above:
        return judged("L6", asks, False, "未见标题或发文字号")
    lead = (PITCH - 22) / 2 * MM
    gap = (
        parts.title[0].top
        - lead
        - (max(x.baseline for x in above) + 0.12 * BODY_SIZE * MM + (PITCH - BODY_SIZE) / 2 * MM)
    ) / LINE
    return judged("L6", asks, near(gap, 2, 0.15), f"{gap:.2f}行")


def first_page(parts: Parts) -> Check:
    """L7: no number on page one; from page two on, but a letter of two pages may go without."""
    asks = ASKS["L7"]
    wrong = ["首页有页码"] if parts.first.page_number is not None else []
    later = [page for page in parts.pages[1:] if page not in parts.forms]
    missing = [page.number for page in later if page.page_number is None]
    if len(later) > 1 and missing:
        wrong.append(f"第{missing[0]}页无页码")
    return listed("L7", asks, wrong, f"{len(parts.pages)}页，符合")


def imprint(parts: Parts) -> Check:
    """L8: no 印发 line and no separators."""
    asks = ASKS["L8"]
    wrong = [
        f"第{page.number}页“{line.text[-14:]}”" for page in parts.pages for line in page.lines
        if line.text.endswith("日印发")
    ]  # fmt: skip
    wrong += [
        f"第{page.number}页有分隔线" for page in parts.pages for rule in page.black_rules
        if rule.top > 200 and near(rule.right - rule.left, 156, 0.5) and rule.alone
    ]  # fmt: skip
    return listed("L8", asks, wrong, "符合")


def foot(parts: Parts) -> Check:
    """L9: the last line of page one keeps seven eighths of a character from the second double rule."""
    asks = ASKS["L9"]
    rules = _rules(parts)
    if len(rules) != 4 or not parts.first.lines:
        return judged("L9", asks, False, f"红线{len(rules)}条")
    gap = (rules[2].top - max(line.ink_bottom for line in parts.first.lines)) / MM
    return judged("L9", asks, gap >= _SEVEN_EIGHTHS - 0.5, f"{gap:.1f}磅")


def other_formats(_parts: Parts) -> Check:
    """L10: orders and minutes are no formats of this product."""
    return absent("L10", ASKS["L10"], "本系统不制发")


_LETTERS: tuple[Callable[[Parts], Check], ...] = (
    mark, double_rules, weights, ids, number, title, first_page, imprint, foot, other_formats,
)  # fmt: skip


def checks(parts: Parts) -> list[Check]:
    """All of them, or that the file is no letter."""
    if parts.letter:
        return [check(parts) for check in _LETTERS]
    return [absent(rule, asks, "文件格式") for rule, asks in ASKS.items()]
