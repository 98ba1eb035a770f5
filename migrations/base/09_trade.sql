-- Permits, licensees, shipments, receipts and discrepancies.

CREATE TABLE permit (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL, concerned CHAR(3)[] NOT NULL,
    version INTEGER NOT NULL,
    kind TEXT NOT NULL,
    number TEXT NOT NULL,
    document_kind TEXT NOT NULL,
    status TEXT NOT NULL,
    issued_on DATE NOT NULL,
    expires_on DATE NOT NULL,
    latest_import_on DATE,
    agency TEXT NOT NULL,
    signatory_id UUID NOT NULL,
    regime TEXT NOT NULL,
    exporting_state CHAR(3) NOT NULL, importing_state CHAR(3) NOT NULL,
    transit_states CHAR(3)[] NOT NULL,
    exporter_id UUID NOT NULL, importer_id UUID NOT NULL,
    final_consignee_id UUID NOT NULL, broker_id UUID,
    source TEXT,
    end_use TEXT,
    conditions TEXT,
    import_permit_number TEXT, export_permit_number TEXT,
    transit_permits JSONB NOT NULL,
    replaces TEXT,
    plan JSONB,
    carrier_id UUID,
    recorded_at TIMESTAMPTZ NOT NULL,
    counterpart_status TEXT NOT NULL,
    findings JSONB NOT NULL,
    refusal TEXT, details JSONB NOT NULL DEFAULT '{}',
    CONSTRAINT pk_permit PRIMARY KEY (id),
    CONSTRAINT ck_permit_document_kind CHECK (document_kind IN ('certificate', 'equivalent')),
    CONSTRAINT ck_permit_kind CHECK (kind IN ('import', 'in_transit', 'export')),
    CONSTRAINT ck_permit_regime CHECK (regime IN ('permanent', 'temporary', 'return')),
    CONSTRAINT ck_permit_counterpart_status CHECK (counterpart_status IN (
        'complete', 'awaiting_counterpart', 'mismatch', 'over_quantity'
    )),
    CONSTRAINT ck_permit_status CHECK (status IN (
        'issued', 'suspended', 'cancelled', 'expired', 'exhausted', 'replaced', 'refused',
        'proposed', 'returned'
    ))
);
CREATE INDEX ix_permit_awaiting ON permit (LEAST(expires_on, latest_import_on))
    WHERE status = 'issued' AND counterpart_status = 'awaiting_counterpart';
CREATE INDEX ix_permit_broker_id ON permit (broker_id);
CREATE INDEX ix_permit_concerned ON permit USING gin (concerned);
CREATE INDEX ix_permit_expiring ON permit
    (exporting_state, importing_state, least(expires_on, latest_import_on)) WHERE status = 'issued';
CREATE INDEX ix_permit_exporter_id ON permit (exporter_id);
CREATE INDEX ix_permit_final_consignee_id ON permit (final_consignee_id);
CREATE INDEX ix_permit_importer_id ON permit (importer_id);
CREATE INDEX ix_permit_import_permit_number_importing_state ON permit
    (import_permit_number, importing_state);
CREATE INDEX ix_permit_number ON permit (number);
CREATE INDEX ix_permit_owner_state_id ON permit (owner_state, id);
CREATE INDEX ix_permit_owner_state_kind_replaces ON permit (owner_state, kind, replaces);
CREATE INDEX ix_permit_proposed ON permit (owner_state, id) WHERE status = 'proposed';
-- A returned proposal frees its number.
CREATE UNIQUE INDEX uq_permit_owner_state_kind_number ON permit (owner_state, kind, number)
    WHERE status <> 'returned';
CALL salsa_protect('permit', 'SELECT, INSERT, UPDATE');

