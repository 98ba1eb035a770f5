"""Whether an alert waits to be compared is found by its record, however much else waits.

No policy lets an index find the elements of an array: the function answers for the reader's state alone.
"""

from alembic import op

revision = "0085_find_what_waits"
down_revision = "0084_tell_versions_found"

# Alerts are of crime. Files of trade, which are long, are left out, and so are readers kept from what the
# index has not sorted in yet.
CREATE = """
CREATE INDEX ix_match_wait_records ON match_wait USING gin (record_ids) WITH (fastupdate = off)
    WHERE is_of_crime;
CREATE FUNCTION salsa_waiting(wanted uuid[]) RETURNS TABLE (record uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off AS $$
    SELECT one FROM unnest(wanted) AS one WHERE EXISTS (
        SELECT FROM match_wait AS w WHERE w.is_of_crime AND w.record_ids @> ARRAY[one]
        AND w.owner_state = current_setting('salsa.state', true)
    )
$$;
REVOKE ALL ON FUNCTION salsa_waiting(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION salsa_waiting(uuid[]) TO salsa_service;
"""

DROP = """
DROP FUNCTION salsa_waiting(uuid[]);
DROP INDEX ix_match_wait_records;
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)
