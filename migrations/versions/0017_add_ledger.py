"""Standing of permits, the references between documents, what lapsed, events, discrepancies."""

from alembic import op

revision = "0017_add_ledger"
down_revision = "0016_add_notifications"

PERMITS = """
ALTER TABLE permit ADD COLUMN standing TEXT NOT NULL DEFAULT 'awaiting_counterpart',
    ADD COLUMN findings JSONB NOT NULL DEFAULT '[]',
    ADD COLUMN refusal TEXT,
    ADD CONSTRAINT ck_permit_standing CHECK (standing IN (
        'complete', 'awaiting_counterpart', 'mismatch', 'over_quantity'
    ));
ALTER TABLE permit ALTER COLUMN standing DROP DEFAULT, ALTER COLUMN findings DROP DEFAULT;
CREATE INDEX ix_permit_owner_state_kind_replaces ON permit (owner_state, kind, replaces);

ALTER TABLE permit_line ADD COLUMN lapsed NUMERIC(18, 3) NOT NULL DEFAULT 0,
    DROP CONSTRAINT ck_permit_line_balance,
    ADD CONSTRAINT ck_permit_line_balance
        CHECK (shipped >= 0 AND lapsed >= 0 AND shipped + lapsed <= quantity);
ALTER TABLE permit_line ALTER COLUMN lapsed DROP DEFAULT;

-- Counterparts are found from both sides by equality, which row-level security lets use an index.
CREATE TABLE permit_reference (
    permit_id UUID NOT NULL,
    state CHAR(3) NOT NULL,
    kind TEXT NOT NULL,
    number TEXT NOT NULL,
    owner_state CHAR(3) NOT NULL,
    concerned CHAR(3)[] NOT NULL,
    CONSTRAINT pk_permit_reference PRIMARY KEY (permit_id, state, kind, number),
    CONSTRAINT fk_permit_reference_permit_id FOREIGN KEY(permit_id) REFERENCES permit (id)
);
CREATE INDEX ix_permit_reference_state_kind_number ON permit_reference (state, kind, number);
CALL salsa_protect('permit_reference', 'SELECT, INSERT');

INSERT INTO permit_reference (permit_id, state, kind, number, owner_state, concerned)
SELECT id, importing_state, 'import', import_permit_number, owner_state, concerned
    FROM permit WHERE import_permit_number IS NOT NULL
UNION SELECT id, exporting_state, 'export', export_permit_number, owner_state, concerned
    FROM permit WHERE export_permit_number IS NOT NULL
UNION SELECT permit.id, named.state, 'in_transit', named.number, owner_state, concerned
    FROM permit, jsonb_to_recordset(transit_permits) AS named (state CHAR(3), number TEXT);
"""

EVENTS = """
CREATE TABLE event (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    concerned CHAR(3)[] NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_state CHAR(3) NOT NULL,
    subject_id UUID NOT NULL,
    kind TEXT NOT NULL,
    occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
    reason TEXT,
    data JSONB NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_event PRIMARY KEY (id),
    CONSTRAINT ck_event_subject_kind CHECK (subject_kind IN ('permit', 'shipment', 'discrepancy'))
);
CREATE INDEX ix_event_subject_id ON event (subject_id);
CALL salsa_protect('event', 'SELECT, INSERT');
CALL salsa_append_only('event');
"""

DISCREPANCIES = """
CREATE TABLE discrepancy (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    concerned CHAR(3)[] NOT NULL,
    version INTEGER NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id UUID NOT NULL,
    subject_number TEXT NOT NULL,
    status TEXT NOT NULL,
    data JSONB NOT NULL,
    raised_at TIMESTAMP WITH TIME ZONE NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_discrepancy PRIMARY KEY (id),
    CONSTRAINT uq_discrepancy_subject_id_kind_key UNIQUE (subject_id, kind, key),
    CONSTRAINT ck_discrepancy_subject_kind CHECK (subject_kind IN ('permit', 'shipment')),
    CONSTRAINT ck_discrepancy_kind CHECK (kind IN (
        'missing_counterpart', 'quantity_mismatch', 'over_quantity', 'short_receipt',
        'over_receipt', 'serial_mismatch', 'seal_mismatch', 'missing_checkpoint', 'overdue',
        'expired_in_transit', 'permit_cancelled_in_transit', 'party_not_authorised',
        'document_invalid', 'unauthorised_route'
    )),
    CONSTRAINT ck_discrepancy_status CHECK (status IN (
        'open', 'explained', 'agreed', 'resolved', 'reopened'
    ))
);
CREATE INDEX ix_discrepancy_concerned ON discrepancy USING gin (concerned);
CALL salsa_protect('discrepancy', 'SELECT, INSERT, UPDATE');

CREATE TABLE position (
    discrepancy_id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    concerned CHAR(3)[] NOT NULL,
    stance TEXT NOT NULL,
    explanation TEXT,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_position PRIMARY KEY (discrepancy_id, owner_state),
    CONSTRAINT ck_position_stance CHECK (stance IN ('open', 'explained', 'agreed')),
    CONSTRAINT fk_position_discrepancy_id FOREIGN KEY(discrepancy_id) REFERENCES discrepancy (id)
);
CALL salsa_protect('position', 'SELECT, INSERT, UPDATE');

CREATE TABLE assignment (
    discrepancy_id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    account_id UUID NOT NULL,
    assigned_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_assignment PRIMARY KEY (discrepancy_id, owner_state),
    CONSTRAINT fk_assignment_discrepancy_id FOREIGN KEY(discrepancy_id) REFERENCES discrepancy (id)
);
CREATE INDEX ix_assignment_account_id ON assignment (account_id);
CALL salsa_keep_to_owner('assignment', 'SELECT, INSERT, UPDATE');
"""

DROP = """
DROP TABLE assignment;
DROP TABLE position;
DROP TABLE discrepancy;
DROP TABLE event;
DROP TABLE permit_reference;
ALTER TABLE permit_line DROP CONSTRAINT ck_permit_line_balance, DROP COLUMN lapsed,
    ADD CONSTRAINT ck_permit_line_balance CHECK (shipped >= 0 AND shipped <= quantity);
DROP INDEX ix_permit_owner_state_kind_replaces;
ALTER TABLE permit DROP COLUMN refusal, DROP COLUMN findings, DROP COLUMN standing;
"""


def upgrade() -> None:
    for made in (PERMITS, EVENTS, DISCREPANCIES):
        op.execute(made)


def downgrade() -> None:
    op.execute(DROP)