CREATE TABLE permit_line (
    permit_id UUID NOT NULL,
    line INTEGER NOT NULL,
    owner_state CHAR(3) NOT NULL, concerned CHAR(3)[] NOT NULL,
    shipped NUMERIC(18, 3) NOT NULL,
    lapsed NUMERIC(18, 3) NOT NULL,
    inbound NUMERIC(18, 3) NOT NULL DEFAULT 0,
    entered NUMERIC(18, 3) NOT NULL DEFAULT 0,
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
    lot TEXT, headstamp TEXT,
    hs_code TEXT,
    antique BOOLEAN NOT NULL,
    CONSTRAINT pk_permit_line PRIMARY KEY (permit_id, line),
    CONSTRAINT fk_permit_line_permit_id FOREIGN KEY (permit_id) REFERENCES permit (id),
    CONSTRAINT ck_permit_line_balance CHECK (
        shipped >= 0 AND lapsed >= 0 AND shipped + lapsed <= quantity
    )
);
CALL salsa_protect('permit_line', 'SELECT, INSERT, UPDATE');

-- Counterparts are found from both sides by equality, for which row-level security allows an index.
CREATE TABLE permit_reference (
    permit_id UUID NOT NULL,
    state CHAR(3) NOT NULL,
    kind TEXT NOT NULL,
    number TEXT NOT NULL,
    owner_state CHAR(3) NOT NULL, concerned CHAR(3)[] NOT NULL,
    CONSTRAINT pk_permit_reference PRIMARY KEY (permit_id, state, kind, number),
    CONSTRAINT fk_permit_reference_permit_id FOREIGN KEY (permit_id) REFERENCES permit (id)
);
CREATE INDEX ix_permit_reference_state_kind_number ON permit_reference (state, kind, number);
CALL salsa_protect('permit_reference', 'SELECT, INSERT');

-- Row-level security keeps expressions from an index; this sees the rows of the own state alone.
-- '{' follows 'z': the range holds the folded names that begin with the given one.
CREATE FUNCTION salsa_permits_by_party(prefix text, max_count integer) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH named AS MATERIALIZED (
        SELECT id FROM party
        WHERE owner_state = current_setting('salsa.state', true)::char(3)
        AND salsa_folded_name(name) COLLATE "C" >= salsa_folded_name(prefix)
        AND salsa_folded_name(name) COLLATE "C" < salsa_folded_name(prefix) || '{'
        ORDER BY salsa_folded_name(name) COLLATE "C" LIMIT 1000
    )
    SELECT id FROM (
        SELECT permit.id FROM permit JOIN named ON named.id = permit.exporter_id
        UNION SELECT permit.id FROM permit JOIN named ON named.id = permit.importer_id
        UNION SELECT permit.id FROM permit JOIN named ON named.id = permit.final_consignee_id
        UNION SELECT permit.id FROM permit JOIN named ON named.id = permit.broker_id
    ) AS permits ORDER BY id DESC LIMIT max_count
$$;
GRANT EXECUTE ON FUNCTION salsa_permits_by_party TO salsa_service;

-- Who may make, deal in, import, export, carry and broker firearms in a state (CIFTA, article XIII).
CREATE TABLE licensee (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL, concerned CHAR(3)[] NOT NULL,
    version INTEGER NOT NULL,
    number TEXT NOT NULL,
    roles TEXT[] NOT NULL,
    party_id UUID NOT NULL,
    name_key BYTEA,
    valid_from DATE NOT NULL, valid_to DATE,
    status TEXT NOT NULL,
    status_on DATE NOT NULL,
    status_reason TEXT,
    inactive_since DATE,
    books_with TEXT,
    recorded_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT pk_licensee PRIMARY KEY (id),
    CONSTRAINT uq_licensee_owner_state_number UNIQUE (owner_state, number),
    CONSTRAINT ck_licensee_books_with CHECK ((status = 'defunct') = (books_with IS NOT NULL)),
    CONSTRAINT ck_licensee_inactive_since CHECK ((status = 'active') = (inactive_since IS NULL)),
    CONSTRAINT ck_licensee_roles CHECK (cardinality(roles) > 0 AND roles <@ ARRAY[
        'manufacturer', 'dealer', 'importer', 'exporter', 'carrier', 'broker'
    ]),
    CONSTRAINT ck_licensee_status CHECK (status IN ('active', 'suspended', 'revoked', 'defunct'))
);
CREATE INDEX ix_licensee_owner_state_id ON licensee (owner_state, id);
CREATE INDEX ix_licensee_owner_state_name_key ON licensee (owner_state, name_key);
CALL salsa_protect('licensee', 'SELECT, INSERT, UPDATE');

