"""Lists as workbooks: plain cells, nothing in which can become a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping

from flask_babel import gettext as _

from definitions.texts import safe_cell
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
    return write(Sheets({_("发文登记簿"): _register(rows, kinds)}))


def notices_csv(rows: Iterable[Notice], kinds: Mapping[str, str]) -> bytes:
    """The same as text that a spreadsheet opens in the right script and never runs."""
    held = io.StringIO()
    writer = csv.writer(held)
    for line in _register(rows, kinds):
        writer.writerow([safe_cell(str(cell)) for cell in line])
    return held.getvalue().encode("utf-8-sig")


def _register(rows: Iterable[Notice], kinds: Mapping[str, str]) -> tuple[tuple[Cell, ...], ...]:
    head: tuple[Cell, ...] = (
        _("文号"), _("成文日期"), _("文书"), _("标题"), _("单位"), _("测评对象"), _("事项编号"), _("状态"),
        _("送达日期"), _("签收人"), _("作废理由"), _("由何文号代替"), _("印发人"), _("校验码"),
    )  # fmt: skip
    lines: list[tuple[Cell, ...]] = [
        (
            row.number, row.issued_on, kinds.get(row.kind, row.kind), row.title,
            row.target.unit.name if row.target else "", row.target.name if row.target else "",
            row.case.number if row.case else "",
            notice_state(row).words, local(row.service.served_at).date() if row.service else "",
            row.service.receiver if row.service else "", row.void_reason,
            row.replaced_by.number if row.replaced_by else "",
            row.issued_by.name if row.issued_by else _("系统"), row.sha256,
        )
        for row in rows
    ]  # fmt: skip
    return (head, *lines)
