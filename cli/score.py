"""Scores and ranks: as a table, as JSON, as a workbook."""

from __future__ import annotations

import json
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click
from flask.cli import with_appcontext

from cli.campaign import OPTION, chosen_campaign, padded
from cli.installation import installed_app
from portal.clock import OFFICE_ZONE, now

if TYPE_CHECKING:
    from services.scores import Placed, Ranking


@click.command("score", help="得分和排名。退出码：0 成功，1 没有这个活动，2 用法不对。")
@OPTION
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="截至这一天（含）的得分。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，数值为精确分数。")
@click.option("--xlsx", type=click.Path(dir_okay=False, path_type=Path), help="写成 Excel 文件。")
@with_appcontext
def command(key: str | None, as_of: datetime | None, as_json: bool, xlsx: Path | None) -> None:
    """Print the ranking of each category."""
    from services.scores import current_ranking, ranking_as_of

    if as_json and xlsx:
        raise click.UsageError("--json 和 --xlsx 只能用一个。")
    app = installed_app()
    with app.extensions["sessions"]() as session:
        campaign = chosen_campaign(session, key)
        if as_of is None:
            at, ranking = now(), current_ranking(session, campaign)
        else:
            at = datetime.combine(as_of.date() + timedelta(days=1), time(), OFFICE_ZONE) - timedelta(
                seconds=1
            )
            ranking = ranking_as_of(session, campaign, at)
        if as_json:
            from services.results import frozen_ranking

            click.echo(json.dumps(frozen_ranking(campaign, ranking, at), ensure_ascii=False, indent=2))
        elif xlsx:
            try:
                with xlsx.open("wb") as out:
                    _write_workbook(ranking, out)
            except OSError as error:
                raise click.ClickException(
                    f"写不成{xlsx}：{error.strerror}。请换一个目录或文件名。"
                ) from error
            click.echo(f"已写入{xlsx}。")
        else:
            click.echo(f"{campaign.name}　截至{at.astimezone(OFFICE_ZONE):%Y-%m-%d %H:%M}")
            _print_table(ranking)


HEADINGS = ("名次", "单位", "测评对象", "综合满意度", "整改情况", "总得分", "结果运用", "说明")
_WIDTHS = (6, 14, 26, 12, 10, 8, 18, 4)


def _row(ranking: Ranking, line: Placed) -> tuple[str, ...]:
    score, scheme = line.score, ranking.scheme
    explained = {node.key: node.printed for node in score.explanation.walk()}
    names = {outcome.key: outcome.name for outcome in scheme.outcomes}
    return (
        str(score.rank or "—"),
        line.unit,
        score.name,
        explained.get(scheme.headline.composite or "") or "—",
        explained.get(scheme.headline.rectification or "") or "—",
        score.printed or "—",
        "、".join(names[key] for key in score.outcomes) or "—",
        "暂定" if score.provisional else "",
    )


def _print_table(ranking: Ranking) -> None:
    for category, name in ranking.categories.items():
        click.echo(f"\n【{name}】")
        click.echo(
            "".join(padded(text, width) for text, width in zip(HEADINGS, _WIDTHS, strict=True)).rstrip()
        )
        for line in ranking.by_category[category]:
            cells = zip(_row(ranking, line), _WIDTHS, strict=True)
            click.echo("".join(padded(text, width) for text, width in cells).rstrip())
    if ranking.provisional:
        click.echo("\n“暂定”：有的测评方式还没有测评，其余方式按比例分担权数。")


def _write_workbook(ranking: Ranking, out: BinaryIO) -> None:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    for category, name in ranking.categories.items():
        sheet = book.create_sheet(name[:31])

        def text(value: str, sheet: Any = sheet) -> Any:
            cell = WriteOnlyCell(sheet, value)
            cell.data_type = "s"  # a name that begins with = is a name
            return cell

        sheet.append([text(heading) for heading in HEADINGS])
        for line in ranking.by_category[category]:
            sheet.append([text(value) for value in _row(ranking, line)])
    book.save(out)
