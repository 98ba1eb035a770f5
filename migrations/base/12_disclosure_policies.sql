-- Consents, restrictions of agencies, and the policies that keep a trace from them.

-- Each of the two states owns a row of its own, of the same id, so that either can move elsewhere.
CREATE TABLE consent (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    version INTEGER NOT NULL,
    origin_state CHAR(3) NOT NULL,
    asking_state CHAR(3) NOT NULL,
    record_id UUID NOT NULL,
    use TEXT NOT NULL,
    to_state CHAR(3),
    case_number TEXT NOT NULL,
    reason TEXT NOT NULL,
    status TEXT NOT NULL,
    answer TEXT,
    expires_on DATE,
    asked_at TIMESTAMPTZ NOT NULL,
    answered_at TIMESTAMPTZ,
    asking_agency TEXT,
    about UUID[] NOT NULL DEFAULT '{}',
    CONSTRAINT pk_consent PRIMARY KEY (id, owner_state),
    CONSTRAINT ck_consent_granted CHECK (status <> 'granted' OR expires_on IS NOT NULL),
    CONSTRAINT ck_consent_notice CHECK ((use = 'compelled') = (status = 'notified')),
    CONSTRAINT ck_consent_onward CHECK ((use = 'onward') = (to_state IS NOT NULL)),
    CONSTRAINT ck_consent_sides CHECK (
        origin_state <> asking_state AND owner_state IN (origin_state, asking_state)
    ),
    CONSTRAINT ck_consent_status CHECK (status IN (
        'asked', 'granted', 'refused', 'revoked', 'notified'
    )),
    CONSTRAINT ck_consent_use CHECK (use IN ('names', 'court', 'onward', 'compelled'))
);
CREATE INDEX ix_consent_asking_state_case_number ON consent (asking_state, case_number);
CREATE INDEX ix_consent_owner_state_record_id ON consent (owner_state, record_id);
CALL salsa_protect_owned('consent',
    'SELECT, INSERT, UPDATE (version, status, answer, expires_on, answered_at)');

-- An agency is kept from a trace or a request. `named_by` is the state that named it, which alone
-- takes it back; `is_own` are those that the asked state set itself. The key begins with the subject:
-- whoever looks one up reads its few rows, and never all of an agency.
CREATE TABLE trace_restriction (
    subject_id UUID NOT NULL,
    agency TEXT NOT NULL,
    owner_state CHAR(3) NOT NULL,
    subject_kind TEXT NOT NULL,
    restricted_at TIMESTAMPTZ NOT NULL,
    is_own BOOLEAN NOT NULL,
    named_by CHAR(3) NOT NULL,
    CONSTRAINT pk_trace_restriction PRIMARY KEY (subject_id, agency, owner_state, is_own, named_by),
    CONSTRAINT ck_trace_restriction_subject_kind CHECK (subject_kind IN ('trace', 'request'))
);
CALL salsa_protect_owned('trace_restriction', 'SELECT, INSERT, DELETE');

-- The asking state writes that it asked before the letter arrives from which the other learns what
-- to hide: until then its own word counts, for its own trace alone.
CREATE FUNCTION salsa_is_restricted(owner char(3), subject uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM trace_restriction WHERE trace_restriction.owner_state = owner
        AND agency = current_setting('salsa.agency', true) AND subject_id = subject)
$$;
CREATE FUNCTION salsa_is_case_restricted(asking char(3), number text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM (
            SELECT id FROM trace WHERE owner_state = asking AND case_number = number
            UNION ALL SELECT trace_id FROM trace_request WHERE asking_state = asking
                AND owner_state = current_setting('salsa.state', true)::char(3) AND case_number = number
        ) AS of_case
        WHERE (SELECT count(*) FROM trace_restriction
               WHERE owner_state = current_setting('salsa.state', true)::char(3)
               AND agency = current_setting('salsa.agency', true) AND subject_id = of_case.id) > 0
    )
$$;

-- What searches and matches showed of a record. Row-level security lets only leakproof operators
-- use an index, and those of jsonb are not: this sees the entries that concern the reader's state
-- and returns ids alone. A check names a case and not the traces that it is about, which would cost
-- every check a look-up: an agency that is kept from a trace sees nothing shown in its case.
CREATE FUNCTION salsa_disclosures_of_record(record text) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT id FROM audit_entry
    WHERE action IN ('record:matched', 'record:shown') AND data ? 'groups'
    AND data -> 'records' ? record
    AND concerned @> ARRAY[current_setting('salsa.state', true)::char(3)]
    AND (coalesce(current_setting('salsa.agency', true), '') = ''
         OR NOT salsa_is_case_restricted(owner_state, case_number))
$$;
-- Records that the owners' entries on a search of the session's state name, also where it sees none
-- of them.
CREATE FUNCTION salsa_logged_records(cause text) RETURNS TABLE (record text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT jsonb_array_elements_text(e.data -> 'records') FROM audit_entry AS e
    WHERE e.subject_id = cause AND e.action = 'record:matched'
    AND e.owner_state = current_setting('salsa.state', true)
$$;
-- To which states the reader's own records were shown. A state that was shown the firearm knows the
-- record; one that was shown the holder alone knows only that a check or a seizure named that state,
-- and that is returned instead. OFFSET 0 makes each record be looked up by itself; which entries
-- concern the state, maybe most of the audit, is decided afterwards.
CREATE FUNCTION salsa_disclosure_recipients(records text[])
RETURNS TABLE (record text, state text, cause_kind text, cause text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off AS $$
    SELECT DISTINCT r.id, reader, CASE WHEN NOT named THEN subject_kind END,
        CASE WHEN NOT named THEN subject_id END
    FROM unnest(records) AS r (id) CROSS JOIN LATERAL (
        SELECT action, subject_kind, subject_id, subject_state, concerned,
            coalesce(data ->> 'to', owner_state) AS reader, data -> 'groups' ? 'firearm' AS named
        FROM audit_entry WHERE action IN ('record:matched', 'record:shown') AND data ? 'groups'
            AND data -> 'records' ? r.id OFFSET 0
    ) AS found
    WHERE concerned @> ARRAY[current_setting('salsa.state', true)::char(3)]
    AND subject_state = current_setting('salsa.state', true)
    AND reader <> current_setting('salsa.state', true)
    AND (named OR (action = 'record:matched' AND subject_kind IN ('check', 'seizure')))
$$;
GRANT EXECUTE ON FUNCTION salsa_is_restricted, salsa_is_case_restricted,
    salsa_disclosures_of_record, salsa_disclosure_recipients TO salsa_service;
GRANT EXECUTE ON FUNCTION salsa_logged_records TO salsa_worker;  -- silent records are among them
