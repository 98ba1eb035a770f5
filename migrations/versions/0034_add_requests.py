"""Requests of the asked state, what was said of legs and requests, and what a leg remembers of it."""

from alembic import op

revision = "0034_add_requests"
down_revision = "0033_place_what_fits"

CREATE = """
CREATE TABLE trace_request (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    version INTEGER NOT NULL,
    asking_state CHAR(3) NOT NULL,
    leg_id UUID NOT NULL,
    trace_id UUID NOT NULL,
    status TEXT NOT NULL,
    is_automatic BOOLEAN NOT NULL,
    case_number TEXT NOT NULL,
    asked JSONB NOT NULL,
    priority TEXT NOT NULL,
    candidates JSONB NOT NULL,
    envelope_id UUID NOT NULL,
    question UUID,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    stopped_at TIMESTAMP WITH TIME ZONE,
    answered_at TIMESTAMP WITH TIME ZONE,
    assignee_id UUID,
    CONSTRAINT pk_trace_request PRIMARY KEY (id),
    CONSTRAINT uq_trace_request_owner_state_asking_state_leg_id
        UNIQUE (owner_state, asking_state, leg_id),
    CONSTRAINT ck_trace_request_status CHECK (status IN (
        'sent', 'acknowledged', 'clarification', 'answered', 'partial', 'no_record',
        'refused', 'deferred', 'forwarded', 'withdrawn'
    )),
    CONSTRAINT ck_trace_request_priority CHECK (priority IN (
        'flash', 'urgent', 'priority', 'routine'
    ))
);
CREATE INDEX ix_trace_request_owner_state_id ON trace_request (owner_state, id);
CREATE INDEX ix_trace_request_due ON trace_request (owner_state, status, due_at);
CALL salsa_keep_to_owner('trace_request', 'SELECT, INSERT, UPDATE');

CREATE TABLE trace_message (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id UUID NOT NULL,
    kind TEXT NOT NULL,
    sender CHAR(3) NOT NULL,
    by UUID,
    envelope_id UUID,
    data JSONB NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_trace_message PRIMARY KEY (id),
    CONSTRAINT ck_trace_message_subject_kind CHECK (subject_kind IN ('leg', 'request', 'trace'))
);
CREATE INDEX ix_trace_message_owner_state_subject_id_id
    ON trace_message (owner_state, subject_id, id);
CALL salsa_keep_to_owner('trace_message', 'SELECT, INSERT');
CALL salsa_append_only('trace_message');

ALTER TABLE trace ADD COLUMN likeness JSONB;
ALTER TABLE trace ADD COLUMN assignee_id UUID;
ALTER TABLE trace_leg ADD COLUMN is_automatic BOOLEAN NOT NULL DEFAULT true;
ALTER TABLE trace_leg ALTER COLUMN is_automatic DROP DEFAULT;
ALTER TABLE trace_leg ADD COLUMN reference TEXT;
ALTER TABLE trace_leg ADD COLUMN asked_in UUID;
ALTER TABLE trace_leg ADD COLUMN question UUID;
"""

DROP = """
ALTER TABLE trace_leg DROP COLUMN question;
ALTER TABLE trace_leg DROP COLUMN asked_in;
ALTER TABLE trace_leg DROP COLUMN reference;
ALTER TABLE trace_leg DROP COLUMN is_automatic;
ALTER TABLE trace DROP COLUMN assignee_id;
ALTER TABLE trace DROP COLUMN likeness;
DROP TABLE trace_message;
DROP TABLE trace_request;
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)
