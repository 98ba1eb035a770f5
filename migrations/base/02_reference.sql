-- Reference data: states, posts, agencies, settings of states, and what guns are called.

-- Loaded from the files of the service; a new version replaces them.
CREATE TABLE state (
    code CHAR(3) NOT NULL,
    alpha2 CHAR(2),
    valid_from DATE, valid_to DATE,
    successors TEXT[] NOT NULL,
    is_oas_member BOOLEAN NOT NULL,
    is_cifta_party BOOLEAN NOT NULL,
    is_cifta_signatory_only BOOLEAN NOT NULL,
    is_participant BOOLEAN NOT NULL,
    CONSTRAINT pk_state PRIMARY KEY (code)
);
GRANT SELECT ON state TO salsa_service;

CREATE TABLE label (
    kind TEXT NOT NULL,
    code TEXT NOT NULL,
    language TEXT NOT NULL,
    text TEXT NOT NULL,
    CONSTRAINT pk_label PRIMARY KEY (kind, code, language)
);
GRANT SELECT ON label TO salsa_service;

CREATE TABLE alias (
    kind TEXT NOT NULL,
    folded TEXT NOT NULL,
    code TEXT NOT NULL,
    confidence REAL NOT NULL,
    CONSTRAINT pk_alias PRIMARY KEY (kind, folded, code)
);
GRANT SELECT ON alias TO salsa_service;

CREATE TABLE post (
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    latitude DOUBLE PRECISION NOT NULL, longitude DOUBLE PRECISION NOT NULL,
    radius_km INTEGER NOT NULL,
    state_a CHAR(3) NOT NULL, place_a TEXT NOT NULL, zone_a TEXT NOT NULL,
    state_b CHAR(3), place_b TEXT, zone_b TEXT,
    CONSTRAINT pk_post PRIMARY KEY (code)
);
GRANT SELECT ON post TO salsa_service;

CREATE TABLE make (
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    country CHAR(3) NOT NULL,
    parent TEXT,
    kind TEXT NOT NULL,
    CONSTRAINT pk_make PRIMARY KEY (code)
);
GRANT SELECT ON make TO salsa_service;

CREATE TABLE calibre (
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    family TEXT NOT NULL,
    kind TEXT NOT NULL,
    related TEXT,
    CONSTRAINT pk_calibre PRIMARY KEY (code)
);
GRANT SELECT ON calibre TO salsa_service;

CREATE TABLE firearm_type (
    code TEXT NOT NULL,
    category TEXT NOT NULL,
    hs TEXT,
    iafq TEXT NOT NULL,
    ncic TEXT,
    CONSTRAINT pk_firearm_type PRIMARY KEY (code)
);
GRANT SELECT ON firearm_type TO salsa_service;

CREATE TABLE offence (
    code TEXT NOT NULL,
    kind TEXT NOT NULL,
    iccs TEXT,
    CONSTRAINT pk_offence PRIMARY KEY (code, kind)
);
GRANT SELECT ON offence TO salsa_service;

-- Agencies without a state are those of the region; the secretariat writes them as '---'.
CREATE TABLE agency (
    id UUID NOT NULL,
    code TEXT NOT NULL,
    owner_state CHAR(3),
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    posts TEXT[] NOT NULL DEFAULT '{}',
    CONSTRAINT pk_agency PRIMARY KEY (id),
    CONSTRAINT uq_agency_code UNIQUE (code)
);
ALTER TABLE agency ENABLE ROW LEVEL SECURITY;
CREATE POLICY concerned_read ON agency FOR SELECT TO salsa_service USING (true);
CREATE POLICY owner_insert ON agency FOR INSERT TO salsa_service
    WITH CHECK (coalesce(owner_state, '---') = current_setting('salsa.state', true)::char(3));
CREATE POLICY owner_update ON agency FOR UPDATE TO salsa_service
    USING (coalesce(owner_state, '---') = current_setting('salsa.state', true)::char(3));
GRANT SELECT, INSERT, UPDATE ON agency TO salsa_service;

CREATE TABLE contact (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    agency TEXT NOT NULL,
    kind TEXT NOT NULL,
    languages TEXT[] NOT NULL,
    hours TEXT NOT NULL,
    telephone TEXT,
    email TEXT,
    address TEXT,
    ori TEXT,
    mou_user TEXT,
    valid_from DATE NOT NULL, valid_to DATE,
    CONSTRAINT pk_contact PRIMARY KEY (id)
);
CREATE INDEX ix_contact_owner_state ON contact (owner_state);
ALTER TABLE contact ENABLE ROW LEVEL SECURITY;
CREATE POLICY concerned_read ON contact FOR SELECT TO salsa_service USING (true);
CREATE POLICY owner_insert ON contact FOR INSERT TO salsa_service
    WITH CHECK (coalesce(owner_state, '---') = current_setting('salsa.state', true)::char(3));
