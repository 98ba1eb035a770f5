-- Accounts, keys, the audit, attachments, and what running the service needs.

CREATE TABLE account (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    agency TEXT NOT NULL,
    role TEXT NOT NULL,
    username TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    is_active BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    post TEXT,
    CONSTRAINT pk_account PRIMARY KEY (id),
    CONSTRAINT uq_account_username UNIQUE (username),
    CONSTRAINT ck_account_role CHECK (role IN (
        'licensing_officer', 'police_officer', 'forensic_examiner', 'trace_analyst',
        'border_officer', 'supervisor', 'state_administrator', 'auditor', 'secretariat',
        'display'
    ))
);
CALL salsa_protect_owned('account', 'SELECT, INSERT, UPDATE (password_hash, is_active, version)');

CREATE TABLE api_key (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    account_id UUID NOT NULL,
    digest BYTEA NOT NULL,
    name TEXT NOT NULL,
    scopes TEXT[] NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    revoked_at TIMESTAMPTZ,
    kind TEXT NOT NULL,
    used_at TIMESTAMPTZ NOT NULL,
    ends_at TIMESTAMPTZ,
    networks TEXT[] NOT NULL,
    address TEXT,
    browser TEXT,
    CONSTRAINT pk_api_key PRIMARY KEY (id),
    CONSTRAINT uq_api_key_digest UNIQUE (digest),
    CONSTRAINT ck_api_key_kind CHECK (kind IN ('key', 'session', 'display', 'link'))
);
CREATE INDEX ix_api_key_account_id ON api_key (account_id);
CREATE INDEX ix_api_key_owner_state ON api_key (owner_state);
CALL salsa_protect_owned('api_key', 'SELECT, INSERT, UPDATE (revoked_at, used_at, ends_at)');

CREATE TABLE officer (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    number TEXT NOT NULL,
    CONSTRAINT pk_officer PRIMARY KEY (id),
    CONSTRAINT uq_officer_owner_state_number UNIQUE (owner_state, number)
);
CALL salsa_protect_owned('officer', 'SELECT, INSERT');

-- Anyone may read a public key, even before a state is known; only its state adds or ends it.
CREATE TABLE signing_key (
    kid TEXT NOT NULL,
    owner_state CHAR(3) NOT NULL,
    public_key BYTEA NOT NULL,
    valid_from TIMESTAMPTZ NOT NULL,
    retired_at TIMESTAMPTZ,
    compromised_at TIMESTAMPTZ,
    CONSTRAINT pk_signing_key PRIMARY KEY (kid),
    CONSTRAINT ck_signing_key_compromised CHECK (compromised_at IS NULL OR retired_at IS NOT NULL),
    CONSTRAINT ck_signing_key_public_key CHECK (octet_length(public_key) = 32)
);
CREATE UNIQUE INDEX uq_signing_key_owner_state ON signing_key (owner_state)
    WHERE retired_at IS NULL;
ALTER TABLE signing_key ENABLE ROW LEVEL SECURITY;
CREATE POLICY concerned_read ON signing_key FOR SELECT TO salsa_service USING (true);
CREATE POLICY owner_insert ON signing_key FOR INSERT TO salsa_service
    WITH CHECK (owner_state = current_setting('salsa.state', true)::char(3));
CREATE POLICY owner_update ON signing_key FOR UPDATE TO salsa_service
    USING (owner_state = current_setting('salsa.state', true)::char(3));
GRANT SELECT, INSERT, UPDATE (retired_at, compromised_at) ON signing_key TO salsa_service;

CREATE TABLE signing_secret (
    kid TEXT NOT NULL,
    owner_state CHAR(3) NOT NULL,
    sealed BYTEA NOT NULL,
    CONSTRAINT pk_signing_secret PRIMARY KEY (kid)
);
CALL salsa_protect_owned('signing_secret', 'SELECT, INSERT, DELETE');

