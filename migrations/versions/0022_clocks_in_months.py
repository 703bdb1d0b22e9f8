"""Clocks that run for calendar months.

Revision: 0022
Follows: 0021
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Every clock so far was counted in working days."""
    op.add_column(
        "deadline", sa.Column("unit", sa.String(length=20), nullable=False, server_default="working_days")
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_column("deadline", "unit")
