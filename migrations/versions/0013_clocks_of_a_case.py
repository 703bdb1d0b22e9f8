"""The clocks of a case are found by the case: with thousands of open cases SQLite looked through all that run.

Revision: 0013
Follows: 0012
"""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One index with what lists ask of a case's clocks takes the place of the one on the case alone."""
    op.create_index("ix_deadline_case_id_status_due_at", "deadline", ["case_id", "status", "due_at"])
    op.drop_index("ix_deadline_case_id", "deadline")


def downgrade() -> None:
    """The index on the case alone."""
    op.create_index("ix_deadline_case_id", "deadline", ["case_id"])
    op.drop_index("ix_deadline_case_id_status_due_at", "deadline")
