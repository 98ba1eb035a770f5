"""Matches: what each state is told of two records that may be of one gun, and says to it."""

from alembic import op

revision = "0027_add_matches"
down_revision = "0026_add_laboratory"

# One row for each state that may know of a pair, seen by that state alone. `other_key` stands for the
# other record, so that a pair is known again where the state may not have the record's id.
CREATE = """
CREATE TABLE match (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    version INTEGER NOT NULL,
    record_id UUID NOT NULL,
    record_version INTEGER,
    other_state CHAR(3) NOT NULL,
    other_record UUID,
    other_key UUID NOT NULL,
    other_version INTEGER,
    score DOUBLE PRECISION NOT NULL,
    strength TEXT NOT NULL,
    reasons JSONB NOT NULL,
    status TEXT NOT NULL,
    is_standing BOOLEAN NOT NULL,
    decided_by UUID,
    decided_at TIMESTAMP WITH TIME ZONE,
    reason TEXT,
    proposed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_match PRIMARY KEY (id),
    CONSTRAINT uq_match_owner_state_record_id_other_key
        UNIQUE (owner_state, record_id, other_key),
    CONSTRAINT ck_match_status CHECK (status IN ('proposed', 'confirmed', 'rejected')),
    CONSTRAINT ck_match_strength CHECK (strength IN ('strong', 'moderate'))
);
CREATE INDEX ix_match_owner_state_id ON match (owner_state, id);
CREATE INDEX ix_match_other_key ON match (other_key);
CREATE INDEX ix_match_owner_state_other_record ON match (owner_state, other_record);
CALL salsa_keep_to_owner('match', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TABLE match_wait (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    record_ids UUID[] NOT NULL,
    CONSTRAINT pk_match_wait PRIMARY KEY (id)
);
CREATE INDEX ix_match_wait_owner_state_id ON match_wait (owner_state, id);
CALL salsa_keep_to_owner('match_wait', 'SELECT, INSERT, DELETE, UPDATE (id)');
"""

# Which states were told of records, for a correction that tells them anew: who keeps a record silent
# stands in no other state's rows.
FUNCTION = """
CREATE FUNCTION salsa_match_owners(keys uuid[]) RETURNS TABLE (owner_state char(3))
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT DISTINCT m.owner_state FROM match AS m WHERE m.other_key = ANY(keys)
$$;
REVOKE ALL ON FUNCTION salsa_match_owners(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION salsa_match_owners(uuid[]) TO salsa_service;
"""

DROP = """
DROP FUNCTION salsa_match_owners(uuid[]);
DROP TABLE match_wait;
DROP TABLE match;
"""


def upgrade() -> None:
    op.execute(CREATE)
    op.execute(FUNCTION)


def downgrade() -> None:
    op.execute(DROP)
