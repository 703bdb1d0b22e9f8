"""Tables of the roster and of the dictionaries: kept by administrators."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from admin.base import SafeModelView, seen_version
from admin.filters import Contains, OneOf, OneRow, YesNo
from admin.forms import (
    CategoryForm,
    DelegateForm,
    EntryForm,
    MonitorForm,
    TargetForm,
    UnitForm,
    without_key,
)
from admin.lists import category_choices, dictionary_choices, dictionary_names, entry_choices, unit_choices
from models.campaign import DictionaryEntry
from models.roster import Category, Delegate, Monitor, Target, Unit
from portal.access import current_actor
from portal.clock import now
from portal.database import database
from services.roster_changes import remove, save
from services.roster_uses import uses_of

GROUP = _l("名册")

LABELS = {
    "key": _l("编码"),
    "name": _l("名称"),
    "position": _l("排序"),
    "active": _l("状态"),
    "category": _l("类别"),
    "category.name": _l("类别"),
    "unit": _l("单位"),
    "unit.name": _l("单位"),
    "person_in_charge": _l("主要负责人"),
    "in_charge_since": _l("任职日期"),
    "kind": _l("类型"),
    "contact": _l("联系人"),
    "phone": _l("联系电话"),
    "group": _l("代表类别"),
    "organisation": _l("所在单位"),
    "dictionary_key": _l("字典"),
    "parent": _l("上级条目"),
}


def _state(_view: Any, _context: Any, row: Any, _name: str) -> Any:
    return _l("启用") if row.active else _l("停用")


class RosterView(SafeModelView):
    """A table whose rows are added, changed, closed and removed through `services.roster_changes`."""

    can_create = can_edit = can_delete = True
    column_labels = LABELS
    column_formatters = column_formatters_detail = column_formatters_export = {"active": _state}

    def add(self, form: Any) -> Any:
        """See `SafeModelView.add`."""
        return save(database.session, current_actor(), self.model, form.values(), now=now())

    def change(self, form: Any, row: Any) -> None:
        """See `SafeModelView.change`."""
        save(
            database.session,
            current_actor(),
            self.model,
            form.values(),
            row_id=row.id,
            row_version=seen_version(),
            now=now(),
        )

    def take_out(self, row: Any, row_version: int | None) -> None:
        """See `SafeModelView.take_out`."""
        remove(database.session, current_actor(), self.model, row.id, row_version=row_version, now=now())

    def removal_obstacles(self, row: Any) -> list[str]:
        """See `SafeModelView.removal_obstacles`."""
        return uses_of(database.session, row)


class CategoryView(RosterView):
    """类别."""

    lead = _l("排名在类别之内进行。")
    form = CategoryForm
    change_form = without_key(CategoryForm, "key")
    column_list = ("name", "key", "position")
    column_sortable_list = ("name", "key", "position")
    column_default_sort = "position"


class UnitView(RosterView):
    """单位."""

    lead = _l("方案所列的参评单位，名称与方案一致。")
    form = UnitForm
    change_form = without_key(UnitForm, "key")
    loading = (joinedload(Unit.category),)
    column_list = ("name", "category", "key", "position", "active")
    column_sortable_list = ("name", "key", "position")
    column_default_sort = [("category_id", False), ("position", False)]
    column_filters = (
        Contains(Unit.name, _l("名称")),
        OneRow(Unit.category_id, _l("类别"), category_choices),
        YesNo(Unit.active, _l("启用")),
    )


class TargetView(RosterView):
    """测评对象."""

    lead = _l("具有执法权、审批权和管理权的内设科室或二级单位，是被测评和排名的对象。")
    form = TargetForm
    change_form = without_key(TargetForm, "key")
    loading = (joinedload(Target.unit),)
    column_list = ("name", "unit", "person_in_charge", "key", "position", "active")
    column_details_list = (*column_list, "in_charge_since")
    column_export_list = column_details_list
    column_sortable_list = ("name", "key", "position")
    column_default_sort = [("unit_id", False), ("position", False)]
    column_filters = (
        Contains(Target.name, _l("名称")),
        OneRow(Target.unit_id, _l("单位"), unit_choices),
        YesNo(Target.active, _l("启用")),
    )


class MonitorView(RosterView):
    """监测点."""

    lead = _l("监测点名单不向被测评单位公开。")
    form = MonitorForm
    change_form = without_key(MonitorForm, "key")
    column_list = ("name", "kind", "contact", "phone", "key", "active")
    column_sortable_list = ("name", "kind", "key")
    column_default_sort = "key"
    column_filters = (Contains(Monitor.name, _l("名称")), YesNo(Monitor.active, _l("启用")))


class DelegateView(RosterView):
    """代表."""

    lead = _l("集中测评的社会各界代表；选票不记名，与名单没有任何关联。")
    form = DelegateForm
    change_form = without_key(DelegateForm, "key")
    column_list = ("name", "group", "organisation", "phone", "key", "active")
    column_labels = {**LABELS, "name": _l("姓名")}
    column_sortable_list = ("name", "group", "key")
    column_default_sort = "key"
    column_filters = (
        Contains(Delegate.name, _l("姓名")),
        OneOf(Delegate.group, _l("代表类别"), lambda: entry_choices("delegate_groups")),
        YesNo(Delegate.active, _l("启用")),
    )

    def shown_names(self) -> dict[str, dict[str, str]]:
        """See `SafeModelView.shown_names`."""
        return {"group": dict(entry_choices("delegate_groups"))}


class DictionaryView(RosterView):
    """字典条目."""

    lead = _l("表单和整改事项中供选择的条目，最多两级；用过的条目只能停用，不能删除。")
    form = EntryForm
    change_form = without_key(EntryForm, "key", "dictionary_key")
    column_list = ("name", "dictionary_key", "parent", "key", "position", "active")
    column_sortable_list = ("name", "dictionary_key", "position")
    column_default_sort = [("dictionary_key", False), ("parent", False), ("position", False)]
    column_filters = (
        Contains(DictionaryEntry.name, _l("名称")),
        OneOf(DictionaryEntry.dictionary_key, _l("字典"), dictionary_choices),
        YesNo(DictionaryEntry.active, _l("启用")),
    )

    def shown_names(self) -> dict[str, dict[str, str]]:
        """See `SafeModelView.shown_names`."""
        return {"dictionary_key": dictionary_names()}


VIEWS = (
    (CategoryView, Category, "categories", _l("类别")),
    (UnitView, Unit, "units", _l("单位")),
    (TargetView, Target, "targets", _l("测评对象")),
    (MonitorView, Monitor, "monitors", _l("监测点")),
    (DelegateView, Delegate, "delegates", _l("代表")),
    (DictionaryView, DictionaryEntry, "dictionaries", _l("字典")),
)
