-- Requests of persons about their data, and legal holds.

CREATE TABLE subject_request (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    version INTEGER NOT NULL,
    kind TEXT NOT NULL,
    person BYTEA NOT NULL,
    received_on DATE NOT NULL, due_on DATE NOT NULL,
    status TEXT NOT NULL,
    answer TEXT,
    decided_by UUID, decided_at TIMESTAMPTZ,
    CONSTRAINT pk_subject_request PRIMARY KEY (id),
    CONSTRAINT ck_subject_request_kind CHECK (
        kind IN ('access', 'rectification', 'erasure', 'objection')
    ),
    CONSTRAINT ck_subject_request_status CHECK (status IN ('open', 'answered', 'refused'))
);
CREATE INDEX ix_subject_request_owner_state_due_on ON subject_request (owner_state, due_on);
CALL salsa_protect_owned('subject_request',
    'SELECT, INSERT, UPDATE (version, status, answer, decided_by, decided_at)');

CREATE TABLE legal_hold (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    version INTEGER NOT NULL,
    document_kind TEXT NOT NULL, document_id UUID NOT NULL,
    reason TEXT NOT NULL,
    placed_at TIMESTAMPTZ NOT NULL,
    lifted_at TIMESTAMPTZ,
    CONSTRAINT pk_legal_hold PRIMARY KEY (id)
);
CREATE INDEX ix_legal_hold_owner_state_document_id ON legal_hold (owner_state, document_id);
CALL salsa_protect_owned('legal_hold', 'SELECT, INSERT, UPDATE (version, lifted_at)');
