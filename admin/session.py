"""What Flask-Admin takes for a session: the one of the request at hand."""

from __future__ import annotations

from typing import Any

from portal.database import database


class RequestSession:
    """Stands for `database.session` in views that are made before any request.

    Flask-Admin asks its argument for `.session` and for the methods of a session; both are answered here.
    """

    @property
    def session(self) -> RequestSession:
        """Itself: the session proper exists only inside a request."""
        return self

    def __getattr__(self, name: str) -> Any:
        return getattr(database.session, name)
