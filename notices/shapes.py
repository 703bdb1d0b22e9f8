"""What the elements of a kind may look like by GB/T 9704-2012, told where the kind is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from definitions.fault import Fault

if TYPE_CHECKING:
    from notices.definition import NoticeKind

#: 份号, 密级和保密期限, 紧急程度 (rules H1, H2, H3): what is right, and the sentence for what is not.
ELEMENTS: dict[str, tuple[re.Pattern[str], str]] = {
    "copy_number": (re.compile(r"\d{6}"), "份号为六位阿拉伯数字，如 000128"),
    "secrecy": (
        re.compile(r"(?:绝密|机密|秘密)(?:★(?:[1-9]\d?(?:年|个月)|长期))?"),
        "密级写绝密、机密或秘密，保密期限用★隔开，如 机密★1年",
    ),
    "urgency": (re.compile(r"特急|加急"), "紧急程度写特急或加急"),
}


def element_fault(name: str, text: str) -> str | None:
    """Why this head element cannot be printed; None when it can or is blank."""
    pattern, sentence = ELEMENTS[name]
    return None if not text.strip() or pattern.fullmatch(text.strip()) else sentence


def shape_faults(kind: NoticeKind) -> Iterator[Fault]:
    """Parts of a kind that its format does not have, or that lack what they need."""
    letter = kind.format.value == "letter"
    if letter and kind.imprint is not None:
        yield Fault("imprint", "信函格式的版记不加印发机关和印发日期（GB/T 9704-2012）")
    if letter and kind.signer.strip():
        yield Fault("signer", "签发人只用于文件格式的上行文（GB/T 9704-2012）")
    if kind.duplex and kind.imprint is None:
        yield Fault("duplex", "双面印制时把版记排在偶数页，须先写 imprint（版记）")
    for name in ELEMENTS:
        text = getattr(kind, name)
        if "{" not in text and (sentence := element_fault(name, text)):
            yield Fault(name, sentence)
    if kind.signature is not None:
        stamped = kind.signature.style.value == "stamp"
        if stamped and not kind.signature.post.strip():
            yield Fault("signature.post", "加盖签名章的，须写明签发人职务")
        if stamped and kind.joint:
            yield Fault("signature.style", "联合行文请用 seal 或 plain 署名")
        if not stamped and kind.signature.post.strip():
            yield Fault("signature.post", "职务只用于加盖签名章的文书（style: stamp）")
    if kind.joint and kind.signature is None:
        yield Fault("joint", "联合行文须有署名（signature）")
