"""What a state stopped of late is found by its moment: what passed against it stands on its boards."""

from alembic import op

revision = "0066_find_own_stops"
down_revision = "0065_hide_consents"

CREATE = """
CREATE INDEX ix_checkpoint_stops ON checkpoint (owner_state, recorded_at) WHERE outcome <> 'passed';
CREATE INDEX ix_event_stops ON event (owner_state, recorded_at) WHERE kind IN ('held', 'incident');
"""
DROP = """
DROP INDEX ix_event_stops;
DROP INDEX ix_checkpoint_stops;
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)
