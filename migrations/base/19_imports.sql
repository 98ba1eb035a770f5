-- Imports of files: runs, profiles, their documents, and rows that were refused.

CREATE TABLE import_run (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL, concerned CHAR(3)[] NOT NULL,
    profile TEXT NOT NULL,
    definition JSONB NOT NULL,
    file_name TEXT NOT NULL,
    file_digest BYTEA NOT NULL,
    status TEXT NOT NULL,
    account_id UUID,
    confirmed_by UUID,
    undone_by UUID,
    permissions TEXT[] NOT NULL,
    language TEXT NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ,
    rows_read INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    report TEXT NOT NULL,
    CONSTRAINT pk_import_run PRIMARY KEY (id)
);
CREATE INDEX ix_import_run_owner_state_started_at ON import_run (owner_state, started_at);
CALL salsa_protect(
    'import_run',
    'SELECT, INSERT, UPDATE (profile, definition, permissions, status, confirmed_by, undone_by,
        ended_at, rows_read, tries, report)'
);

-- The worker sees which states have uploaded files to judge, load or undo.
CREATE FUNCTION salsa_import_states()
RETURNS TABLE (state TEXT, depth BIGINT, oldest TIMESTAMPTZ)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT owner_state::text, count(*), min(started_at) FROM import_run
    WHERE account_id IS NOT NULL AND status IN ('judging', 'loading', 'undoing')
    GROUP BY owner_state
$$;
GRANT EXECUTE ON FUNCTION salsa_import_states TO salsa_worker;

-- The worker sees which runs may have a file.
CREATE FUNCTION salsa_import_files() RETURNS TABLE (id UUID)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT id FROM import_run WHERE account_id IS NOT NULL AND (ended_at IS NULL OR status = 'undoing')
$$;
GRANT EXECUTE ON FUNCTION salsa_import_files TO salsa_worker;

CREATE TABLE import_profile (
    owner_state CHAR(3) NOT NULL,
    name TEXT NOT NULL,
    definition JSONB NOT NULL,
    stored_at TIMESTAMPTZ NOT NULL,
    account_id UUID,
    permissions TEXT[] NOT NULL,
    CONSTRAINT pk_import_profile PRIMARY KEY (owner_state, name)
);
CALL salsa_protect_owned('import_profile', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TABLE imported_document (
    owner_state CHAR(3) NOT NULL,
    subject TEXT NOT NULL,
    number TEXT NOT NULL,
    document_id UUID NOT NULL,
    version INTEGER NOT NULL,
    digest BYTEA NOT NULL,
    profile TEXT NOT NULL,
    run_id UUID NOT NULL,
    seen_in UUID NOT NULL,
    CONSTRAINT pk_imported_document PRIMARY KEY (owner_state, subject, number)
);
CREATE INDEX ix_imported_document_run_id ON imported_document (run_id);
CREATE INDEX ix_imported_document_owner_state_profile ON imported_document (owner_state, profile);
CALL salsa_protect_owned('imported_document', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TABLE import_reject (
    run_id UUID NOT NULL,
    row INTEGER NOT NULL,
    owner_state CHAR(3) NOT NULL,
    is_skipped BOOLEAN NOT NULL,
    content TEXT NOT NULL,
    CONSTRAINT pk_import_reject PRIMARY KEY (run_id, row)
);
CALL salsa_protect_owned('import_reject', 'SELECT, INSERT, DELETE');
