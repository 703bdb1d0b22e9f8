"""Numbers are counted under the 机关代字 that stands before them, no longer under the key that a pack has for it.

Revision: 0018
Follows: 0017
"""

from __future__ import annotations

import json
from collections.abc import Iterable

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

#: What the guard of a notice watches, as migration 0002 has it.
_FROZEN = (
    "series, year, position, number, kind, kind_id, title, campaign_id, case_id, step_id, edition_id, target_id, "
    "frozen_values, sha256, verify_code, issued_at, issued_on, issued_by_id"
)


def upgrade() -> None:
    """A notice already says its code in its number. Two organs that shared a counter get one each."""
    connection = op.get_bind()
    notices = connection.execute(sa.text("SELECT id, series, year, position, number FROM notice")).all()
    cases = connection.execute(sa.text("SELECT number FROM rectification_case")).scalars().all()
    counters = connection.execute(sa.text("SELECT series, year, last FROM number_series")).all()
    last: dict[tuple[str, int], int] = {}
    under: dict[tuple[str, int], set[str]] = {}
    for row in notices:
        code = row.number.rpartition("〔")[0]
        last[code, row.year] = max(row.position, last.get((code, row.year), 0))
        under.setdefault((row.series, row.year), set()).add(code)
    for number in cases:
        code, _, rest = number.rpartition("〔")
        year, position = (int(part) for part in rest.removesuffix("号").split("〕"))
        last[code, year] = max(position, last.get((code, year), 0))
        under.setdefault(("case", year), set()).add(code)
    for counter in counters:
        codes = under.get((counter.series, counter.year), set())
        if len(codes) == 1:  # a number that was taken and lies nowhere is not given again
            [code] = codes
            last[code, counter.year] = max(counter.last, last[code, counter.year])
    _recount(under, last)
    _rename({row.id: row.number.rpartition("〔")[0] for row in notices})


def downgrade() -> None:
    """Back to the keys of the packs; refused by the database where two organs' numbers would then be the same."""
    connection = op.get_bind()
    keys: dict[tuple[int, str], str] = {}
    codes = {}
    for campaign, settings in connection.execute(sa.text("SELECT id, settings FROM campaign")).all():
        found = settings if isinstance(settings, dict) else json.loads(settings)
        series = found.get("series", {})
        keys |= {(campaign, code): key for key, code in series.items()}
        codes[f"{series.get('case', '')}案"] = "case"
    notices = connection.execute(
        sa.text("SELECT id, series, year, position, campaign_id FROM notice")
    ).all()
    names = {row.id: keys.get((row.campaign_id, row.series), row.series) for row in notices}
    codes |= {row.series: names[row.id] for row in notices}
    last: dict[tuple[str, int], int] = {}
    gone = []
    for series, year, number in connection.execute(sa.text("SELECT series, year, last FROM number_series")):
        if series in codes:
            gone.append((series, year))
            last[codes[series], year] = max(number, last.get((codes[series], year), 0))
    _recount(gone, last)
    _rename(names)


def _recount(gone: Iterable[tuple[str, int]], last: dict[tuple[str, int], int]) -> None:
    for series, year in gone:
        op.get_bind().execute(
            sa.text("DELETE FROM number_series WHERE series = :series AND year = :year"),
            {"series": series, "year": year},
        )
    for (series, year), number in last.items():
        op.get_bind().execute(
            sa.text("INSERT INTO number_series (series, year, last) VALUES (:series, :year, :last)"),
            {"series": series, "year": year, "last": number},
        )


def _rename(series: dict[int, str]) -> None:
    """The guard of what was frozen is lifted for this one change: what is printed stays as it was."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    op.execute("DROP TRIGGER notice_no_update" + ("" if sqlite else " ON notice"))
    for notice, name in series.items():
        op.get_bind().execute(
            sa.text("UPDATE notice SET series = :series WHERE id = :id"), {"series": name, "id": notice}
        )
    if sqlite:
        op.execute(
            f"CREATE TRIGGER notice_no_update BEFORE UPDATE OF {_FROZEN} ON notice "
            "BEGIN SELECT RAISE(ABORT, 'what notice froze at issue stays'); END"
        )
    else:
        op.execute(
            f"CREATE TRIGGER notice_no_update BEFORE UPDATE OF {_FROZEN} ON notice "
            "FOR EACH ROW EXECUTE FUNCTION only_added_to()"
        )
