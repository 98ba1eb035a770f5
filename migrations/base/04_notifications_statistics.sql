-- Notifications, and sums for figures.

CREATE TABLE notification (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL, concerned CHAR(3)[] NOT NULL,
    roles TEXT[] NOT NULL,
    code TEXT NOT NULL,
    subject_kind TEXT NOT NULL, subject_state CHAR(3) NOT NULL, subject_id UUID NOT NULL,
    number TEXT,
    data JSONB NOT NULL,
    raised_at TIMESTAMPTZ NOT NULL,
    account_id UUID,
    agencies TEXT[],
    CONSTRAINT pk_notification PRIMARY KEY (id)
);
CREATE INDEX ix_notification_owner_state_id ON notification (owner_state, id);
CREATE INDEX ix_notification_owner_state_raised_at ON notification (owner_state, raised_at);
CREATE INDEX ix_notification_subject ON notification
    (owner_state, COALESCE(data ->> 'record', subject_id::text), raised_at, id);
CALL salsa_protect('notification', 'SELECT, INSERT');
CALL salsa_append_only('notification');

CREATE TABLE notification_read (
    notification_id UUID NOT NULL,
    account_id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL, concerned CHAR(3)[] NOT NULL,
    read_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT pk_notification_read PRIMARY KEY (notification_id, account_id)
);
CALL salsa_protect('notification_read', 'SELECT, INSERT');
CALL salsa_append_only('notification_read');

-- A state reads its own sums, and those of trade with it; the secretariat those of yearly totals.
-- How many records of a state are described at all, everybody who searches reads.
CREATE TABLE rollup (
    dataset TEXT NOT NULL,
    state CHAR(3) NOT NULL,
    partner TEXT NOT NULL,
    subject TEXT NOT NULL,
    period DATE NOT NULL,
    dimension TEXT NOT NULL,
    value TEXT NOT NULL,
    amount BIGINT NOT NULL,
    CONSTRAINT pk_rollup PRIMARY KEY (dataset, state, dimension, period, subject, partner, value)
);
ALTER TABLE rollup ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner_read ON rollup FOR SELECT TO salsa_service USING (
    dataset IN ('coverage', 'described')
    OR state = current_setting('salsa.state', true)::char(3)
    OR dataset = 'licit_trade' AND partner = current_setting('salsa.state', true)
    OR dimension IN ('', 'established_by', 'exported_by', 'disposition') AND dataset <> 'flows'
        AND current_setting('salsa.state', true) = '---'
);
CREATE POLICY all_states ON rollup FOR ALL TO salsa_worker USING (true);
GRANT SELECT ON rollup TO salsa_service;
GRANT INSERT, UPDATE ON rollup TO salsa_worker;

-- The same by year.
CREATE TABLE yearly_rollup (LIKE rollup);
ALTER TABLE yearly_rollup ADD CONSTRAINT pk_yearly_rollup
    PRIMARY KEY (dataset, state, dimension, period, subject, partner, value);
ALTER TABLE yearly_rollup ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner_read ON yearly_rollup FOR SELECT TO salsa_service USING (
    state = current_setting('salsa.state', true)::char(3)
    OR dataset = 'licit_trade' AND partner = current_setting('salsa.state', true)
    OR dimension IN ('', 'established_by', 'exported_by', 'disposition') AND dataset <> 'flows'
        AND current_setting('salsa.state', true) = '---'
);
CREATE POLICY all_states ON yearly_rollup FOR ALL TO salsa_worker USING (true);
GRANT SELECT ON yearly_rollup TO salsa_service;
GRANT INSERT, UPDATE ON yearly_rollup TO salsa_worker;

-- What an object counts: what changes of it is the difference to them.
CREATE TABLE counted_object (
    owner_state CHAR(3) NOT NULL,
    object UUID NOT NULL,
    facts JSONB NOT NULL,
    CONSTRAINT pk_counted_object PRIMARY KEY (owner_state, object)
);
ALTER TABLE counted_object ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner_only ON counted_object FOR ALL TO salsa_worker
    USING (owner_state = current_setting('salsa.state', true)::char(3));
GRANT SELECT, INSERT, UPDATE ON counted_object TO salsa_worker;
