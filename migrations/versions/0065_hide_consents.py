"""What must not be seen of a trace must not be seen by a consent that was asked in its case either."""

from alembic import op

revision = "0065_hide_consents"
down_revision = "0064_tell_of_seizures_by_square"

# A consent names a case and no trace, so it is found by the asking state and the case: whatever is hidden
# later, or asked later, is found too. What an agency asked itself it goes on seeing: that it was gone
# would tell that there is such a trace. What was disclosed in such a case tells of it as well.
# `read_as` of a hit is the mark by which the alert was met: without it nobody can compare.
# `is_own` are hidings of a request that the asked state set itself: those of the asking state come and go
# without them. Of former ones it is what the asking state does not hide by now.
CREATE = """
ALTER TABLE consent ADD COLUMN asking_agency TEXT;
CREATE INDEX ix_consent_asking_state_case_number ON consent (asking_state, case_number);
ALTER TABLE hit ADD COLUMN read_as TEXT;
ALTER TABLE hiding ADD COLUMN is_own BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE hiding ALTER COLUMN is_own DROP DEFAULT;
UPDATE hiding SET is_own = true FROM trace_request request
WHERE hiding.owner_state = request.owner_state
AND hiding.subject_id IN (request.id, request.trace_id, request.leg_id)
AND NOT EXISTS (SELECT FROM hiding named WHERE named.owner_state = request.asking_state
                AND named.subject_id = request.trace_id AND named.agency = hiding.agency);

CREATE FUNCTION salsa_case_key(state text, number text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT md5(state || '/' || number)
$$;
CREATE OR REPLACE FUNCTION salsa_unseen(reader text) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM hiding WHERE agency = reader) THEN
        RETURN '';
    END IF;
    RETURN (
        WITH hidden AS (SELECT DISTINCT subject_id FROM hiding WHERE agency = reader),
        cases AS (
            SELECT owner_state AS state, case_number FROM trace JOIN hidden ON subject_id = id
            UNION SELECT asking_state, case_number FROM trace_request JOIN hidden ON subject_id = id
            UNION SELECT asking_state, case_number FROM trace_approval JOIN hidden ON subject_id = id
        )
        SELECT string_agg(unseen, ',') FROM (
            SELECT subject_id::text FROM hidden
            UNION SELECT salsa_case_key(state, case_number) FROM cases
            UNION SELECT consent.id::text FROM cases JOIN consent
                ON consent.asking_state = state AND consent.case_number = cases.case_number
                AND consent.asking_agency IS DISTINCT FROM reader
        ) AS kept (unseen)
    );
END $$;

ALTER POLICY owned ON consent
    USING (owner_state = current_setting('salsa.state', true)::char(3) AND salsa_may_see(id::text))
    WITH CHECK (owner_state = current_setting('salsa.state', true)::char(3));
ALTER POLICY seen ON audit_entry
    USING (concerned @> ARRAY[current_setting('salsa.state', true)::char(3)]
        AND salsa_may_see(subject_id) AND salsa_may_see(data ->> 'about')
        AND (action NOT IN ('record:disclosed', 'party:disclosed')
             OR salsa_may_see(salsa_case_key(owner_state, case_number))));
"""

DROP = """
ALTER POLICY seen ON audit_entry
    USING (concerned @> ARRAY[current_setting('salsa.state', true)::char(3)]
        AND salsa_may_see(subject_id) AND salsa_may_see(data ->> 'about'));
ALTER POLICY owned ON consent
    USING (owner_state = current_setting('salsa.state', true)::char(3))
    WITH CHECK (owner_state = current_setting('salsa.state', true)::char(3));
CREATE OR REPLACE FUNCTION salsa_unseen(reader text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT coalesce(string_agg(DISTINCT subject_id::text, ','), '') FROM hiding WHERE agency = reader
$$;
DROP FUNCTION salsa_case_key(text, text);
ALTER TABLE hiding DROP COLUMN is_own;
ALTER TABLE hit DROP COLUMN read_as;
DROP INDEX ix_consent_asking_state_case_number;
ALTER TABLE consent DROP COLUMN asking_agency;
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)
