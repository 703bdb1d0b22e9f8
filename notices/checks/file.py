"""F1 to F6: what the file itself must be, beyond the standard of the page: fonts, text, metadata, archive, order."""

from __future__ import annotations

from notices.checks.verdict import Check, Parts, absent, judged, listed


def fonts(parts: Parts) -> Check:
    """F1: all fonts are in the file."""
    loose = sorted({name for page in parts.pages for name, inside in page.fonts.items() if not inside})
    return listed("F1", "字体全部嵌入", [f"未嵌入{name}" for name in loose], "全部嵌入")


def glyphs(parts: Parts) -> Check:
    """F2: every character has its glyph and can be taken out as text."""
    count = sum(page.missing_glyphs for page in parts.pages)
    wrong = [f"{count}个缺字"] if count else []
    # The engine gives a font with a missing glyph a private code, and none of its text can be taken out.
    used = {name for page in parts.pages for name in page.fonts}
    wrong += [f"{name}的文字不能提取（有缺字）" for name in sorted(used - parts.first.document.legible)]
    return listed("F2", "无缺字，文字可提取", wrong, "0个缺字")


def metadata(parts: Parts) -> Check:
    """F3: title, language, structure."""
    facts = parts.first.document
    good = bool(facts.title) and facts.language == "zh-CN" and facts.tagged
    found = (
        f"{facts.title or '无题名'}；{facts.language or '无语言'}；{'有' if facts.tagged else '无'}结构标签"
    )
    return judged("F3", "有题名、语言 zh-CN、结构标签", good, found)


def archival(parts: Parts) -> Check:
    """F4: PDF/A-3 as far as can be seen: output intent, XMP, enclosed source, nothing active or encrypted."""
    asks = "PDF/A-3：输出意图、XMP标识、内嵌数据，无脚本、外链动作和加密"
    facts = parts.first.document
    wrong = [f"有{item}" for item in facts.forbidden]
    if not facts.output_intent:
        wrong.append("无输出意图")
    if facts.pdfa_part != "3":
        wrong.append(f"XMP标识为“{facts.pdfa_part or '无'}”")
    if not facts.enclosed:
        wrong.append("未内嵌数据")
    return listed(
        "F4", asks, wrong, f"PDF/A-{facts.pdfa_part}{facts.pdfa_level}，内嵌{'、'.join(facts.enclosed)}"
    )


def alternatives(parts: Parts) -> Check:
    """F5: every figure has an alternative text."""
    facts = parts.first.document
    if not facts.figures:
        return absent("F5", "图形有替代文字", "无图形")
    silent = sum(not text for text in facts.figures)
    return judged("F5", "图形有替代文字", silent == 0, "、".join(text or "（无）" for text in facts.figures))


def order(parts: Parts) -> Check:
    """F6: text is taken out in the order in which it is read: title, addressee, signature, 版记."""
    asks = "文字提取次序与阅读次序一致"
    facts = parts.first.document
    landmarks = ("".join(line.text for line in parts.title), *_landmarks(parts))
    places = [facts.order.find(words.replace(" ", "").replace("\u3000", "")) for words in landmarks]
    good = -1 not in places and places == sorted(places)
    return judged("F6", asks, good, f"{len(places)}处依次" if good else f"次序{places}")


def _landmarks(parts: Parts) -> list[str]:
    """Words that follow one another in the document."""
    flow = [line.text for _, line in parts.flow]
    found = [flow[0], *(flow[len(flow) // 2 : len(flow) // 2 + 1])] if flow else []
    tags = [page.lines[1].text for page in parts.annexes if len(page.lines) > 1]
    return [*dict.fromkeys(found), *tags]


CHECKS = (fonts, glyphs, metadata, archival, alternatives, order)
