"""B8 to B11: signatures and seals; V1 to V4: 版记; N1 to N3: page numbers."""

from __future__ import annotations

from notices.checks.verdict import (
    BOTTOM,
    CELL,
    HALF_LEADING,
    LEFT,
    LINE,
    RIGHT,
    SMALL_SIZE,
    Check,
    Parts,
    absent,
    centre,
    judged,
    listed,
    near,
)  # fmt: skip
from notices.pagefacts import MM, Box, PageFacts, Rule, TextLine

_INDENT = SMALL_SIZE * MM
_SEAL_PLACE = 4.0


def _seals(parts: Parts) -> list[Box]:
    """Seal images on the page of the signature; a 签名章 is wider than high."""
    closing = parts.closing
    return [] if closing is None else [box for box in closing[0].images if not box.wide]


def _organs(parts: Parts) -> list[TextLine]:
    """Lines of signing organs above the date, nearest first."""
    if parts.closing is None:
        return []
    page, date = parts.closing
    # The organs of a joint issue stand in rows that the seals keep apart; a single one stands on the date.
    above = parts.above(page, date)
    rows = len(_seals(parts)) > 1 or (bool(above) and len(above[0].pieces) > 1)
    found: list[TextLine] = []
    edge = date.baseline
    for line in above:
        indents = (line.left - LEFT, line.left - LEFT - 2 * CELL)
        is_text = any(abs(indent) < 0.6 for indent in indents) or line.text.startswith("附件：")
        if rows:  # a row of names may begin where text begins, but several stand in its last line
            is_text = edge - line.baseline > (6 if len(line.pieces) > 1 else 1.2) * LINE
        if is_text or (not rows and edge - line.baseline > 1.2 * LINE):
            break
        found.append(line)
        edge = line.baseline
    return found


def _last_text(parts: Parts) -> TextLine | None:
    """The last line of the text or the 附件说明 above the signature."""
    if parts.closing is None:
        return None
    page, date = parts.closing
    organs = _organs(parts)
    return next((line for line in parts.above(page, date) if line not in organs), None)


def _line_bottom(line: TextLine) -> float:
    return line.bottom + HALF_LEADING


def _row_of_organs(parts: Parts) -> bool:
    """Whether several organs stand beside one another, each apart."""
    organs = _organs(parts)
    return bool(organs) and len(organs[0].pieces) > 1


def _sealed_style(parts: Parts) -> bool:
    """Whether organ and date stand as for a seal: the organ is centred on the date, or several stand in a row."""
    organs = _organs(parts)
    if not organs or parts.closing is None:
        return False
    date = parts.closing[1]
    if near((RIGHT - date.right) / CELL, _SEAL_PLACE, 0.25) and _row_of_organs(parts):
        return True
    return near(centre(organs[0]), centre(date), 1.2) and not near(date.left - organs[0].left, 2 * CELL, 0.5)


def with_seal(parts: Parts) -> Check:
    """B8: date four cells from the right, organ centred on it, the seal over both and within a line of the text."""
    asks = "加盖印章：日期右空四字，署名以日期为准居中；印章居中下压署名和日期，顶端距正文一行之内"
    closing, seals = parts.closing, _seals(parts)
    if closing is None:
        return absent("B8", asks, "无署名（表单）")
    date, organs = closing[1], _organs(parts)
    if len(seals) > 1 or _row_of_organs(parts):
        return absent("B8", asks, "联合行文，见B9" if seals else "联合行文，留有盖章位置")
    if not seals and not _sealed_style(parts):
        return absent("B8", asks, "不加盖印章，见B10")
    gap = (RIGHT - date.right) / CELL
    centred = bool(organs) and all(near(centre(line), centre(date), 1.2) for line in organs)
    long = bool(organs) and max(x.right for x in organs) > RIGHT - 1.5
    good = centred and (near(gap, _SEAL_PLACE, 0.25) or long)
    found = f"日期右空{gap:.1f}字，署名{'居中' if centred else '未居中'}"
    if not seals:
        return judged("B8", asks, good, f"{found}，留有盖章位置")
    seal, last = seals[0], _last_text(parts)
    middle = (organs[-1].baseline + date.baseline) / 2 if organs else date.baseline
    over = (
        near(seal.centre, centre(date), 1.5) and near(seal.middle, middle, LINE) and seal.bottom > date.bottom
    )
    distance = (seal.top - _line_bottom(last)) / LINE if last else 0.0
    good = good and over and distance <= 1.05
    return judged(
        "B8", asks, good, f"{found}；印章{'压' if over else '未压'}署名和日期，距正文{distance:.2f}行"
    )


