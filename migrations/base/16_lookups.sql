-- Budgets of look-ups, canaries, and samples for review.

-- No right of the service on the table: a query of an attacker frees no budget. By the clock of the
-- database, for the same reason.
CREATE TABLE lookup_count (
    owner_state CHAR(3) NOT NULL,
    key TEXT NOT NULL,
    used DOUBLE PRECISION NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    refused_at TIMESTAMPTZ,
    CONSTRAINT pk_lookup_count PRIMARY KEY (owner_state, key)
);
ALTER TABLE lookup_count ENABLE ROW LEVEL SECURITY;

-- Whether an own document or trace bears a case, as far as the agency sees it, and what was used of
-- each key, how many seconds ago. A document of less than a day is new: who wants to look up many
-- guns may have invented it. In plpgsql the plans are kept for the session.
CREATE FUNCTION salsa_lookups(keys text[], named text)
RETURNS TABLE (
    is_known boolean, is_new boolean, percent integer,
    used double precision[], seconds double precision[]
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    own char(3) := current_setting('salsa.state', true);
    earlier timestamptz := clock_timestamp() - interval '1 day';
BEGIN
    is_known := false;
    is_new := false;
    IF named IS NOT NULL THEN
        is_known := EXISTS (SELECT FROM seizure AS s WHERE s.owner_state = own AND s.number = named
            AND s.recorded_at < earlier)
        OR EXISTS (SELECT FROM report AS r WHERE r.owner_state = own AND r.number = named
            AND r.recorded_at < earlier)
        OR EXISTS (SELECT FROM alert AS a WHERE a.owner_state = own AND a.case_number = named)
        OR EXISTS (SELECT FROM trace AS t WHERE t.owner_state = own AND t.case_number = named
            AND t.sent_at IS NOT NULL AND NOT salsa_is_restricted(own, t.id))
        OR EXISTS (SELECT FROM trace_request AS q WHERE q.owner_state = own
            AND q.case_number = named AND NOT salsa_is_restricted(own, q.trace_id));
        is_new := NOT is_known AND (
            EXISTS (SELECT FROM seizure AS s WHERE s.owner_state = own AND s.number = named)
            OR EXISTS (SELECT FROM report AS r WHERE r.owner_state = own AND r.number = named));
    END IF;
    percent := coalesce(
        (SELECT s.lookup_percent FROM state_setting AS s WHERE s.owner_state = own), 100);
    SELECT array_agg(c.used ORDER BY k.place),
        array_agg(extract(epoch FROM clock_timestamp() - c.at)::double precision ORDER BY k.place)
    INTO used, seconds FROM unnest(keys) WITH ORDINALITY AS k (name, place)
    LEFT JOIN lookup_count AS c ON c.owner_state = own AND c.key = k.name;
    RETURN NEXT;
END $$;

-- What came back since the last time is subtracted at its rate a second. Those who read the budget at
-- the same moment are counted one after the other here, and whoever is over it is refused.
CREATE FUNCTION salsa_count_lookups(
    keys text[], rates double precision[], most double precision[], number integer
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    own char(3) := current_setting('salsa.state', true);
    now timestamptz := clock_timestamp();
    seconds double precision;
BEGIN
    WITH counted AS (
        INSERT INTO lookup_count AS c (owner_state, key, used, at)
        SELECT own, key, greatest(number, 0), now FROM unnest(keys) AS key
        ON CONFLICT (owner_state, key) DO UPDATE SET at = now, used = greatest(number, 0)
            + greatest(0, c.used - greatest(0, rates[array_position(keys, c.key)])
                * greatest(0, extract(epoch FROM now - c.at)::double precision))
        RETURNING c.used, array_position(keys, c.key) AS place
    ) SELECT max((used - most[place]) / rates[place]) INTO seconds FROM counted
    WHERE used > most[place] + 0.01;
    IF seconds > 0 THEN
        RAISE EXCEPTION '%', ceil(seconds) USING ERRCODE = 'SL429';
    END IF;
END $$;

-- Whether a refusal is to be audited: once in ten minutes.
CREATE FUNCTION salsa_refuse_lookups(named text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE lookup_count SET refused_at = clock_timestamp()
    WHERE owner_state = current_setting('salsa.state', true)::char(3) AND key = named
    AND (refused_at IS NULL OR refused_at < clock_timestamp() - interval '10 minutes');
    RETURN FOUND;
END $$;
GRANT EXECUTE ON FUNCTION salsa_lookups, salsa_count_lookups, salsa_refuse_lookups TO salsa_service;

CREATE TABLE canary (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    serial TEXT NOT NULL,
    key BIGINT NOT NULL,
    planted_at TIMESTAMPTZ NOT NULL,
    removed_at TIMESTAMPTZ,
    CONSTRAINT pk_canary PRIMARY KEY (id)
);
CREATE INDEX ix_canary_key ON canary (key);
CALL salsa_protect_owned('canary', 'SELECT, INSERT, UPDATE (removed_at)');
CREATE POLICY all_read ON canary FOR SELECT TO salsa_worker USING (true);

CREATE TABLE lookup_review (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    version INTEGER NOT NULL,
    agency TEXT NOT NULL,
    week DATE NOT NULL,
    entry_id UUID NOT NULL,
    action TEXT NOT NULL,
    subject_kind TEXT NOT NULL, subject_id TEXT NOT NULL,
    account_id UUID NOT NULL,
    purpose TEXT,
    case_number TEXT,
    looked_up_at TIMESTAMPTZ NOT NULL,
    is_flagged BOOLEAN NOT NULL,
    status TEXT NOT NULL,
    comment TEXT,
    decided_by UUID, decided_at TIMESTAMPTZ,
    CONSTRAINT pk_lookup_review PRIMARY KEY (id),
    CONSTRAINT uq_lookup_review_owner_state_entry_id UNIQUE (owner_state, entry_id),
    CONSTRAINT ck_lookup_review_status CHECK (status IN ('open', 'justified', 'questioned'))
);
CREATE INDEX ix_lookup_review_owner_state_week ON lookup_review (owner_state, week);
CALL salsa_protect_owned('lookup_review',
    'SELECT, INSERT, UPDATE (version, status, comment, decided_by, decided_at)');
CREATE INDEX ix_audit_entry_lookups ON audit_entry (owner_state, at)
    WHERE action IN ('check:made', 'trace:sent', 'record:disclosed', 'lookup:refused');
