"""Who may open which page: denied unless granted, and every address has an owner.

A view says `@allow(Role.OFFICER, Role.HEAD)`, `@allow(SIGNED_IN)` or `@allow(PUBLIC)`; views that are
not ours (Flask-Admin's, static files) are granted with `grant`. An address without a grant is refused
for everyone, and a test fails. This guards the door only: each service asks for the right once more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, abort, current_app, g, redirect, request, url_for
from flask_login import AnonymousUserMixin, LoginManager, current_user
from sqlalchemy import bindparam, select
from werkzeug.wrappers import Response

from models.base import table_of
from models.people import ROLE_NAMES, Role, RoleGrant, User
from portal.database import database
from services.actor import Actor, actor_of

#: Anyone, also without an account.
PUBLIC = "public"
#: Anyone with an account, whatever the role.
SIGNED_IN = "signed_in"

View = TypeVar("View", bound=Callable[..., Any])
Owners = frozenset[str]


@dataclass(frozen=True)
class Visitor:
    """The account behind this request, as it was when the request began."""

    actor: Actor
    login: str
    epoch: int
    password_expired: bool
    language: str

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        """What the session cookie keeps; a raised epoch makes older cookies void."""
        return f"{self.actor.user_id}:{self.epoch}"

    @property
    def name(self) -> str:
        """The person's name, for the page head."""
        return self.actor.name

    @property
    def role_names(self) -> tuple[str, ...]:
        """The roles in Chinese, in the order of the role list."""
        return tuple(ROLE_NAMES[role] for role in Role if role.value in self.actor.roles)


def visitor_of(user: User) -> Visitor:
    """The account as a visitor."""
    return Visitor(actor_of(user), user.login, user.session_epoch, user.password_expired, user.locale)


def allow(*owners: Role | str) -> Callable[[View], View]:
    """Grant the view to the roles named, to SIGNED_IN or to PUBLIC."""
    if not owners:
        raise ValueError("a view without an owner is refused anyway")

    def mark(view: View) -> View:
        view.__dict__["owners"] = frozenset(str(owner) for owner in owners)
        return view

    return mark


def grant(app: Flask, prefix: str, *owners: Role | str) -> None:
    """Grant all endpoints that begin with the prefix, e.g. `targets.` for a view of Flask-Admin."""
    app.extensions.setdefault("grants", {})[prefix] = frozenset(str(owner) for owner in owners)


def owners_of(app: Flask, endpoint: str) -> Owners:
    """Who may open the endpoint; empty: nobody."""
    marked: Owners | None = getattr(app.view_functions.get(endpoint), "owners", None)
    if marked is not None:
        return marked
    grants: dict[str, Owners] = app.extensions.get("grants", {})
    fitting = [prefix for prefix in grants if endpoint.startswith(prefix)]
    return grants[max(fitting, key=len)] if fitting else frozenset()


def may_open(app: Flask, endpoint: str, roles: Iterable[str], *, signed_in: bool) -> bool:
    """Whether someone with these roles may open the endpoint."""
    owners = owners_of(app, endpoint)
    if PUBLIC in owners:
        return True
    return signed_in and (SIGNED_IN in owners or not owners.isdisjoint(roles))


def visitor() -> Visitor | None:
    """Who is asking; None: nobody is logged in."""
    return current_user._get_current_object() if current_user.is_authenticated else None


def current_actor() -> Actor:
    """Who is asking, as services want it. 401 if nobody is logged in."""
    asking = visitor()
    if asking is None:
        abort(401)
    return asking.actor


def init_access(app: Flask) -> None:
    """Ask every request for its right before anything else happens."""
    manager = LoginManager(app)
    manager.session_protection = None  # addresses change on phones; the epoch ends stolen sessions
    manager.anonymous_user = AnonymousUserMixin
    manager.user_loader(_load)
    app.before_request(_guard)
    grant(app, "static", PUBLIC)


_USER, _GRANT = table_of(User).c, table_of(RoleGrant).c
#: Asked by every request: the account, a row for each of its roles. Columns, because nobody changes it here.
_ACCOUNT = (
    select(
        _USER.id,
        _USER.name,
        _USER.login,
        _USER.session_epoch,
        _USER.password_expired,
        _USER.active,
        _USER.locale,
        _USER.target_id,
        _USER.unit_id,
        _USER.monitor_id,
        _GRANT.role,
    )
    .select_from(table_of(User).outerjoin(table_of(RoleGrant), _GRANT.user_id == _USER.id))
    .where(_USER.id == bindparam("number"))
)


def _load(cookie: str) -> Visitor | None:
    number, _, epoch = cookie.partition(":")
    if not (number.isdigit() and epoch.isdigit()):
        return None
    rows = database.session.execute(_ACCOUNT, {"number": int(number)}).all()
    if not rows or not rows[0].active or rows[0].session_epoch != int(epoch):
        return None
    user = rows[0]
    roles = frozenset(row.role.value for row in rows if row.role is not None)
    actor = Actor(user.id, user.name, roles, user.target_id, user.unit_id, user.monitor_id)
    return Visitor(actor, user.login, user.session_epoch, user.password_expired, user.locale)


def _guard() -> Response | None:
    if request.endpoint is None or request.endpoint == "static":
        return None  # an unknown address is a 404 for everyone
    owners = owners_of(current_app, request.endpoint)
    g.public = PUBLIC in owners
    if g.public:
        return None
    asking = visitor()
    if asking is None:
        return _to_login()
    if SIGNED_IN not in owners and owners.isdisjoint(asking.actor.roles):
        abort(403)
    if asking.password_expired and not request.endpoint.startswith("account."):
        return redirect(url_for("account.password"))
    return None


def _to_login() -> Response | None:
    """To the login page and back; what was typed into a form is kept on a page of its own (401)."""
    if request.method in {"GET", "HEAD"}:
        return redirect(url_for("account.login", next=request.full_path.rstrip("?")))
    abort(401)
