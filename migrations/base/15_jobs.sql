-- The log of changes, and the jobs that follow it.

-- A change is written with its audit entry, and gets its number after the commit: then a reader
-- by number misses nothing, and nobody waits for anybody. Ids are those of one sequence without a
-- cache: the order of insertion. `states[1]` wrote it; each state gets a change of its own.
CREATE TABLE change_new (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    states CHAR(3)[] NOT NULL,
    kind TEXT NOT NULL,
    object TEXT NOT NULL,
    action TEXT NOT NULL,
    cause UUID NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    CONSTRAINT pk_change_new PRIMARY KEY (id)
);
ALTER TABLE change_new ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_insert ON change_new FOR INSERT TO salsa_service
    WITH CHECK (states[1] = current_setting('salsa.state', true)::char(3));
CREATE POLICY numbering_read ON change_new FOR SELECT TO salsa_worker USING (true);
CREATE POLICY numbering_delete ON change_new FOR DELETE TO salsa_worker USING (true);
GRANT INSERT ON change_new TO salsa_service;
GRANT SELECT, DELETE ON change_new TO salsa_worker;

CREATE TABLE change (
    number BIGINT NOT NULL,
    state CHAR(3) NOT NULL,
    kind TEXT NOT NULL,
    object TEXT NOT NULL,
    action TEXT NOT NULL,
    cause UUID NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    -- no index by number alone, which a reader of a rare kind would follow to the end
    CONSTRAINT pk_change PRIMARY KEY (state, kind, number)
);
ALTER TABLE change ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_read ON change FOR SELECT TO salsa_service
    USING (state = current_setting('salsa.state', true)::char(3));
CREATE POLICY numbering_insert ON change FOR INSERT TO salsa_worker WITH CHECK (true);
GRANT SELECT ON change TO salsa_service;
GRANT INSERT ON change TO salsa_worker;

-- Which states have something new, of which kind: a number, and nothing of the change.
CREATE TABLE change_head (
    state CHAR(3) NOT NULL,
    kind TEXT NOT NULL,
    number BIGINT NOT NULL,
    CONSTRAINT pk_change_head PRIMARY KEY (state, kind)
);
ALTER TABLE change_head ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_read ON change_head FOR SELECT TO salsa_service
    USING (state = current_setting('salsa.state', true)::char(3));
CREATE POLICY all_states ON change_head FOR ALL TO salsa_worker USING (true);
GRANT SELECT ON change_head TO salsa_service;
GRANT INSERT, UPDATE ON change_head TO salsa_worker;

-- The heads of all states, for the one connection of a process that wakes those who wait. It acts
-- for no state; a request acts for one, and reads nothing here.
CREATE FUNCTION salsa_change_heads() RETURNS TABLE (state char(3), number bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT state, max(number) FROM change_head
    WHERE coalesce(current_setting('salsa.state', true), '') = '' GROUP BY state
$$;
GRANT EXECUTE ON FUNCTION salsa_change_heads TO salsa_service;

CREATE TABLE change_counter (
    last BIGINT NOT NULL,
    CONSTRAINT pk_change_counter PRIMARY KEY (last)
);
INSERT INTO change_counter VALUES (0);
GRANT SELECT, UPDATE ON change_counter TO salsa_worker;

CREATE TABLE job_cursor (
    job TEXT NOT NULL,
    state CHAR(3) NOT NULL,
    number BIGINT NOT NULL DEFAULT 0,
    ran_at TIMESTAMPTZ,
    CONSTRAINT pk_job_cursor PRIMARY KEY (job, state)
);
CREATE TABLE job_try (
    job TEXT NOT NULL,
    state CHAR(3) NOT NULL,
    number BIGINT NOT NULL,
    last BIGINT NOT NULL,
    tries INTEGER NOT NULL,
    singly_until BIGINT NOT NULL DEFAULT 0,
    retry_at TIMESTAMPTZ,
    reason TEXT,
    CONSTRAINT pk_job_try PRIMARY KEY (job, state)
);
GRANT SELECT, INSERT, UPDATE ON job_cursor, job_try TO salsa_worker;

CREATE TABLE job_failure (
    job TEXT NOT NULL,
    state CHAR(3) NOT NULL,
    number BIGINT NOT NULL,
    reason TEXT NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    CONSTRAINT pk_job_failure PRIMARY KEY (job, state, number)
);
GRANT SELECT, INSERT, UPDATE (reason, at), DELETE ON job_failure TO salsa_worker;

-- Objects of which the session's state has changes that a job of it has not followed.
CREATE FUNCTION salsa_waiting_changes(of_job text, of_kind text, objects text[])
RETURNS TABLE (object text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT n.object FROM change_new AS n
    WHERE n.kind = of_kind AND n.object = ANY (objects)
    AND n.states @> ARRAY[current_setting('salsa.state', true)::char(3)]
    UNION
    SELECT c.object FROM change AS c
    WHERE c.state = current_setting('salsa.state', true)::char(3) AND c.kind = of_kind
    AND c.object = ANY (objects) AND c.number > coalesce((
        SELECT d.number FROM job_cursor AS d
        WHERE d.job = of_job AND d.state = current_setting('salsa.state', true)::char(3)
    ), 0)
$$;
GRANT EXECUTE ON FUNCTION salsa_waiting_changes TO salsa_service;

-- When a UUIDv7 was made: acts may be of another day, as those of the demo are.
CREATE FUNCTION salsa_id_time(id text) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$
    SELECT to_timestamp(('x' || left(replace(id, '-', ''), 12))::bit(48)::bigint / 1000.0)
$$;
-- The depth and age of each job over all states: numbers alone, for /metrics.
CREATE FUNCTION salsa_job_depths(jobs text[], kinds text[])
RETURNS TABLE (job text, depth bigint, oldest timestamptz, set_aside bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH waiting AS (
        SELECT read.job, count(*) AS depth, salsa_id_time(min(c.cause::text)) AS oldest
        FROM unnest(jobs, kinds) AS read (job, kind)
        JOIN change_head AS head ON head.kind = read.kind
        LEFT JOIN job_cursor AS done ON done.job = read.job AND done.state = head.state
        JOIN change AS c ON c.state = head.state AND c.kind = head.kind
            AND c.number > coalesce(done.number, 0)
        WHERE head.number > coalesce(done.number, 0)
        GROUP BY read.job
    ), failed AS (SELECT f.job, count(*) AS set_aside FROM job_failure AS f GROUP BY f.job)
    SELECT j.job, coalesce(w.depth, 0), w.oldest, coalesce(f.set_aside, 0)
    FROM (SELECT DISTINCT unnest(jobs) AS job) AS j
    LEFT JOIN waiting AS w USING (job) LEFT JOIN failed AS f USING (job)
    UNION ALL SELECT 'numbering', count(*), salsa_id_time(min(n.cause::text)), 0 FROM change_new AS n
    UNION ALL SELECT 'envelopes', coalesce(sum(q.depth), 0)::bigint, min(q.oldest), 0
    FROM salsa_envelope_states() AS q
    UNION ALL SELECT 'sealing', count(*), salsa_id_time(min(l.entry_id::text)), 0 FROM log_new AS l
$$;
GRANT EXECUTE ON FUNCTION salsa_job_depths TO salsa_service;
