-- Signing in: attempts that failed, first passwords, and sessions that are idle.

-- Nobody is known yet when a row is written: the key is a digest of an address, with or without a
-- user name. Rows are forgotten after a day.
CREATE TABLE sign_in_attempt (
    key BYTEA NOT NULL,
    count INTEGER NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    until TIMESTAMPTZ NOT NULL,
    CONSTRAINT pk_sign_in_attempt PRIMARY KEY (key)
);
CREATE INDEX ix_sign_in_attempt_at ON sign_in_attempt (at);
GRANT SELECT, INSERT, UPDATE, DELETE ON sign_in_attempt TO salsa_service;

-- `second_hash` is of the part of a first password that another person has; `opened_by` is who opened
-- an account that a second person has to confirm.
ALTER TABLE account ADD COLUMN password_given_at TIMESTAMPTZ;
ALTER TABLE account ADD COLUMN second_hash TEXT;
ALTER TABLE account ADD COLUMN opened_by UUID;
ALTER TABLE account ADD COLUMN recovery_by UUID;
ALTER TABLE account ADD COLUMN recovery_hash TEXT;
ALTER TABLE account ADD COLUMN language TEXT;
ALTER TABLE account ADD COLUMN time_zone TEXT;
-- Kinds of notifications that the person does not want.
ALTER TABLE account ADD COLUMN muted_kinds TEXT[] NOT NULL DEFAULT '{}';
ALTER TABLE account ADD COLUMN subject TEXT;
ALTER TABLE account ADD CONSTRAINT uq_account_subject UNIQUE (subject);
GRANT UPDATE (password_given_at, second_hash, opened_by, recovery_by, recovery_hash, language,
    time_zone, muted_kinds) ON account TO salsa_service;

-- A directory names the role at each sign-in; the role of no other account changes.
CREATE FUNCTION salsa_set_directory_role(account_id uuid, new_role text, new_agency text)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE account SET role = new_role, agency = new_agency
    WHERE id = account_id AND subject IS NOT NULL
    AND owner_state = current_setting('salsa.state', true)
$$;
GRANT EXECUTE ON FUNCTION salsa_set_directory_role TO salsa_service;

CREATE TABLE second_factor (
    account_id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    sealed BYTEA NOT NULL,
    last_step BIGINT NOT NULL,
    CONSTRAINT pk_second_factor PRIMARY KEY (account_id)
);
CALL salsa_protect_owned('second_factor', 'SELECT, INSERT, DELETE, UPDATE (last_step)');

CREATE TABLE passkey (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    account_id UUID NOT NULL,
    credential_id BYTEA NOT NULL,
    public_key BYTEA NOT NULL,
    sign_count BIGINT NOT NULL,
    name TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ,
    CONSTRAINT pk_passkey PRIMARY KEY (id),
    CONSTRAINT uq_passkey_credential_id UNIQUE (credential_id)
);
CREATE INDEX ix_passkey_account_id ON passkey (account_id);
CALL salsa_protect_owned('passkey', 'SELECT, INSERT, DELETE, UPDATE (sign_count, used_at)');

-- Of no state: 56 random and signed bytes, forgotten after minutes.
CREATE TABLE used_challenge (
    challenge BYTEA NOT NULL,
    until TIMESTAMPTZ NOT NULL,
    CONSTRAINT pk_used_challenge PRIMARY KEY (challenge)
);
GRANT SELECT, INSERT, DELETE ON used_challenge TO salsa_service;

-- Before anybody is known there is no state to see rows by: these look up exactly one row.
CREATE FUNCTION salsa_api_key(token_digest bytea)
RETURNS TABLE (key_id uuid, scopes text[], expires_at timestamptz, account_id uuid,
               owner_state char(3), agency text, role text, kind text, used_at timestamptz,
               networks text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT k.id, k.scopes, least(k.expires_at, k.ends_at), a.id, a.owner_state, a.agency, a.role,
        k.kind, k.used_at, k.networks
    FROM api_key k JOIN account a ON a.id = k.account_id
    WHERE k.digest = token_digest AND k.revoked_at IS NULL AND a.is_active
$$;
CREATE FUNCTION salsa_account(login text)
RETURNS TABLE (account_id uuid, owner_state char(3), agency text, role text, password_hash text,
               second_hash text, password_given_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT id, a.owner_state, a.agency, a.role, a.password_hash, a.second_hash, a.password_given_at
    FROM account a WHERE username = login AND is_active
$$;
CREATE FUNCTION salsa_passkey(credential bytea)
RETURNS TABLE (passkey_id uuid, account_id uuid, owner_state char(3), agency text, role text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT p.id, a.id, a.owner_state, a.agency, a.role
    FROM passkey p JOIN account a ON a.id = p.account_id
    WHERE p.credential_id = credential AND a.is_active
$$;
GRANT EXECUTE ON FUNCTION salsa_api_key, salsa_account, salsa_passkey TO salsa_service;
