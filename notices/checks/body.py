"""B1 to B7 and B12 to B15: title, addressee, text, levels, 附件, dates, 附注."""

from __future__ import annotations

import re
from itertools import pairwise, takewhile

from notices.checks.verdict import (
    CELL,
    DATE,
    HALF_LEADING,
    LEFT,
    LINE,
    PITCH,
    RIGHT,
    TITLE_SIZE,
    TOP,
    Check,
    Parts,
    absent,
    centre,
    judged,
    listed,
    near,
)  # fmt: skip
from notices.layout import GOING_ALONG
from notices.pagefacts import MM

_MIDDLE = (LEFT + RIGHT) / 2
_INDENT = LEFT + 2 * CELL
_ANY_DATE = re.compile(
    r"\d{4}年\d{1,2}月\d{1,2}日|[〇零一二三四五六七八九]{4}年[〇零一二三四五六七八九十]{1,3}月"
)
#: Number of a level, the face it is set in, and wrong ways to write it.
_LEVELS = (
    (re.compile(r"[一二三四五六七八九十]{1,3}、"), "Hei"),
    (re.compile(r"（[一二三四五六七八九十]{1,3}）"), "Kai"),
    (re.compile(r"\d{1,2}[.．](?!\d)"), "Fang"),
    (re.compile(r"（\d{1,2}）"), "Fang"),
)
_WRONG_LEVEL = re.compile(
    r"\d{1,2}、|[一二三四五六七八九十]{1,3}\.|\([一二三四五六七八九十\d]{1,3}\)|（[一二三四五六七八九十]{1,3}）、"
)


def title(parts: Parts) -> Check:
    """B1: 2号小标宋, centred, of several lines neither hourglass nor rectangle; two lines under the red rule."""
    asks = "标题：2号小标宋，居中，多行呈梯形或菱形；红线下空二行"
    lines = parts.title
    if not lines:
        return judged("B1", asks, False, "未见标题")
    off = [f"“{x.text[:8]}”偏{centre(x) - _MIDDLE:+.1f} mm" for x in lines if not near(centre(x), _MIDDLE)]
    widths = [line.right - line.left for line in lines]
    if any(a > b < c for a, b, c in zip(widths, widths[1:], widths[2:], strict=False)):
        off.append("多行呈沙漏形")
    if not all("Biaosong" in line.font for line in lines):
        off.append(f"字体{lines[0].font}")
    if not parts.letter and parts.rules:
        gap = (lines[0].top - (PITCH - TITLE_SIZE) / 2 * MM - parts.first.red_rules[0].bottom) / LINE
        if not near(gap, 2, 0.1):
            off.append(f"红线下{gap:.2f}行")
    return listed("B1", asks, off, f"{len(lines)}行居中")


def addressee(parts: Parts) -> Check:
    """B2: one empty line under the title, flush left, a full-width colon after the last."""
    asks = "主送机关：标题下空一行，顶格，末用全角冒号"
    lines = [line for page, line in parts.flow if page is parts.first]
    first = lines[0] if lines else None
    if first is None or not near(first.left, LEFT, 1.0):
        return absent("B2", asks, "无主送机关")
    # Wrapped lines stand flush left as well, also over a page's end; the first indented one begins the text.
    rest = takewhile(lambda line: near(line.left, LEFT, 1.0), (line for _page, line in parts.flow))
    ends = next((line for line in rest if line.text.endswith("：")), None)
    last_title = parts.title[-1]
    gap = (
        first.top - HALF_LEADING - (last_title.baseline + (0.12 * TITLE_SIZE + (PITCH - TITLE_SIZE) / 2) * MM)
    ) / LINE
    good = ends is not None and near(gap, 1, 0.1) and near(first.left, LEFT, 0.4)
    return judged("B2", asks, good, f"“{(ends or first).text[-12:]}”，标题下{gap:.2f}行")


def text_on_first_page(parts: Parts) -> Check:
    """B3: body text on page one."""
    lines = [line for page, line in parts.flow if page is parts.first and not line.text.endswith("：")]
    tables = any(line.in_table for line in parts.first.lines)
    found = f"{len(lines)}行" if lines else ("表格" if tables else "无")
    return judged("B3", "首页必须显示正文", bool(lines) or tables, found)


