"""Measures a finished PDF against GB/T 9704-2012: named checks, each with what was found."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from notices.pagefacts import MM, PageFacts, TextLine, read_pages

_PITCH = 28.95
_TOLERANCE_MM = 1.0
_NUMBER = re.compile(r"\S{1,20}〔\d{4}〕[1-9]\d*号")
_WRONG_NUMBER = re.compile(r"\[\d{4}\]\s*\d+号|〔\d{4}〕第|〔\d{4}〕0\d*号|【\d{4}】\d+号")
_DATE = re.compile(r"\d{4}年\d{1,2}月\d{1,2}日")
_GOOD_DATE = re.compile(r"\d{4}年([1-9]|1[0-2])月([1-9]|[12]\d|3[01])日")
_PAGE_NUMBER = re.compile(r"— ?(\d+) ?—")
_KNOWN_FONTS = ("GW-FangSong", "GW-Kai", "GW-Hei", "GW-Song", "GW-Biaosong")


@dataclass(frozen=True)
class Check:
    """One rule: its id in the specification, what it asks, whether it holds, what was found."""

    rule: str
    asks: str
    passed: bool
    found: str


@dataclass(frozen=True)
class Report:
    """All checks of one file."""

    layout: str
    pages: int
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)

    def check(self, rule: str) -> Check:
        """The check of one rule; KeyError when this layout does not ask it."""
        return {check.rule: check for check in self.checks}[rule]

    def __str__(self) -> str:
        lines = [f"版式：{self.layout}；{self.pages}页"]
        lines += [
            f"{'合格  ' if c.passed else '不合格'} {c.rule:<12} {c.asks}：{c.found}" for c in self.checks
        ]
        failed = sum(not check.passed for check in self.checks)
        return "\n".join([*lines, f"{len(self.checks)}项检查，{failed}项不合格"])


def measure(pdf: bytes) -> Report:
    """The report on a finished document. Raises ValueError for a file that is no PDF."""
    pages = read_pages(io.BytesIO(pdf))
    letter = len(pages[0].red_rules) >= 4
    rules: Sequence[Callable[[list[PageFacts]], Check]] = (*_COMMON, *(_LETTER if letter else _DOCUMENT))
    return Report("信函格式" if letter else "文件格式", len(pages), tuple(rule(pages) for rule in rules))


def _near(value: float, wanted: float, tolerance: float = _TOLERANCE_MM) -> bool:
    return abs(value - wanted) <= tolerance


def _page_size(pages: list[PageFacts]) -> Check:
    sizes = {(round(page.width, 1), round(page.height, 1)) for page in pages}
    good = sizes <= {(210.0, 297.0), (297.0, 210.0)}
    return Check("P1", "A4 210×297 mm", good, "、".join(f"{w}×{h}" for w, h in sorted(sizes)))


def _type_area(pages: list[PageFacts]) -> Check:
    outside = []
    for page in pages:
        if page.width > page.height:
            continue
        for line in page.body:
            # A hanging mark may stand in the margin; its ink is its left half.
            right = line.right if line.text[-1] not in "，。、；：！？）》”" else line.right - line.size * MM
            if line.left < 27.5 or right > 184.6 or line.top < 36.5 or line.bottom > 262.6:
                outside.append(f"第{page.number}页“{line.text[:8]}”")
    return Check("P2-P4", "文字在版心 156×225 mm 内", not outside, "；".join(outside[:4]) or "无越界")


def _pitch(pages: list[PageFacts]) -> Check:
    wrong, steps = [], 0
    for page in pages:
        lines = [line for line in page.body if line.prose]
        for above, below in pairwise(lines):
            step = (below.baseline - above.baseline) / MM
            if step < _PITCH * 1.4:
                steps += 1
                if abs(step - _PITCH) > 0.06:
                    wrong.append(f"第{page.number}页“{below.text[:8]}”{step:.2f} pt")
    return Check("P5-pitch", "行距 28.95 pt", not wrong, "；".join(wrong[:4]) or f"{steps}处一致")


def _lines_and_characters(pages: list[PageFacts]) -> Check:
    most_lines = max((len({round(x.baseline, 1) for x in p.body if x.prose}) for p in pages), default=0)
    widest = max((line.cells for page in pages for line in page.body if line.prose), default=0)
    good = most_lines <= 22 and widest <= 29
    return Check("P5", "每页至多22行、每行28字（悬挂标点另计）", good, f"最多{most_lines}行，最长{widest}字")


def _fonts_embedded(pages: list[PageFacts]) -> Check:
    loose = sorted({name for page in pages for name, embedded in page.fonts.items() if not embedded})
    return Check("fonts", "字体全部嵌入", not loose, "未嵌入：" + "、".join(loose) if loose else "全部嵌入")


def _body_font(pages: list[PageFacts]) -> Check:
    sizes = {round(line.size, 1) for page in pages for line in page.body if line.prose}
    faces = {line.font for page in pages for line in page.body if line.prose and line.font}
    good = sizes <= {16.0} and all(any(known in face for known in _KNOWN_FONTS) for face in faces)
    return Check("P6", "正文3号，字体为仿宋、楷体、黑体", good, f"{sorted(sizes)} {'、'.join(sorted(faces))}")


def _red_only_where_allowed(pages: list[PageFacts]) -> Check:
    wrong = []
    for page in pages:
        texts = [line.text for line in page.lines if line.red]
        if page.number > 1 and (texts or page.red_rules):
            wrong.append(f"第{page.number}页有红色")
        wrong += [f"第{page.number}页“{text[:8]}”" for text in texts[2:]]
    return Check("P7", "红色只用于发文机关标志和红线", not wrong, "；".join(wrong[:4]) or "符合")


def _glyphs(pages: list[PageFacts]) -> Check:
    wrong = sum(page.missing_glyphs for page in pages)
    return Check("glyphs", "无缺字", wrong == 0, f"{wrong}个缺字")


def _document_number(pages: list[PageFacts]) -> Check:
    title = next((line.baseline for line in pages[0].lines if _near(line.size, 22, 0.3)), 0.0)
    head = [line.text for line in pages[0].lines if line.baseline < title and not line.red]
    found = next((match for text in head if (match := _NUMBER.search(text))), None)
    wrong = _WRONG_NUMBER.search("".join(line.text for page in pages for line in page.lines))
    good = found is not None and wrong is None
    return Check(
        "H6-number", "发文字号用六角括号，序号不编虚位、不加“第”", good, found[0] if found else "未见发文字号"
    )


def _dates(pages: list[PageFacts]) -> Check:
    texts = [line.text for page in pages for line in page.lines]
    wrong = [d for text in texts for d in _all_dates(text) if not _GOOD_DATE.fullmatch(d)]
    return Check("B12", "日期不编虚位", not wrong, "、".join(wrong) or "符合")


def _all_dates(text: str) -> list[str]:
    return [match[0] for match in _DATE.finditer(text)]


def _title(pages: list[PageFacts]) -> Check:
    lines = [line for line in pages[0].lines if _near(line.size, 22, 0.3)]
    if not lines:
        return Check("B1", "标题2号小标宋居中", False, "未见标题")
    off = [
        f"“{x.text[:8]}”偏{(x.left + x.right) / 2 - 106:.1f} mm"
        for x in lines
        if not _near((x.left + x.right) / 2, 106)
    ]
    widths = [line.right - line.left for line in lines]
    hourglass = any(a > b < c for a, b, c in zip(widths, widths[1:], widths[2:], strict=False))
    good = not off and not hourglass and all("Biaosong" in line.font for line in lines)
    return Check("B1", "标题2号小标宋居中，多行不呈沙漏形", good, "；".join(off) or f"{len(lines)}行居中")


def _not_only_a_signature(pages: list[PageFacts]) -> Check:
    for page in pages[1:]:
        lines = [line for line in page.body if line.prose]
        dates = [i for i, line in enumerate(lines) if _GOOD_DATE.fullmatch(line.text.strip())]
        if dates and dates[0] < 2:
            return Check("B13", "末页不得只有署名", False, f"第{page.number}页只有署名")
    return Check("B13", "末页不得只有署名", True, "符合")


def _signature(pages: list[PageFacts]) -> Check:
    """B10 or B8: the date line stands two or four cells from the right, or two cells after the organ."""
    for page in pages:
        lines = [line for line in page.body if line.prose]
        for organ, date in pairwise(lines):
            if not _GOOD_DATE.fullmatch(date.text.strip()):
                continue
            cell = 156 / 28
            gap = (184 - date.right) / cell
            after = (date.left - organ.left) / cell
            centred = _near((date.left + date.right) / 2, (organ.left + organ.right) / 2, 1.2)
            good = abs(after - 2) < 0.2 or (centred and gap > 0)
            return Check(
                "B8/B10", "署名与成文日期的位置", good, f"日期右空{gap:.1f}字，首字后于署名{after:.1f}字"
            )
    return Check("B8/B10", "署名与成文日期的位置", True, "无署名（表单）")


def _page_numbers(pages: list[PageFacts], *, from_page: int) -> Check:
    wrong = []
    in_form = False
    for page in pages:
        number = page.page_number
        # A form to return stands last and carries no number, however many pages it takes.
        in_form = in_form or page.is_form
        if number is None:
            if page.number >= from_page and not in_form:
                wrong.append(f"第{page.number}页无页码")
            continue
        inside = page.width - 26 if page.number % 2 else 28.0
        edge = inside - number.right if page.number % 2 else number.left - inside
        top = number.baseline - (page.height - 35)
        if page.number < from_page:
            wrong.append(f"第{page.number}页不应有页码")
        elif not 3.5 < edge < 6.5 or not 6.0 < top < 10.5:
            wrong.append(f"第{page.number}页页码位置：距版心边{edge:.1f} mm，低{top:.1f} mm")
    return Check(
        "N1", "页码：4号宋体，单右双左各空一字，一字线距版心下边缘7 mm", not wrong, "；".join(wrong) or "符合"
    )


def _letter_mark(pages: list[PageFacts]) -> Check:
    mark = _mark(pages)
    if mark is None:
        return Check("L1", "发文机关标志上边缘距页顶30 mm", False, "未见红色标志")
    good = _near(mark.ink_top, 30) and _near((mark.left + mark.right) / 2, 106, 1.5)
    return Check("L1", "发文机关标志上边缘距页顶30 mm、居中", good, f"{mark.ink_top:.1f} mm")


def _mark(pages: list[PageFacts]) -> TextLine | None:
    return next((line for line in pages[0].lines if line.red), None)


def _letter_rules(pages: list[PageFacts]) -> Check:
    rules, mark = sorted(pages[0].red_rules, key=lambda rule: rule.top), _mark(pages)
    if len(rules) != 4 or mark is None:
        return Check("L2", "红色双线上粗下细、下双线上细下粗，长170 mm", False, f"红线{len(rules)}条")
    gap = rules[0].top - max(line.ink_bottom for line in pages[0].lines if line.red)
    foot = pages[0].height - rules[3].bottom
    long = all(_near(rule.right - rule.left, 170, 0.5) and _near(rule.left, 21, 0.5) for rule in rules)
    order = rules[0].weight > rules[1].weight and rules[2].weight < rules[3].weight
    good = _near(gap, 4) and _near(foot, 20) and long and order
    return Check(
        "L2", "双线距标志4 mm、距页底20 mm，长170 mm，粗细相对", good, f"{gap:.1f} mm、{foot:.1f} mm"
    )


def _letter_number(pages: list[PageFacts]) -> Check:
    rules = sorted(pages[0].red_rules, key=lambda rule: rule.top)
    line = next((line for line in pages[0].lines if _NUMBER.search(line.text)), None)
    if line is None or len(rules) < 2:
        return Check("L5", "发文字号顶格居右，距双线7/8字高", False, "未见发文字号")
    gap = (line.ink_top - rules[1].bottom) / MM
    good = _near(line.right, 184, 1.0) and abs(gap - 14) < 3
    return Check("L5", "发文字号顶格居右，距双线7/8字高", good, f"右边{line.right:.1f} mm，距线{gap:.1f} pt")


def _document_mark(pages: list[PageFacts]) -> Check:
    mark = _mark(pages)
    if mark is None:
        return Check("H4", "发文机关标志上边缘距版心上边缘35 mm", False, "未见红色标志")
    good = _near(mark.ink_top, 72) and _near((mark.left + mark.right) / 2, 106, 1.5)
    return Check(
        "H4", "发文机关标志上边缘距版心上边缘35 mm、居中、红色小标宋", good, f"{mark.ink_top - 37:.1f} mm"
    )


def _document_rule(pages: list[PageFacts]) -> Check:
    rules = pages[0].red_rules
    line = next((line for line in pages[0].lines if _NUMBER.search(line.text)), None)
    if len(rules) != 1 or line is None:
        return Check("H8", "红色分隔线距发文字号4 mm，与版心等宽", False, f"红线{len(rules)}条")
    gap = rules[0].top - line.ink_bottom
    good = _near(gap, 4) and _near(rules[0].right - rules[0].left, 156, 0.5)
    return Check("H8", "红色分隔线距发文字号4 mm，与版心等宽", good, f"{gap:.1f} mm")


def _imprint(pages: list[PageFacts]) -> Check:
    rules = sorted(pages[-1].black_rules, key=lambda rule: rule.top)
    wide = [rule for rule in rules if _near(rule.right - rule.left, 156, 0.5)]
    if len(wide) < 2:
        return Check("V1", "版记首末线0.35 mm，末线与版心下边缘重合", False, "未见版记线")
    good = _near(wide[-1].bottom, 262, 0.5) and _near(wide[0].weight, 0.35, 0.06)
    return Check("V1", "版记首末线0.35 mm，末线与版心下边缘重合", good, f"末线{wide[-1].bottom:.2f} mm")


def _printed_on(pages: list[PageFacts]) -> Check:
    asks = "印发机关左空一字、印发日期右空一字，同行，4号"
    line = next((line for line in pages[-1].lines if line.text.endswith("印发")), None)
    if line is None:
        return Check("V3", asks, False, "未见印发机关和日期")
    indent = 14 * MM
    good = _near(line.left, 28 + indent) and _near(line.right, 184 - indent) and _near(line.size, 14, 0.3)
    return Check("V3", asks, good, f"左{line.left - 28:.1f} mm，右{184 - line.right:.1f} mm")


def _metadata(pages: list[PageFacts]) -> Check:
    facts: dict[str, Any] = pages[0].document
    good = bool(facts["title"]) and facts["language"] == "zh-CN" and facts["tagged"]
    return Check("meta", "有题名、语言 zh-CN、结构标签", good, f"{facts['title']}；{facts['language']}")


_COMMON = (
    _page_size, _type_area, _lines_and_characters, _pitch, _body_font, _red_only_where_allowed, _document_number,
    _title, _dates, _signature, _not_only_a_signature, _fonts_embedded, _glyphs, _metadata,
)  # fmt: skip
_LETTER = (_letter_mark, _letter_rules, _letter_number, lambda pages: _page_numbers(pages, from_page=2))
_DOCUMENT = (
    _document_mark,
    _document_rule,
    _imprint,
    _printed_on,
    lambda pages: _page_numbers(pages, from_page=1),
)
