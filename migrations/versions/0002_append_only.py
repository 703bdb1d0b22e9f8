"""Only added to.

History, steps, deductions, seals and service records are never changed or removed; of a notice only its
standing may move. The database itself refuses: this stops mistakes, and the sealed chain shows the rest.

Revision: 0002
Follows: 0001
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

#: Table to the columns that may still change; None: nothing may.
TABLES: dict[str, tuple[str, ...] | None] = {
    "history_entry": None,
    "history_seal": None,
    "case_step": None,
    "deduction": None,
    "service_record": None,
    "notice_file": None,
    "notice": ("status", "voided_at", "void_reason", "replaced_by_id"),
}


def upgrade() -> None:
    """Guard every table."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    if not sqlite:
        op.execute(
            "CREATE FUNCTION only_added_to() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'rows of % are only added to', TG_TABLE_NAME; END $$"
        )
    for table, free in TABLES.items():
        for act in ("UPDATE", "DELETE"):
            if act == "UPDATE" and free is not None:
                _guard_columns(table, free, sqlite=sqlite)
            elif sqlite:
                op.execute(
                    f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are only added to'); END"
                )
            else:
                op.execute(
                    f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                    f"FOR EACH ROW EXECUTE FUNCTION only_added_to()"
                )


#: Columns of a notice that are frozen at issue.
FROZEN = (
    "series", "year", "position", "number", "kind", "kind_id", "title", "campaign_id", "case_id", "step_id",
    "edition_id", "target_id", "frozen_values", "sha256", "verify_code", "issued_at", "issued_on", "issued_by_id",
)  # fmt: skip


def _guard_columns(table: str, free: tuple[str, ...], *, sqlite: bool) -> None:
    columns = ", ".join(column for column in FROZEN if column not in free)
    if sqlite:
        op.execute(
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE OF {columns} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, 'what {table} froze at issue stays'); END"
        )
    else:
        op.execute(
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE OF {columns} ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION only_added_to()"
        )


def downgrade() -> None:
    """Lift the guards."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in TABLES:
        for act in ("update", "delete"):
            op.execute(f"DROP TRIGGER {table}_no_{act}" + ("" if sqlite else f" ON {table}"))
    if not sqlite:
        op.execute("DROP FUNCTION only_added_to()")