def jointly_sealed(parts: Parts) -> Check:
    """B9: a seal on each organ that has one, at most three a row, apart, inside the type area, the last on the date.

    An organ whose seal is not printed has its room; no seal lies on another organ's name, on the date or on the text.
    """
    asks = (
        "联合行文加盖印章：各压各的署名，每排最多3个，排列整齐、互不相交，不超出版心，首排顶端距正文一行之内"
    )
    seals = _seals(parts)
    if parts.closing is None or not seals or (len(seals) < 2 and not _row_of_organs(parts)):
        return absent("B9", asks, "单一机关行文或未加盖印章")
    rows: list[list[Box]] = []
    for seal in sorted(seals, key=lambda box: (round(box.top), box.left)):
        if rows and near(rows[-1][0].top, seal.top, 1.0):
            rows[-1].append(seal)
        else:
            rows.append([seal])
    wrong = [f"一排{len(row)}个" for row in rows if len(row) > 3]
    wrong += ["印章超出版心" for box in seals if box.left < LEFT - 0.2 or box.right > RIGHT + 0.2]
    wrong += [
        "印章相交或相切" for place, a in enumerate(seals) for b in seals[place + 1 :]
        if ((a.centre - b.centre) ** 2 + (a.middle - b.middle) ** 2) ** 0.5 <= (a.right - a.left) + 0.2
    ]  # fmt: skip
    wrong += [fault for seal in seals for fault in _wrongly_pressed(parts, seal)]
    last, above = _last_text(parts), min(line.baseline for line in _organs(parts) or [parts.closing[1]])
    in_first_row = above > rows[0][0].top
    if in_first_row and last is not None and (rows[0][0].top - _line_bottom(last)) / LINE > 1.05:
        wrong.append("首排印章距正文超过一行")
    return listed("B9", asks, wrong, f"{len(seals)}个印章{len(rows)}排")


def _wrongly_pressed(parts: Parts, seal: Box) -> list[str]:
    """What a seal should lie on and does not, and what it lies on besides its own organ."""
    if parts.closing is None:
        return []
    page, date = parts.closing
    organs = _organs(parts)
    own = [line for line in organs for piece in line.pieces if _on(seal, line, piece) and _over(seal, piece)]
    wrong = [] if own else ["印章未压署名"]
    for line in organs:
        others = [piece for piece in line.pieces if not _over(seal, piece)]
        wrong += ["印章压住其他机关的署名" for piece in others if _on(seal, line, piece)]
    ends = (date.left, date.right)
    last = any(_over(seal, piece) and _over(seal, ends) for piece in (organs[0].pieces if organs else ()))
    if _over(seal, ends) and not _on(seal, date, ends) and seal.top < date.top and own and organs[0] in own:
        wrong.append("最后一个印章未压成文日期")
    if _on(seal, date, ends) and not last:
        wrong.append("其他机关的印章压住成文日期")
    text = [line for line in parts.above(page, date) if line not in organs]
    wrong += ["印章压住正文" for line in text[:2] if _on(seal, line, (line.left, line.right))]
    return wrong


def _over(seal: Box, piece: tuple[float, float]) -> bool:
    """Whether the seal has its middle over that of the words."""
    return near(seal.centre, sum(piece) / 2, 1.5)


def _on(seal: Box, line: TextLine, piece: tuple[float, float]) -> bool:
    """Whether the round of the seal covers some of the words' ink."""
    x = min(max(seal.centre, piece[0]), piece[1]) - seal.centre
    y = min(max(seal.middle, line.ink_top), line.ink_bottom) - seal.middle
    return bool((x * x + y * y) ** 0.5 < (seal.right - seal.left) / 2 - 0.2)


