-- What became of seized guns: hand-overs, dispositions, established origins.

CREATE TABLE custody_entry (
    id UUID NOT NULL,
    version INTEGER NOT NULL,
    owner_state CHAR(3) NOT NULL, concerned CHAR(3)[] NOT NULL,
    seizure_id UUID NOT NULL,
    line INTEGER NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'standing',
    agency TEXT,
    officer_id UUID,
    transfer_id UUID,
    details JSONB NOT NULL,
    occurred_on DATE NOT NULL, occurred_within TEXT, occurred_at TIMESTAMPTZ, time_zone TEXT,
    recorded_at TIMESTAMPTZ NOT NULL, reason TEXT,
    CONSTRAINT pk_custody_entry PRIMARY KEY (id, version),
    CONSTRAINT ck_custody_entry_kind CHECK (kind IN ('handover', 'disposition', 'origin')),
    CONSTRAINT ck_custody_entry_status CHECK (status IN ('standing', 'withdrawn'))
);
CREATE INDEX ix_custody_entry_owner_state_seizure_id ON custody_entry (owner_state, seizure_id);
CALL salsa_protect('custody_entry', 'SELECT, INSERT');
CALL salsa_append_only('custody_entry');