CREATE TABLE audit_entry (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL, concerned CHAR(3)[] NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    action TEXT NOT NULL,
    subject_kind TEXT NOT NULL, subject_id TEXT NOT NULL,
    subject_state CHAR(3),
    account_id UUID,
    key_id UUID, officer_id UUID,
    role TEXT NOT NULL,
    purpose TEXT,
    case_number TEXT,
    request_id TEXT,
    data JSONB NOT NULL,
    salt BYTEA,
    leaf_hash BYTEA NOT NULL,
    agency TEXT,
    CONSTRAINT pk_audit_entry PRIMARY KEY (id)
);
CREATE INDEX ix_audit_entry_account_id_id ON audit_entry (account_id, id);
CREATE INDEX ix_audit_entry_at ON audit_entry USING brin (at);
CREATE INDEX ix_audit_entry_batch ON audit_entry USING gin ((data -> 'ids'))
    WHERE subject_kind = 'batch';
CREATE INDEX ix_audit_entry_concerned ON audit_entry USING gin (concerned);
CREATE INDEX ix_audit_entry_batches ON audit_entry (owner_state) WHERE subject_kind = 'batch';
CREATE INDEX ix_audit_entry_reported ON audit_entry (owner_state) WHERE action = 'trace:reported';
CREATE INDEX ix_audit_entry_shown ON audit_entry USING gin ((data -> 'records'))
    WHERE action IN ('record:matched', 'record:shown') AND data ? 'groups';
CREATE INDEX ix_audit_entry_subject_id ON audit_entry (subject_id);
CALL salsa_protect('audit_entry', 'SELECT, INSERT');
CALL salsa_append_only('audit_entry');
-- The time is a part of what the leaf seals, so the service gives it; an entry of another time than
-- now is refused. A demo tells of past days: its owner opens the clock, which the service cannot.
ALTER POLICY owner_insert ON audit_entry WITH CHECK (
    owner_state = current_setting('salsa.state', true)::char(3)
    AND at BETWEEN statement_timestamp() - interval '5 minutes'
        AND statement_timestamp() + interval '5 minutes');
CREATE PROCEDURE salsa_open_clock() LANGUAGE sql AS $$
    ALTER POLICY owner_insert ON audit_entry
        WITH CHECK (owner_state = current_setting('salsa.state', true)::char(3))
$$;

-- A leaf is written with its audit entry, and gets its place after the commit, so nobody waits for
-- anybody. What is hidden from its own state is sealed in the log of the state that it concerns.
CREATE TABLE log_new (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    state CHAR(3) NOT NULL,
    entry_id UUID NOT NULL,
    leaf BYTEA NOT NULL,
    CONSTRAINT pk_log_new PRIMARY KEY (id)
);
CREATE INDEX ix_log_new_state_id ON log_new (state, id);
ALTER TABLE log_new ENABLE ROW LEVEL SECURITY;
CREATE POLICY any_insert ON log_new FOR INSERT TO salsa_service WITH CHECK (true);
CREATE POLICY sealing ON log_new FOR ALL TO salsa_worker USING (true);
GRANT INSERT ON log_new TO salsa_service;
GRANT SELECT, DELETE ON log_new TO salsa_worker;

