"""P1 to P10: the page, the type area, the grid, type and colour."""

from __future__ import annotations

from itertools import pairwise

from notices.checks.verdict import (
    BODY_SIZE,
    BOTTOM,
    HALF_LEADING,
    LEFT,
    PITCH,
    RIGHT,
    TOP,
    Check,
    Parts,
    absent,
    judged,
    listed,
    near,
)  # fmt: skip
from notices.pagefacts import MM

_HANGING = "，。、；：！？）》”"
_OUR_FACES = ("GW-FangSong", "GW-Kai", "GW-Hei", "GW-Song", "GW-Biaosong")


def size(parts: Parts) -> Check:
    """P1: every page is A4."""
    sizes = {(round(page.width, 1), round(page.height, 1)) for page in parts.pages}
    good = sizes <= {(210.0, 297.0), (297.0, 210.0)}
    return judged("P1", "A4，210×297 mm", good, "、".join(f"{w}×{h} mm" for w, h in sorted(sizes)))


def top_white(parts: Parts) -> Check:
    """P2: the first line of each page begins 37 mm under the edge."""
    tops = [
        page.body[0].top - HALF_LEADING
        for page in parts.pages[1:]
        if page.upright and page.body and page.body[0].prose
    ]
    if not tops:
        return absent("P2", "天头37±1 mm", "只有一页，首页由版头规则测量")
    worst = max(tops, key=lambda top: abs(top - TOP))
    return judged("P2", "天头37±1 mm", near(worst, TOP), f"{len(tops)}页，偏差最大处{worst:.1f} mm")


def left_white(parts: Parts) -> Check:
    """P3: full lines begin 28 mm from the left edge."""
    lefts = [line.left for _, line in parts.text]
    if not lefts:
        return absent("P3", "订口28±1 mm", "表单类文书，无正文")
    found = min(lefts)
    return judged("P3", "订口28±1 mm", near(found, LEFT), f"{found:.2f} mm")


def type_area(parts: Parts) -> Check:
    """P4: no text outside 156 × 225 mm but page numbers and marks that hang in the margin."""
    outside = []
    for page in parts.pages:
        if not page.upright:
            outside += [f"第{page.number}页“{x.text[:8]}”" for x in page.lines if not _on_turned_sheet(x)]
            continue
        for line in page.body:
            # A hanging mark may stand in the margin; its ink is its left half.
            right = line.right if line.text[-1] not in _HANGING else line.right - line.size * MM
            if (
                line.left < LEFT - 0.5
                or right > RIGHT + 0.6
                or line.top < TOP - 0.5
                or line.bottom > BOTTOM + 0.6
            ):
                outside.append(f"第{page.number}页“{line.text[:8]}”")
    return listed("P4", "文字在版心156×225 mm内", outside, "无越界")


def _on_turned_sheet(line: object) -> bool:
    left, right = getattr(line, "left", 0.0), getattr(line, "right", 0.0)
    top, bottom = getattr(line, "top", 0.0), getattr(line, "bottom", 0.0)
    return bool(left >= 34.5 and right <= 260.6 and top >= 27.5 and bottom <= 184.6)


def lines_and_characters(parts: Parts) -> Check:
    """P5: at most 22 lines of at most 28 characters, and full lines that reach the right edge."""
    most = max((len({round(x.baseline, 1) for x in p.body if x.prose}) for p in parts.pages), default=0)
    prose = [line for page in parts.pages for line in page.body if line.prose]
    widest = max((line.cells for line in prose), default=0)
    flow = parts.text
    short = [
        f"第{page.number}页“{line.text[:8]}”"
        for (page, line), (_, following) in pairwise(flow)
        if near(following.left, LEFT, 0.3)
        and following.baseline != line.baseline
        and near(line.left, LEFT, 12)
        and not line.text.endswith("：")
        and line.text[-1] not in "。；："
        and sum(map(str.isascii, line.text)) < len(line.text) / 2
        and line.right < RIGHT - 1.6
    ]
    good = most <= 22 and widest <= 29 and not short
    found = f"最多{most}行，最长{widest}字" + (
        f"；未排满：{'；'.join(short[:3])}" if short else "，整行两端齐"
    )
    return judged("P5", "每面至多22行、每行28字（悬挂标点另计），撑满版心", good, found)


def body_type(parts: Parts) -> Check:
    """P6: 3号 in the faces of a document."""
    prose = [line for page in parts.pages for line in page.body if line.prose_like]
    sizes = {round(line.size, 1) for line in prose}
    faces = {line.font for line in prose if line.font}
    good = sizes <= {BODY_SIZE} and all(any(known in face for known in _OUR_FACES) for face in faces)
    return judged(
        "P6",
        "正文3号（16磅）仿宋，标题层次用黑体、楷体",
        good,
        f"{sorted(sizes)}磅 {'、'.join(sorted(faces))}",
    )


def colour(parts: Parts) -> Check:
    """P7: red is for the marks, the red rules, and the seal; everything else is black."""
    wrong = []
    for page in parts.pages:
        reds = [line for line in page.lines if line.red]
        if page.number > 1:
            wrong += [f"第{page.number}页“{line.text[:8]}”为红色" for line in reds]
            wrong += [f"第{page.number}页有红线"] if page.red_rules else []
        wrong += [
            f"第{page.number}页“{x.text[:8]}”为红色" for x in reds if near(x.size, BODY_SIZE, 0.3) or x.prose
        ]
        wrong += [f"第{page.number}页“{x.text[:8]}”为彩色" for x in page.lines if x.coloured and not x.red]
    return listed("P7", "红色只用于发文机关标志、红线和印章", wrong, "符合")


def print_side(_parts: Parts) -> Check:
    """P8: a matter of the press."""
    return absent("P8", "双面印刷，两面误差不超过2 mm", "属印制质量，文件中不可测")


def three_parts(parts: Parts) -> Check:
    """P9: 版头 above the red rule, then 主体, the 版记 last, page numbers outside the type area."""
    wrong = []
    rules = parts.rules
    head_end = (rules[1] if parts.letter else rules[0]) if rules else 0.0
    if any(line.baseline < head_end for line in parts.title):
        wrong.append("标题在红线之上")
    if any(mark.baseline > head_end for mark in parts.marks):
        wrong.append("发文机关标志在红线之下")
    for page in parts.pages:
        number = page.page_number
        if number is not None and number.top < page.sheet_height - 35:
            wrong.append(f"第{page.number}页页码在版心内")
    return listed("P9", "版头、主体、版记依次排列，页码在版心外", wrong, "符合")


def pitch(parts: Parts) -> Check:
    """P10: one line is a 3号 character and seven eighths, here 28.95 pt so that 22 fill 225 mm."""
    wrong, steps = [], 0
    for page in parts.pages:
        lines = [line for line in page.body if line.prose]
        for above, below in pairwise(lines):
            step = (below.baseline - above.baseline) / MM
            if 1.0 < step < PITCH * 1.4:
                steps += 1
                if abs(step - PITCH) > 0.06:
                    wrong.append(f"第{page.number}页“{below.text[:8]}”{step:.2f}磅")
    return listed("P10", "行距28.95磅", wrong, f"{steps}处一致")


CHECKS = (
    size, top_white, left_white, type_area, lines_and_characters, body_type, colour, print_side, three_parts, pitch,
)  # fmt: skip
