-- Row-level security and append-only tables: the procedures that later migrations call.

-- Functions are for nobody unless granted.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON ROUTINES FROM PUBLIC;

-- A row is visible to the states that it concerns and written by its owner alone; with no state
-- set, no row matches. `concerned @> ARRAY[...]` can use a GIN index, `= ANY(concerned)` cannot.
CREATE PROCEDURE salsa_protect(protected regclass, granted text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', protected);
    EXECUTE format('CREATE POLICY concerned_read ON %s FOR SELECT TO salsa_service '
        'USING (concerned @> ARRAY[current_setting(''salsa.state'', true)::char(3)])', protected);
    EXECUTE format('CREATE POLICY owner_insert ON %s FOR INSERT TO salsa_service '
        'WITH CHECK (owner_state = current_setting(''salsa.state'', true)::char(3))', protected);
    EXECUTE format('CREATE POLICY owner_update ON %s FOR UPDATE TO salsa_service '
        'USING (owner_state = current_setting(''salsa.state'', true)::char(3))', protected);
    EXECUTE format('GRANT %s ON %s TO salsa_service', granted, protected);
END $$;

CREATE PROCEDURE salsa_protect_owned(protected regclass, granted text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', protected);
    EXECUTE format('CREATE POLICY owner_only ON %s FOR ALL TO salsa_service '
        'USING (owner_state = current_setting(''salsa.state'', true)::char(3))', protected);
    EXECUTE format('GRANT %s ON %s TO salsa_service', granted, protected);
END $$;

CREATE FUNCTION salsa_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

-- For tables that stay on one server; distributed ones rely on the missing grants.
CREATE PROCEDURE salsa_append_only(fixed regclass) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %s '
        'FOR EACH ROW EXECUTE FUNCTION salsa_refuse_change()', fixed);
    EXECUTE format('CREATE TRIGGER append_only_whole BEFORE TRUNCATE ON %s '
        'FOR EACH STATEMENT EXECUTE FUNCTION salsa_refuse_change()', fixed);
END $$;

-- Sets for whom a transaction acts. A procedure, so that no query can call it; its texts are of one
-- statement each, as workers of a cluster get them, while what surrounds the call may be of several.
CREATE PROCEDURE salsa_act_as(state text, agency text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SET LOCAL salsa.state = %L', state);
    EXECUTE format('SET LOCAL salsa.agency = %L', agency);
END $$;
GRANT EXECUTE ON PROCEDURE salsa_act_as TO salsa_service;

-- The service may read the revision of the schema, and not write it.
CREATE FUNCTION salsa_revision() RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$ SELECT version_num FROM alembic_version $$;
GRANT EXECUTE ON FUNCTION salsa_revision TO salsa_service;
