"""A second person's decline counts of what was declined: that is kept with the trace, until it is approved.

What was declined before stands without it, and counts as long as nobody approves.
"""

from alembic import op

revision = "0076_keep_what_was_declined"
down_revision = "0075_keep_what_is_to_be_sent"

CREATE = """
ALTER TABLE trace ADD COLUMN declined_shown JSONB;
UPDATE trace SET declined_shown = '{}'
WHERE coalesce(approval, 'alone') = 'alone' AND EXISTS (
    SELECT FROM trace_message AS said
    WHERE said.subject_id = trace.id AND said.kind IN ('decline', 'approval_decline')
        AND said.data ->> 'text' <> ''
);
"""

DROP = """
ALTER TABLE trace DROP COLUMN declined_shown;
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)
