"""The life of notices: drafts that are checked, voiding by two persons.

Revision: 0012
Follows: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def upgrade() -> None:
    """Two tables beside the notice; the notice itself keeps its guards."""
    op.create_table(
        "notice_voiding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by_id", sa.Integer(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved", sa.Boolean(), nullable=True),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "decided_by_id IS NULL OR decided_by_id <> proposed_by_id",
            name=op.f("ck_notice_voiding_two_persons"),
        ),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (approved IS NULL)", name=op.f("ck_notice_voiding_decided")
        ),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["notice.id"], name=op.f("fk_notice_voiding_notice_id_notice")
        ),
        sa.ForeignKeyConstraint(
            ["proposed_by_id"], ["user_account.id"], name=op.f("fk_notice_voiding_proposed_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["user_account.id"], name=op.f("fk_notice_voiding_decided_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_voiding")),
    )
    op.create_index(op.f("ix_notice_voiding_notice_id"), "notice_voiding", ["notice_id"])
    op.create_table(
        "notice_draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("trigger", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("kind_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("asked", _JSON, nullable=False),
        sa.Column("drafted_values", _JSON, nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("drafted_by_id", sa.Integer(), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_by_id", sa.Integer(), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "status IN ('waiting', 'checked', 'returned', 'issued', 'withdrawn')",
            name=op.f("ck_notice_draft_status"),
        ),
        sa.CheckConstraint(
            "checked_by_id IS NULL OR checked_by_id <> drafted_by_id", name=op.f("ck_notice_draft_two_persons")
        ),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_notice_draft_{column}_{table}"))
            for column, table in (
                ("campaign_id", "campaign"),
                ("case_id", "rectification_case"),
                ("kind_id", "definition"),
                ("drafted_by_id", "user_account"),
                ("checked_by_id", "user_account"),
                ("notice_id", "notice"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_draft")),
    )
    op.create_index(op.f("ix_notice_draft_case_id"), "notice_draft", ["case_id"])


def downgrade() -> None:
    """Forget both."""
    op.drop_table("notice_draft")
    op.drop_table("notice_voiding")
