"""What tells of a crime is matched before trade that was written earlier: a long file holds it back no more."""

from alembic import op

revision = "0057_match_crime_first"
down_revision = "0056_find_what_waits"

CREATE = """
ALTER TABLE match_wait ADD COLUMN is_of_crime BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE match_wait ALTER COLUMN is_of_crime DROP DEFAULT;
DROP INDEX ix_match_wait_owner_state_id;
CREATE INDEX ix_match_wait_next ON match_wait (owner_state, is_of_crime DESC, id);
"""

DROP = """
DROP INDEX ix_match_wait_next;
CREATE INDEX ix_match_wait_owner_state_id ON match_wait (owner_state, id);
ALTER TABLE match_wait DROP COLUMN is_of_crime;
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)