CREATE TABLE shipment (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL, concerned CHAR(3)[] NOT NULL,
    version INTEGER NOT NULL,
    permit_id UUID NOT NULL,
    permit_number TEXT NOT NULL,
    number TEXT NOT NULL,
    status TEXT NOT NULL,
    exporting_state CHAR(3) NOT NULL, importing_state CHAR(3) NOT NULL,
    ships_on DATE NOT NULL,
    mode TEXT NOT NULL,
    port_of_exit TEXT, port_of_entry TEXT,
    route TEXT[] NOT NULL,
    posts TEXT[] NOT NULL,
    expected JSONB NOT NULL,
    due_at TIMESTAMPTZ,
    carrier_id UUID,
    seals TEXT[] NOT NULL,
    document_kind TEXT, document_number TEXT,
    plates TEXT[] NOT NULL,
    container TEXT,
    item_count INTEGER NOT NULL,
    bulk JSONB NOT NULL,
    recorded_at TIMESTAMPTZ NOT NULL,
    due_stage TEXT,
    overdue_at TIMESTAMPTZ,
    next_check_at TIMESTAMPTZ,
    export_licence TEXT, details JSONB NOT NULL DEFAULT '{}',
    CONSTRAINT pk_shipment PRIMARY KEY (id),
    CONSTRAINT uq_shipment_owner_state_number UNIQUE (owner_state, number),
    CONSTRAINT ck_shipment_status CHECK (status IN (
        'planned', 'released', 'in_transit', 'arrived', 'received', 'received_short',
        'received_over', 'overdue', 'held', 'returned', 'lost', 'cancelled'
    ))
);
CREATE INDEX ix_shipment_concerned ON shipment USING gin (concerned);
CREATE INDEX ix_shipment_document_number ON shipment (document_number);
CREATE INDEX ix_shipment_due_at ON shipment (due_at);
CREATE INDEX ix_shipment_number ON shipment (number);
CREATE INDEX ix_shipment_owner_state_id ON shipment (owner_state, id);
CREATE INDEX ix_shipment_permit_id ON shipment (permit_id);
CREATE INDEX ix_shipment_plates ON shipment USING gin (plates);
CREATE INDEX ix_shipment_posts ON shipment USING gin (posts);
CREATE INDEX ix_shipment_under_way ON shipment USING gin (posts)
    WHERE status IN ('planned', 'released', 'in_transit', 'arrived', 'held');
CREATE INDEX ix_shipment_next_check_at ON shipment (next_check_at);
CALL salsa_protect('shipment', 'SELECT, INSERT, UPDATE');

-- Each state concerned records facts of a shipment, and one after the other: in one order, so that
-- two never wait for each other. The version counts the facts; all else is the owner's to write.
CREATE FUNCTION salsa_lock_shipments(locked uuid[]) RETURNS SETOF shipment
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH own AS MATERIALIZED (
        SELECT id FROM shipment WHERE id = ANY (locked)
        AND concerned @> ARRAY[current_setting('salsa.state', true)::char(3)]
        ORDER BY id FOR UPDATE
    )
    UPDATE shipment SET version = version + 1 FROM own WHERE shipment.id = own.id
    RETURNING shipment.*
$$;

CREATE TABLE checkpoint (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL, concerned CHAR(3)[] NOT NULL,
    shipment_state CHAR(3) NOT NULL, shipment_id UUID NOT NULL,
    stage TEXT NOT NULL,
    post TEXT,
    occurred_at TIMESTAMPTZ NOT NULL,
    outcome TEXT NOT NULL,
    quantity INTEGER,
    seals TEXT[] NOT NULL,
    reason TEXT,
    recorded_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT pk_checkpoint PRIMARY KEY (id),
    CONSTRAINT ck_checkpoint_outcome CHECK (outcome IN ('passed', 'held', 'refused')),
    CONSTRAINT ck_checkpoint_stage CHECK (stage IN ('exit', 'transit_in', 'transit_out', 'entry'))
);
CREATE INDEX ix_checkpoint_post_occurred_at ON checkpoint (post, occurred_at);
CREATE INDEX ix_checkpoint_shipment_id ON checkpoint (shipment_id);
CREATE INDEX ix_checkpoint_stops ON checkpoint (owner_state, recorded_at) WHERE outcome <> 'passed';
CALL salsa_protect('checkpoint', 'SELECT, INSERT');
CALL salsa_append_only('checkpoint');

