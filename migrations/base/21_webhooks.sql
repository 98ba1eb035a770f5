-- Webhooks, and what is sent to them.

CREATE TABLE webhook (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    version INTEGER NOT NULL,
    url TEXT NOT NULL,
    kinds TEXT[] NOT NULL,
    agency TEXT,
    secret BYTEA NOT NULL,
    old_secret BYTEA,
    old_until TIMESTAMPTZ,
    status TEXT NOT NULL,
    failures INTEGER NOT NULL,
    failing_since TIMESTAMPTZ,
    rests_until TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT pk_webhook PRIMARY KEY (id),
    CONSTRAINT ck_webhook_status CHECK (status IN ('active', 'disabled', 'removed'))
);
CREATE INDEX ix_webhook_owner_state_id ON webhook (owner_state, id);
CALL salsa_protect_owned('webhook', 'SELECT, INSERT, UPDATE (version, secret, old_secret,
    old_until, status, failures, failing_since, rests_until)');

CREATE TABLE webhook_delivery (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    webhook_id UUID NOT NULL,
    kind TEXT NOT NULL,
    object_id UUID NOT NULL,
    object_version INTEGER NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    status TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    due_at TIMESTAMPTZ NOT NULL,
    claimed_until TIMESTAMPTZ,
    answer TEXT,
    sent_at TIMESTAMPTZ,
    CONSTRAINT pk_webhook_delivery PRIMARY KEY (id),
    CONSTRAINT ck_webhook_delivery_status CHECK (status IN ('waiting', 'delivered', 'failed'))
);
CREATE INDEX ix_webhook_delivery_webhook_id_id ON webhook_delivery (webhook_id, id);
CREATE INDEX ix_webhook_delivery_waiting ON webhook_delivery (owner_state, due_at)
    WHERE status = 'waiting';
CALL salsa_protect_owned('webhook_delivery', 'SELECT, INSERT, DELETE, UPDATE (status, attempts,
    due_at, claimed_until, answer, sent_at)');

-- The worker sees which states have messages to send, how many, and since when.
CREATE FUNCTION salsa_webhook_states()
RETURNS TABLE (state TEXT, depth BIGINT, oldest TIMESTAMPTZ)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT d.owner_state::text, count(*), min(d.due_at) FROM webhook_delivery AS d
    JOIN webhook AS w ON w.id = d.webhook_id
    WHERE d.status = 'waiting' AND d.due_at <= clock_timestamp() AND w.status = 'active'
    AND coalesce(w.rests_until <= clock_timestamp(), true)
    GROUP BY d.owner_state
$$;
GRANT EXECUTE ON FUNCTION salsa_webhook_states TO salsa_worker;
