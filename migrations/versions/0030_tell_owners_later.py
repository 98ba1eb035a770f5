"""Owners of `silent` records are told of a seizure or a trace later, as of a check."""

from alembic import op

revision = "0030_tell_owners_later"
down_revision = "0029_tell_crime"

CREATE = """
CREATE TABLE owner_wait (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    kind TEXT NOT NULL,
    cause_id UUID NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_owner_wait PRIMARY KEY (id),
    CONSTRAINT ck_owner_wait_kind CHECK (kind IN ('seizure', 'trace'))
);
CREATE INDEX ix_owner_wait_owner_state_id ON owner_wait (owner_state, id);
CALL salsa_keep_to_owner('owner_wait', 'SELECT, INSERT, DELETE, UPDATE (id)');
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute("DROP TABLE owner_wait")
