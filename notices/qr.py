"""The verification code as an inline drawing."""

from __future__ import annotations

from notices.composition import escape
from notices.filling import Filling

_QR_MM = 15


def qr_html(filling: Filling) -> str:
    """The verification code with its alternative text; blank when the address is missing."""
    url = filling.text("{verify_url}")
    if "【缺：" in url or not url:
        return f'<span class="gap">{escape(url)}</span>' if url else ""
    import segno

    svg = segno.make(url, error="m").svg_inline(border=0, omitsize=True, title="核验二维码")
    return f'<div class="qr" style="width:{_QR_MM}mm;height:{_QR_MM}mm">{svg}</div><span class="hint">扫码核验</span>'
