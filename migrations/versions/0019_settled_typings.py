"""Which of two typings was right: the second typing is kept, and what was found is a record of its own.

Revision: 0019
Follows: 0018
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What was checked so far kept no second typing, and is settled as before: taken back and typed anew."""
    json = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
    op.add_column("batch_line", sa.Column("second", json, nullable=True))
    op.add_column("batch_line", sa.Column("compared", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "batch_settlement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.Integer(), nullable=False),
        sa.Column("found", json, nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("earlier_rating", sa.Integer(), nullable=True),
        sa.Column("earlier_answer", sa.Integer(), nullable=True),
        sa.Column("settled_by_id", sa.Integer(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["line_id"], ["batch_line.id"], name=op.f("fk_batch_settlement_line_id_batch_line")),
        sa.ForeignKeyConstraint(
            ["settled_by_id"], ["user_account.id"], name=op.f("fk_batch_settlement_settled_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_settlement")),
        sa.UniqueConstraint("line_id", name=op.f("uq_batch_settlement_line_id")),
    )
    _guard("batch_settlement")


def _guard(table: str) -> None:
    for act in ("UPDATE", "DELETE"):
        name = f"{table}_no_{act.lower()}"
        if op.get_bind().dialect.name == "sqlite":
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {act} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are only added to'); END"
            )
        else:
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {act} ON {table} FOR EACH ROW EXECUTE FUNCTION only_added_to()"
            )


def downgrade() -> None:
    """Forget what was found; the corrected revisions stay."""
    op.drop_table("batch_settlement")
    op.drop_column("batch_line", "compared")
    op.drop_column("batch_line", "second")
