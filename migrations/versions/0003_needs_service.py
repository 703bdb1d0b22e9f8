"""Whether a notice has to be signed for.

Revision: 0003
Follows: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Notices issued so far had to be; adding a column needs no rebuild that would drop the guards."""
    op.add_column(
        "notice", sa.Column("needs_service", sa.Boolean(), nullable=False, server_default=sa.true())
    )


def downgrade() -> None:
    """Forget it."""
    op.drop_column("notice", "needs_service")
