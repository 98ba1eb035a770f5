-- Seizures, transfers and reports, and the numbers in use.

CREATE TABLE document_number (
    owner_state CHAR(3) NOT NULL,
    kind TEXT NOT NULL,
    number TEXT NOT NULL,
    id UUID NOT NULL,
    CONSTRAINT pk_document_number PRIMARY KEY (owner_state, kind, number),
    CONSTRAINT ck_document_number_kind CHECK (kind IN ('transfer', 'report', 'seizure'))
);
CALL salsa_protect_owned('document_number', 'SELECT, INSERT, DELETE');

-- `square` is a quarter of a degree: by square and day an index finds what lately happened near a
-- place, by coordinates it would find all that ever happened there.
CREATE TABLE seizure (
    id UUID NOT NULL,
    version INTEGER NOT NULL,
    owner_state CHAR(3) NOT NULL, concerned CHAR(3)[] NOT NULL,
    number TEXT NOT NULL,
    kind TEXT NOT NULL,
    agency TEXT NOT NULL,
    post TEXT,
    country CHAR(3) NOT NULL,
    place_name TEXT,
    admin1 TEXT,
    latitude DOUBLE PRECISION, longitude DOUBLE PRECISION, precision DOUBLE PRECISION,
    legal_grounds TEXT[] NOT NULL,
    crime_context TEXT[] NOT NULL,
    details JSONB NOT NULL DEFAULT '{}',
    status TEXT NOT NULL DEFAULT 'standing',
    occurred_on DATE NOT NULL, occurred_within TEXT, occurred_at TIMESTAMPTZ, time_zone TEXT,
    recorded_at TIMESTAMPTZ NOT NULL, reason TEXT,
    square INTEGER GENERATED ALWAYS AS (
        floor(latitude * 4)::INTEGER * 10000 + floor(longitude * 4)::INTEGER
    ) STORED,
    CONSTRAINT pk_seizure PRIMARY KEY (id, version),
    CONSTRAINT ck_seizure_kind CHECK (kind IN ('seized', 'found', 'surrendered')),
    CONSTRAINT ck_seizure_status CHECK (status IN ('standing', 'withdrawn'))
);
CREATE INDEX ix_seizure_concerned ON seizure USING gin (concerned);
-- Near a post by day: own seizures, and the few made together with others, which have an index of
-- their own. By place and day alone the planner would read all that ever concerned the state.
CREATE INDEX ix_seizure_joint_post ON seizure (post, occurred_on) WHERE cardinality(concerned) > 1;
CREATE INDEX ix_seizure_joint_square ON seizure (square, occurred_on)
    WHERE cardinality(concerned) > 1;
CREATE INDEX ix_seizure_number ON seizure (number);
CREATE INDEX ix_seizure_owner_post ON seizure (owner_state, post, occurred_on);
CREATE INDEX ix_seizure_owner_square ON seizure (owner_state, square, occurred_on);
CREATE INDEX ix_seizure_owner_state_id ON seizure (owner_state, id);
CREATE INDEX ix_seizure_owner_state_number ON seizure (owner_state, number);
CALL salsa_protect('seizure', 'SELECT, INSERT');
CALL salsa_append_only('seizure');

CREATE TABLE transfer (
    id UUID NOT NULL,
    version INTEGER NOT NULL,
    owner_state CHAR(3) NOT NULL, concerned CHAR(3)[] NOT NULL,
    kind TEXT NOT NULL,
    number TEXT,
    licence TEXT, details JSONB NOT NULL DEFAULT '{}',
    counterpart_state CHAR(3),
    based_on TEXT,
    status TEXT NOT NULL DEFAULT 'standing',
    giver_id UUID, receiver_id UUID,
    occurred_on DATE NOT NULL, occurred_within TEXT, occurred_at TIMESTAMPTZ, time_zone TEXT,
    recorded_at TIMESTAMPTZ NOT NULL, reason TEXT,
    CONSTRAINT pk_transfer PRIMARY KEY (id, version),
    CONSTRAINT ck_transfer_kind CHECK (kind IN (
        'manufacture', 'export', 'import', 'registration', 'domestic_sale', 'private_sale',
        'inheritance', 'loan', 'state_issue', 'state_to_civilian', 'deactivation', 'destruction'
    )),
    CONSTRAINT ck_transfer_status CHECK (status IN ('standing', 'withdrawn'))
);
CREATE INDEX ix_transfer_owner_state_id ON transfer (owner_state, id);
CREATE INDEX ix_transfer_owner_state_number ON transfer (owner_state, number);
CALL salsa_protect('transfer', 'SELECT, INSERT, UPDATE (licence)');

-- A licence leads to a person through the register that issued it. Erasing it is the only change
-- of a transfer, and its owner's.
CREATE TRIGGER append_only BEFORE DELETE ON transfer
    FOR EACH ROW EXECUTE FUNCTION salsa_refuse_change();
CREATE TRIGGER append_only_but_licence BEFORE UPDATE ON transfer
    FOR EACH ROW WHEN (OLD.licence IS NULL OR NEW.licence IS NOT NULL
        OR to_jsonb(NEW) - 'licence' <> to_jsonb(OLD) - 'licence')
    EXECUTE FUNCTION salsa_refuse_change();
CREATE TRIGGER append_only_whole BEFORE TRUNCATE ON transfer
    FOR EACH STATEMENT EXECUTE FUNCTION salsa_refuse_change();

CREATE TABLE report (
    id UUID NOT NULL,
    version INTEGER NOT NULL,
    owner_state CHAR(3) NOT NULL, concerned CHAR(3)[] NOT NULL,
    kind TEXT NOT NULL,
    details JSONB NOT NULL DEFAULT '{}',
    status TEXT NOT NULL DEFAULT 'standing',
    number TEXT NOT NULL,
    stolen_from TEXT,
    place JSONB,
    giver_id UUID,
    occurred_on DATE NOT NULL, occurred_within TEXT, occurred_at TIMESTAMPTZ, time_zone TEXT,
    recorded_at TIMESTAMPTZ NOT NULL, reason TEXT,
    CONSTRAINT pk_report PRIMARY KEY (id, version),
    CONSTRAINT ck_report_kind CHECK (kind IN ('loss', 'theft', 'recovery', 'surrender')),
    CONSTRAINT ck_report_status CHECK (status IN ('standing', 'withdrawn'))
);
CREATE INDEX ix_report_owner_state_id ON report (owner_state, id);
CREATE INDEX ix_report_owner_state_number ON report (owner_state, number);
CALL salsa_protect('report', 'SELECT, INSERT');
CALL salsa_append_only('report');
