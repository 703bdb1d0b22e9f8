"""Lists as workbooks: plain cells, nothing in which can become a formula."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flask_babel import gettext as _

from models.notice import Notice
from packs.workbook import Cell, Sheets, write
from portal.formats import local
from portal.notice_words import notice_state
from services.case_lists import CaseRow


def cases_workbook(rows: Iterable[CaseRow]) -> bytes:
    """The list of cases as the page shows it, without its pages."""
    head = (
        _("编号"), _("事项"), _("单位"), _("测评对象"), _("类别"), _("发现渠道"), _("发现日期"), _("立案日期"),
        _("状态"), _("期限"), _("剩余工作日"), _("已扣分"), _("情节严重"),
    )  # fmt: skip
    lines: list[tuple[Cell, ...]] = [
        (
            row.number, row.title, row.unit, row.target, row.category, row.channel, row.found_on,
            local(row.opened_at).date(), row.state_name + (f"（{row.suspension}）" if row.suspension else ""),
            local(row.due_at).date() if row.due_at else "", "" if row.remaining is None else row.remaining,
            row.points, _("是") if row.grave else "",
        )
        for row in rows
    ]  # fmt: skip
    return write(Sheets({_("整改事项"): (head, *lines)}))


def notices_workbook(rows: Iterable[Notice], kinds: Mapping[str, str]) -> bytes:
    """The register of notices, without its pages."""
    head = (
        _("文号"), _("成文日期"), _("文书"), _("标题"), _("单位"), _("测评对象"), _("事项编号"), _("状态"),
        _("送达日期"), _("签收人"), _("作废理由"), _("校验码"),
    )  # fmt: skip
    lines: list[tuple[Cell, ...]] = [
        (
            row.number, row.issued_on, kinds.get(row.kind, row.kind), row.title,
            row.target.unit.name if row.target else "", row.target.name if row.target else "",
            row.case.number if row.case else "", notice_state(row).words,
            local(row.service.served_at).date() if row.service else "",
            row.service.receiver if row.service else "", row.void_reason, row.sha256,
        )
        for row in rows
    ]  # fmt: skip
    return write(Sheets({_("发文登记簿"): (head, *lines)}))
