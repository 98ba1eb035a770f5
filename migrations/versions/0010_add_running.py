"""What running the service needs: answers given, imports, and what this installation is."""

from alembic import op

revision = "0010_add_running"
down_revision = "0009_add_rollups"

CREATE = """
CREATE TABLE idempotency_key (
    digest BYTEA NOT NULL,
    owner_state CHAR(3) NOT NULL,
    request_digest BYTEA NOT NULL,
    status SMALLINT NOT NULL,
    sealed BYTEA NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_idempotency_key PRIMARY KEY (digest)
);
CREATE INDEX ix_idempotency_key_created_at ON idempotency_key (created_at);

CALL salsa_keep_to_owner('idempotency_key', 'SELECT, INSERT, DELETE');

CREATE TABLE import_run (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    concerned CHAR(3)[] NOT NULL,
    source TEXT NOT NULL,
    file_name TEXT NOT NULL,
    file_digest BYTEA NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    rows_read INTEGER NOT NULL,
    rows_taken INTEGER NOT NULL,
    rejects JSONB NOT NULL,
    CONSTRAINT pk_import_run PRIMARY KEY (id)
);
CALL salsa_protect('import_run', 'SELECT, INSERT');

CREATE TABLE installation (
    kind TEXT NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    seed INTEGER,
    anchored_on DATE,
    is_complete BOOLEAN NOT NULL,
    CONSTRAINT pk_installation PRIMARY KEY (kind),
    CONSTRAINT ck_installation_kind CHECK (kind IN ('demo', 'real'))
);
GRANT SELECT, INSERT, UPDATE ON installation TO salsa_service;

-- The service may know at which revision the schema is, and not write it.
CREATE FUNCTION salsa_revision() RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$ SELECT version_num FROM alembic_version $$;
GRANT EXECUTE ON FUNCTION salsa_revision() TO salsa_service;
"""

DROP = """
DROP FUNCTION salsa_revision();
DROP TABLE installation;
DROP TABLE import_run;
DROP TABLE idempotency_key;
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)
