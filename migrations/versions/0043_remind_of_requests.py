"""When a term began, and who was reminded of it: each step once; a notification for one account."""

from alembic import op

revision = "0043_remind_of_requests"
down_revision = "0042_set_targets"

CREATE = """
ALTER TABLE trace_request
    ADD COLUMN clock_from TIMESTAMP WITH TIME ZONE,
    ADD COLUMN reminded SMALLINT NOT NULL DEFAULT 0,
    ADD COLUMN remind_at TIMESTAMP WITH TIME ZONE,
    ADD CONSTRAINT ck_trace_request_reminded CHECK (reminded IN (0, 50, 80, 100, 200));
ALTER TABLE trace_request ALTER COLUMN reminded DROP DEFAULT;
UPDATE trace_request SET clock_from = received_at,
    remind_at = received_at + (due_at - received_at) / 2;
ALTER TABLE trace_request ALTER COLUMN clock_from SET NOT NULL;
CREATE INDEX ix_trace_request_remind ON trace_request (owner_state, remind_at)
    WHERE status IN ('sent', 'acknowledged', 'deferred');
ALTER TABLE notification ADD COLUMN account_id UUID;
"""

DROP = """
ALTER TABLE notification DROP COLUMN account_id;
DROP INDEX ix_trace_request_remind;
ALTER TABLE trace_request
    DROP COLUMN clock_from, DROP COLUMN reminded, DROP COLUMN remind_at;
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)
