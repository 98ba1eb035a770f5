"""What searches and matches showed of a record, found by the record."""

from alembic import op

revision = "0074_find_showings"
down_revision = "0073_find_alerts_of_records"

INDEX = "ix_audit_entry_shown"
SHOWN = "action IN ('record:matched', 'record:shown') AND data ? 'groups'"

# Row-level security lets only leakproof operators near an index, and those of jsonb are not: this
# function sees the entries that concern the reader's state, and gives their ids alone. Whoever reads
# the entries by them sees no others than the policy `seen` lets through. A check says in which case it
# was made, and not which traces it is about, which would cost every check a look: from an agency that a
# trace is kept from, all that was shown in its case is.
CREATE = f"""
CREATE FUNCTION salsa_showings(record text) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT id FROM audit_entry
    WHERE {SHOWN} AND data -> 'records' ? record
    AND concerned @> ARRAY[current_setting('salsa.state', true)::char(3)]
    AND (coalesce(current_setting('salsa.unseen', true), '') = ''
         OR NOT salsa_is_case_kept(owner_state, case_number))
$$;
REVOKE ALL ON FUNCTION salsa_showings(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION salsa_showings(text) TO salsa_service;
"""  # noqa: S608 - our own words


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}")  # of a run that was cut short
        op.execute(
            f"CREATE INDEX CONCURRENTLY {INDEX} ON audit_entry USING gin ((data -> 'records'))"
            f" WHERE {SHOWN}"
        )
    op.execute(CREATE)


def downgrade() -> None:
    op.execute("DROP FUNCTION salsa_showings(text)")
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}")
