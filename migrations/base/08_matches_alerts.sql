-- Matches, alerts, hits and checks.

-- One row for each state that may know of a pair, visible to that state alone. `other_pseudonym` stands for
-- the other record, so that a pair is recognised where the state may not have the record's id.
CREATE TABLE match (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    version INTEGER NOT NULL,
    record_id UUID NOT NULL,
    record_version INTEGER,
    other_state CHAR(3) NOT NULL,
    other_record UUID,
    other_pseudonym UUID NOT NULL,
    other_version INTEGER,
    record_mark TEXT,
    other_mark TEXT,
    score DOUBLE PRECISION NOT NULL,
    strength TEXT NOT NULL,
    reasons JSONB NOT NULL,
    worth SMALLINT NOT NULL,
    status TEXT NOT NULL,
    is_current BOOLEAN NOT NULL,
    is_sure BOOLEAN NOT NULL GENERATED ALWAYS AS (
        strength = 'strong' AND status = 'proposed' AND is_current AND other_record IS NOT NULL
        AND reasons @> '[{"code": "serial_same"}, {"code": "make_same"}, {"code": "type_same"}]'
        AND NOT reasons @? '$[*] ? (@.bits < 0)' AND worth < 1  -- no contradiction
    ) STORED,
    is_hidden BOOLEAN NOT NULL,
    decided_by UUID,
    decided_agency TEXT, decided_officer UUID,
    decided_at TIMESTAMPTZ,
    reason_code TEXT, reason TEXT,
    proposed_at TIMESTAMPTZ NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT pk_match PRIMARY KEY (id),
    CONSTRAINT uq_match_owner_state_record_id_other_pseudonym UNIQUE (owner_state, record_id, other_pseudonym),
    CONSTRAINT ck_match_status CHECK (status IN ('proposed', 'confirmed', 'rejected')),
    CONSTRAINT ck_match_reason_code CHECK (reason_code IN (
        'other_gun', 'neighbour', 'common_mark', 'misread', 'other'
    )),
    CONSTRAINT ck_match_strength CHECK (strength IN ('strong', 'moderate'))
);
CREATE INDEX ix_match_gone ON match (owner_state, strength, worth, id) WHERE NOT is_current;
CREATE INDEX ix_match_judged ON match (owner_state, strength, worth, id) WHERE status <> 'proposed';
CREATE INDEX ix_match_other_pseudonym ON match (other_pseudonym);
CREATE INDEX ix_match_owner_state_other_record ON match (owner_state, other_record);
CREATE INDEX ix_match_owner_state_strength_worth_id ON match (owner_state, strength, worth, id);
CALL salsa_protect_owned('match', 'SELECT, INSERT, UPDATE, DELETE');
-- Matches with a record that its owner made silent are hidden from the state that owns the row.
ALTER POLICY owner_only ON match
    USING (owner_state = current_setting('salsa.state', true)::char(3) AND NOT is_hidden);

-- The owner of the other record hides and shows the row by its key, and never reads it.
CREATE FUNCTION salsa_hide_matches(keys uuid[], hidden boolean) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE match SET is_hidden = hidden WHERE other_pseudonym = ANY(keys) AND is_hidden <> hidden
    AND owner_state <> current_setting('salsa.state', true)::char(3)
