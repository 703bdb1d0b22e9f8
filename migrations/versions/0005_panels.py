"""Panels that decide about steps (会签), and absences (外出代理).

Revision: 0005
Follows: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build them; a step remembers who agreed to it."""
    op.create_table('absence',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('substitute_id', sa.Integer(), nullable=False),
    sa.Column('first_day', sa.Date(), nullable=False),
    sa.Column('last_day', sa.Date(), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('entered_by_id', sa.Integer(), nullable=False),
    sa.Column('entered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('last_day >= first_day', name=op.f('ck_absence_days')),
    sa.CheckConstraint('person_id <> substitute_id', name=op.f('ck_absence_two_persons')),
    sa.ForeignKeyConstraint(['entered_by_id'], ['user_account.id'], name=op.f('fk_absence_entered_by_id_user_account')),
    sa.ForeignKeyConstraint(['person_id'], ['user_account.id'], name=op.f('fk_absence_person_id_user_account')),
    sa.ForeignKeyConstraint(['substitute_id'], ['user_account.id'], name=op.f('fk_absence_substitute_id_user_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_absence'))
    )
    with op.batch_alter_table('absence', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_absence_person_id'), ['person_id'], unique=False)
        batch_op.create_index('ix_absence_substitute_last_day', ['substitute_id', 'last_day'], unique=False)

    op.create_table('panel',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('case_id', sa.Integer(), nullable=False),
    sa.Column('trigger', sa.String(length=40), nullable=False),
    sa.Column('asked', sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), 'postgresql'), nullable=False),
    sa.Column('convened', sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), 'postgresql'), nullable=False),
    sa.Column('standing', sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), 'postgresql'), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('proposed_by_id', sa.Integer(), nullable=False),
    sa.Column('proposed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('row_version', sa.Integer(), nullable=False),
    sa.CheckConstraint("status IN ('open', 'agreed', 'refused', 'returned', 'withdrawn', 'lapsed')", name=op.f('ck_panel_status')),
    sa.ForeignKeyConstraint(['case_id'], ['rectification_case.id'], name=op.f('fk_panel_case_id_rectification_case')),
    sa.ForeignKeyConstraint(['proposed_by_id'], ['user_account.id'], name=op.f('fk_panel_proposed_by_id_user_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_panel'))
    )
    with op.batch_alter_table('panel', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_panel_case_id'), ['case_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_panel_status'), ['status'], unique=False)
        batch_op.create_index('uq_panel_open', ['case_id', 'trigger'], unique=True, sqlite_where=sa.text("status = 'open'"), postgresql_where=sa.text("status = 'open'"))

    op.create_table('panel_entry',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('panel_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('act', sa.String(length=20), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=False),
    sa.Column('seat_id', sa.Integer(), nullable=False),
    sa.Column('to_id', sa.Integer(), nullable=True),
    sa.Column('before', sa.Boolean(), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('absence_id', sa.Integer(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['absence_id'], ['absence.id'], name=op.f('fk_panel_entry_absence_id_absence')),
    sa.ForeignKeyConstraint(['by_id'], ['user_account.id'], name=op.f('fk_panel_entry_by_id_user_account')),
    sa.ForeignKeyConstraint(['panel_id'], ['panel.id'], name=op.f('fk_panel_entry_panel_id_panel')),
    sa.ForeignKeyConstraint(['seat_id'], ['user_account.id'], name=op.f('fk_panel_entry_seat_id_user_account')),
    sa.ForeignKeyConstraint(['to_id'], ['user_account.id'], name=op.f('fk_panel_entry_to_id_user_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_panel_entry')),
    sa.UniqueConstraint('panel_id', 'position', name=op.f('uq_panel_entry_panel_id_position'))
    )
    # A plain column: rebuilding the table would drop the guards of 0002.
    op.add_column(
        "case_step",
        sa.Column(
            "cosigners",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"),
            nullable=False,
            server_default=sa.text("'[]'"),
        ),
    )
    op.add_column("case_step", sa.Column("acting_for_id", sa.Integer(), nullable=True))
    op.add_column("case_step", sa.Column("absence_id", sa.Integer(), nullable=True))
    _guard()



def _guard() -> None:
    """What was done on a panel is only added to, like every other record (see 0002)."""
    for act in ("UPDATE", "DELETE"):
        if op.get_bind().dialect.name == "sqlite":
            op.execute(
                f"CREATE TRIGGER panel_entry_no_{act.lower()} BEFORE {act} ON panel_entry "
                "BEGIN SELECT RAISE(ABORT, 'rows of panel_entry are only added to'); END"
            )
        else:
            op.execute(
                f"CREATE TRIGGER panel_entry_no_{act.lower()} BEFORE {act} ON panel_entry "
                "FOR EACH ROW EXECUTE FUNCTION only_added_to()"
            )


def downgrade() -> None:
    """Take them back."""
    for act in ("update", "delete"):
        on = "" if op.get_bind().dialect.name == "sqlite" else " ON panel_entry"
        op.execute(f"DROP TRIGGER panel_entry_no_{act}{on}")
    for column in ("cosigners", "acting_for_id", "absence_id"):
        op.drop_column("case_step", column)
    op.drop_table('panel_entry')
    with op.batch_alter_table('panel', schema=None) as batch_op:
        batch_op.drop_index('uq_panel_open', sqlite_where=sa.text("status = 'open'"), postgresql_where=sa.text("status = 'open'"))
        batch_op.drop_index(batch_op.f('ix_panel_status'))
        batch_op.drop_index(batch_op.f('ix_panel_case_id'))

    op.drop_table('panel')
    with op.batch_alter_table('absence', schema=None) as batch_op:
        batch_op.drop_index('ix_absence_substitute_last_day')
        batch_op.drop_index(batch_op.f('ix_absence_person_id'))

    op.drop_table('absence')
