"""Matches that somebody judged, or that a correction took away, are listed without passing all the others."""

from alembic import op

revision = "0055_list_rare_matches"
down_revision = "0043_remind_of_requests"

CREATE = """
CREATE INDEX ix_match_judged ON match (owner_state, id) WHERE status <> 'proposed';
CREATE INDEX ix_match_gone ON match (owner_state, id) WHERE NOT is_standing;
"""

DROP = """
DROP INDEX ix_match_gone;
DROP INDEX ix_match_judged;
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)
