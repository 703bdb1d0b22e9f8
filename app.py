"""The application: the one file that sees everything. `python app.py` serves it (see `cli/start.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from flask import Flask
from flask_wtf.csrf import CSRFProtect
from jinja2 import FileSystemBytecodeCache
from werkzeug.middleware.proxy_fix import ProxyFix

from portal.access import init_access
from portal.account import views as account_views
from portal.addresses import LateRule, StoredNumber
from portal.compression import init_compression
from portal.database import database
from portal.errors import init_errors
from portal.formats import init_formats
from portal.home import init_home
from portal.language import init_language
from portal.menu import add_menu
from portal.opening import init_handing_over
from portal.page import init_page
from portal.public.front import init_front
from portal.security import init_security
from portal.signing import init_signing
from portal.turns import Turns
from services.accounts import Passwords
from settings import ROOT, flask_config, read_settings

#: Page packages; each has a `views` module with `blueprint` and, if it is in the menu, `MENU`.
PAGES = (
    "portal.desk",
    "portal.ranking",
    "portal.leader",
    "portal.public",
    "portal.department",
    "portal.monitor",
    "portal.own_filling",
    "portal.filling",
    "portal.collections",
    "portal.ballot",
    "portal.rounds",
    "portal.intake",
    "portal.builder",
    "portal.answers",
    "portal.calendar",
    "portal.migration",
    "portal.procedure",
    "portal.connections",
    "portal.feeds",
    "portal.designer",
    "portal.tokens",
)


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """The application, configured from the environment; `config` overrides settings by name."""
    app = _base(config)
    for name in PAGES:
        views = import_module(f"{name}.views")
        app.register_blueprint(views.blueprint)
        add_menu(app, getattr(views, "MENU", ()))
    # Imported here, because `create_front` must not wait for what they load.
    import_module("portal.files").init_files(app)
    import_module("admin").init_admin(app)
    import_module("cli").register_commands(app)
    import_module("api.late").init_api(app)
    if app.extensions["engine"].dialect.name == "sqlite":
        app.wsgi_app = Turns(app.wsgi_app)  # type: ignore[method-assign]
    return app


def create_front(config: Mapping[str, Any] | None = None) -> Flask:
    """The front page and the login page alone, for the first seconds of a start (`portal/opening.py`)."""
    app = _base(config)
    init_front(app)
    init_handing_over(app)
    return app


def _base(config: Mapping[str, Any] | None) -> Flask:
    """What every application has: settings, database, guards, the frame of pages, the account."""
    given = dict(config or {})
    values = read_settings(given=given)
    app = Flask("app", root_path=str(ROOT))
    app.url_rule_class = LateRule
    app.jinja_options = {"bytecode_cache": _kept_templates(Path(values["PINGDU_DATA"]))}
    app.config.update(flask_config(values))
    app.url_map.converters["int"] = StoredNumber
    Path(app.config["PINGDU_DATA"]).mkdir(parents=True, exist_ok=True)
    app.extensions["passwords"] = Passwords(
        memory_kib=app.config["PINGDU_ARGON2_MEMORY_KIB"], rounds=app.config["PINGDU_ARGON2_ROUNDS"]
    )
    database.init_app(app)
    init_signing(app)
    init_security(app)
    init_compression(app)
    init_access(app)
    init_language(app)
    CSRFProtect(app)
    init_errors(app)
    init_formats(app)
    init_page(app)
    init_home(app)
    app.register_blueprint(account_views.blueprint)
    _believe_proxies(app)
    return app


def _kept_templates(data: Path) -> FileSystemBytecodeCache:
    """Compiled templates beside the data, where only this installation writes: the next start need not compile."""
    folder = data / "templates"
    folder.mkdir(parents=True, exist_ok=True)
    return FileSystemBytecodeCache(str(folder))


def _believe_proxies(app: Flask) -> None:
    count = app.config["PINGDU_PROXIES"]
    if count:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]


if __name__ == "__main__":
    from cli.start import main

    main()
