"""Which campaign a command speaks of."""

from __future__ import annotations

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.campaign import Campaign, newest_first
from services.actor import Actor

#: Whoever may run commands on the server may read everything.
OPERATOR = Actor(user_id=None, name="命令行", roles=frozenset({"auditor", "leader"}))

OPTION = click.option("--campaign", "key", default=None, help="活动代号；不写为最近年度的活动。")


def chosen_campaign(session: Session, key: str | None) -> Campaign:
    """The campaign named, or the newest; a sentence when there is none."""
    query = select(Campaign).order_by(*newest_first()).limit(1)
    if key is not None:
        query = query.where(Campaign.key == key)
    campaign = session.execute(query).scalar_one_or_none()
    if campaign is None:
        known = session.execute(select(Campaign.key).order_by(Campaign.year)).scalars().all()
        raise click.ClickException(
            f"没有代号为“{key}”的活动；现有：{'、'.join(known) or '无'}。" if key else "还没有建立测评活动。"
        )
    return campaign


def padded(text: str, width: int) -> str:
    """Text filled up to a width in columns; a Chinese character takes two.

    >>> padded("优", 4) + "|"
    '优  |'
    """
    from unicodedata import east_asian_width

    taken = sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)
    return text + " " * max(0, width - taken)
