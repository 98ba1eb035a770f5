-- Releases of figures.

CREATE TABLE release (
    id UUID NOT NULL,
    year INTEGER NOT NULL,
    number INTEGER NOT NULL,
    status TEXT NOT NULL,
    note TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    published_at TIMESTAMPTZ,
    coverage JSONB NOT NULL,
    changes JSONB NOT NULL,
    kid TEXT, signature TEXT,
    CONSTRAINT pk_release PRIMARY KEY (id),
    CONSTRAINT ck_release_status
        CHECK (status IN ('previewing', 'ready', 'preparing', 'published', 'failed'))
);
CREATE UNIQUE INDEX ix_release_published ON release (year, number) WHERE status = 'published';
-- The secretariat, which has no state, begins a release and publishes what it previewed; the worker
-- ends it, and nobody changes it.
ALTER TABLE release ENABLE ROW LEVEL SECURITY;
CREATE POLICY all_read ON release FOR SELECT TO salsa_service USING (true);
CREATE POLICY secretariat_insert ON release FOR INSERT TO salsa_service
    WITH CHECK (status IN ('previewing', 'preparing') AND current_setting('salsa.state', true) = '---');
CREATE POLICY secretariat_publish ON release FOR UPDATE TO salsa_service
    USING (status = 'ready' AND current_setting('salsa.state', true) = '---')
    WITH CHECK (status = 'preparing');
CREATE POLICY unpublished_update ON release FOR UPDATE TO salsa_worker
    USING (status IN ('previewing', 'preparing')) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE (status) ON release TO salsa_service;
GRANT UPDATE (status, published_at, coverage, changes, kid, signature) ON release TO salsa_worker;

-- What is withheld is in `amounts`, which requests cannot read.
CREATE TABLE release_table (
    release_id UUID NOT NULL,
    code TEXT NOT NULL,
    amounts JSONB NOT NULL,
    content JSONB,
    digest TEXT,
    CONSTRAINT pk_release_table PRIMARY KEY (release_id, code)
);
ALTER TABLE release_table ENABLE ROW LEVEL SECURITY;
CREATE POLICY all_read ON release_table FOR SELECT TO salsa_service USING (true);
CREATE POLICY worker_insert ON release_table FOR INSERT TO salsa_worker WITH CHECK (true);
CREATE POLICY unpublished_update ON release_table FOR UPDATE TO salsa_worker
    USING (content IS NULL) WITH CHECK (true);
GRANT SELECT (release_id, code, content, digest) ON release_table TO salsa_service;
GRANT SELECT, INSERT, UPDATE (content, digest) ON release_table TO salsa_worker;
