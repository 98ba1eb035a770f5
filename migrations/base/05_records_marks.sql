-- Parties, records and marks; the search reads mark_key and mark_variant alone.

-- Names are compared without case, accents, spaces or signs. The function of an index may not
-- change its results while the index exists.
CREATE FUNCTION salsa_folded_name(name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT regexp_replace(lower(normalize(name, NFKD)), '[^0-9a-z]', '', 'g')
$$;
GRANT EXECUTE ON FUNCTION salsa_folded_name TO salsa_service;  -- who inserts evaluates the index
CREATE TABLE party (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL, concerned CHAR(3)[] NOT NULL,
    kind TEXT NOT NULL,
    country CHAR(3) NOT NULL,
    name TEXT,
    address TEXT,
    contact TEXT,
    identification TEXT,
    licence TEXT,
    erased_at TIMESTAMPTZ,
    salt BYTEA,
    CONSTRAINT pk_party PRIMARY KEY (id)
);
CREATE INDEX ix_party_owner_state_folded ON party (owner_state, salsa_folded_name(name) COLLATE "C");
CALL salsa_protect('party', 'SELECT, INSERT, UPDATE');

CREATE TABLE record (
    id UUID NOT NULL,
    version INTEGER NOT NULL,
    owner_state CHAR(3) NOT NULL, concerned CHAR(3)[] NOT NULL,
    event TEXT NOT NULL,
    document_kind TEXT NOT NULL, document_id UUID NOT NULL,
    giver_id UUID, receiver_id UUID,
    counterpart_state CHAR(3),
    linked_state CHAR(3), linked_record UUID,
    import_id UUID, import_row INTEGER,
    occurred_on DATE NOT NULL, occurred_within TEXT, occurred_at TIMESTAMPTZ, time_zone TEXT,
    line INTEGER NOT NULL,
    category TEXT NOT NULL,
    type TEXT, type_text TEXT,
    make TEXT, make_text TEXT,
    model TEXT,
    calibre TEXT, calibre_text TEXT,
    country_of_manufacture CHAR(3), year SMALLINT,
    origin_kind TEXT NOT NULL,
    serial TEXT,
    marking TEXT NOT NULL,
    importer_mark TEXT,
    part_kind TEXT, quantity NUMERIC(18, 3) NOT NULL, unit TEXT,
    lot TEXT, headstamp TEXT, is_bulk BOOLEAN NOT NULL DEFAULT false,
    hs_code TEXT,
    antique BOOLEAN NOT NULL,
    owner_kind TEXT, handed_in BOOLEAN NOT NULL DEFAULT false, register_number TEXT,
    recorded_at TIMESTAMPTZ NOT NULL, reason TEXT, is_void BOOLEAN NOT NULL DEFAULT false,
    CONSTRAINT pk_record PRIMARY KEY (id, version),
    CONSTRAINT ck_record_category CHECK (category IN (
        'firearm', 'destructive_device', 'part', 'ammunition', 'explosive', 'other'
    )),
    CONSTRAINT ck_record_owner_kind CHECK (owner_kind IN (
        'police', 'armed_forces', 'private_security', 'private', 'dealer_stock', 'unknown'
    )),
    CONSTRAINT ck_record_marking CHECK (marking IN (
        'intact', 'altered', 'obliterated', 'restored', 'unmarked', 'unknown'
    ))
);
CREATE INDEX ix_record_document_id ON record (document_id);
CREATE INDEX ix_record_linked_record ON record (linked_record);
CALL salsa_protect('record', 'SELECT, INSERT');

CREATE TABLE record_setting (
    record_id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL, concerned CHAR(3)[] NOT NULL,
    visibility TEXT NOT NULL,
    handling TEXT NOT NULL,
    is_void BOOLEAN NOT NULL DEFAULT false,
    CONSTRAINT pk_record_setting PRIMARY KEY (record_id),
    CONSTRAINT ck_record_setting_handling CHECK (handling IN ('H0', 'H1', 'H2', 'H3')),
    CONSTRAINT ck_record_setting_visibility CHECK (visibility IN ('open', 'pointer', 'silent'))
);
CALL salsa_protect('record_setting', 'SELECT, INSERT, UPDATE');

-- Owner and visibility of a record, for a reader who knows its id; nothing else of it.
CREATE FUNCTION salsa_record_visibility(record uuid) RETURNS TABLE (state char(3), visibility text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT s.owner_state, s.visibility FROM record_setting AS s
        WHERE s.record_id = record;
END $$;
GRANT EXECUTE ON FUNCTION salsa_record_visibility TO salsa_service;

CREATE TABLE mark (
    record_id UUID NOT NULL,
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL, concerned CHAR(3)[] NOT NULL,
    record_version INTEGER NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    state CHAR(3),
    year SMALLINT,
    location TEXT,
    condition TEXT,
    method TEXT,
    read_by_agency TEXT, read_by_officer UUID, read_at TIMESTAMPTZ,
    CONSTRAINT pk_mark PRIMARY KEY (record_id, id)
);
CALL salsa_protect('mark', 'SELECT, INSERT');

-- The normal form of each mark and what a search weighs. Rows are spread by key: what asks by
-- record asks everywhere, for few records. `seen_by` is '*', or the owner of a silent record: in the
-- key it keeps requests of other states from fetching a silent row at all, which an OR on the
-- visibility would, and take the time.
CREATE TABLE mark_key (
    key BIGINT NOT NULL,
    mark_id UUID NOT NULL,
    record_id UUID NOT NULL,
    record_version INTEGER NOT NULL,
    state CHAR(3) NOT NULL,
    serial_norm TEXT NOT NULL,
    skeleton TEXT NOT NULL,
    event TEXT NOT NULL,
    occurred_on DATE NOT NULL, occurred_within TEXT,
    make TEXT,
    calibre TEXT,
    type TEXT,
    country CHAR(3),
    year SMALLINT,
    visibility TEXT NOT NULL,
    is_superseded BOOLEAN NOT NULL,
    is_void BOOLEAN NOT NULL,
    model TEXT,
    seen_by TEXT NOT NULL GENERATED ALWAYS AS
        (CASE WHEN visibility = 'silent' THEN state::text ELSE '*' END) STORED,
    CONSTRAINT pk_mark_key PRIMARY KEY (key, seen_by, mark_id),
    CONSTRAINT ck_mark_key_visibility CHECK (visibility IN ('open', 'pointer', 'silent'))
);
CREATE INDEX ix_mark_key_key_make ON mark_key (key, make);
CREATE INDEX ix_mark_key_record_id ON mark_key (record_id);
ALTER TABLE mark_key ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON mark_key FOR SELECT TO salsa_service
    USING (seen_by = ANY (ARRAY['*', current_setting('salsa.state', true)]));
CREATE POLICY all_read ON mark_key FOR SELECT TO salsa_worker USING (true);
CREATE POLICY owner_insert ON mark_key FOR INSERT TO salsa_service
    WITH CHECK (state = current_setting('salsa.state', true)::char(3));
CREATE POLICY owner_update ON mark_key FOR UPDATE TO salsa_service
    USING (state = current_setting('salsa.state', true)::char(3));
GRANT SELECT, INSERT, UPDATE (visibility, is_superseded, is_void) ON mark_key TO salsa_service;

-- Variants under which a misread mark is found. No primary key: two writers of the same mark both
-- insert its variants and wait for nobody; a duplicate is found once. The index holds all that is
-- read; the table itself is never read.
CREATE TABLE mark_variant (
    key BIGINT NOT NULL,
    target BIGINT NOT NULL,
    make SMALLINT NOT NULL
);
CREATE INDEX ix_mark_variant_key ON mark_variant (key) INCLUDE (target, make);
GRANT SELECT, INSERT ON mark_variant TO salsa_service;