$$;
-- The job of a correction asks whose rows name the corrected records.
CREATE FUNCTION salsa_match_partners(keys uuid[])
RETURNS TABLE (owner_state char(3), record_id uuid, other_pseudonym uuid, is_current boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT m.owner_state, m.record_id, m.other_pseudonym, m.is_current FROM match AS m
    WHERE m.other_pseudonym = ANY(keys)
$$;
GRANT EXECUTE ON FUNCTION salsa_hide_matches TO salsa_service;
GRANT EXECUTE ON FUNCTION salsa_match_partners TO salsa_worker;

CREATE TABLE alert (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL, concerned CHAR(3)[] NOT NULL,
    version INTEGER NOT NULL,
    record_id UUID NOT NULL,
    source_record_id UUID,
    action TEXT NOT NULL,
    priority TEXT NOT NULL,
    reason TEXT NOT NULL,
    reason_text TEXT,
    case_number TEXT NOT NULL,
    visible_to CHAR(3)[],
    expires_on DATE NOT NULL,
    status TEXT NOT NULL,
    second_check TEXT NOT NULL,
    entered_by UUID, entered_at TIMESTAMPTZ NOT NULL,
    verified_by UUID, verified_at TIMESTAMPTZ,
    validate_on DATE NOT NULL,
    ended_at TIMESTAMPTZ, end_reason TEXT,
    CONSTRAINT pk_alert PRIMARY KEY (id),
    CONSTRAINT ck_alert_action CHECK (action IN (
        'seize', 'hold_and_call', 'inform_only', 'let_pass_and_inform'
    )),
    CONSTRAINT ck_alert_priority CHECK (priority IN ('urgent', 'routine')),
    CONSTRAINT ck_alert_second_check CHECK (second_check IN ('not_needed', 'waiting', 'done')),
    CONSTRAINT ck_alert_status CHECK (status IN ('active', 'expired', 'cancelled'))
);
CREATE INDEX ix_alert_expiring ON alert (owner_state, expires_on) WHERE status = 'active';
CREATE INDEX ix_alert_source_record_id ON alert (source_record_id) WHERE source_record_id IS NOT NULL;
CREATE INDEX ix_alert_owner_state_case_number ON alert (owner_state, case_number);
CREATE INDEX ix_alert_owner_state_id ON alert (owner_state, id);
CREATE INDEX ix_alert_record_id ON alert (record_id);
CREATE INDEX ix_alert_unchecked ON alert (owner_state, id) WHERE second_check = 'waiting';
CREATE INDEX ix_alert_validating ON alert (owner_state, validate_on) WHERE status = 'active';
CALL salsa_protect('alert', 'SELECT, INSERT, UPDATE');

-- One row for the state of the alert and, unless the alert lets the gun pass, one of the same id for
-- the state that found it: each may live in an installation of its own. `serial_read` is the mark by
-- which the record was found, `cause_version` the version of the record compared last.
CREATE TABLE hit (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    version INTEGER NOT NULL,
    alert_id UUID NOT NULL, alert_state CHAR(3) NOT NULL,
    finding_state CHAR(3) NOT NULL,
    agency TEXT,
    action TEXT NOT NULL,
    priority TEXT NOT NULL,
    cause_kind TEXT NOT NULL, cause_id UUID, cause_key UUID NOT NULL,
    strength TEXT NOT NULL,
    score DOUBLE PRECISION NOT NULL,
    status TEXT NOT NULL,
    found_at TIMESTAMPTZ NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    due_at TIMESTAMPTZ NOT NULL,
    reminded_at TIMESTAMPTZ,
    answered_at TIMESTAMPTZ, answered_by UUID,
    note TEXT,
    changed_at TIMESTAMPTZ NOT NULL,
    serial_read TEXT,
    cause_version INTEGER NOT NULL DEFAULT 1,
    cause_status TEXT NOT NULL DEFAULT 'standing',
    cause_changed_at TIMESTAMPTZ,
    CONSTRAINT pk_hit PRIMARY KEY (id, owner_state),
    CONSTRAINT uq_hit_owner_state_alert_id_cause_key UNIQUE (owner_state, alert_id, cause_key),
    CONSTRAINT ck_hit_cause_status CHECK (cause_status IN (
        'standing', 'corrected', 'corrected_away', 'withdrawn'
    )),
    CONSTRAINT ck_hit_status CHECK (status IN (
        'open', 'confirmed', 'denied', 'extended', 'expired', 'ended'
    )),
    CONSTRAINT ck_hit_strength CHECK (strength IN ('strong', 'moderate'))
);
CREATE INDEX ix_hit_alert_id ON hit (alert_id);
CREATE INDEX ix_hit_cause_id ON hit (cause_id);
CREATE INDEX ix_hit_cause_key ON hit (cause_key);
CREATE INDEX ix_hit_owner_state_id ON hit (owner_state, id);
CREATE INDEX ix_hit_owner_state_created_at ON hit (owner_state, created_at);
CREATE INDEX ix_hit_waiting ON hit (owner_state, due_at) WHERE status IN ('open', 'extended');
CALL salsa_protect_owned('hit', 'SELECT, INSERT, UPDATE');

-- An alert that is not shown leaves no row where the record was found: the worker of that state asks
-- whose it is.
CREATE FUNCTION salsa_hit_alert_states(keys uuid[]) RETURNS TABLE (alert_state char(3))
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT DISTINCT h.alert_state FROM hit AS h
    WHERE h.cause_key = ANY(keys) AND h.finding_state = current_setting('salsa.state', true)
$$;
GRANT EXECUTE ON FUNCTION salsa_hit_alert_states TO salsa_worker;

CREATE TABLE serial_check (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL, concerned CHAR(3)[] NOT NULL,
    query JSONB NOT NULL,
    mark TEXT,
    purpose TEXT NOT NULL,
    case_number TEXT,
    incident TEXT,
    verdict TEXT NOT NULL,
    checked_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT pk_serial_check PRIMARY KEY (id)
);
CREATE INDEX ix_serial_check_owner_state_case_number ON serial_check (owner_state, case_number);
CREATE INDEX ix_serial_check_owner_state_mark ON serial_check (owner_state, mark);
CALL salsa_protect('serial_check', 'SELECT, INSERT, UPDATE');
