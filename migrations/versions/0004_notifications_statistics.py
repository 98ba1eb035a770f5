"""Notifications, and sums for figures."""

from alembic import op

revision = "0004_notifications_statistics"
down_revision = "0003_access_audit"

TABLES = """
CREATE TABLE notification (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL, concerned CHAR(3)[] NOT NULL,
    roles TEXT[] NOT NULL,
    code TEXT NOT NULL,
    subject_kind TEXT NOT NULL, subject_state CHAR(3) NOT NULL, subject_id UUID NOT NULL,
    number TEXT,
    data JSONB NOT NULL,
    raised_at TIMESTAMPTZ NOT NULL,
    account_id UUID,
    agencies TEXT[],
    CONSTRAINT pk_notification PRIMARY KEY (id)
);
CREATE INDEX ix_notification_owner_state_id ON notification (owner_state, id);
CREATE INDEX ix_notification_owner_state_raised_at ON notification (owner_state, raised_at);
CALL salsa_protect('notification', 'SELECT, INSERT');
CALL salsa_append_only('notification');

CREATE TABLE notification_read (
    notification_id UUID NOT NULL,
    account_id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL, concerned CHAR(3)[] NOT NULL,
    read_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT pk_notification_read PRIMARY KEY (notification_id, account_id)
);
CALL salsa_protect('notification_read', 'SELECT, INSERT');
CALL salsa_append_only('notification_read');

-- Sums hold no record, so row-level security does not keep them from any state.
CREATE TABLE rollup (
    dataset TEXT NOT NULL,
    state CHAR(3) NOT NULL,
    partner TEXT NOT NULL,
    subject TEXT NOT NULL,
    period DATE NOT NULL,
    amount BIGINT NOT NULL,
    CONSTRAINT pk_rollup PRIMARY KEY (dataset, state, partner, subject, period)
);
GRANT SELECT ON rollup TO salsa_service;

CREATE TABLE rollup_delta (
    id UUID NOT NULL,
    dataset TEXT NOT NULL,
    state CHAR(3) NOT NULL,
    partner TEXT NOT NULL,
    subject TEXT NOT NULL,
    period DATE NOT NULL,
    amount BIGINT NOT NULL,
    CONSTRAINT pk_rollup_delta PRIMARY KEY (id)
);
GRANT SELECT, INSERT ON rollup_delta TO salsa_service;

-- Sums are changed by folding alone.
CREATE FUNCTION salsa_fold_deltas(most integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH removed AS (
        DELETE FROM rollup_delta WHERE id = ANY(ARRAY(  -- an array is read once, a join may be again
            SELECT id FROM rollup_delta ORDER BY id LIMIT most FOR UPDATE SKIP LOCKED))
        RETURNING dataset, state, partner, subject, period, amount
    ), folded AS (
        INSERT INTO rollup AS r (dataset, state, partner, subject, period, amount)
        SELECT dataset, state, partner, subject, period, sum(amount) FROM removed
        GROUP BY dataset, state, partner, subject, period
        ORDER BY dataset, state, partner, subject, period
        ON CONFLICT (dataset, state, partner, subject, period)
        DO UPDATE SET amount = r.amount + excluded.amount
    )
    SELECT count(*) FROM removed
$$;
-- Whoever counts something waits until the transaction ends.
CREATE FUNCTION salsa_lock_deltas() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    LOCK TABLE rollup_delta IN SHARE ROW EXCLUSIVE MODE;
END $$;
GRANT EXECUTE ON FUNCTION salsa_fold_deltas, salsa_lock_deltas TO salsa_service;
"""


def upgrade() -> None:
    op.execute(TABLES)
