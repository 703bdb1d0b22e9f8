"""One engine per application, one session per request."""

from __future__ import annotations

from typing import Any

from flask import Flask, current_app, g
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

# All nouns from the beginning: while one is still being loaded, no question could be asked of its neighbours.
from models import registry  # noqa: F401
from models.engine import make_engine


class Database:
    """What the doors (and Flask-Admin) hold on to: `database.session` is this request's session."""

    def init_app(self, app: Flask) -> None:
        """Make the engine, and close each request's session at its end."""
        engine = make_engine(app.config["PINGDU_DATABASE_URL"])
        app.extensions["engine"] = engine
        app.extensions["sessions"] = sessionmaker(engine, expire_on_commit=False)
        app.teardown_appcontext(self._close)

    def share(self, app: Flask, owner: Flask) -> None:
        """Let a second application use the engine and the sessions of the first."""
        for name in ("engine", "sessions"):
            app.extensions[name] = owner.extensions[name]
        app.teardown_appcontext(self._close)

    @property
    def engine(self) -> Engine:
        """The engine of the running application."""
        engine: Engine = current_app.extensions["engine"]
        return engine

    @property
    def session(self) -> Session:
        """The session of this request, opened when first asked for."""
        if "database_session" not in g:
            g.database_session = current_app.extensions["sessions"]()
        session: Session = g.database_session
        return session

    def _close(self, _error: BaseException | None = None) -> None:
        session: Any = g.pop("database_session", None)
        if session is not None:
            session.close()


database = Database()
