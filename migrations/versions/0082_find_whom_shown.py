"""To whom searches and matches showed records, found by the records, for word of a correction."""

from alembic import op

revision = "0082_find_whom_shown"
down_revision = "0080_find_hits_by_cause"

STATE = "current_setting('salsa.state', true)"
SHOWN = "action IN ('record:matched', 'record:shown') AND data ? 'groups'"

# As `salsa_showings` it finds by the index of 0074 what concerns the reader's state, of its own records
# alone. Who was shown the firearm knows the record; who was shown its holder alone knows no more than that
# a check or a receipt of his named that state, which is returned instead. Each record is looked up by itself,
# which OFFSET sees to, and what concerns the state is told apart then: it may be most of the audit.
CREATE = f"""
CREATE FUNCTION salsa_shown_to(wanted text[])
RETURNS TABLE (record text, state text, cause_kind text, cause text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off AS $$
    SELECT DISTINCT one, reader, CASE WHEN NOT named THEN subject_kind END,
        CASE WHEN NOT named THEN subject_id END
    FROM unnest(wanted) AS one CROSS JOIN LATERAL (
        SELECT action, subject_kind, subject_id, subject_state, concerned,
            coalesce(data ->> 'to', owner_state) AS reader, data -> 'groups' ? 'firearm' AS named
        FROM audit_entry WHERE {SHOWN} AND data -> 'records' ? one OFFSET 0
    ) AS found
    WHERE concerned @> ARRAY[{STATE}::char(3)] AND subject_state = {STATE} AND reader <> {STATE}
    AND (named OR (action = 'record:matched' AND subject_kind IN ('check', 'seizure')))
$$;
REVOKE ALL ON FUNCTION salsa_shown_to(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION salsa_shown_to(text[]) TO salsa_service;
"""  # noqa: S608 - our own words


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute("DROP FUNCTION salsa_shown_to(text[])")
