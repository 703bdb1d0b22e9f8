"""A case from a rating takes the rating's photos along, those that were chosen and no others."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.campaign import Definition
from models.engine import writing
from models.notice import Attachment
from models.rating import Rating
from services.attachments import Checked, FileStore, attach
from services.case_opening import evidence_carried, evidence_offered, open_case_once, proposal_from
from services.cases import Problem
from services.refusal import Refusal
from tests.integration.office import START, Office

PHOTOS = {"evidence": b"first photo", "other": b"not for a case"}


def test_chosen_photos_become_evidence_of_the_case(session: Session, office: Office, tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    form = session.execute(select(Definition).where(Definition.key == "instant")).scalar_one()
    with writing():
        rating = Rating(
            campaign_id=office.campaign.id,
            target_id=office.target.id,
            method="instant",
            grade="bad",
            form_id=form.id,
            answers={"grade": "bad", "matter": "办证", "situation": "窗口无人"},
            monitor_id=1,
            happened_on=START.date(),
            submitted_at=START,
        )
        session.add(rating)
        session.flush()
        files = [
            (field, Checked(f"{field}.png", "image/png", content, field.ljust(64, "0")))
            for field, content in PHOTOS.items()
        ]
        attach(session, office.monitor, store, files, owner_kind="rating", owner_id=rating.id, now=START)
        session.commit()
    offered = evidence_offered(session, office.officer, rating.id)
    assert [row.file_name for row in offered] == ["evidence.png"]
    assert evidence_carried(session, office.officer, store, rating.id, set()) == []
    everything = {row.id for row in session.execute(select(Attachment)).scalars()}
    carried = evidence_carried(session, office.officer, store, rating.id, everything)
    assert [file.content for _, file in carried] == [b"first photo"]
    proposal = proposal_from(session, office.officer, rating.id)
    assert "窗口无人" in proposal.facts
    sheet = Problem(
        office.target.id, proposal.channel, proposal.title, proposal.facts, START.date(), rating_id=rating.id
    )
    open_case_once(
        session,
        office.officer,
        office.campaign.id,
        sheet,
        token="case-token-1",
        now=START,
        files=carried,
        store=store,
    )
    owners = {(row.owner_kind, row.file_name) for row in session.execute(select(Attachment)).scalars()}
    assert owners == {("rating", "evidence.png"), ("rating", "other.png"), ("step", "evidence.png")}
    with pytest.raises(Refusal, match="无权"):
        evidence_offered(session, office.owner, rating.id)
