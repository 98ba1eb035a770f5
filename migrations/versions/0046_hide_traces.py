"""Agencies that must not see a trace: whatever is of it is out of their reach, whoever reads."""

from alembic import op

revision = "0046_hide_traces"
down_revision = "0045_ask_second_persons"

# What an agency must not see is a setting of its session, taken once when its key is looked up, so
# that the policies hold no subquery. It is empty for the service itself, which applies what comes.
# An entry of the audit is of a trace by its subject, or by what its data say that it is about. It
# stands beside the state in one policy: as one of its own it would keep the index from being used.
CREATE = """
CREATE TABLE hiding (
    owner_state CHAR(3) NOT NULL,
    agency TEXT NOT NULL,
    subject_id UUID NOT NULL,
    subject_kind TEXT NOT NULL,
    hidden_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_hiding PRIMARY KEY (agency, subject_id, owner_state),
    CONSTRAINT ck_hiding_subject_kind CHECK (subject_kind IN ('trace', 'request', 'approval'))
);
CREATE INDEX ix_hiding_owner_state_subject_id ON hiding (owner_state, subject_id);
CALL salsa_keep_to_owner('hiding', 'SELECT, INSERT, DELETE');

CREATE FUNCTION salsa_unseen(reader text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT coalesce(string_agg(DISTINCT subject_id::text, ','), '') FROM hiding WHERE agency = reader
$$;
REVOKE ALL ON FUNCTION salsa_unseen(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION salsa_unseen(text) TO salsa_service;

CREATE FUNCTION salsa_may_see(subject text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce(current_setting('salsa.unseen', true), '') = ''
        OR coalesce(NOT subject = ANY (string_to_array(current_setting('salsa.unseen', true), ',')),
                    true)
$$;

ALTER POLICY seen ON trace
    USING (concerned @> ARRAY[current_setting('salsa.state', true)::char(3)]
        AND salsa_may_see(id::text));
ALTER POLICY seen ON trace_leg
    USING (concerned @> ARRAY[current_setting('salsa.state', true)::char(3)]
        AND salsa_may_see(trace_id::text));
ALTER POLICY seen ON notification
    USING (concerned @> ARRAY[current_setting('salsa.state', true)::char(3)]
        AND salsa_may_see(subject_id::text));
ALTER POLICY seen ON attachment
    USING (concerned @> ARRAY[current_setting('salsa.state', true)::char(3)]
        AND salsa_may_see(subject_id::text));
ALTER POLICY seen ON audit_entry
    USING (concerned @> ARRAY[current_setting('salsa.state', true)::char(3)]
        AND salsa_may_see(subject_id) AND salsa_may_see(data ->> 'about'));
ALTER POLICY owned ON trace_request
    USING (owner_state = current_setting('salsa.state', true)::char(3) AND salsa_may_see(id::text))
    WITH CHECK (owner_state = current_setting('salsa.state', true)::char(3));
ALTER POLICY owned ON trace_approval
    USING (owner_state = current_setting('salsa.state', true)::char(3) AND salsa_may_see(id::text))
    WITH CHECK (owner_state = current_setting('salsa.state', true)::char(3));
ALTER POLICY owned ON trace_message
    USING (owner_state = current_setting('salsa.state', true)::char(3) AND salsa_may_see(subject_id::text))
    WITH CHECK (owner_state = current_setting('salsa.state', true)::char(3));
"""

DROP = """
ALTER POLICY seen ON trace
    USING (concerned @> ARRAY[current_setting('salsa.state', true)::char(3)]);
ALTER POLICY seen ON trace_leg
    USING (concerned @> ARRAY[current_setting('salsa.state', true)::char(3)]);
ALTER POLICY seen ON notification
    USING (concerned @> ARRAY[current_setting('salsa.state', true)::char(3)]);
ALTER POLICY seen ON attachment
    USING (concerned @> ARRAY[current_setting('salsa.state', true)::char(3)]);
ALTER POLICY seen ON audit_entry
    USING (concerned @> ARRAY[current_setting('salsa.state', true)::char(3)]);
ALTER POLICY owned ON trace_request
    USING (owner_state = current_setting('salsa.state', true)::char(3))
    WITH CHECK (owner_state = current_setting('salsa.state', true)::char(3));
ALTER POLICY owned ON trace_approval
    USING (owner_state = current_setting('salsa.state', true)::char(3))
    WITH CHECK (owner_state = current_setting('salsa.state', true)::char(3));
ALTER POLICY owned ON trace_message
    USING (owner_state = current_setting('salsa.state', true)::char(3))
    WITH CHECK (owner_state = current_setting('salsa.state', true)::char(3));
DROP FUNCTION salsa_may_see(text);
DROP FUNCTION salsa_unseen(text);
DROP TABLE hiding;
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)
