"""The one parent of all tables of administrators: Flask-Admin with its known traps closed.

Pages are our own (no script, no foreign style sheet), writes are acts of services (log, rights, lost updates),
rows outside `restrict` do not exist, exports are workbooks without live formulas. docs/admin.md says why each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, NoReturn

from flask import Response, abort, flash, g, make_response, request
from flask_admin import expose
from flask_admin.contrib.sqla import ModelView
from flask_admin.form import BaseForm
from flask_babel import gettext as _
from sqlalchemy import func
from sqlalchemy.exc import IntegrityError

from admin.session import RequestSession
from models.people import Role
from packs.workbook import Cell, Sheets, write
from portal.access import current_actor, visitor
from portal.clock import now
from portal.database import database
from portal.downloads import file_answer
from portal.formats import NOTHING, date_zh, datetime_zh
from services.exports import record_export
from services.refusal import Refusal, not_found

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: Pages beyond this are not fetched: nobody turns so many, and OFFSET reads all that is skipped.
LAST_PAGE = 2_000
LARGEST_ID = 2**31
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
#: What Flask-Admin offers and a table of ours may not use.
UNSAFE = (
    "column_editable_list",
    "form_ajax_refs",
    "column_searchable_list",
    "inline_models",
    "create_modal",
    "edit_modal",
    "details_modal",
    "fast_mass_delete",
)

#: How values are shown when a view says nothing else.
SHOWN = {
    type(None): lambda _view, _value, _name: NOTHING,
    bool: lambda _view, value, _name: _("是") if value else _("否"),
    datetime: lambda _view, value, _name: datetime_zh(value),
    date: lambda _view, value, _name: date_zh(value),
}


class SafeModelView(ModelView):
    """A table to look at, and with `can_…` to keep.

    Views that write give a `form` and override `add`, `change` and `take_out`, each calling one service.
    """

    #: Who may open the table; only administrators ever write.
    readers: tuple[Role, ...] = (Role.ADMIN,)
    #: The view that shows the list.
    home = "index_view"
    #: One sentence under the heading.
    lead: Any = ""
    #: Loading options, so that a page of rows is a fixed number of queries.
    loading: Sequence[Any] = ()
    can_create = can_edit = can_delete = False
    can_view_details = can_export = True
    can_set_page_size = False
    page_size = 50
    export_types = ["xlsx"]
    export_max_rows = 20_000
    list_template = "admin/list.html"
    create_template = edit_template = "admin/form.html"
    details_template = "admin/details.html"
    action_disallowed_list = ("delete",)
    column_default_sort: Any = None
    column_sortable_list: Sequence[str] | None = None
    column_filters: Sequence[Any] | None = None
    column_type_formatters = column_type_formatters_detail = column_type_formatters_export = SHOWN
    column_searchable_list = ()
    column_auto_select_related = False
    column_select_related_list = ()
    form: type[BaseForm] = BaseForm
    #: Another form for changing than for adding, if they differ.
    change_form: type[BaseForm] | None = None

    def __init__(self, model: type[Any], *, name: Any, key: str, category: Any) -> None:
        for attribute in UNSAFE:
            if getattr(self, attribute, None):
                raise TypeError(
                    f"{type(self).__name__}.{attribute}: see docs/admin.md, this cannot be used safely"
                )
        super().__init__(
            model,
            RequestSession(),
            name=name,
            category=category,
            endpoint=f"admin_{key}",
            url=f"/admin/{key}",
        )

    # ------------------------------------------------------------------ who

    def is_accessible(self) -> bool:
        """Whether the visitor has one of the roles; asked before each page, also by the menu."""
        asking = visitor()
        return asking is not None and asking.actor.has(*self.readers)

    def inaccessible_callback(self, name: str, **kwargs: Any) -> NoReturn:
        """Refuse with the usual page."""
        abort(403)

    # ------------------------------------------------------------------ rows

    def restrict(self, query: Any) -> Any:
        """The rows that exist for this visitor: in lists, counts, details, changes and exports alike."""
        return query

    def get_query(self) -> Any:
        """All rows of the table, with what their columns need."""
        return self.restrict(database.session.query(self.model)).options(*self.loading)

    def get_count_query(self) -> Any:
        """How many there are."""
        (key,) = self.model.__mapper__.primary_key
        return self.restrict(database.session.query(self.model).with_entities(func.count(key)))

    def get_one(self, id: Any) -> Any:  # noqa: A002 - the parent's name
        """The row of that number if it exists for this visitor; else the usual page that says it is not there."""
        if not (isinstance(id, str) and id.isascii() and id.isdigit() and int(id) < LARGEST_ID):
            raise not_found(str(self.name))
        (key,) = self.model.__mapper__.primary_key
        row = self.get_query().filter(key == int(id)).one_or_none()
        if row is None:
            raise not_found(str(self.name))
        return row

    def get_list(
        self,
        page: int | None,
        sort_column: Any,
        sort_desc: bool,
        search: str | None,
        filters: Any,
        execute: bool = True,
        page_size: int | None = None,
    ) -> tuple[int | None, list[Any]]:
        """One page of rows; pages out of reach are brought back."""
        page = min(max(page or 0, 0), LAST_PAGE)
        found: tuple[int | None, list[Any]] = super().get_list(
            page, sort_column, sort_desc, None, filters, execute=execute, page_size=page_size
        )
        return found

    def _get_column_by_idx(self, idx: int | None) -> Any:
        if idx is None or not 0 <= idx < len(self._list_columns):
            return None
        return super()._get_column_by_idx(idx)

    def _get_list_filter_args(self) -> list[Any]:
        """Filters out of the address; empty ones are none."""
        asked = []
        for index, each in enumerate(self._filters or ()):
            value = next(
                (
                    _plain(text)
                    for name, text in request.args.items()
                    if _is_filter(name, index) and _plain(text)
                ),
                "",
            )
            if not value:
                continue
            if each.validate(value):
                asked.append((index, str(each.name), value))
            else:
                flash(
                    _("筛选条件“%(name)s”不能为“%(value)s”，已忽略。", name=each.name, value=value[:80]),
                    "warn",
                )
        return asked

    def _get_list_extra_args(self) -> Any:
        """Other words of the address are dropped: they would become arguments of url_for."""
        found = super()._get_list_extra_args()
        found.extra_args = {}
        return found

    def filter_inputs(self, active: Iterable[tuple[int, str, str]]) -> list[dict[str, Any]]:
        """What the page needs to show the filters with what was asked."""
        asked = {index: value for index, _name, value in active or ()}
        return [
            {
                "name": f"flt{index}_{index}",
                "label": each.name,
                "kind": each.kind,
                "value": asked.get(index, ""),
                "entries": each.entries(),
            }
            for index, each in enumerate(self._filters or ())
        ]

    def shown_names(self) -> dict[str, dict[str, str]]:
        """Names of stored keys, by column; asked once for each page."""
        return {}

    def _get_field_value(self, model: Any, name: Any) -> Any:
        value = super()._get_field_value(model, name)
        known = g.setdefault("admin_names", {})
        if self.endpoint not in known:
            known[self.endpoint] = self.shown_names()
        names = known[self.endpoint].get(name)
        return names.get(value, value) if names and isinstance(value, str) else value

    # ------------------------------------------------------------------ forms and acts

    def get_form(self) -> type[BaseForm]:
        """The form as written out by the view: nothing is derived from columns, so none can vanish or leak."""
        return self.form

    def get_create_form(self) -> type[BaseForm]:
        """The form for a new row."""
        return self.form

    def get_edit_form(self) -> type[BaseForm]:
        """The form for a row that exists."""
        return self.change_form or self.form

    def add(self, form: Any) -> Any:
        """Call the service that adds a row; gives the row."""
        raise NotImplementedError

    def change(self, form: Any, row: Any) -> None:
        """Call the service that changes the row."""
        raise NotImplementedError

    def take_out(self, row: Any, row_version: int | None) -> None:
        """Call the service that removes the row."""
        raise NotImplementedError

    def create_model(self, form: Any) -> Any:
        """A service's act instead of Flask-Admin's own commit. False: refused, and the person was told."""
        return self._act(self.add, form)

    def update_model(self, form: Any, model: Any) -> bool:
        """See `create_model`."""
        return self._act(self.change, form, model) is not False

    def delete_model(self, model: Any) -> bool:
        """See `create_model`."""
        return self._act(self.take_out, model, seen_version()) is not False

    def _act(self, act: Any, *given: Any) -> Any:
        try:
            return act(*given)
        except Refusal as refusal:
            flash(refusal.sentence, "danger")
        except IntegrityError:
            flash(_("保存时发现编码或名称已被他人占用，没有保存。请核对后再试。"), "danger")
        database.session.rollback()
        return False

    def removal_obstacles(self, row: Any) -> list[str]:
        """What refers to the row, in words; such a row cannot be removed."""
        return []

    @expose("/remove/")
    def remove_view(self) -> str | Response:
        """Ask before a row is removed: without script, and with the reason when it cannot be."""
        if not self.can_delete:
            abort(403)
        row = self.get_one(request.args.get("id", ""))
        return self.render("admin/remove.html", model=row, obstacles=self.removal_obstacles(row))

    @expose("/ajax/update/", methods=("POST",))
    def ajax_update(self) -> NoReturn:
        """Changes from within a list go round the form and its rights: there are none."""
        abort(404)

    @expose("/action/", methods=("POST",))
    def action_view(self) -> NoReturn:
        """Acts on many rows at once are not offered."""
        abort(404)

    def render(self, template: str, **kwargs: Any) -> Any:
        """The page; a form that comes back with what was typed says so to programs too (422)."""
        html = super().render(template, **kwargs)
        refused = request.method == "POST" and template in (self.create_template, self.edit_template)
        return make_response(html, 422) if refused else html

    # ------------------------------------------------------------------ workbook

    def get_export_value(self, model: Any, name: Any) -> Cell:
        """A cell of the workbook: numbers stay numbers, everything else is text."""
        value = super().get_export_value(model, name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value
        return str(value)

    @expose("/export/<export_type>/")
    def export(self, export_type: str) -> Response:
        """The rows asked for as .xlsx; texts that begin like a formula stay texts. Noted in the log."""
        if not self.can_export or export_type != "xlsx":
            abort(404)
        _total, rows = self._export_data()
        heading: tuple[Cell, ...] = tuple(str(label) for _field, label in self._export_columns)
        body = [
            tuple(self.get_export_value(row, field) for field, _label in self._export_columns) for row in rows
        ]
        if len(rows) >= self.export_max_rows:
            body.append((_("只导出了前%(count)s行，请缩小筛选范围后分次导出。", count=len(rows)),))
        data = write(Sheets({str(self.name): (heading, *body)}))
        record_export(database.session, current_actor(), table=self.endpoint, rows=len(rows), now=now())
        return workbook_response(data, f"{self.name}.xlsx")


def workbook_response(data: bytes, file_name: str) -> Response:
    """An .xlsx file to keep."""
    return file_answer(data, file_name, XLSX)


def seen_version() -> int:
    """The version of the row that the person had before the eyes. A page without it cannot save: 400.

    Read from what was sent: a form would fill a missing field from the row as it is now.
    """
    text = request.form.get("row_version", "")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        abort(400)
    return int(text)


def _plain(text: str) -> str:
    return _CONTROL.sub("", text).strip()


def _is_filter(name: str, index: int) -> bool:
    return name.startswith("flt") and name.endswith(f"_{index}")
