"""Keys by which states sign their papers: the public parts for all, the private ones sealed."""

from alembic import op

revision = "0018_add_signing_keys"
down_revision = "0017_add_ledger"

# Everybody may read a public key, before any state is known too; only its state adds or ends it.
CREATE = """
CREATE TABLE signing_key (
    kid TEXT NOT NULL,
    owner_state CHAR(3) NOT NULL,
    public_key BYTEA NOT NULL,
    valid_from TIMESTAMP WITH TIME ZONE NOT NULL,
    retired_at TIMESTAMP WITH TIME ZONE,
    compromised_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_signing_key PRIMARY KEY (kid),
    CONSTRAINT ck_signing_key_public_key CHECK (octet_length(public_key) = 32),
    CONSTRAINT ck_signing_key_compromised CHECK (compromised_at IS NULL OR retired_at IS NOT NULL)
);
CREATE UNIQUE INDEX uq_signing_key_owner_state ON signing_key (owner_state)
    WHERE retired_at IS NULL;
ALTER TABLE signing_key ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON signing_key FOR SELECT TO salsa_service USING (true);
CREATE POLICY written ON signing_key FOR INSERT TO salsa_service
    WITH CHECK (owner_state = current_setting('salsa.state', true)::char(3));
CREATE POLICY changed ON signing_key FOR UPDATE TO salsa_service
    USING (owner_state = current_setting('salsa.state', true)::char(3));
GRANT SELECT, INSERT, UPDATE (retired_at, compromised_at) ON signing_key TO salsa_service;

CREATE TABLE signing_secret (
    kid TEXT NOT NULL,
    owner_state CHAR(3) NOT NULL,
    sealed BYTEA NOT NULL,
    CONSTRAINT pk_signing_secret PRIMARY KEY (kid)
);
CALL salsa_keep_to_owner('signing_secret', 'SELECT, INSERT, DELETE');
"""

DROP = """
DROP TABLE signing_secret;
DROP TABLE signing_key;
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)
