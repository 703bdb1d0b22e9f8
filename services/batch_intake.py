"""What a batch takes forms for: ratings by a method, or the answers of a collection; in one version of its form."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.definition import FormDefinition
from models.batch import Batch
from models.campaign import Campaign
from models.collection import Collection, CollectionCode
from services.card_fixed import fixed_by
from services.definitions import form_of, form_of_campaign
from services.rating_forms import method_of, reports_for_monitor
from services.refusal import Refusal, not_found

#: A collection among the keys of intakes; keys of methods have no dash.
_COLLECTION = re.compile(r"collection-(\d{1,9})", re.ASCII)


@dataclass(frozen=True)
class Intake:
    """What a batch takes forms for.

    key: of the method, or `collection-12`. scope: within what a serial is one. monitors: whether each form needs
    the monitor that reported it. held: the collection, None for ratings by a method.
    """

    key: str
    name: str
    form_id: int
    form: FormDefinition
    scope: str
    method: str = ""
    monitors: bool = False
    held: Collection | None = None

    @property
    def coded(self) -> bool:
        """Whether each form carries the one-time code of a card."""
        return self.held is not None and self.held.access == "code"

    def fixed(self, code: CollectionCode | None = None) -> dict[str, str]:
        """Field key → answer that stands whatever was written. code: of the card that came with the form."""
        return fixed_by(self.held, self.form, code) if self.held is not None else {}


def intake_by_key(session: Session, campaign: Campaign, key: str) -> Intake:
    """The intake that a page names, in the version of the form that is given out now."""
    match = _COLLECTION.fullmatch(key)
    if match is None:
        return method_intake(session, campaign, key)
    held = session.get(Collection, int(match[1]))
    if held is None or held.campaign_id != campaign.id:
        raise not_found("这个收集")
    return _collection_intake(session, held, held.form_id)


def method_intake(session: Session, campaign: Campaign, method_key: str) -> Intake:
    """Ratings by one method; secret ballots come by their codes, not in batches."""
    method = method_of(campaign, method_key)
    if method["secret"]:
        raise Refusal(
            "secret_method", f"“{method['name']}”凭代码投票，纸质票请在本轮集中测评的页面录入。", 422
        )
    form_id, _ = form_of_campaign(session, campaign, method["form"])
    return _method_intake(session, campaign, method_key, form_id)


def _method_intake(session: Session, campaign: Campaign, method_key: str, form_id: int) -> Intake:
    return Intake(
        key=method_key,
        name=str(method_of(campaign, method_key)["name"]),
        form_id=form_id,
        form=form_of(session, form_id),
        scope=f"method:{campaign.id}:{method_key}",
        method=method_key,
        monitors=reports_for_monitor(campaign, method_key),
    )


def _collection_intake(session: Session, held: Collection, form_id: int) -> Intake:
    if held.anonymous:
        raise Refusal(
            "anonymous_collection",
            f"“{held.title}”不记名，不能按编号录入：编号会把答卷和纸张联系起来。请改用网上填写。",
            422,
        )
    return Intake(
        key=f"collection-{held.id}",
        name=held.title,
        form_id=form_id,
        form=form_of(session, form_id),
        scope=f"collection:{held.id}",
        held=held,
    )


def intake_of(session: Session, batch: Batch) -> Intake:
    """What this batch takes forms for, in the version it was opened with."""
    if batch.collection_id is not None:
        return _collection_intake(session, session.get_one(Collection, batch.collection_id), batch.form_id)
    campaign = session.get_one(Campaign, batch.campaign_id)
    return _method_intake(session, campaign, batch.method, batch.form_id)


def intakes(session: Session, campaign: Campaign) -> list[tuple[str, str]]:
    """(key, name) of all that forms can be taken in for now: methods, then collections that are not anonymous."""
    methods = [
        (str(item["key"]), str(item["name"])) for item in campaign.settings["methods"] if not item["secret"]
    ]
    held = session.execute(
        select(Collection)
        .where(
            Collection.campaign_id == campaign.id,
            Collection.closed_at.is_(None),
            Collection.anonymous.is_(False),
        )
        .order_by(Collection.id.desc())
    ).scalars()
    return [*methods, *((f"collection-{row.id}", row.title) for row in held)]


def names_of(session: Session, campaign: Campaign) -> dict[str, str]:
    """Key → name of all that batches of the campaign can be for, closed collections too."""
    rows = session.execute(
        select(Collection.id, Collection.title).where(Collection.campaign_id == campaign.id)
    )
    return {
        **{str(item["key"]): str(item["name"]) for item in campaign.settings["methods"]},
        **{f"collection-{number}": title for number, title in rows},
    }
