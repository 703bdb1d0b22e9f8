"""Calendar changes by two persons, and the dates of clocks that acts have moved.

Revision: 0007
Follows: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add two tables, and from when each clock's date was counted; of clocks that were stopped it is not known."""
    op.create_table('calendar_change',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('calendar_key', sa.String(length=60), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('days', sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), 'postgresql'), nullable=False),
    sa.Column('years', sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), 'postgresql'), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('proposed_by_id', sa.Integer(), nullable=False),
    sa.Column('proposed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('decided_by_id', sa.Integer(), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decision', sa.Text(), nullable=False),
    sa.Column('row_version', sa.Integer(), nullable=False),
    sa.CheckConstraint("status IN ('proposed', 'approved', 'refused', 'withdrawn')", name=op.f('ck_calendar_change_status')),
    sa.ForeignKeyConstraint(['decided_by_id'], ['user_account.id'], name=op.f('fk_calendar_change_decided_by_id_user_account')),
    sa.ForeignKeyConstraint(['proposed_by_id'], ['user_account.id'], name=op.f('fk_calendar_change_proposed_by_id_user_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_calendar_change'))
    )
    op.create_table('deadline_move',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('deadline_id', sa.Integer(), nullable=False),
    sa.Column('case_id', sa.Integer(), nullable=False),
    sa.Column('cause', sa.String(length=20), nullable=False),
    sa.Column('cause_id', sa.Integer(), nullable=False),
    sa.Column('old_due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('new_due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('old_explanation', sa.Text(), nullable=False),
    sa.Column('new_explanation', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('moved_by', sa.String(length=60), nullable=False),
    sa.Column('moved_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['rectification_case.id'], name=op.f('fk_deadline_move_case_id_rectification_case')),
    sa.ForeignKeyConstraint(['deadline_id'], ['deadline.id'], name=op.f('fk_deadline_move_deadline_id_deadline')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deadline_move'))
    )
    op.create_index('ix_deadline_move_case_id', 'deadline_move', ['case_id'])
    op.create_index('ix_deadline_move_cause', 'deadline_move', ['cause', 'cause_id'])
    op.add_column("deadline", sa.Column("counted_from", sa.DateTime(timezone=True), nullable=True))
    op.add_column("deadline", sa.Column("counted_days", sa.Integer(), nullable=True))
    op.execute(
        "UPDATE deadline SET counted_from = starts_at, counted_days = working_days "
        "WHERE explanation NOT LIKE '%恢复计算%' AND remaining_working_days IS NULL"
    )
    _guard("deadline_move")


def _guard(table: str) -> None:
    for act in ("UPDATE", "DELETE"):
        name = f"{table}_no_{act.lower()}"
        if op.get_bind().dialect.name == "sqlite":
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {act} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are only added to'); END"
            )
        else:
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {act} ON {table} FOR EACH ROW EXECUTE FUNCTION only_added_to()"
            )


def downgrade() -> None:
    """Forget them."""
    op.drop_column("deadline", "counted_days")
    op.drop_column("deadline", "counted_from")
    op.drop_table("deadline_move")
    op.drop_table("calendar_change")
