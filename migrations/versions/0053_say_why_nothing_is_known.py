"""Why an asked state knows no more of a gun, as it said."""

from alembic import op

revision = "0053_say_why_nothing_is_known"
down_revision = "0052_keep_each_writing"

ADD = """
ALTER TABLE trace_leg ADD COLUMN failure_reason text
    CONSTRAINT ck_trace_leg_failure_reason
    CHECK (failure_reason IN ('too_old', 'records_lost', 'dealer_defunct'))
"""
DROP = "ALTER TABLE trace_leg DROP COLUMN failure_reason"


def upgrade() -> None:
    op.execute(ADD)


def downgrade() -> None:
    op.execute(DROP)