CREATE TABLE log_leaf (
    state CHAR(3) NOT NULL,
    position BIGINT NOT NULL,
    entry_id UUID NOT NULL,
    leaf BYTEA NOT NULL,
    CONSTRAINT pk_log_leaf PRIMARY KEY (state, position)
);
CREATE INDEX ix_log_leaf_entry_id ON log_leaf (entry_id);
-- The roots of whole subtrees of 256, 65,536 … leaves.
CREATE TABLE log_subtree (
    state CHAR(3) NOT NULL,
    level SMALLINT NOT NULL,
    number BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    CONSTRAINT pk_log_subtree PRIMARY KEY (state, level, number)
);
-- `peaks` are the roots of the largest whole subtrees of `size` leaves, from the left.
CREATE TABLE log_checkpoint (
    state CHAR(3) NOT NULL,
    size BIGINT NOT NULL,
    peaks BYTEA NOT NULL,
    note TEXT NOT NULL,
    CONSTRAINT pk_log_checkpoint PRIMARY KEY (state, size)
);
DO $$
DECLARE log_table text;
BEGIN
    FOREACH log_table IN ARRAY ARRAY['log_leaf', 'log_subtree', 'log_checkpoint'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', log_table);
        EXECUTE format('CREATE POLICY own_read ON %I FOR SELECT TO salsa_service '
            'USING (state = current_setting(''salsa.state'', true)::char(3))', log_table);
        EXECUTE format('CREATE POLICY own_insert ON %I FOR INSERT TO salsa_worker '
            'WITH CHECK (state = current_setting(''salsa.state'', true)::char(3))', log_table);
        EXECUTE format('GRANT SELECT ON %I TO salsa_service', log_table);
        EXECUTE format('GRANT INSERT ON %I TO salsa_worker', log_table);
    END LOOP;
END $$;

CREATE TABLE idempotency_key (
    digest BYTEA NOT NULL,
    owner_state CHAR(3) NOT NULL,
    request_digest BYTEA NOT NULL,
    status SMALLINT NOT NULL,
    sealed BYTEA NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT pk_idempotency_key PRIMARY KEY (digest)
);
CREATE INDEX ix_idempotency_key_created_at ON idempotency_key (created_at);
CALL salsa_protect_owned('idempotency_key', 'SELECT, INSERT, DELETE');

CREATE TABLE installation (
    kind TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    seed INTEGER,
    anchored_on DATE,
    is_complete BOOLEAN NOT NULL,
    CONSTRAINT pk_installation PRIMARY KEY (kind),
    CONSTRAINT ck_installation_kind CHECK (kind IN ('demo', 'real'))
);
GRANT SELECT, INSERT, UPDATE (is_complete) ON installation TO salsa_service;

-- The content lies apart and in pieces: no list and no withdrawal touches it, a driver holds one
-- piece at a time, and row-level security covers it, which large objects do not have.
CREATE TABLE attachment (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL, concerned CHAR(3)[] NOT NULL,
    version INTEGER NOT NULL,
    subject_kind TEXT NOT NULL, subject_id UUID NOT NULL,
    kind TEXT NOT NULL,
    title TEXT,
    handling TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size INTEGER NOT NULL,
    width INTEGER, height INTEGER,
    received_sha256 BYTEA NOT NULL,
    stored_sha256 BYTEA NOT NULL,
    added_at TIMESTAMPTZ NOT NULL,
    added_by_agency TEXT, added_by_officer UUID,
    withdrawn_at TIMESTAMPTZ, withdrawn_reason TEXT,
    CONSTRAINT pk_attachment PRIMARY KEY (id),
    CONSTRAINT ck_attachment_handling CHECK (handling IN ('H0', 'H1', 'H2', 'H3')),
    CONSTRAINT ck_attachment_stored_sha256 CHECK (octet_length(stored_sha256) = 32),
    CONSTRAINT ck_attachment_owner_only CHECK (
        handling IN ('H0', 'H1') OR concerned = ARRAY[owner_state]
    ),
    CONSTRAINT ck_attachment_kind CHECK (kind IN ('photograph', 'document', 'laboratory_report')),
    CONSTRAINT ck_attachment_received_sha256 CHECK (octet_length(received_sha256) = 32),
    CONSTRAINT ck_attachment_withdrawn CHECK ((withdrawn_at IS NULL) = (withdrawn_reason IS NULL))
);
CREATE INDEX ix_attachment_subject_id ON attachment (subject_id);
CALL salsa_protect('attachment',
    'SELECT, INSERT, UPDATE (version, title, withdrawn_at, withdrawn_reason)');

CREATE TABLE attachment_part (
    attachment_id UUID NOT NULL,
    position INTEGER NOT NULL,
    owner_state CHAR(3) NOT NULL, concerned CHAR(3)[] NOT NULL,
    content BYTEA NOT NULL,
    CONSTRAINT pk_attachment_part PRIMARY KEY (attachment_id, position)
);
ALTER TABLE attachment_part ALTER COLUMN content SET STORAGE EXTERNAL;
CALL salsa_protect('attachment_part', 'SELECT, INSERT');
CALL salsa_append_only('attachment_part');
