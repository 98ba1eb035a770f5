"""Lists and look-ups that an index answers, under row-level security too; what a trace searched."""

from alembic import op

revision = "0012_add_lookups"
down_revision = "0011_add_account_version"

INDEXES = {
    "ix_audit_entry_concerned": "audit_entry USING gin (concerned)",
    "ix_permit_concerned": "permit USING gin (concerned)",
    "ix_permit_number": "permit (number)",
    "ix_seizure_concerned": "seizure USING gin (concerned)",
    "ix_seizure_number": "seizure (number)",
    "ix_shipment_concerned": "shipment USING gin (concerned)",
    "ix_shipment_document_number": "shipment (document_number)",
    "ix_shipment_number": "shipment (number)",
    "ix_shipment_plates": "shipment USING gin (plates)",
}

# `state = ANY(concerned)` uses no index, `concerned @> ARRAY[state]` one of GIN; both say the same.
CREATE = """
CREATE OR REPLACE PROCEDURE salsa_protect(protected regclass, granted text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', protected);
    EXECUTE format('CREATE POLICY seen ON %s FOR SELECT TO salsa_service '
        'USING (concerned @> ARRAY[current_setting(''salsa.state'', true)::char(3)])', protected);
    EXECUTE format('CREATE POLICY written ON %s FOR INSERT TO salsa_service '
        'WITH CHECK (owner_state = current_setting(''salsa.state'', true)::char(3))', protected);
    EXECUTE format('CREATE POLICY changed ON %s FOR UPDATE TO salsa_service '
        'USING (owner_state = current_setting(''salsa.state'', true)::char(3))', protected);
    EXECUTE format('GRANT %s ON %s TO salsa_service', granted, protected);
END $$;

DO $$
DECLARE protected text;
BEGIN
    FOR protected IN SELECT tablename FROM pg_policies
        WHERE schemaname = 'public' AND policyname = 'seen' AND qual LIKE '%concerned%'
    LOOP
        EXECUTE format('ALTER POLICY seen ON %I '
            'USING (concerned @> ARRAY[current_setting(''salsa.state'', true)::char(3)])', protected);
    END LOOP;
END $$;

ALTER TABLE trace ADD COLUMN searched JSONB;

-- Who owns a record and how far it may be seen, for who knows its id; nothing else of it.
CREATE FUNCTION salsa_record(wanted uuid) RETURNS TABLE (state char(3), visibility text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT owner_state, record_setting.visibility FROM record_setting WHERE record_id = wanted
$$;

-- Row-level security lets only leakproof operators near an index, and those of arrays are not:
-- this one sees the rows that the policy `seen` lets through, and no others.
CREATE FUNCTION salsa_shipments_with(plate text) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT id FROM shipment WHERE plates @> ARRAY[plate]
    AND concerned @> ARRAY[current_setting('salsa.state', true)::char(3)]
$$;
REVOKE ALL ON FUNCTION salsa_record(uuid), salsa_shipments_with(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION salsa_record(uuid), salsa_shipments_with(text) TO salsa_service;
"""

DROP = """
DROP FUNCTION salsa_shipments_with(text);
DROP FUNCTION salsa_record(uuid);
ALTER TABLE trace DROP COLUMN searched;

DO $$
DECLARE protected text;
BEGIN
    FOR protected IN SELECT tablename FROM pg_policies
        WHERE schemaname = 'public' AND policyname = 'seen' AND qual LIKE '%concerned%'
    LOOP
        EXECUTE format('ALTER POLICY seen ON %I '
            'USING (current_setting(''salsa.state'', true)::char(3) = ANY(concerned))', protected);
    END LOOP;
END $$;

CREATE OR REPLACE PROCEDURE salsa_protect(protected regclass, granted text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', protected);
    EXECUTE format('CREATE POLICY seen ON %s FOR SELECT TO salsa_service '
        'USING (current_setting(''salsa.state'', true)::char(3) = ANY(concerned))', protected);
    EXECUTE format('CREATE POLICY written ON %s FOR INSERT TO salsa_service '
        'WITH CHECK (owner_state = current_setting(''salsa.state'', true)::char(3))', protected);
    EXECUTE format('CREATE POLICY changed ON %s FOR UPDATE TO salsa_service '
        'USING (owner_state = current_setting(''salsa.state'', true)::char(3))', protected);
    EXECUTE format('GRANT %s ON %s TO salsa_service', granted, protected);
END $$;
"""


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for name, columns in INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")  # of a run that was cut short
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON {columns}")
        # keys are spread by key; matches look them up by record again since 0051
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_mark_key_record_id")
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)
    with op.get_context().autocommit_block():
        op.execute("CREATE INDEX CONCURRENTLY ix_mark_key_record_id ON mark_key (record_id)")
        for name in INDEXES:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
