"""An entry of the ledger says by itself that its target's score may have moved.

Revision: 0021
Follows: 0020
"""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_RAISE = (
    "INSERT INTO standing (campaign_id, target_id, version) VALUES (NEW.campaign_id, NEW.target_id, 1) "
    "ON CONFLICT (campaign_id, target_id) DO UPDATE SET version = standing.version + 1"
)


def upgrade() -> None:
    """No writer can forget it, and none has to say it: kept rankings see every entry at their next look."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"CREATE TRIGGER deduction_moves_score AFTER INSERT ON deduction BEGIN {_RAISE}; END")
        return
    op.execute(
        "CREATE FUNCTION deduction_moves_score() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {_RAISE}; RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER deduction_moves_score AFTER INSERT ON deduction "
        "FOR EACH ROW EXECUTE FUNCTION deduction_moves_score()"
    )


def downgrade() -> None:
    """Writers say it themselves again."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER deduction_moves_score")
        return
    op.execute("DROP TRIGGER deduction_moves_score ON deduction")
    op.execute("DROP FUNCTION deduction_moves_score()")