def paragraphs(parts: Parts) -> Check:
    """B4: a paragraph begins two cells in, its other lines at the left edge."""
    asks = "正文：每段首行左空二字，回行顶格"
    lines = parts.text
    if not lines:
        return absent("B4", asks, "表单类文书")
    wrong = [
        f"第{page.number}页“{line.text[:8]}”左空{(line.left - LEFT) / CELL:.1f}字"
        for page, line in lines
        if not near(line.left, LEFT, 0.8) and not near(line.left, _INDENT, 0.8)
    ]
    indented = sum(near(line.left, _INDENT, 0.8) for _, line in lines)
    if not indented:
        wrong.append("没有一段首行缩进")
    return listed("B4", asks, wrong, f"{indented}段")


def levels(parts: Parts) -> Check:
    """B5: 一、黑体, （一）楷体, 1. and （1）仿宋, each with its own punctuation."""
    asks = "结构层次：一、黑体；（一）楷体；1. 和（1）仿宋"
    wrong, seen = [], 0
    for page, line in parts.text:
        if not near(line.left, _INDENT, 1.2):
            continue
        if _WRONG_LEVEL.match(line.text):
            wrong.append(f"第{page.number}页“{line.text[:8]}”序号写法不对")
        for pattern, face in _LEVELS:
            if pattern.match(line.text):
                seen += 1
                if face not in line.first_font:
                    wrong.append(f"第{page.number}页“{line.text[:8]}”为{line.first_font}")
    if not seen and not wrong:
        return absent("B5", asks, "正文不分层次")
    return listed("B5", asks, wrong, f"{seen}处")


def statement(parts: Parts) -> Check:
    """B6: one empty line under the text, two cells in, numbered if several, no mark behind a name."""
    asks = "附件说明：正文下空一行，左空二字，名称后不加标点"
    found = next(((page, line) for page, line in parts.flow if line.text.startswith("附件：")), None)
    if found is None:
        return absent("B6", asks, "无附件")
    page, first = found
    names = [first]
    for line in (x for p, x in parts.flow if p is page and x.baseline > first.baseline + 0.5):
        if not near(line.baseline, names[-1].baseline + LINE, 0.3) or line.left < first.left + CELL:
            break
        names.append(line)
    wrong = [f"“{line.text[-10:]}”后有标点" for line in names if line.text[-1] in "。；，、."]
    above = parts.above(page, first)
    gap = (first.baseline - above[0].baseline) / LINE if above else 2.0
    if not near(gap, 2, 0.05):
        wrong.append(f"正文下{gap - 1:.1f}行")
    if not near(first.left, _INDENT, 0.8):
        wrong.append(f"左空{(first.left - LEFT) / CELL:.1f}字")
    numbered = [re.match(r"(?:附件：)?(\d+)\.", line.text) for line in names]
    if len(parts.annexes) > 1 and sum(match is not None for match in numbered) != len(parts.annexes):
        wrong.append("序号与附件不符")
    return listed("B6", asks, wrong, f"{len(parts.annexes)}个附件")


def annexes(parts: Parts) -> Check:
    """B7: a new page; “附件”+number in 3号黑体 in line one, the title centred in line three, as in the 附件说明."""
    asks = "附件：另面编排，“附件”及顺序号3号黑体顶格在首行，标题居中在第三行，与附件说明一致"
    stated = "".join(line.text for _, line in parts.flow)
    if not parts.annexes:
        return absent("B7", asks, "无附件")
    wrong = []
    for page in parts.annexes:
        top, left, right = (TOP, LEFT, RIGHT) if page.upright else (28.0, 35.0, 260.0)
        tag, titles = page.lines[0], [x for x in page.lines if near(x.size, TITLE_SIZE, 0.3)]
        if "Hei" not in tag.first_font or not near(tag.left, left) or not near(tag.top - HALF_LEADING, top):
            wrong.append(f"第{page.number}页“{tag.text}”不在首行顶格或非黑体")
        if not titles:
            wrong.append(f"第{page.number}页无标题")
            continue
        line = (titles[0].top - (PITCH - TITLE_SIZE) / 2 * MM - top) / LINE + 1
        if not near(line, 3, 0.2) or not near(centre(titles[0]), (left + right) / 2):
            wrong.append(f"第{page.number}页标题在第{line:.1f}行")
        if "".join(x.text for x in titles) not in stated:
            wrong.append(f"第{page.number}页标题与附件说明不一致")
    return listed("B7", asks, wrong, f"{len(parts.annexes)}个附件")


