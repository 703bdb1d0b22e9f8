"""Files of a rating that was refused wait for its form, and no longer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from models.job import Job
from models.notice import Attachment
from services.attachments import FileStore
from services.rating_drafts import drop_rating_draft, save_rating_draft
from services.rating_forms import FormRefused, kept_id
from services.retention import EXPIRE, HELD, UPLOADS_KEPT, expire_held
from services.transaction import transaction
from tests.integration.office import START, Office
from tests.integration.test_ratings import instant, picture, send, store

__all__ = ["store"]


def test_files_of_a_refused_rating_go_unless_a_draft_names_them(
    session: Session, office: Office, store: FileStore
) -> None:
    """Nobody came back to the form: its files are let go of, with what they hold."""
    for colour in ("red", "blue"):
        files = MultiDict({"f_evidence": picture(colour)})
        with pytest.raises(FormRefused):
            send(session, office, store, instant(office.target, grade="fair", matter=""), files=files)
    rows = session.execute(select(Attachment).where(Attachment.owner_kind == HELD).order_by(Attachment.id))
    red, blue = [(row.id, store.path(row.sha256), kept_id(row)) for row in rows.scalars()]
    session.commit()
    named = MultiDict({"f_evidence-kept": blue[2]})
    save_rating_draft(
        session,
        office.monitor,
        office.campaign,
        "instant",
        "",
        formdata=named,
        files=None,
        token="begun",
        seen=None,
        store=store,
        now=START,
    )
    due = session.execute(select(Job.due_at).where(Job.kind == EXPIRE)).scalars().all()
    assert due

    def held_after(pause: timedelta) -> list[int]:
        with transaction(session):
            expire_held(session, store=store, now=START + pause)
        return list(session.execute(select(Attachment.id).where(Attachment.owner_kind == HELD)).scalars())

    assert held_after(timedelta(hours=1)) == [red[0], blue[0]]
    assert held_after(UPLOADS_KEPT) == [blue[0]]
    assert not red[1].exists()
    assert blue[1].exists()
    session.commit()
    drop_rating_draft(session, office.monitor, office.campaign, "instant", "", store=store)
    assert held_after(UPLOADS_KEPT) == []
    assert not blue[1].exists()
