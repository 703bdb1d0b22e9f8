"""The working calendar, read only here, and the campaigns, changed through their services alone."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l

from admin.base import SafeModelView, seen_version
from admin.filters import Number, OneOf, Since, Until, YesNo
from admin.forms import (
    CAMPAIGN_STATES,
    DAY_KINDS,
    CampaignForm,
    CampaignStatusForm,
)
from admin.lists import calendar_choices, pack_choices, pack_folders
from models.campaign import CalendarDay, CalendarYear, Campaign, CampaignStatus
from packs.pack import load_pack
from portal.access import current_actor
from portal.clock import now
from portal.database import database
from services.packs import create_campaign
from services.setup_changes import change_campaign_status

GROUP = _l("日历与活动")


class _SinceDay(Since):
    def apply(self, query: Any, value: date, _alias: Any = None) -> Any:
        return query.filter(self.column >= value)


class _UntilDay(Until):
    def apply(self, query: Any, value: date, _alias: Any = None) -> Any:
        return query.filter(self.column <= value)


def _day_kind(_view: Any, _context: Any, row: CalendarDay, _name: str) -> Any:
    return DAY_KINDS[row.kind]


class CalendarDayView(SafeModelView):
    """Days that differ from their weekday."""

    lead = _l("只登记与星期不同的日子。增减和修改由两人在“工作日历”页办理，办理前列出受影响的期限。")
    column_list = ("day", "kind", "note", "calendar_key")
    column_sortable_list = ("day",)
    column_default_sort = ("day", True)
    column_labels = {
        "day": _l("日期"),
        "kind": _l("安排"),
        "note": _l("说明"),
        "calendar_key": _l("日历"),
    }
    column_formatters = {"kind": _day_kind}
    column_formatters_detail = column_formatters_export = column_formatters
    column_filters = (
        _SinceDay(CalendarDay.day, _l("从")),
        _UntilDay(CalendarDay.day, _l("到")),
        OneOf(
            CalendarDay.kind,
            _l("安排"),
            lambda: [(kind.value, str(label)) for kind, label in DAY_KINDS.items()],
        ),
    )

    def shown_names(self) -> dict[str, dict[str, str]]:
        """See `SafeModelView.shown_names`."""
        return {"calendar_key": dict(calendar_choices())}


class CalendarYearView(SafeModelView):
    """Years of the calendar: published or provisional."""

    lead = _l("放假安排公布前的年份按周末暂定，页面和文书会注明。公布后在“工作日历”页由两人改为已公布。")
    column_list = ("year", "provisional", "source", "edition", "calendar_key")
    column_sortable_list = ("year",)
    column_default_sort = ("year", True)
    column_labels = {
        "year": _l("年份"),
        "provisional": _l("暂定"),
        "source": _l("依据"),
        "edition": _l("版次"),
        "calendar_key": _l("日历"),
    }
    column_filters = (Number(CalendarYear.year, _l("年份")), YesNo(CalendarYear.provisional, _l("暂定")))

    def shown_names(self) -> dict[str, dict[str, str]]:
        """See `SafeModelView.shown_names`."""
        return {"calendar_key": dict(calendar_choices())}


def _campaign_state(_view: Any, _context: Any, row: Campaign, _name: str) -> Any:
    return CAMPAIGN_STATES[row.status]


class CampaignView(SafeModelView):
    """Campaigns: set up under a published pack, opened, closed."""

    lead = _l("一年一个活动，按建立时已发布的方案包运行。状态改为“进行中”后开始计入测评和整改事项。")
    can_create = can_edit = True
    form = CampaignForm
    change_form = CampaignStatusForm
    column_list = ("name", "year", "status", "starts_on", "ends_on", "pack_key", "key")
    column_details_list = (*column_list, "demonstration", "created_at")
    column_export_list = column_details_list
    column_sortable_list = ("year", "name")
    column_default_sort = ("year", True)
    column_labels = {
        "name": _l("名称"),
        "year": _l("年度"),
        "status": _l("状态"),
        "starts_on": _l("开始日期"),
        "ends_on": _l("结束日期"),
        "pack_key": _l("方案包"),
        "key": _l("代号"),
        "demonstration": _l("演示数据"),
        "created_at": _l("建立时间"),
    }
    column_formatters = {"status": _campaign_state}
    column_formatters_detail = column_formatters_export = column_formatters

    def shown_names(self) -> dict[str, dict[str, str]]:
        """See `SafeModelView.shown_names`."""
        return {"pack_key": dict(pack_choices())}

    def add(self, form: Any) -> Any:
        """See `SafeModelView.add`."""
        return create_campaign(
            database.session,
            current_actor(),
            load_pack(pack_folders()[form.pack.data]),
            key=form.key.data.strip(),
            name=form.name.data.strip(),
            starts_on=form.starts_on.data,
            ends_on=form.ends_on.data,
            public_url=form.public_url.data.strip(),
            demonstration=False,
            now=now(),
        )

    def edit_form(self, obj: Any = None) -> Any:
        """The form of a campaign."""
        form = super().edit_form(obj)
        if form.status.raw_data is None and obj is not None:
            form.status.data = obj.status.value
        return form

    def change(self, form: Any, row: Campaign) -> None:
        """See `SafeModelView.change`."""
        change_campaign_status(
            database.session,
            current_actor(),
            row.id,
            status=CampaignStatus(form.status.data),
            row_version=seen_version(),
            now=now(),
        )


VIEWS = (
    (CalendarDayView, CalendarDay, "calendar-days", _l("工作日历")),
    (CalendarYearView, CalendarYear, "calendar-years", _l("日历年份")),
    (CampaignView, Campaign, "campaigns", _l("测评活动")),
)
