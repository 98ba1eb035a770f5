"""Checks, traces and their legs."""

from alembic import op

revision = "0008_add_inquiries"
down_revision = "0007_add_documents"

CREATE = """
CREATE TABLE mark_check (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    concerned CHAR(3)[] NOT NULL,
    query JSONB NOT NULL,
    purpose TEXT NOT NULL,
    case_number TEXT,
    incident TEXT,
    verdict TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_mark_check PRIMARY KEY (id)
);
CALL salsa_protect('mark_check', 'SELECT, INSERT, UPDATE');

CREATE TABLE trace (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    concerned CHAR(3)[] NOT NULL,
    version INTEGER NOT NULL,
    status TEXT NOT NULL,
    case_number TEXT NOT NULL,
    seizure_id UUID,
    record_id UUID,
    firearm JSONB NOT NULL,
    found_on DATE NOT NULL,
    priority TEXT NOT NULL,
    priority_reason TEXT,
    legal_basis TEXT NOT NULL,
    illicit_reason TEXT NOT NULL,
    circumstances TEXT NOT NULL,
    intended_use TEXT NOT NULL,
    needed_by DATE,
    confidentiality_requested BOOLEAN NOT NULL,
    requested_by UUID,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    sent_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_trace PRIMARY KEY (id),
    CONSTRAINT ck_trace_status CHECK (status IN (
        'draft', 'approved', 'sent', 'in_progress', 'answered', 'withdrawn', 'closed'
    )),
    CONSTRAINT ck_trace_priority CHECK (priority IN ('flash', 'urgent', 'priority', 'routine'))
);
CREATE INDEX ix_trace_owner_state_id ON trace (owner_state, id);
CREATE INDEX ix_trace_owner_state_status ON trace (owner_state, status);
CALL salsa_protect('trace', 'SELECT, INSERT, UPDATE');

CREATE TABLE trace_leg (
    trace_id UUID NOT NULL,
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    concerned CHAR(3)[] NOT NULL,
    state CHAR(3) NOT NULL,
    channel TEXT NOT NULL,
    status TEXT NOT NULL,
    why JSONB NOT NULL,
    events JSONB NOT NULL,
    records_through DATE,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    answered_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_trace_leg PRIMARY KEY (trace_id, id),
    CONSTRAINT uq_trace_leg_trace_id_state UNIQUE (trace_id, state),
    CONSTRAINT fk_trace_leg_trace_id FOREIGN KEY(trace_id) REFERENCES trace (id),
    CONSTRAINT ck_trace_leg_status CHECK (status IN (
        'sent', 'acknowledged', 'clarification', 'answered', 'partial', 'no_record',
        'refused', 'deferred', 'forwarded', 'withdrawn'
    )),
    CONSTRAINT ck_trace_leg_channel CHECK (channel IN (
        'salsa', 'iarms', 'etrace', 'mla', 'post'
    ))
);
CALL salsa_protect('trace_leg', 'SELECT, INSERT, UPDATE');
"""

DROP = """
DROP TABLE trace_leg;
DROP TABLE trace;
DROP TABLE mark_check;
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)
