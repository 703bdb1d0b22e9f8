"""Fixtures of the integration level: an office on each database."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from tests.integration.office import Office, build_office


@pytest.fixture
def office(session: Session) -> Office:
    """An open campaign with people, on the database of this run."""
    return build_office(session)
