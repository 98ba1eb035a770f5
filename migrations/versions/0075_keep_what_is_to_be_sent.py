"""Legs of other channels say whether their form is to be sent yet, and since when it was asked by it.

What was said of a form until now stands among the messages of its leg. A reference there says that it
was sent, and so does what came back. The column has a default, for what writes legs without it.
"""

from alembic import op

revision = "0075_keep_what_is_to_be_sent"
down_revision = "0074_find_showings"

CREATE = """
ALTER TABLE trace_leg ADD COLUMN is_to_send BOOLEAN NOT NULL DEFAULT false;
UPDATE trace_leg SET asked_at = said.at
FROM (
    SELECT subject_id, data ->> 'channel' AS channel, max(at) AS at
    FROM trace_message WHERE kind = 'form_sent' GROUP BY subject_id, data ->> 'channel'
) AS said
WHERE said.subject_id = trace_leg.id AND said.channel = trace_leg.channel
    AND said.at > trace_leg.asked_at;
UPDATE trace_leg SET is_to_send = true
WHERE channel <> 'salsa' AND reference IS NULL AND status IN ('sent', 'withdrawn')
    AND answered_at IS NULL AND NOT EXISTS (
        SELECT FROM trace_message AS said
        WHERE said.subject_id = trace_leg.id AND (
            said.kind = 'by_hand'
            OR (said.kind = 'form_sent' AND said.data ->> 'channel' = trace_leg.channel)
        )
    );
"""

DROP = "ALTER TABLE trace_leg DROP COLUMN is_to_send"


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)
