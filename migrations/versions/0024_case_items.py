"""Which items of a rating a case was opened for.

Revision: 0024
Follows: 0023
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build it; of the cases so far it is not known."""
    op.create_table(
        "case_item",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("item", sa.String(length=130), nullable=False),
        sa.Column("rating_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["rectification_case.id"], name=op.f("fk_case_item_case_id_rectification_case")
        ),
        sa.ForeignKeyConstraint(["rating_id"], ["rating.id"], name=op.f("fk_case_item_rating_id_rating")),
        sa.PrimaryKeyConstraint("case_id", "item", name=op.f("pk_case_item")),
    )
    op.create_index(op.f("ix_case_item_rating_id"), "case_item", ["rating_id"])


def downgrade() -> None:
    """Take it back."""
    op.drop_index(op.f("ix_case_item_rating_id"), "case_item")
    op.drop_table("case_item")
