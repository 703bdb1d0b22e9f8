"""Accounts and roles; the hash of a password is neither shown nor exported anywhere."""

from __future__ import annotations

from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from admin.base import SafeModelView, seen_version
from admin.filters import Contains, OneOf, YesNo
from admin.forms import AccountChangeForm, AccountForm
from models.people import ROLE_NAMES, Role, RoleGrant, User
from portal.access import current_actor
from portal.clock import now
from portal.database import database
from services.account_changes import change_account, open_account

GROUP = _l("账号")


def _roles(_view: Any, _context: Any, row: User, _name: str) -> str:
    return "、".join(ROLE_NAMES[role] for role in Role if role in row.roles)


def _place(_view: Any, _context: Any, row: User, _name: str) -> str:
    places = (row.unit, row.target, row.monitor)
    return " · ".join(place.name for place in places if place is not None) or "—"


def _state(_view: Any, _context: Any, row: User, _name: str) -> Any:
    if not row.active:
        return _l("停用")
    return _l("启用，待改密码") if row.password_expired else _l("启用")


def _role_choices() -> list[tuple[str, str]]:
    return [(role.value, ROLE_NAMES[role]) for role in Role]


class _HasRole(OneOf):
    def apply(self, query: Any, value: str, _alias: Any = None) -> Any:
        return query.filter(User.grants.any(RoleGrant.role == Role(value)))


class AccountView(SafeModelView):
    """All accounts. They are closed, never deleted: the log refers to them."""

    lead = _l("一人一号。账号只停用、不删除；本人的岗位须由另一名管理员调整。")
    can_create = can_edit = True
    form = AccountForm
    change_form = AccountChangeForm
    loading = (joinedload(User.target), joinedload(User.unit), joinedload(User.monitor))
    column_list = ("name", "login", "roles", "place", "active", "last_login_at")
    column_details_list = (*column_list, "phone", "created_at")
    column_export_list = column_details_list
    column_sortable_list = ("name", "login", "last_login_at")
    column_default_sort = "login"
    column_labels = {
        "name": _l("姓名"),
        "login": _l("登录名"),
        "roles": _l("岗位"),
        "place": _l("所属"),
        "active": _l("状态"),
        "phone": _l("联系电话"),
        "created_at": _l("建立时间"),
        "last_login_at": _l("最近登录"),
    }
    column_formatters = {"roles": _roles, "place": _place, "active": _state}
    column_formatters_detail = column_formatters_export = column_formatters
    column_filters: Any = (
        Contains(User.name, _l("姓名")),
        Contains(User.login, _l("登录名")),
        _HasRole(User.id, _l("岗位"), _role_choices),
        YesNo(User.active, _l("启用")),
    )
    #: Roles ticked on the form for a new account.
    first_roles: tuple[Role, ...] = ()

    def create_form(self, obj: Any = None) -> Any:
        """The form for a new account, with the roles of this list ticked."""
        form = super().create_form(obj)
        if form.roles.data is None:
            form.roles.data = [role.value for role in self.first_roles]
        return form

    def edit_form(self, obj: Any = None) -> Any:
        """The form of an account; the own roles are shown by their absence."""
        form = super().edit_form(obj)
        if form.roles.raw_data is None and obj is not None:
            form.roles.data = [role.value for role in Role if role in obj.roles]
        return form

    def add(self, form: Any) -> Any:
        """See `SafeModelView.add`."""
        return open_account(
            database.session,
            current_actor(),
            login=form.login.data,
            password=form.password.data,
            passwords=current_app.extensions["passwords"],
            now=now(),
            **_given(form),
        )

    def change(self, form: Any, row: User) -> None:
        """See `SafeModelView.change`."""
        change_account(
            database.session,
            current_actor(),
            row.id,
            active=form.active.data,
            row_version=seen_version(),
            password=form.password.data or "",
            passwords=current_app.extensions["passwords"],
            now=now(),
            **_given(form),
        )


def _given(form: Any) -> dict[str, Any]:
    return {
        "name": form.name.data,
        "phone": form.phone.data or "",
        "roles": frozenset(Role(word) for word in form.roles.data or ()),
        "target_id": form.target_id.data,
        "unit_id": form.unit_id.data,
        "monitor_id": form.monitor_id.data,
    }


class InspectorView(AccountView):
    """Accounts with the role of an inspector."""

    lead = _l("承担明察暗访的人员，即岗位为“明察暗访员”的账号。")
    first_roles = (Role.INSPECTOR,)
    column_filters = (Contains(User.name, _l("姓名")), YesNo(User.active, _l("启用")))

    def restrict(self, query: Any) -> Any:
        """See `SafeModelView.restrict`."""
        return query.filter(User.grants.any(RoleGrant.role == Role.INSPECTOR))


VIEWS = (
    (AccountView, User, "accounts", _l("账号")),
    (InspectorView, User, "inspectors", _l("明察暗访员")),
)
