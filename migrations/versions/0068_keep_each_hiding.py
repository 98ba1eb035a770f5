"""Whom the asking state keeps from a request, and whom the asked one: one ends without the other."""

from alembic import op

revision = "0068_keep_each_hiding"
down_revision = "0067_show_what_changed"

# By the subject first: whoever looks one up reads its few rows, and never all of an agency.
CREATE = """
ALTER TABLE hiding DROP CONSTRAINT pk_hiding,
    ADD CONSTRAINT pk_hiding PRIMARY KEY (subject_id, agency, owner_state, is_own);
DROP INDEX ix_hiding_owner_state_subject_id;
"""

DROP = """
DELETE FROM hiding own USING hiding named
    WHERE own.is_own AND NOT named.is_own AND named.agency = own.agency
    AND named.subject_id = own.subject_id AND named.owner_state = own.owner_state;
ALTER TABLE hiding DROP CONSTRAINT pk_hiding,
    ADD CONSTRAINT pk_hiding PRIMARY KEY (agency, subject_id, owner_state);
CREATE INDEX ix_hiding_owner_state_subject_id ON hiding (owner_state, subject_id);
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)