def without_seal(parts: Parts) -> Check:
    """B10: organ two cells from the right, the date begins two cells after it, or is itself two from the right."""
    asks = "不加盖印章：署名右空二字，日期首字比署名首字右移二字"
    if parts.closing is None:
        return absent("B10", asks, "无署名（表单）")
    page, date = parts.closing
    organs = _organs(parts)
    if _seals(parts) or not organs or any(box.wide for box in page.images) or _sealed_style(parts):
        return absent("B10", asks, "加盖印章或签名章")
    after = (date.left - min(line.left for line in organs)) / CELL
    right = max((RIGHT - max(x.right for x in organs)) / CELL, 0.0), (RIGHT - date.right) / CELL
    placed = near(right[0], 2, 0.3) or (near(right[1], 2, 0.3) and right[0] >= 2)
    gap = (organs[-1].baseline - last.baseline) / LINE if (last := _last_text(parts)) else 2.0
    good = near(after, 2, 0.2) and placed and (near(gap, 2, 0.1) or gap > 2)
    return judged(
        "B10", asks, good, f"日期右移{after:.1f}字，署名右空{right[0]:.1f}字，距正文{gap - 1:.1f}行"
    )


def stamp(parts: Parts) -> Check:
    """B11: 签名章 two lines under the text, four cells from the right, the post two cells before it, the date below."""
    asks = "签名章：正文下空二行、右空四字，职务在其左空二字，日期右空四字"
    closing = parts.closing
    stamps = [box for box in closing[0].images if box.wide] if closing else []
    if closing is None or not stamps:
        return absent("B11", asks, "未加盖签名章")
    page, date = closing
    box = stamps[0]
    level = [x for x in page.body if x.prose and abs((x.top + x.bottom) / 2 - box.middle) < LINE / 2]
    post = (box.left - max(line.right for line in level)) / CELL if level else 0.0
    rights = (RIGHT - box.right) / CELL, (RIGHT - date.right) / CELL
    good = near(post, 2, 0.3) and all(near(right, 4, 0.3) for right in rights) and date.top > box.bottom
    return judged(
        "B11", asks, good, f"右空{rights[0]:.1f}字，职务距章{post:.1f}字，日期右空{rights[1]:.1f}字"
    )


def _imprint_rules(parts: Parts) -> tuple[PageFacts, list[Rule]]:
    for page in reversed(parts.pages):
        wide = [rule for rule in page.black_rules if near(rule.right - rule.left, 156, 0.5) and rule.alone]
        if len(wide) >= 2 and page.upright:
            return page, sorted(wide, key=lambda rule: rule.top)
    return parts.pages[-1], []


def separators(parts: Parts) -> Check:
    """V1: as wide as the type area; first and last 0.35 mm, the others 0.25 mm; the last on the edge."""
    asks = "版记分隔线：与版心等宽，首末0.35 mm、中间0.25 mm，末线与版心下边缘重合"
    if parts.letter:
        return absent("V1", asks, "信函格式不加分隔线，见L8")
    page, rules = _imprint_rules(parts)
    if len(rules) < 2:
        return judged("V1", asks, False, "未见版记线")
    thick = all(near(rule.weight, 0.35, 0.04) for rule in (rules[0], rules[-1]))
    thin = all(near(rule.weight, 0.25, 0.04) for rule in rules[1:-1])
    good = near(rules[-1].bottom, BOTTOM, 0.5) and thick and thin
    weights = "/".join(f"{rule.weight:.2f}" for rule in rules)
    return judged("V1", asks, good, f"第{page.number}页，{weights} mm，末线{rules[-1].bottom:.2f} mm")


def copies(parts: Parts) -> Check:
    """V2: 4号, a cell in on both sides, a full stop at the end, further lines aligned behind the colon."""
    asks = "抄送：4号仿宋，左右各空一字，末用句号，回行与冒号后首字对齐"
    found = next(((p, x) for p in reversed(parts.pages) for x in p.lines if x.text.startswith("抄送")), None)
    if found is None:
        return absent("V2", asks, "无抄送机关")
    page, first = found
    lines = [x for x in page.lines if near(x.size, SMALL_SIZE, 0.3) and x.baseline >= first.baseline - 0.1]
    lines = [x for x in lines if not x.text.endswith("印发")]
    text = "".join(line.text for line in lines)
    wraps = [line for line in lines[1:] if not near(line.left, first.left + 3 * _INDENT, 0.8)]
    good = (
        near(first.size, SMALL_SIZE, 0.3) and first.text.startswith("抄送：") and near(first.left, LEFT + _INDENT)
        and max(line.right for line in lines) <= RIGHT - _INDENT + 3 and text.endswith("。") and not wraps
    )  # fmt: skip
    return judged("V2", asks, good, f"{len(lines)}行，左{first.left - LEFT:.1f} mm，末字“{text[-1]}”")


