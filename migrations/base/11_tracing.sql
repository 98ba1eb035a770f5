-- Traces, their legs, the requests of the asked state, and messages.

CREATE TABLE trace (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL, concerned CHAR(3)[] NOT NULL,
    version INTEGER NOT NULL,
    status TEXT NOT NULL,
    case_number TEXT NOT NULL,
    seizure_id UUID,
    record_id UUID,
    firearm JSONB NOT NULL,
    found_on DATE NOT NULL, found_within TEXT,
    priority TEXT NOT NULL,
    priority_reason TEXT,
    legal_basis TEXT NOT NULL,
    illicit_reason TEXT NOT NULL,
    circumstances TEXT NOT NULL,
    intended_use TEXT NOT NULL,
    needed_by DATE,
    confidentiality_requested BOOLEAN NOT NULL,
    requested_by UUID,
    created_at TIMESTAMPTZ NOT NULL,
    sent_at TIMESTAMPTZ,
    coverage JSONB,
    likeness JSONB,
    assignee_id UUID,
    approval TEXT,
    approval_requested_at TIMESTAMPTZ,
    approved_at TIMESTAMPTZ, approved_by UUID,
    approval_snapshot JSONB,
    declined_snapshot JSONB,
    outcome TEXT, reached TEXT, days_to_crime INTEGER, sold_in CHAR(3), exported_by CHAR(3),
    etrace_data BYTEA,
    note TEXT, external_ids JSONB NOT NULL DEFAULT '[]',
    CONSTRAINT pk_trace PRIMARY KEY (id),
    CONSTRAINT ck_trace_approval CHECK (approval IN ('own', 'alone')),
    CONSTRAINT ck_trace_priority CHECK (priority IN ('flash', 'urgent', 'priority', 'routine')),
    CONSTRAINT ck_trace_status CHECK (status IN (
        'draft', 'approved', 'sent', 'in_progress', 'completed', 'withdrawn', 'closed'
    ))
);
CREATE INDEX ix_trace_owner_state_case_number ON trace (owner_state, case_number);
CREATE INDEX ix_trace_owner_state_id ON trace (owner_state, id);
CREATE INDEX ix_trace_owner_state_seizure_id ON trace (owner_state, seizure_id);
CREATE INDEX ix_trace_owner_state_status ON trace (owner_state, status);
CALL salsa_protect('trace', 'SELECT, INSERT, UPDATE');

CREATE TABLE trace_leg (
    trace_id UUID NOT NULL,
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL, concerned CHAR(3)[] NOT NULL,
    state CHAR(3) NOT NULL,
    channel TEXT NOT NULL,
    status TEXT NOT NULL,
    reasons JSONB NOT NULL,
    events JSONB NOT NULL,
    records_through DATE,
    asked_at TIMESTAMPTZ NOT NULL,
    answered_at TIMESTAMPTZ,
    is_automatic BOOLEAN NOT NULL,
    reference TEXT,
    request_envelope_id UUID,
    question_envelope_id UUID,
    failure_reason TEXT,
    is_form_pending BOOLEAN NOT NULL DEFAULT false,
    asked_on DATE, answered_on DATE,
    reply_class TEXT,
    attempts JSONB NOT NULL DEFAULT '[]',
    CONSTRAINT pk_trace_leg PRIMARY KEY (trace_id, id),
    CONSTRAINT uq_trace_leg_trace_id_state UNIQUE (trace_id, state),
    CONSTRAINT fk_trace_leg_trace_id FOREIGN KEY (trace_id) REFERENCES trace (id),
    CONSTRAINT ck_trace_leg_channel CHECK (channel IN (
        'service', 'etrace', 'iarms', 'diplomatic', 'mla', 'telephone', 'mail'
    )),
    CONSTRAINT ck_trace_leg_failure_reason CHECK (failure_reason IN (
        'too_old', 'records_lost', 'dealer_defunct'
    )),
    CONSTRAINT ck_trace_leg_status CHECK (status IN (
        'sent', 'acknowledged', 'clarification', 'answered', 'partial', 'no_record', 'refused',
        'deferred', 'forwarded', 'withdrawn', 'not_participating'
    ))
);
CREATE INDEX ix_trace_leg_id ON trace_leg (id);
CREATE INDEX ix_trace_leg_waiting ON trace_leg (owner_state, state, asked_at)
    WHERE status IN ('sent', 'acknowledged', 'clarification', 'deferred');
CALL salsa_protect('trace_leg', 'SELECT, INSERT, UPDATE');

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
    body JSONB NOT NULL,
    priority TEXT NOT NULL,
    candidates JSONB NOT NULL,
    envelope_id UUID NOT NULL,
    question_envelope_id UUID,
    received_at TIMESTAMPTZ NOT NULL,
    due_at TIMESTAMPTZ NOT NULL,
    stopped_at TIMESTAMPTZ,
    answered_at TIMESTAMPTZ,
    assignee_id UUID,
    clock_from TIMESTAMPTZ NOT NULL,
    reminded_percent SMALLINT NOT NULL,
    remind_at TIMESTAMPTZ,
    CONSTRAINT pk_trace_request PRIMARY KEY (id),
    CONSTRAINT uq_trace_request_owner_state_asking_state_leg_id
        UNIQUE (owner_state, asking_state, leg_id),
    CONSTRAINT ck_trace_request_priority CHECK (priority IN (
        'flash', 'urgent', 'priority', 'routine'
    )),
    CONSTRAINT ck_trace_request_reminded_percent CHECK (reminded_percent IN (0, 50, 80, 100, 200)),
    CONSTRAINT ck_trace_request_status CHECK (status IN (
        'sent', 'acknowledged', 'clarification', 'answered', 'partial', 'no_record', 'refused',
        'deferred', 'forwarded', 'withdrawn'
    ))
);
CREATE INDEX ix_trace_request_due ON trace_request (owner_state, status, due_at);
CREATE INDEX ix_trace_request_owner_state_case_number ON trace_request (owner_state, case_number);
CREATE INDEX ix_trace_request_owner_state_id ON trace_request (owner_state, id);
CREATE INDEX ix_trace_request_remind ON trace_request (owner_state, remind_at)
    WHERE status IN ('sent', 'acknowledged', 'deferred');
CALL salsa_protect_owned('trace_request', 'SELECT, INSERT, UPDATE');

CREATE TABLE trace_message (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    subject_kind TEXT NOT NULL, subject_id UUID NOT NULL,
    kind TEXT NOT NULL,
    sender CHAR(3) NOT NULL,
    account_id UUID,
    envelope_id UUID,
    data JSONB NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    CONSTRAINT pk_trace_message PRIMARY KEY (id),
    CONSTRAINT ck_trace_message_subject_kind CHECK (subject_kind IN ('leg', 'request', 'trace'))
);
CREATE INDEX ix_trace_message_owner_state_subject_id_id
    ON trace_message (owner_state, subject_id, id);
CALL salsa_protect_owned('trace_message', 'SELECT, INSERT');
CALL salsa_append_only('trace_message');