CREATE POLICY owner_update ON contact FOR UPDATE TO salsa_service
    USING (coalesce(owner_state, '---') = current_setting('salsa.state', true)::char(3));
GRANT SELECT, INSERT, UPDATE ON contact TO salsa_service;

CREATE TABLE state_setting (
    owner_state CHAR(3) NOT NULL,
    version INTEGER NOT NULL,
    counterpart_days INTEGER NOT NULL,
    overdue_hours INTEGER NOT NULL,
    electronic_copies_with CHAR(3)[] NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL,
    answers_automatically BOOLEAN NOT NULL,
    flash_minutes INTEGER NOT NULL, urgent_hours INTEGER NOT NULL,
    priority_days INTEGER NOT NULL, routine_days INTEGER NOT NULL,
    weekdays SMALLINT[] NOT NULL, closed_on DATE[] NOT NULL, open_on DATE[] NOT NULL,
    trace_approval TEXT NOT NULL,
    authority_name TEXT NOT NULL,
    lookup_percent INTEGER NOT NULL,
    equivalent_years INTEGER NOT NULL,
    published_roles TEXT[] NOT NULL,
    yearly_totals BOOLEAN NOT NULL,
    second_person TEXT[] NOT NULL,
    CONSTRAINT pk_state_setting PRIMARY KEY (owner_state),
    CONSTRAINT ck_state_setting_counterpart_days CHECK (counterpart_days BETWEEN 1 AND 366),
    CONSTRAINT ck_state_setting_equivalent_years CHECK (equivalent_years BETWEEN 1 AND 10),
    CONSTRAINT ck_state_setting_flash_minutes CHECK (flash_minutes BETWEEN 1 AND 60),
    CONSTRAINT ck_state_setting_lookup_percent CHECK (lookup_percent BETWEEN 10 AND 10000),
    CONSTRAINT ck_state_setting_overdue_hours CHECK (overdue_hours BETWEEN 0 AND 720),
    CONSTRAINT ck_state_setting_priority_days CHECK (priority_days BETWEEN 1 AND 14),
    CONSTRAINT ck_state_setting_routine_days CHECK (routine_days BETWEEN 1 AND 30),
    CONSTRAINT ck_state_setting_trace_approval CHECK (trace_approval IN ('none', 'own', 'alone')),
    CONSTRAINT ck_state_setting_urgent_hours CHECK (urgent_hours BETWEEN 1 AND 24),
    CONSTRAINT ck_state_setting_weekdays CHECK (
        cardinality(weekdays) > 0 AND weekdays <@ ARRAY[1, 2, 3, 4, 5, 6, 7]::SMALLINT[]
    )
);
ALTER TABLE state_setting ENABLE ROW LEVEL SECURITY;
CREATE POLICY concerned_read ON state_setting FOR SELECT TO salsa_service USING (true);
CREATE POLICY owner_insert ON state_setting FOR INSERT TO salsa_service
    WITH CHECK (owner_state = current_setting('salsa.state', true)::char(3));
CREATE POLICY owner_update ON state_setting FOR UPDATE TO salsa_service
    USING (owner_state = current_setting('salsa.state', true)::char(3));
GRANT SELECT, INSERT, UPDATE ON state_setting TO salsa_service;

-- Each declaration of a state on a register is a version; all states read them.
CREATE TABLE participation (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    register TEXT NOT NULL,
    version INTEGER NOT NULL,
    mode TEXT NOT NULL,
    since DATE NOT NULL, until DATE,
    complete BOOLEAN NOT NULL,
    makes TEXT[] NOT NULL,
    year_from SMALLINT, year_to SMALLINT,
    declared_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT pk_participation PRIMARY KEY (id),
    CONSTRAINT uq_participation_owner_state_register_version
        UNIQUE (owner_state, register, version)
);
ALTER TABLE participation ENABLE ROW LEVEL SECURITY;
CREATE POLICY concerned_read ON participation FOR SELECT TO salsa_service USING (true);
CREATE POLICY owner_insert ON participation FOR INSERT TO salsa_service
    WITH CHECK (owner_state = current_setting('salsa.state', true)::char(3));
GRANT SELECT, INSERT ON participation TO salsa_service;
