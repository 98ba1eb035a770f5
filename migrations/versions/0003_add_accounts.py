"""Accounts, keys and officers' numbers."""

from alembic import op

revision = "0003_add_accounts"
down_revision = "0002_add_reference_data"

CREATE = """
CREATE TABLE account (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    agency TEXT NOT NULL,
    role TEXT NOT NULL,
    username TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    is_active BOOLEAN NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_account PRIMARY KEY (id),
    CONSTRAINT uq_account_username UNIQUE (username),
    CONSTRAINT ck_account_role CHECK (role IN (
        'licensing_officer', 'police_officer', 'forensic_examiner', 'trace_analyst',
        'border_officer', 'supervisor', 'state_administrator', 'auditor', 'secretariat'
    ))
);

CALL salsa_keep_to_owner('account', 'SELECT, INSERT, UPDATE');

CREATE TABLE api_key (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    account_id UUID NOT NULL,
    digest BYTEA NOT NULL,
    name TEXT NOT NULL,
    scopes TEXT[] NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    revoked_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_api_key PRIMARY KEY (id),
    CONSTRAINT uq_api_key_digest UNIQUE (digest)
);
CREATE INDEX ix_api_key_account_id ON api_key (account_id);
CREATE INDEX ix_api_key_owner_state ON api_key (owner_state);

CALL salsa_keep_to_owner('api_key', 'SELECT, INSERT, UPDATE');

CREATE TABLE officer (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    number TEXT NOT NULL,
    CONSTRAINT pk_officer PRIMARY KEY (id),
    CONSTRAINT uq_officer_owner_state_number UNIQUE (owner_state, number)
);

CALL salsa_keep_to_owner('officer', 'SELECT, INSERT');

-- Before anybody is known there is no state to see rows by: these two look up exactly one row.
CREATE FUNCTION salsa_key(wanted bytea)
RETURNS TABLE (key_id uuid, scopes text[], expires_at timestamptz, account_id uuid,
               owner_state char(3), agency text, role text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT k.id, k.scopes, k.expires_at, a.id, a.owner_state, a.agency, a.role
    FROM api_key k JOIN account a ON a.id = k.account_id
    WHERE k.digest = wanted AND k.revoked_at IS NULL AND a.is_active
$$;

CREATE FUNCTION salsa_account(wanted text)
RETURNS TABLE (account_id uuid, owner_state char(3), agency text, role text, password_hash text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT id, a.owner_state, a.agency, a.role, a.password_hash FROM account a
    WHERE username = wanted AND is_active
$$;

REVOKE ALL ON FUNCTION salsa_key(bytea), salsa_account(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION salsa_key(bytea), salsa_account(text) TO salsa_service;
"""

DROP = """
DROP TABLE officer;
DROP TABLE api_key;
DROP TABLE account;
DROP FUNCTION salsa_key(bytea);
DROP FUNCTION salsa_account(text);
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)
