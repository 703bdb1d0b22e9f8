"""Filled forms by form and time: the order in which they are looked through.

Revision: 0006
Follows: 0005
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build it."""
    op.create_index("ix_rating_form_submitted", "rating", ["form_id", "submitted_at", "id"])
    op.create_index("ix_answer_form_submitted", "answer", ["form_id", "submitted_at", "id"])
    op.drop_index("ix_answer_form_id", "answer")


def downgrade() -> None:
    """Take it back."""
    op.create_index("ix_answer_form_id", "answer", ["form_id"])
    op.drop_index("ix_answer_form_submitted", "answer")
    op.drop_index("ix_rating_form_submitted", "rating")
