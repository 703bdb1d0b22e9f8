"""Campaigns that have only procedures, beside the one that rates and ranks.

Revision: 0025
Follows: 0024
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Every campaign so far ranks."""
    op.add_column("campaign", sa.Column("ranks", sa.Boolean(), nullable=False, server_default=sa.true()))


def downgrade() -> None:
    """Take it back."""
    op.drop_column("campaign", "ranks")
