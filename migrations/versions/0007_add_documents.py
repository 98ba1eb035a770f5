"""Transfers, reports and seizures."""

from alembic import op

revision = "0007_add_documents"
down_revision = "0006_add_licit_trade"

CREATE = """
CREATE TABLE transfer (
    id UUID NOT NULL,
    version INTEGER NOT NULL,
    owner_state CHAR(3) NOT NULL,
    concerned CHAR(3)[] NOT NULL,
    kind TEXT NOT NULL,
    number TEXT,
    licence TEXT,
    giver_id UUID,
    receiver_id UUID,
    occurred_on DATE NOT NULL,
    occurred_at TIMESTAMP WITH TIME ZONE,
    time_zone TEXT,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    reason TEXT,
    CONSTRAINT pk_transfer PRIMARY KEY (id, version),
    CONSTRAINT uq_transfer_owner_state_number_version UNIQUE (owner_state, number, version),
    CONSTRAINT ck_transfer_kind CHECK (kind IN (
        'manufacture', 'registration', 'domestic_sale', 'private_sale', 'inheritance',
        'loan', 'state_issue', 'state_to_civilian', 'deactivation', 'destruction'
    ))
);
CREATE INDEX ix_transfer_owner_state_id ON transfer (owner_state, id);
CALL salsa_protect('transfer', 'SELECT, INSERT');
CALL salsa_append_only('transfer');

CREATE TABLE report (
    id UUID NOT NULL,
    version INTEGER NOT NULL,
    owner_state CHAR(3) NOT NULL,
    concerned CHAR(3)[] NOT NULL,
    kind TEXT NOT NULL,
    number TEXT NOT NULL,
    stolen_from TEXT,
    place JSONB,
    giver_id UUID,
    occurred_on DATE NOT NULL,
    occurred_at TIMESTAMP WITH TIME ZONE,
    time_zone TEXT,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    reason TEXT,
    CONSTRAINT pk_report PRIMARY KEY (id, version),
    CONSTRAINT uq_report_owner_state_number_version UNIQUE (owner_state, number, version),
    CONSTRAINT ck_report_kind CHECK (kind IN ('loss', 'theft', 'recovery', 'surrender'))
);
CREATE INDEX ix_report_owner_state_id ON report (owner_state, id);
CALL salsa_protect('report', 'SELECT, INSERT');
CALL salsa_append_only('report');

CREATE TABLE seizure (
    id UUID NOT NULL,
    version INTEGER NOT NULL,
    owner_state CHAR(3) NOT NULL,
    concerned CHAR(3)[] NOT NULL,
    number TEXT NOT NULL,
    kind TEXT NOT NULL,
    agency TEXT NOT NULL,
    post TEXT,
    country CHAR(3) NOT NULL,
    place_name TEXT,
    admin1 TEXT,
    latitude DOUBLE PRECISION,
    longitude DOUBLE PRECISION,
    precision DOUBLE PRECISION,
    legal_grounds TEXT[] NOT NULL,
    crime_context TEXT[] NOT NULL,
    details JSONB NOT NULL,
    occurred_on DATE NOT NULL,
    occurred_at TIMESTAMP WITH TIME ZONE,
    time_zone TEXT,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    reason TEXT,
    CONSTRAINT pk_seizure PRIMARY KEY (id, version),
    CONSTRAINT uq_seizure_owner_state_number_version UNIQUE (owner_state, number, version),
    CONSTRAINT ck_seizure_kind CHECK (kind IN ('seized', 'found', 'surrendered'))
);
CREATE INDEX ix_seizure_latitude_longitude ON seizure (latitude, longitude);
CREATE INDEX ix_seizure_owner_state_id ON seizure (owner_state, id);
CALL salsa_protect('seizure', 'SELECT, INSERT');
CALL salsa_append_only('seizure');
"""

DROP = """
DROP TABLE seizure;
DROP TABLE report;
DROP TABLE transfer;
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)
