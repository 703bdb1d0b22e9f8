"""A worker as a process that a test may kill."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from sqlalchemy.orm import sessionmaker

from models.engine import make_engine
from services.due_work import WORKS
from services.worker import Worker

#: Its clock runs so many times as fast, so that the leases of a dead worker end soon.
HASTE = 8


def work(url: str, late: datetime, began: float) -> None:
    """Fire clocks until killed; drawing is left out. began: the real moment at which its clock says `late`."""
    works = {kind: work for kind, work in WORKS.items() if work.prepare is None}

    def clock() -> datetime:
        return late + timedelta(seconds=HASTE * (time.time() - began))

    Worker(sessionmaker(make_engine(url)), works, clock=clock, pause=0.05).work()