CREATE TABLE receipt (
    id UUID NOT NULL,
    version INTEGER NOT NULL,
    owner_state CHAR(3) NOT NULL, concerned CHAR(3)[] NOT NULL,
    shipment_state CHAR(3) NOT NULL, shipment_id UUID NOT NULL,
    received_on DATE NOT NULL,
    item_count INTEGER NOT NULL,
    missing JSONB NOT NULL,
    unexpected TEXT[] NOT NULL,
    bulk JSONB NOT NULL,
    miskeyed JSONB NOT NULL,
    differences JSONB NOT NULL,
    import_mark JSONB,
    delivery_verification TEXT, details JSONB NOT NULL DEFAULT '{}',
    is_return BOOLEAN NOT NULL,
    recorded_at TIMESTAMPTZ NOT NULL, reason TEXT,
    CONSTRAINT pk_receipt PRIMARY KEY (id, version),
    CONSTRAINT uq_receipt_shipment_id_is_return_version UNIQUE (shipment_id, is_return, version)
);
CALL salsa_protect('receipt', 'SELECT, INSERT');
CALL salsa_append_only('receipt');

CREATE TABLE reshipment (
    record_id UUID NOT NULL,
    earlier_record UUID NOT NULL,
    owner_state CHAR(3) NOT NULL, concerned CHAR(3)[] NOT NULL,
    shipment_id UUID NOT NULL,
    line INTEGER NOT NULL,
    serial TEXT NOT NULL,
    earlier_shipment UUID NOT NULL,
    earlier_line INTEGER NOT NULL,
    earlier_serial TEXT NOT NULL,
    CONSTRAINT pk_reshipment PRIMARY KEY (record_id, earlier_record)
);
CREATE INDEX ix_reshipment_earlier_shipment ON reshipment (earlier_shipment);
CREATE INDEX ix_reshipment_shipment_id ON reshipment (shipment_id);
CALL salsa_protect('reshipment', 'SELECT, INSERT');
CALL salsa_append_only('reshipment');

CREATE TABLE trade_event (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL, concerned CHAR(3)[] NOT NULL,
    subject_kind TEXT NOT NULL, subject_state CHAR(3) NOT NULL, subject_id UUID NOT NULL,
    kind TEXT NOT NULL,
    occurred_at TIMESTAMPTZ NOT NULL,
    reason TEXT,
    data JSONB NOT NULL,
    recorded_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT pk_trade_event PRIMARY KEY (id),
    CONSTRAINT ck_trade_event_subject_kind CHECK (subject_kind IN (
        'permit', 'shipment', 'discrepancy', 'licensee'
    ))
);
CREATE INDEX ix_trade_event_stops ON trade_event (owner_state, recorded_at) WHERE kind IN ('held', 'incident');
CREATE INDEX ix_trade_event_subject_id ON trade_event (subject_id);
CALL salsa_protect('trade_event', 'SELECT, INSERT');
CALL salsa_append_only('trade_event');

