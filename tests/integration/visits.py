"""A visit that found several things, for tests of the cases that come of it."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.campaign import Definition, DefinitionStatus
from models.engine import writing
from models.rating import Rating
from services.attachments import Checked, FileStore, attach
from tests.integration.office import START, Office

FOUND = [
    {"what": "收费标准没有公示", "spot": "大厅入口"},
    {"what": "三号窗口无人在岗", "spot": "二楼"},
    {"what": "没有一次性告知", "spot": "五号窗口"},
]


def visit(session: Session, office: Office, files: Path | None = None) -> Rating:
    """One inspection with three lines of findings and a checklist of which one row is not met, with one photo."""
    form = session.execute(select(Definition).where(Definition.key == "inspection")).scalar_one()
    columns = [
        {"key": "what", "label": "问题", "required": True},
        {"key": "spot", "label": "部位"},
    ]
    rows = {"key": "problems", "type": "rows", "label": "发现的问题", "columns": columns}
    binding = {**form.body["binding"], "case_fields": ["findings", "problems", "photos"]}
    with writing():
        form.status = DefinitionStatus.RETIRED
        newer = Definition(
            pack_key=form.pack_key, kind=form.kind, key=form.key, version=2, name=form.name,
            status=DefinitionStatus.PUBLISHED, sha256="-", created_at=START, published_at=START,
            body={**form.body, "version": 2, "fields": [*form.body["fields"], rows], "binding": binding},
        )  # fmt: skip
        session.add(newer)
        session.flush()
        rating = Rating(
            campaign_id=office.campaign.id,
            target_id=office.target.id,
            method="inspection",
            grade="poor",
            form_id=newer.id,
            answers={
                "target": office.target.key,
                "grade": "poor",
                "findings": "上午九时到现场",
                "problems": FOUND,
                "checklist": {"on_duty": "not_ok", "attitude": "ok"},
                "open_case": True,
            },
            rater_id=office.people["inspector"].user_id,
            happened_on=START.date(),
            submitted_at=START,
        )
        session.add(rating)
        session.flush()
        if files is not None:
            photo = ("photos", Checked("visit.png", "image/png", b"seen there", "1" * 64))
            attach(
                session, office.people["inspector"], FileStore(files), [photo],
                owner_kind="rating", owner_id=rating.id, now=START,
            )  # fmt: skip
        session.commit()
    return rating
