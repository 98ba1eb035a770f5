-- Envelopes: the outbox and the inbox of each state, and the progress of each pair of states.

-- No row is visible to two states and no key joins those of two. An envelope is append-only; its
-- progress is a row beside it, which one worker at a time claims.
CREATE TABLE outbox (
    owner_state CHAR(3) NOT NULL,
    id UUID NOT NULL,
    recipient CHAR(3) NOT NULL, sequence BIGINT NOT NULL,
    kind TEXT NOT NULL,
    case_number TEXT NOT NULL,
    hash TEXT NOT NULL,
    raw BYTEA NOT NULL,
    queued_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT pk_outbox PRIMARY KEY (owner_state, id),
    CONSTRAINT uq_outbox_owner_state_recipient_sequence UNIQUE (owner_state, recipient, sequence)
);
CALL salsa_protect_owned('outbox', 'SELECT, INSERT');
CALL salsa_append_only('outbox');

CREATE TABLE outbox_progress (
    owner_state CHAR(3) NOT NULL,
    envelope_id UUID NOT NULL,
    recipient CHAR(3) NOT NULL, sequence BIGINT NOT NULL,
    attempts INTEGER NOT NULL, due_at TIMESTAMPTZ NOT NULL,
    delivered_at TIMESTAMPTZ,
    failure TEXT,
    CONSTRAINT pk_outbox_progress PRIMARY KEY (owner_state, envelope_id)
);
CREATE INDEX ix_outbox_progress_waiting ON outbox_progress (owner_state, recipient, sequence)
    WHERE delivered_at IS NULL;
CALL salsa_protect_owned('outbox_progress',
    'SELECT, INSERT, UPDATE (attempts, due_at, delivered_at, failure)');

CREATE TABLE outbox_pair (
    owner_state CHAR(3) NOT NULL,
    recipient CHAR(3) NOT NULL, sequence BIGINT NOT NULL,
    hash TEXT NOT NULL,
    CONSTRAINT pk_outbox_pair PRIMARY KEY (owner_state, recipient)
);
CALL salsa_protect_owned('outbox_pair', 'SELECT, INSERT, UPDATE (sequence, hash)');

CREATE TABLE inbox (
    owner_state CHAR(3) NOT NULL,
    id UUID NOT NULL,
    sender CHAR(3) NOT NULL, sequence BIGINT NOT NULL,
    kind TEXT NOT NULL,
    case_number TEXT NOT NULL,
    previous TEXT,
    hash TEXT NOT NULL,
    raw BYTEA NOT NULL,
    received_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT pk_inbox PRIMARY KEY (owner_state, id),
    CONSTRAINT uq_inbox_owner_state_sender_sequence UNIQUE (owner_state, sender, sequence)
);
CALL salsa_protect_owned('inbox', 'SELECT, INSERT');
CALL salsa_append_only('inbox');

CREATE TABLE inbox_progress (
    owner_state CHAR(3) NOT NULL,
    envelope_id UUID NOT NULL,
    sender CHAR(3) NOT NULL, sequence BIGINT NOT NULL,
    status TEXT NOT NULL,
    code TEXT,
    attempts INTEGER NOT NULL, due_at TIMESTAMPTZ NOT NULL,
    processed_at TIMESTAMPTZ,
    CONSTRAINT pk_inbox_progress PRIMARY KEY (owner_state, envelope_id),
    CONSTRAINT ck_inbox_progress_status CHECK (status IN ('waiting', 'applied', 'refused'))
);
CREATE INDEX ix_inbox_progress_waiting ON inbox_progress (owner_state, sender, sequence)
    WHERE status = 'waiting';
CALL salsa_protect_owned('inbox_progress',
    'SELECT, INSERT, UPDATE (status, code, attempts, due_at, processed_at)');

CREATE TABLE inbox_pair (
    owner_state CHAR(3) NOT NULL,
    sender CHAR(3) NOT NULL,
    received_through BIGINT NOT NULL,
    hash TEXT,
    processed_through BIGINT NOT NULL,
    CONSTRAINT pk_inbox_pair PRIMARY KEY (owner_state, sender)
);
CALL salsa_protect_owned('inbox_pair',
    'SELECT, INSERT, UPDATE (received_through, hash, processed_through)');

-- Each of the two states has a row of its own, of the same id.
CREATE TABLE conversation_message (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    conversation_id UUID NOT NULL,
    partner CHAR(3) NOT NULL,
    sender CHAR(3) NOT NULL,
    title TEXT NOT NULL,
    about_kind TEXT, about_number TEXT,
    agency TEXT,
    text TEXT NOT NULL,
    sent_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT pk_conversation_message PRIMARY KEY (id, owner_state)
);
CREATE INDEX ix_conversation_message_owner_state_conversation_id
    ON conversation_message (owner_state, conversation_id);
CALL salsa_protect_owned('conversation_message', 'SELECT, INSERT');

-- The worker sees which states have envelopes to deliver or to apply, how many, and since when.
CREATE FUNCTION salsa_envelope_states()
RETURNS TABLE (state TEXT, depth BIGINT, oldest TIMESTAMPTZ)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT waiting.owner_state::text, count(*), min(waiting.since) FROM (
        SELECT owner_state, sent.queued_at AS since FROM outbox_progress progress
        JOIN outbox sent USING (owner_state) WHERE sent.id = progress.envelope_id
            AND progress.delivered_at IS NULL
        UNION ALL SELECT owner_state, received.received_at FROM inbox_progress progress
        JOIN inbox received USING (owner_state) WHERE received.id = progress.envelope_id
            AND progress.status = 'waiting'
    ) AS waiting GROUP BY waiting.owner_state
$$;
GRANT EXECUTE ON FUNCTION salsa_envelope_states TO salsa_worker;