CREATE TABLE discrepancy (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL, concerned CHAR(3)[] NOT NULL,
    version INTEGER NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    subject_kind TEXT NOT NULL, subject_id UUID NOT NULL,
    subject_number TEXT NOT NULL,
    status TEXT NOT NULL,
    data JSONB NOT NULL,
    raised_at TIMESTAMPTZ NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL,
    reopened_version INTEGER NOT NULL,
    CONSTRAINT pk_discrepancy PRIMARY KEY (id),
    CONSTRAINT uq_discrepancy_subject_id_kind_key UNIQUE (subject_id, kind, key),
    CONSTRAINT ck_discrepancy_kind CHECK (kind IN (
        'missing_counterpart', 'quantity_mismatch', 'over_quantity', 'short_receipt',
        'over_receipt', 'serial_mismatch', 'seal_mismatch', 'missing_checkpoint', 'overdue',
        'expired_in_transit', 'permit_cancelled_in_transit', 'party_not_authorised',
        'document_invalid', 'unauthorised_route'
    )),
    CONSTRAINT ck_discrepancy_status CHECK (status IN (
        'open', 'explained', 'agreed', 'resolved', 'reopened'
    )),
    CONSTRAINT ck_discrepancy_subject_kind CHECK (subject_kind IN ('permit', 'shipment'))
);
CREATE INDEX ix_discrepancy_concerned ON discrepancy USING gin (concerned);
CALL salsa_protect('discrepancy', 'SELECT, INSERT, UPDATE');

-- Each state concerned explains it, one after the other. The version counts what happened to it; all
-- else is the owner's to write.
CREATE FUNCTION salsa_lock_discrepancy(locked uuid, at timestamptz) RETURNS SETOF discrepancy
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE discrepancy SET version = version + 1, changed_at = at WHERE id = locked
    AND concerned @> ARRAY[current_setting('salsa.state', true)::char(3)]
    RETURNING discrepancy.*
$$;

CREATE TABLE discrepancy_statement (
    discrepancy_id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL, concerned CHAR(3)[] NOT NULL,
    stance TEXT NOT NULL,
    explanation TEXT,
    version INTEGER NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT pk_discrepancy_statement PRIMARY KEY (discrepancy_id, owner_state),
    CONSTRAINT fk_discrepancy_statement_discrepancy_id FOREIGN KEY (discrepancy_id) REFERENCES discrepancy (id),
    CONSTRAINT ck_discrepancy_statement_stance CHECK (stance IN ('open', 'explained', 'agreed'))
);
CALL salsa_protect('discrepancy_statement', 'SELECT, INSERT, UPDATE');

CREATE TABLE discrepancy_assignment (
    discrepancy_id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    account_id UUID NOT NULL,
    assigned_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT pk_discrepancy_assignment PRIMARY KEY (discrepancy_id, owner_state),
    CONSTRAINT fk_discrepancy_assignment_discrepancy_id FOREIGN KEY (discrepancy_id) REFERENCES discrepancy (id)
);
CREATE INDEX ix_discrepancy_assignment_account_id ON discrepancy_assignment (account_id);
CALL salsa_protect_owned('discrepancy_assignment', 'SELECT, INSERT, UPDATE');

-- Row-level security lets only leakproof operators use an index, and those of arrays are not: these
-- functions see the rows that the policy `concerned_read` shows, and no others.
CREATE FUNCTION salsa_shipments_by_plate(plate text) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT id FROM shipment WHERE plates @> ARRAY[plate]
    AND concerned @> ARRAY[current_setting('salsa.state', true)::char(3)]
$$;
CREATE FUNCTION salsa_shipments_at_post(at_post text) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT id FROM shipment WHERE posts @> ARRAY[at_post]
    AND status IN ('planned', 'released', 'in_transit', 'arrived', 'held')
    AND concerned @> ARRAY[current_setting('salsa.state', true)::char(3)]
$$;
CREATE FUNCTION salsa_discrepancies_at_post(at_post text) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT discrepancy.id FROM shipment JOIN discrepancy ON discrepancy.subject_id = shipment.id
    WHERE posts @> ARRAY[at_post] AND discrepancy.status IN ('open', 'explained', 'reopened')
    AND shipment.concerned @> ARRAY[current_setting('salsa.state', true)::char(3)]
    AND discrepancy.concerned @> ARRAY[current_setting('salsa.state', true)::char(3)]
$$;
GRANT EXECUTE ON FUNCTION salsa_shipments_by_plate, salsa_shipments_at_post,
    salsa_discrepancies_at_post, salsa_lock_shipments, salsa_lock_discrepancy TO salsa_service;
