"""Cases moved past their procedure: to another version of it, or by the head.

Revision: 0008
Follows: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add three tables."""
    op.create_table('case_migration',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('campaign_id', sa.Integer(), nullable=False),
    sa.Column('from_workflow_id', sa.Integer(), nullable=False),
    sa.Column('to_workflow_id', sa.Integer(), nullable=False),
    sa.Column('state_map', sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), 'postgresql'), nullable=False),
    sa.Column('policy', sa.String(length=20), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('started_by_id', sa.Integer(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('put_back_by_id', sa.Integer(), nullable=True),
    sa.Column('put_back_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('put_back_reason', sa.Text(), nullable=False),
    sa.Column('row_version', sa.Integer(), nullable=False),
    sa.CheckConstraint("policy IN ('keep', 'recompute', 'shift')", name=op.f('ck_case_migration_policy')),
    sa.CheckConstraint("status IN ('running', 'done', 'putting_back', 'put_back')", name=op.f('ck_case_migration_status')),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaign.id'], name=op.f('fk_case_migration_campaign_id_campaign')),
    sa.ForeignKeyConstraint(['from_workflow_id'], ['definition.id'], name=op.f('fk_case_migration_from_workflow_id_definition')),
    sa.ForeignKeyConstraint(['put_back_by_id'], ['user_account.id'], name=op.f('fk_case_migration_put_back_by_id_user_account')),
    sa.ForeignKeyConstraint(['started_by_id'], ['user_account.id'], name=op.f('fk_case_migration_started_by_id_user_account')),
    sa.ForeignKeyConstraint(['to_workflow_id'], ['definition.id'], name=op.f('fk_case_migration_to_workflow_id_definition')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case_migration'))
    )
    op.create_table('forced_move',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('campaign_id', sa.Integer(), nullable=False),
    sa.Column('case_id', sa.Integer(), nullable=False),
    sa.Column('seen_steps', sa.Integer(), nullable=False),
    sa.Column('from_state', sa.String(length=40), nullable=False),
    sa.Column('to_state', sa.String(length=40), nullable=False),
    sa.Column('book', sa.Boolean(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('proposed_by_id', sa.Integer(), nullable=False),
    sa.Column('proposed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('decided_by_id', sa.Integer(), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decision', sa.Text(), nullable=False),
    sa.CheckConstraint("status IN ('proposed', 'approved', 'refused', 'withdrawn')", name=op.f('ck_forced_move_status')),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaign.id'], name=op.f('fk_forced_move_campaign_id_campaign')),
    sa.ForeignKeyConstraint(['case_id'], ['rectification_case.id'], name=op.f('fk_forced_move_case_id_rectification_case')),
    sa.ForeignKeyConstraint(['decided_by_id'], ['user_account.id'], name=op.f('fk_forced_move_decided_by_id_user_account')),
    sa.ForeignKeyConstraint(['proposed_by_id'], ['user_account.id'], name=op.f('fk_forced_move_proposed_by_id_user_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_forced_move'))
    )
    op.create_index('ix_forced_move_campaign_id', 'forced_move', ['campaign_id'])
    op.create_index('ix_forced_move_case_id', 'forced_move', ['case_id'])

    op.create_table('migrated_case',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('migration_id', sa.Integer(), nullable=False),
    sa.Column('case_id', sa.Integer(), nullable=False),
    sa.Column('from_workflow_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=True),
    sa.Column('clocks', sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), 'postgresql'), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('why', sa.Text(), nullable=False),
    sa.CheckConstraint("status IN ('moved', 'left', 'put_back', 'went_on')", name=op.f('ck_migrated_case_status')),
    sa.ForeignKeyConstraint(['case_id'], ['rectification_case.id'], name=op.f('fk_migrated_case_case_id_rectification_case')),
    sa.ForeignKeyConstraint(['from_workflow_id'], ['definition.id'], name=op.f('fk_migrated_case_from_workflow_id_definition')),
    sa.ForeignKeyConstraint(['migration_id'], ['case_migration.id'], name=op.f('fk_migrated_case_migration_id_case_migration')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_migrated_case')),
    sa.UniqueConstraint('migration_id', 'case_id', name=op.f('uq_migrated_case_migration_id_case_id'))
    )


def downgrade() -> None:
    """Forget them."""
    op.drop_table("forced_move")
    op.drop_table("migrated_case")
    op.drop_table("case_migration")
