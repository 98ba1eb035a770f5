"""What waits between two states: permits that expire, hits of late, traces that are not answered."""

from alembic import op

revision = "0056_find_what_waits"
down_revision = "0055_find_at_posts"

CREATE = """
CREATE INDEX ix_permit_expiring ON permit
    (exporting_state, importing_state, least(expires_on, latest_import_on)) WHERE status = 'issued';
CREATE INDEX ix_hit_owner_state_made_at ON hit (owner_state, made_at);
CREATE INDEX ix_trace_leg_waiting ON trace_leg (owner_state, state, asked_at)
    WHERE status IN ('sent', 'acknowledged', 'clarification', 'deferred');
"""

DROP = """
DROP INDEX ix_trace_leg_waiting;
DROP INDEX ix_hit_owner_state_made_at;
DROP INDEX ix_permit_expiring;
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)
