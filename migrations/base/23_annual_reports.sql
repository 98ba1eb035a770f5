-- Annual reports.

CREATE TABLE annual_report (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    year INTEGER NOT NULL,
    number INTEGER NOT NULL,
    version INTEGER NOT NULL,
    status TEXT NOT NULL,
    release_id UUID,
    created_at TIMESTAMPTZ NOT NULL,
    signed_at TIMESTAMPTZ,
    content JSONB,
    token TEXT,
    CONSTRAINT pk_annual_report PRIMARY KEY (id),
    CONSTRAINT uq_annual_report_owner_state_year_number UNIQUE (owner_state, year, number),
    CONSTRAINT ck_annual_report_status CHECK (status IN ('draft', 'signed'))
);
-- Signed reports of states are read by the secretariat (---), its own by all; nobody changes them.
ALTER TABLE annual_report ENABLE ROW LEVEL SECURITY;
CREATE POLICY signed_read ON annual_report FOR SELECT TO salsa_service USING (
    owner_state = current_setting('salsa.state', true)::char(3)
    OR status = 'signed' AND (owner_state = '---' OR current_setting('salsa.state', true) = '---'));
CREATE POLICY owner_insert ON annual_report FOR INSERT TO salsa_service
    WITH CHECK (owner_state = current_setting('salsa.state', true)::char(3) AND status = 'draft');
CREATE POLICY draft_update ON annual_report FOR UPDATE TO salsa_service
    USING (owner_state = current_setting('salsa.state', true)::char(3) AND status = 'draft')
    WITH CHECK (owner_state = current_setting('salsa.state', true)::char(3));
GRANT SELECT, INSERT, UPDATE (version, status, signed_at, content, token) ON annual_report
    TO salsa_service;

CREATE TABLE annual_report_text (
    report_id UUID NOT NULL,
    version INTEGER NOT NULL,
    owner_state CHAR(3) NOT NULL,
    words JSONB NOT NULL,
    numbers JSONB NOT NULL,
    written_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT pk_annual_report_text PRIMARY KEY (report_id, version)
);
CALL salsa_protect_owned('annual_report_text', 'SELECT, INSERT');
CALL salsa_append_only('annual_report_text');
