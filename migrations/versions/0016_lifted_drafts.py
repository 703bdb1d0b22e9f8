"""Drafts that were lifted to a newer version of their form, and what of them did not fit there.

Revision: 0016
Follows: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def upgrade() -> None:
    """Plain columns: no draft so far was lifted."""
    op.add_column("answer_draft", sa.Column("lifted_from_id", sa.Integer(), nullable=True))
    op.add_column("answer_draft", sa.Column("aside", _JSON, nullable=False, server_default=sa.text("'[]'")))


def downgrade() -> None:
    """What was kept aside is forgotten; what was typed stays."""
    op.drop_column("answer_draft", "aside")
    op.drop_column("answer_draft", "lifted_from_id")
