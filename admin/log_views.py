"""The office's log and its definitions, to look at and take along."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from markupsafe import Markup, escape

from admin.evidence_views import GROUP, EvidenceView
from admin.filters import Contains, Exactly, Number, OneOf, Since, Until, starts_at
from models.campaign import Definition, DefinitionKind, DefinitionStatus
from models.history import HistoryEntry
from models.people import Role
from portal.access import current_actor
from portal.database import database
from services.history_pages import first_entry_at

__all__ = ["GROUP", "VIEWS"]


class _FromDay(Since):
    """Entries of the day and after: found by halving the numbers, which rise with time."""

    def apply(self, query: Any, value: date, _alias: Any = None) -> Any:
        return query.filter(HistoryEntry.id >= first_entry_at(database.session, starts_at(value)))


class _ToDay(Until):
    """Entries of the day and before."""

    def apply(self, query: Any, value: date, _alias: Any = None) -> Any:
        after = starts_at(value + timedelta(days=1))
        return query.filter(HistoryEntry.id < first_entry_at(database.session, after))


def _payload(_view: Any, _context: Any, row: HistoryEntry, _name: str) -> Any:
    text = json.dumps(row.payload, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= 120 else text[:119] + "…"


def _whole_payload(_view: Any, _context: Any, row: HistoryEntry, _name: str) -> Any:
    return _pre(row.payload)


def _pre(value: Any) -> Markup:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, indent=2)
    return Markup('<pre class="admin-data" tabindex="0">{}</pre>').format(escape(text))


class HistoryView(EvidenceView):
    """The office's log. Administrators do not read what concerns ratings and ballots."""

    readers = (Role.ADMIN, Role.AUDITOR)
    lead = _l("每项办理何人何时所为；记录只增不改，并逐条封入校验链。")
    loading = ()
    column_list = ("id", "at", "actor_name", "act", "object_kind", "object_id", "payload")
    column_details_list = (*column_list, "commitment")
    column_labels = {
        "id": _l("序号"),
        "at": _l("时间"),
        "actor_name": _l("经办"),
        "act": _l("办理"),
        "object_kind": _l("对象"),
        "object_id": _l("对象编号"),
        "payload": _l("内容"),
        "commitment": _l("校验值"),
    }
    column_formatters = {"payload": _payload}
    column_formatters_detail = {"payload": _whole_payload}
    column_formatters_export = column_formatters
    column_filters = (
        _FromDay(HistoryEntry.at, _l("从")),
        _ToDay(HistoryEntry.at, _l("到")),
        Number(HistoryEntry.actor_id, _l("经办账号编号")),
    )

    def get_filters(self) -> Any:
        """Those of the class, and the object by kind and number."""
        return [*self.column_filters, _OfObject(HistoryEntry.object_kind, _l("对象（如 unit:3）"))]

    def restrict(self, query: Any) -> Any:
        """See the class."""
        if current_actor().has(Role.AUDITOR):
            return query
        return query.filter(HistoryEntry.object_kind.not_in(("ballot_round", "rating")))


class _OfObject(Exactly):
    """`kind:number`, as one index holds them."""

    def clean(self, value: str) -> str:
        kind, colon, number = value.strip().partition(":")
        if not (kind and colon and number):
            raise ValueError("kind:number")
        return value.strip()[:110]

    def apply(self, query: Any, value: str, _alias: Any = None) -> Any:
        kind, _colon, number = value.partition(":")
        return query.filter(HistoryEntry.object_kind == kind, HistoryEntry.object_id == number)


_KINDS = {
    DefinitionKind.FORM: _l("表单"),
    DefinitionKind.WORKFLOW: _l("流程"),
    DefinitionKind.SCHEME: _l("计分方案"),
    DefinitionKind.NOTICE_KIND: _l("文书模板"),
    DefinitionKind.CALENDAR: _l("工作日历"),
    DefinitionKind.DICTIONARY: _l("字典"),
    DefinitionKind.PACK: _l("方案包"),
}
_STATES = {
    DefinitionStatus.DRAFT: _l("草稿"),
    DefinitionStatus.PUBLISHED: _l("已发布"),
    DefinitionStatus.RETIRED: _l("已退役"),
}


class DefinitionView(EvidenceView):
    """Definitions with their versions."""

    simple_list_pager = False
    lead = _l("表单、流程、计分方案等的各个版本；已发布的不再修改，只出新版。")
    loading = ()
    column_list = ("name", "kind", "version", "status", "key", "pack_key", "published_at")
    column_details_list = (*column_list, "sha256", "body")
    column_sortable_list = ("name", "version", "published_at")
    column_labels = {
        "name": _l("名称"),
        "kind": _l("种类"),
        "version": _l("版本"),
        "status": _l("状态"),
        "key": _l("代号"),
        "pack_key": _l("方案包"),
        "published_at": _l("发布时间"),
        "sha256": _l("内容摘要"),
        "body": _l("内容"),
    }
    column_formatters = {
        "kind": lambda _view, _context, row, _name: _KINDS[row.kind],
        "status": lambda _view, _context, row, _name: _STATES[row.status],
        "body": lambda _view, _context, row, _name: _pre(row.body),
    }
    column_formatters_detail = column_formatters_export = column_formatters
    column_filters = (
        Contains(Definition.name, _l("名称")),
        OneOf(
            Definition.kind, _l("种类"), lambda: [(kind.value, str(label)) for kind, label in _KINDS.items()]
        ),
        OneOf(
            Definition.status,
            _l("状态"),
            lambda: [(kind.value, str(label)) for kind, label in _STATES.items()],
        ),
    )


VIEWS = (
    (HistoryView, HistoryEntry, "history", _l("操作日志")),
    (DefinitionView, Definition, "definitions", _l("定义")),
)
