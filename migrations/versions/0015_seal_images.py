"""The image of the office's seal, and which notices bear it.

Revision: 0015
Follows: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Plain columns: adding them needs no rebuild that would drop the guards. Nothing issued so far bears one."""
    op.create_table(
        "seal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("image", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("uploaded_by_id", sa.Integer(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_seal_campaign_id_campaign")),
        sa.ForeignKeyConstraint(
            ["uploaded_by_id"], ["user_account.id"], name=op.f("fk_seal_uploaded_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seal")),
    )
    op.create_index(op.f("ix_seal_campaign_id"), "seal", ["campaign_id"], unique=False)
    op.add_column("campaign", sa.Column("seal_id", sa.Integer(), nullable=True))
    op.add_column("notice", sa.Column("seal_id", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Forget the images; files drawn with them stay."""
    op.drop_column("notice", "seal_id")
    op.drop_column("campaign", "seal_id")
    op.drop_index(op.f("ix_seal_campaign_id"), table_name="seal")
    op.drop_table("seal")
