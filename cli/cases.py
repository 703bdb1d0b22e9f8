"""A list of cases."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
from flask.cli import with_appcontext

from cli.campaign import OPERATOR, OPTION, chosen_campaign, padded
from cli.installation import installed_app
from portal.clock import OFFICE_ZONE, now

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from models.campaign import Campaign

_WIDTHS = (24, 14, 22, 26, 18, 6)
#: How many keys a refusal lists.
_MOST_SHOWN = 20
_HEADINGS = ("编号", "单位", "测评对象", "状态", "期限", "扣分")


@click.command("cases", help="整改事项列表。退出码：0 成功，1 没有这个活动，2 用法不对。")
@OPTION
@click.option("--state", default="", help="状态代号，如 overdue；running 为全部未办结的。")
@click.option("--unit", default="", help="单位代号。")
@click.option("--target", default="", help="测评对象代号。")
@click.option("--category", default="", help="类别代号。")
@click.option("--channel", default="", help="发现渠道代号。")
@click.option("--tier", default="", help="扣分档代号。")
@click.option("--due", type=click.Choice(["today", "overdue"]), default=None, help="今天到期的，或已逾期的。")
@click.option("--word", default="", help="编号、名称中的字词。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
@with_appcontext
def command(key: str | None, as_json: bool, due: str | None, **words: str) -> None:
    """Those due first at the top."""
    from services.case_lists import MOST_EXPORTED, CaseFilter, list_cases

    app = installed_app()
    with app.extensions["sessions"]() as session:
        campaign = chosen_campaign(session, key)
        _refuse_unknown(session, campaign, words)
        which = CaseFilter(due=due or "", **words)
        found = list_cases(session, OPERATOR, campaign, which, now=now(), size=MOST_EXPORTED)
    if as_json:
        rows = [
            {
                "number": row.number,
                "title": row.title,
                "unit": row.unit,
                "target": row.target,
                "state": row.state,
                "due_at": row.due_at.isoformat() if row.due_at else None,
                "points": row.points,
            }
            for row in found.rows
        ]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    click.echo("".join(padded(text, width) for text, width in zip(_HEADINGS, _WIDTHS, strict=True)).rstrip())
    for row in found.rows:
        due_at = f"{row.due_at.astimezone(OFFICE_ZONE):%Y-%m-%d %H:%M}" if row.due_at else "—"
        cells = (row.number, row.unit, row.target, row.state_name, due_at, str(row.points))
        click.echo("".join(padded(text, width) for text, width in zip(cells, _WIDTHS, strict=True)).rstrip())
    click.echo(f"共{found.total}起。")


def _refuse_unknown(session: Session, campaign: Campaign, words: dict[str, str]) -> None:
    """A misspelt key must not look like an office without cases."""
    known = _known(session, campaign)
    for option, keys in known.items():
        if not words[option] or words[option] in keys:
            continue
        shown = "、".join(keys[:_MOST_SHOWN]) + (f"等{len(keys)}个" if len(keys) > _MOST_SHOWN else "")
        raise click.BadParameter(f"没有代号“{words[option]}”；可用：{shown}。", param_hint=f"--{option}")


def _known(session: Session, campaign: Campaign) -> dict[str, list[str]]:
    from sqlalchemy import select

    from models.roster import Category, Target, Unit
    from services.deductions import tiers_of
    from services.definitions import scheme_of, workflow_of

    def keys_of(noun: type[Category | Unit | Target]) -> list[str]:
        return list(session.execute(select(noun.key).order_by(noun.id)).scalars())

    return {
        "state": ["running", *(state.key for state in workflow_of(session, campaign.workflow_id).states)],
        "unit": keys_of(Unit),
        "target": keys_of(Target),
        "category": keys_of(Category),
        "channel": [channel["key"] for channel in campaign.settings["channels"]],
        "tier": [tier.key for tier in tiers_of(scheme_of(session, campaign.scheme_id))],
    }
