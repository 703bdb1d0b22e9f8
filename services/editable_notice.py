"""The editable twin of an issued notice, made of its frozen values when it is asked for; the PDF stays the master."""

from __future__ import annotations

from sqlalchemy.orm import Session

from models.notice import Notice
from notices.fonts import FontsMissing
from notices.refusal import NoticeRefused
from services.definitions import notice_kind_of
from services.refusal import Refusal


def editable_notice(session: Session, notice: Notice) -> bytes:
    """The .docx of a notice that the caller may see; kept nowhere, and it never bears a seal."""
    from notices.docx.twin import render_docx

    try:
        return render_docx(notice_kind_of(session, notice.kind_id), notice.frozen, issued_at=notice.issued_at)
    except FontsMissing as missing:
        raise Refusal(
            "fonts_missing", "没有生成：本机没有文书字库。请管理员运行 ./run 安装后再办。", 503
        ) from missing
    except NoticeRefused as refused:
        raise Refusal(refused.code, f"没有生成。{refused.sentence}", 422) from refused
