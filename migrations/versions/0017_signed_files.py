"""In whose name, and with which certificate, the file of a notice is signed.

Revision: 0017
Follows: 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Plain columns: adding them needs no rebuild that would drop the guards. Nothing kept so far is signed."""
    op.add_column("notice_file", sa.Column("signed_by", sa.String(length=200), nullable=True))
    op.add_column("notice_file", sa.Column("certificate", sa.String(length=64), nullable=True))


def downgrade() -> None:
    """Forget who signed; the files keep their signatures."""
    op.drop_column("notice_file", "certificate")
    op.drop_column("notice_file", "signed_by")
