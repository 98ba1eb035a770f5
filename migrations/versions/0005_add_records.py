"""Parties, records and marks; mark_key is what the matcher alone goes through."""

from alembic import op

revision = "0005_add_records"
down_revision = "0004_add_audit"

CREATE = """
CREATE TABLE party (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    concerned CHAR(3)[] NOT NULL,
    kind TEXT NOT NULL,
    country CHAR(3) NOT NULL,
    name TEXT,
    address TEXT,
    contact TEXT,
    identification TEXT,
    licence TEXT,
    erased_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_party PRIMARY KEY (id)
);
CALL salsa_protect('party', 'SELECT, INSERT, UPDATE');

CREATE TABLE record (
    id UUID NOT NULL,
    version INTEGER NOT NULL,
    owner_state CHAR(3) NOT NULL,
    concerned CHAR(3)[] NOT NULL,
    event TEXT NOT NULL,
    document_kind TEXT NOT NULL,
    document_id UUID NOT NULL,
    giver_id UUID,
    receiver_id UUID,
    counterpart_state CHAR(3),
    linked_state CHAR(3),
    linked_record UUID,
    import_id UUID,
    import_row INTEGER,
    occurred_on DATE NOT NULL,
    occurred_at TIMESTAMP WITH TIME ZONE,
    time_zone TEXT,
    line INTEGER NOT NULL,
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
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    reason TEXT,
    CONSTRAINT pk_record PRIMARY KEY (id, version),
    CONSTRAINT ck_record_category CHECK (category IN (
        'firearm', 'destructive_device', 'part', 'ammunition', 'explosive', 'other'
    )),
    CONSTRAINT ck_record_marking CHECK (marking IN (
        'intact', 'altered', 'obliterated', 'restored', 'unmarked', 'unknown'
    ))
);
CREATE INDEX ix_record_document_id ON record (document_id);
CREATE INDEX ix_record_linked_record ON record (linked_record);
CALL salsa_protect('record', 'SELECT, INSERT');

CREATE TABLE record_setting (
    record_id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    concerned CHAR(3)[] NOT NULL,
    visibility TEXT NOT NULL,
    handling TEXT NOT NULL,
    CONSTRAINT pk_record_setting PRIMARY KEY (record_id),
    CONSTRAINT ck_record_setting_visibility CHECK (visibility IN ('open', 'pointer', 'silent')),
    CONSTRAINT ck_record_setting_handling CHECK (handling IN ('H0', 'H1', 'H2', 'H3'))
);
CALL salsa_protect('record_setting', 'SELECT, INSERT, UPDATE');

CREATE TABLE mark (
    record_id UUID NOT NULL,
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    concerned CHAR(3)[] NOT NULL,
    record_version INTEGER NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    state CHAR(3),
    year SMALLINT,
    location TEXT,
    condition TEXT,
    method TEXT,
    CONSTRAINT pk_mark PRIMARY KEY (record_id, id)
);
CALL salsa_protect('mark', 'SELECT, INSERT');

CREATE TABLE mark_key (
    key BIGINT NOT NULL,
    mark_id UUID NOT NULL,
    record_id UUID NOT NULL,
    record_version INTEGER NOT NULL,
    state CHAR(3) NOT NULL,
    serial_norm TEXT NOT NULL,
    skeleton TEXT NOT NULL,
    event TEXT NOT NULL,
    occurred_on DATE NOT NULL,
    make TEXT,
    calibre TEXT,
    type TEXT,
    country CHAR(3),
    year SMALLINT,
    visibility TEXT NOT NULL,
    is_superseded BOOLEAN NOT NULL,
    CONSTRAINT pk_mark_key PRIMARY KEY (key, mark_id),
    CONSTRAINT ck_mark_key_visibility CHECK (visibility IN ('open', 'pointer', 'silent'))
);
CREATE INDEX ix_mark_key_record_id ON mark_key (record_id);

GRANT SELECT, INSERT, UPDATE (visibility, is_superseded) ON mark_key TO salsa_service;
"""

DROP = """
DROP TABLE mark_key;
DROP TABLE mark;
DROP TABLE record_setting;
DROP TABLE record;
DROP TABLE party;
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)