def dates(parts: Parts) -> Check:
    """B12: arabic digits, the year in full, no leading zeros."""
    asks = "日期：阿拉伯数字，年份标全，月日不编虚位"
    texts = [line.text for page in parts.pages for line in page.lines]
    found = [match[0] for text in texts for match in _ANY_DATE.finditer(text)]
    return listed("B12", asks, [day for day in found if not DATE.fullmatch(day)], f"{len(found)}处")


def not_only_a_signature(parts: Parts) -> Check:
    """B13: three lines of text at least go along with the signature; 此页无正文 is no way out."""
    asks = "署名、印章不单独成页，同页正文不少于三行，不用“此页无正文”"
    wrong = [
        f"第{p.number}页“此页无正文”" for p in parts.pages if any("此页无正文" in x.text for x in p.lines)
    ]
    closing = parts.closing
    if closing is None:
        return absent("B13", asks, "无署名（表单）") if not wrong else listed("B13", asks, wrong, "")
    page, date = closing
    text = {id(line) for _, line in parts.text}
    above = [
        line for line in page.body if id(line) in text or (line.in_table and line.baseline < date.baseline)
    ]
    stated = [line for line in parts.above(page, date) if line.text.startswith("附件：")]
    if page is not parts.first and not above and not stated:
        wrong.append(f"第{page.number}页只有署名")
    elif page is not parts.first and len(above) < min(GOING_ALONG, len(text) - 1):
        wrong.append(f"署名所在的第{page.number}页只有{len(above)}行正文")
    return listed("B13", asks, wrong, "符合")


def note(parts: Parts) -> Check:
    """B14: 附注 in parentheses, two cells in, under the date."""
    asks = "附注：成文日期下一行，左空二字，加圆括号"
    closing = parts.closing
    if closing is None:
        return absent("B14", asks, "无署名")
    page, date = closing
    below = [line for p, line in parts.flow if p is page and line.baseline > date.baseline + 1]
    if not below:
        return absent("B14", asks, "无附注")
    first, last = below[0], below[-1]
    good = (
        near(first.left, _INDENT, 1.2) and first.text.startswith("（") and last.text.rstrip().endswith("）")
    )
    return judged("B14", asks, good, f"“{first.text[:10]}…”左空{(first.left - LEFT) / CELL:.1f}字")


def landscape(parts: Parts) -> Check:
    """B15: turned pages carry their number where the other pages do, and the head of the table on each page."""
    asks = "横排表格：页码位置与其他页一致，每页有表头"
    turned = [page for page in parts.pages if not page.upright]
    if not turned:
        return absent("B15", asks, "无横排页")
    wrong = [f"第{page.number}页无页码" for page in turned if page.page_number is None]
    wrong += [
        f"第{page.number}页页码不随横排页转向" for page in turned
        if page.page_number is not None and not page.page_number.turned
    ]  # fmt: skip
    headless = [page for page in turned if not any("Hei" in x.font and x.in_table for x in page.lines)]
    wrong += [f"第{page.number}页无表头" for page in headless]
    for before, page in pairwise(turned):
        if (
            page.number == before.number + 1
            and page not in parts.annexes
            and page.column_heads != before.column_heads
        ):
            wrong.append(f"第{page.number}页表头与上页不同")
    return listed("B15", asks, wrong, f"{len(turned)}页")


CHECKS = (title, addressee, text_on_first_page, paragraphs, levels, statement, annexes)
LATER = (dates, not_only_a_signature, note, landscape)
