-- Boards of border posts: what changed on them, and calls across a post.

-- What changed at a side of a post, and nothing of its content; with `agency` it shows to that agency
-- alone. A job writes it from the log of changes as the service of the state, and numbers each side by
-- itself: a reader goes on after a number, and no gap shows what happens elsewhere.
CREATE TABLE board_change (
    state CHAR(3) NOT NULL,
    post TEXT NOT NULL,
    number BIGINT NOT NULL,
    kind TEXT NOT NULL,
    subject_id UUID NOT NULL,
    agency TEXT,
    at TIMESTAMPTZ NOT NULL,
    CONSTRAINT pk_board_change PRIMARY KEY (state, post, number)
);
CREATE INDEX ix_board_change_at ON board_change (at);
ALTER TABLE board_change ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_read ON board_change FOR SELECT TO salsa_service
    USING (state = current_setting('salsa.state', true)::char(3));
CREATE POLICY own_insert ON board_change FOR INSERT TO salsa_worker
    WITH CHECK (state = current_setting('salsa.state', true)::char(3));
CREATE POLICY own_delete ON board_change FOR DELETE TO salsa_worker
    USING (state = current_setting('salsa.state', true)::char(3));
GRANT SELECT ON board_change TO salsa_service;
GRANT INSERT, DELETE ON board_change TO salsa_worker;

-- The calling state owns the call, the called one its answer; both see both.
CREATE TABLE call_request (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL, concerned CHAR(3)[] NOT NULL,
    post TEXT NOT NULL,
    agency TEXT,
    shipment_id UUID,
    shipment_number TEXT,
    words TEXT,
    requested_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT pk_call_request PRIMARY KEY (id)
);
CREATE INDEX ix_call_request_post_requested_at ON call_request (post, requested_at);
CALL salsa_protect('call_request', 'SELECT, INSERT');
CALL salsa_append_only('call_request');

CREATE TABLE call_answer (
    call_id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL, concerned CHAR(3)[] NOT NULL,
    agency TEXT,
    answered_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT pk_call_answer PRIMARY KEY (call_id)
);
CALL salsa_protect('call_answer', 'SELECT, INSERT');
CALL salsa_append_only('call_answer');
