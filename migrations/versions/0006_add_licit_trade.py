"""Permits, shipments, checkpoints and receipts."""

from alembic import op

revision = "0006_add_licit_trade"
down_revision = "0005_add_records"

CREATE = """
CREATE TABLE permit (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    concerned CHAR(3)[] NOT NULL,
    version INTEGER NOT NULL,
    kind TEXT NOT NULL,
    number TEXT NOT NULL,
    document_kind TEXT NOT NULL,
    status TEXT NOT NULL,
    issued_on DATE NOT NULL,
    expires_on DATE NOT NULL,
    latest_import_on DATE,
    agency TEXT NOT NULL,
    signatory_id UUID NOT NULL,
    regime TEXT NOT NULL,
    exporting_state CHAR(3) NOT NULL,
    importing_state CHAR(3) NOT NULL,
    transit_states CHAR(3)[] NOT NULL,
    exporter_id UUID NOT NULL,
    importer_id UUID NOT NULL,
    final_consignee_id UUID NOT NULL,
    broker_id UUID,
    source TEXT,
    end_use TEXT,
    conditions TEXT,
    import_permit_number TEXT,
    export_permit_number TEXT,
    transit_permits JSONB NOT NULL,
    replaces TEXT,
    plan JSONB,
    carrier_id UUID,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_permit PRIMARY KEY (id),
    CONSTRAINT uq_permit_owner_state_kind_number UNIQUE (owner_state, kind, number),
    CONSTRAINT ck_permit_kind CHECK (kind IN ('import', 'in_transit', 'export')),
    CONSTRAINT ck_permit_status CHECK (status IN (
        'issued', 'suspended', 'cancelled', 'expired', 'exhausted', 'replaced', 'refused'
    )),
    CONSTRAINT ck_permit_document_kind CHECK (document_kind IN ('certificate', 'equivalent')),
    CONSTRAINT ck_permit_regime CHECK (regime IN ('permanent', 'temporary', 'return'))
);
CREATE INDEX ix_permit_importing_state_import_permit_number ON permit (importing_state, import_permit_number);
CREATE INDEX ix_permit_owner_state_id ON permit (owner_state, id);
CALL salsa_protect('permit', 'SELECT, INSERT, UPDATE');

CREATE TABLE permit_line (
    permit_id UUID NOT NULL,
    line INTEGER NOT NULL,
    owner_state CHAR(3) NOT NULL,
    concerned CHAR(3)[] NOT NULL,
    shipped NUMERIC(18, 3) NOT NULL,
    category TEXT NOT NULL,
    type TEXT,
    type_text TEXT,
    make TEXT,
    make_text TEXT,
    model TEXT,
    calibre TEXT,
    calibre_text TEXT,
    country_of_manufacture CHAR(3),
    year SMALLINT,
    origin_kind TEXT NOT NULL,
    serial TEXT,
    marking TEXT NOT NULL,
    importer_mark TEXT,
    part_kind TEXT,
    quantity NUMERIC(18, 3) NOT NULL,
    unit TEXT,
    lot TEXT,
    headstamp TEXT,
    hs_code TEXT,
    antique BOOLEAN NOT NULL,
    CONSTRAINT pk_permit_line PRIMARY KEY (permit_id, line),
    CONSTRAINT ck_permit_line_balance CHECK (shipped >= 0 AND shipped <= quantity),
    CONSTRAINT fk_permit_line_permit_id FOREIGN KEY(permit_id) REFERENCES permit (id)
);
CALL salsa_protect('permit_line', 'SELECT, INSERT, UPDATE');

CREATE TABLE shipment (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    concerned CHAR(3)[] NOT NULL,
    version INTEGER NOT NULL,
    permit_id UUID NOT NULL,
    permit_number TEXT NOT NULL,
    number TEXT NOT NULL,
    status TEXT NOT NULL,
    exporting_state CHAR(3) NOT NULL,
    importing_state CHAR(3) NOT NULL,
    ships_on DATE NOT NULL,
    mode TEXT NOT NULL,
    port_of_exit TEXT,
    port_of_entry TEXT,
    route TEXT[] NOT NULL,
    posts TEXT[] NOT NULL,
    expected JSONB NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE,
    carrier_id UUID,
    seals TEXT[] NOT NULL,
    document_kind TEXT,
    document_number TEXT,
    plates TEXT[] NOT NULL,
    container TEXT,
    item_count INTEGER NOT NULL,
    bulk JSONB NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_shipment PRIMARY KEY (id),
    CONSTRAINT uq_shipment_owner_state_number UNIQUE (owner_state, number),
    CONSTRAINT ck_shipment_status CHECK (status IN (
        'planned', 'released', 'in_transit', 'arrived', 'received', 'received_short',
        'received_over', 'overdue', 'held', 'returned', 'lost', 'cancelled'
    ))
);
CREATE INDEX ix_shipment_owner_state_id ON shipment (owner_state, id);
CREATE INDEX ix_shipment_permit_id ON shipment (permit_id);
CREATE INDEX ix_shipment_posts ON shipment USING gin (posts);
CALL salsa_protect('shipment', 'SELECT, INSERT, UPDATE');

CREATE TABLE checkpoint (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    concerned CHAR(3)[] NOT NULL,
    shipment_state CHAR(3) NOT NULL,
    shipment_id UUID NOT NULL,
    stage TEXT NOT NULL,
    post TEXT,
    occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
    outcome TEXT NOT NULL,
    quantity INTEGER,
    seals TEXT[] NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_checkpoint PRIMARY KEY (id),
    CONSTRAINT ck_checkpoint_stage CHECK (stage IN (
        'exit', 'transit_in', 'transit_out', 'entry'
    )),
    CONSTRAINT ck_checkpoint_outcome CHECK (outcome IN ('passed', 'held', 'refused'))
);
CREATE INDEX ix_checkpoint_shipment_id ON checkpoint (shipment_id);
CALL salsa_protect('checkpoint', 'SELECT, INSERT');
CALL salsa_append_only('checkpoint');

CREATE TABLE receipt (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    concerned CHAR(3)[] NOT NULL,
    shipment_state CHAR(3) NOT NULL,
    shipment_id UUID NOT NULL,
    received_on DATE NOT NULL,
    item_count INTEGER NOT NULL,
    missing JSONB NOT NULL,
    unexpected TEXT[] NOT NULL,
    bulk JSONB NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_receipt PRIMARY KEY (id),
    CONSTRAINT uq_receipt_shipment_id UNIQUE (shipment_id)
);
CALL salsa_protect('receipt', 'SELECT, INSERT');
CALL salsa_append_only('receipt');
"""

DROP = """
DROP TABLE receipt;
DROP TABLE checkpoint;
DROP TABLE shipment;
DROP TABLE permit_line;
DROP TABLE permit;
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)
