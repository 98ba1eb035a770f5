"""Of legs by another channel the days are kept as an officer writes them down, apart from when he does.

Until now a leg was asked when its form was said to be sent, or when what came back was written down: of
the latter nobody said when the form went out.
"""

from alembic import op

revision = "0085_keep_days_of_other_channels"
down_revision = "0082_find_whom_shown"

CREATE = """
ALTER TABLE trace_leg ADD COLUMN asked_on DATE, ADD COLUMN answered_on DATE;
UPDATE trace_leg AS leg SET asked_on = (leg.asked_at AT TIME ZONE coalesce(
    (SELECT time_zone FROM agency WHERE agency.owner_state = leg.owner_state
     ORDER BY kind <> 'licensing', code LIMIT 1), 'UTC'))::date
WHERE leg.channel <> 'salsa' AND NOT leg.is_to_send AND (
    EXISTS (SELECT FROM trace_message said WHERE said.subject_id = leg.id
            AND said.kind = 'form_sent' AND said.data ->> 'channel' = leg.channel)
    OR (leg.reference IS NOT NULL AND NOT EXISTS (
        SELECT FROM trace_message said WHERE said.subject_id = leg.id AND said.kind = 'by_hand'))
);
"""

DROP = "ALTER TABLE trace_leg DROP COLUMN asked_on, DROP COLUMN answered_on"


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)
