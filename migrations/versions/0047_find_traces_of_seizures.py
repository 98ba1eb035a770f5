"""The traces of the guns of a seizure, for its page."""

from alembic import op

revision = "0047_find_traces_of_seizures"
down_revision = "0046_hide_traces"

CREATE = "CREATE INDEX ix_trace_owner_state_seizure_id ON trace (owner_state, seizure_id)"
DROP = "DROP INDEX ix_trace_owner_state_seizure_id"


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)
