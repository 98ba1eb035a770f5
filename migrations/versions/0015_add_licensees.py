"""Licensees: who may make, deal, import, export, carry and broker in a state (CIFTA XIII)."""

from alembic import op

revision = "0015_add_licensees"
down_revision = "0014_add_settings"

CREATE = """
CREATE TABLE licensee (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    concerned CHAR(3)[] NOT NULL,
    version INTEGER NOT NULL,
    number TEXT NOT NULL,
    roles TEXT[] NOT NULL,
    party_id UUID NOT NULL,
    name_key BYTEA,
    valid_from DATE NOT NULL,
    valid_to DATE,
    status TEXT NOT NULL,
    status_on DATE NOT NULL,
    status_reason TEXT,
    inactive_since DATE,
    books_with TEXT,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_licensee PRIMARY KEY (id),
    CONSTRAINT uq_licensee_owner_state_number UNIQUE (owner_state, number),
    CONSTRAINT ck_licensee_roles CHECK (cardinality(roles) > 0 AND roles <@ ARRAY[
        'manufacturer', 'dealer', 'importer', 'exporter', 'carrier', 'broker'
    ]),
    CONSTRAINT ck_licensee_status CHECK (status IN ('active', 'suspended', 'revoked', 'defunct')),
    CONSTRAINT ck_licensee_inactive_since CHECK ((status = 'active') = (inactive_since IS NULL)),
    CONSTRAINT ck_licensee_books_with CHECK ((status = 'defunct') = (books_with IS NOT NULL))
);
CREATE INDEX ix_licensee_owner_state_id ON licensee (owner_state, id);
CREATE INDEX ix_licensee_owner_state_name_key ON licensee (owner_state, name_key);
CALL salsa_protect('licensee', 'SELECT, INSERT, UPDATE');
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute("DROP TABLE licensee")