def printed_on(parts: Parts) -> Check:
    """V3: organ at the left, date and 印发 at the right, a cell in on both sides, one line, 4号."""
    asks = "印发机关左空一字、印发日期右空一字加“印发”，同一行，4号"
    if parts.letter:
        return absent("V3", asks, "信函格式不加，见L8")
    line = next((x for page in parts.pages for x in page.lines if x.text.endswith("日印发")), None)
    if line is None:
        return judged("V3", asks, False, "未见印发机关和日期")
    good = (
        near(line.left, LEFT + _INDENT)
        and near(line.right, RIGHT - _INDENT)
        and near(line.size, SMALL_SIZE, 0.3)
    )
    return judged("V3", asks, good, f"左{line.left - LEFT:.1f} mm，右{RIGHT - line.right:.1f} mm")


def imprint_side(parts: Parts) -> Check:
    """V4: the last page; an even one is custom, which the standard does not ask."""
    asks = "版记在末页（双面印制时通行排在偶数页）"
    if parts.letter:
        return absent("V4", asks, "信函格式")
    page, rules = _imprint_rules(parts)
    last = max((p.number for p in parts.pages if p not in parts.forms), default=len(parts.pages))
    side = "偶数页" if page.number % 2 == 0 else "奇数页"
    return judged("V4", asks, bool(rules) and page.number == last, f"第{page.number}页，{side}")


def page_numbers(parts: Parts) -> Check:
    """N1: 4号宋体 between dashes, 7 mm under the type area, odd right and even left, a cell in."""
    asks = "页码：4号宋体，单右双左各空一字，一字线上距版心下边缘7 mm"
    wrong, seen = [], 0
    for page in parts.pages:
        number = page.page_number
        if number is None:
            continue
        seen += 1
        odd = page.number % 2 == 1
        edge = RIGHT - number.right if odd else number.left - LEFT
        low = number.baseline - 0.32 * SMALL_SIZE * MM - BOTTOM
        if not near(number.size, SMALL_SIZE, 0.3) or "Song" not in number.font:
            wrong.append(f"第{page.number}页页码{number.size:.0f}磅{number.font}")
        if not near(edge, _INDENT, 1.2) or not near(low, 7, 1.0):
            wrong.append(f"第{page.number}页页码距版心边{edge:.1f} mm，一字线低{low:.1f} mm")
    if not seen:
        return (
            absent("N1", asks, "只有首页或表单，不编页码")
            if parts.letter
            else judged("N1", asks, False, "无页码")
        )
    return listed("N1", asks, wrong, f"{seen}页")


def unnumbered(parts: Parts) -> Check:
    """N2: a blank page before the 版记, and the page of that 版记, carry no number."""
    asks = "版记页前有空白页的，空白页和版记页均不编页码；其他各页连续编码"
    wrong, bare = [], []
    for page in parts.pages:
        if page in parts.forms:
            continue
        alone = page.upright and all(near(x.size, SMALL_SIZE, 0.3) for x in page.lines) and page.number > 1
        if alone:
            bare.append(page.number)
            if page.page_number is not None:
                wrong.append(f"第{page.number}页不应有页码")
        elif page.page_number is None and not (parts.letter and page.number <= 2):
            wrong.append(f"第{page.number}页无页码")
    if not bare and not wrong:
        return absent("N2", asks, "版记页与正文相连，各页均有页码" if not parts.letter else "信函格式")
    return listed("N2", asks, wrong, f"第{'、'.join(map(str, bare))}页不编页码")


def continued(parts: Parts) -> Check:
    """N3: 附件 bound with the text go on with its numbers."""
    asks = "附件与正文一起装订，页码连续编排"
    numbered = [(page.number, page.page_number.text.strip("— ")) for page in parts.pages if page.page_number]
    wrong = [f"第{place}页印作“{text}”" for place, text in numbered if text != str(place)]
    if not parts.annexes and not wrong:
        return absent("N3", asks, "无附件")
    return listed("N3", asks, wrong, f"{len(numbered)}页连续")


SIGNATURES = (with_seal, jointly_sealed, without_seal, stamp)
IMPRINT = (separators, copies, printed_on, imprint_side, page_numbers, unnumbered, continued)
