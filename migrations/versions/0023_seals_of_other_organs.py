"""The seal images of the other organs of a joint issue.

Revision: 0023
Follows: 0022
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def upgrade() -> None:
    """Plain columns: adding them needs no rebuild that would drop the guards. Images so far are the office's own."""
    op.add_column("seal", sa.Column("organ", sa.String(length=200), nullable=False, server_default=""))
    op.add_column("campaign", sa.Column("joint_seals", _JSON, nullable=False, server_default="{}"))
    op.add_column("notice", sa.Column("joint_seals", _JSON, nullable=False, server_default="[]"))


def downgrade() -> None:
    """Forget whose they are; files drawn with them stay."""
    op.drop_column("notice", "joint_seals")
    op.drop_column("campaign", "joint_seals")
    op.drop_column("seal", "organ")
