"""Alerts: guns that a state wants to be told of, and the hits on them, as each state has them."""

from alembic import op

revision = "0036_add_alerts"
down_revision = "0035_answer_automatically"

# A hit has one row for the state of the alert and, unless the alert lets the gun pass, one of the same
# id for the state that met it: each may live in an installation of its own.
CREATE = """
CREATE TABLE alert (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    concerned CHAR(3)[] NOT NULL,
    version INTEGER NOT NULL,
    record_id UUID NOT NULL,
    of_record UUID,
    action TEXT NOT NULL,
    priority TEXT NOT NULL,
    reason TEXT NOT NULL,
    reason_text TEXT,
    case_number TEXT NOT NULL,
    visible_to CHAR(3)[],
    expires_on DATE NOT NULL,
    status TEXT NOT NULL,
    second_check TEXT NOT NULL,
    entered_by UUID,
    entered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    verified_by UUID,
    verified_at TIMESTAMP WITH TIME ZONE,
    validate_on DATE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    end_reason TEXT,
    CONSTRAINT pk_alert PRIMARY KEY (id),
    CONSTRAINT ck_alert_action CHECK (
        action IN ('seize', 'hold_and_call', 'inform_only', 'let_pass_and_inform')),
    CONSTRAINT ck_alert_priority CHECK (priority IN ('urgent', 'routine')),
    CONSTRAINT ck_alert_status CHECK (status IN ('active', 'expired', 'cancelled')),
    CONSTRAINT ck_alert_second_check CHECK (second_check IN ('not_needed', 'waiting', 'done'))
);
CREATE INDEX ix_alert_owner_state_id ON alert (owner_state, id);
CREATE INDEX ix_alert_record_id ON alert (record_id);
CREATE INDEX ix_alert_expiring ON alert (owner_state, expires_on) WHERE status = 'active';
CREATE INDEX ix_alert_validating ON alert (owner_state, validate_on) WHERE status = 'active';
CALL salsa_protect('alert', 'SELECT, INSERT, UPDATE');

CREATE TABLE hit (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    version INTEGER NOT NULL,
    alert_id UUID NOT NULL,
    alert_state CHAR(3) NOT NULL,
    asking_state CHAR(3) NOT NULL,
    agency TEXT,
    action TEXT NOT NULL,
    priority TEXT NOT NULL,
    cause_kind TEXT NOT NULL,
    cause_id UUID,
    cause_key UUID NOT NULL,
    strength TEXT NOT NULL,
    score DOUBLE PRECISION NOT NULL,
    status TEXT NOT NULL,
    met_at TIMESTAMP WITH TIME ZONE NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    reminded_at TIMESTAMP WITH TIME ZONE,
    answered_at TIMESTAMP WITH TIME ZONE,
    answered_by UUID,
    note TEXT,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_hit PRIMARY KEY (id, owner_state),
    CONSTRAINT uq_hit_owner_state_alert_id_cause_key UNIQUE (owner_state, alert_id, cause_key),
    CONSTRAINT ck_hit_status CHECK (
        status IN ('open', 'confirmed', 'denied', 'extended', 'expired')),
    CONSTRAINT ck_hit_strength CHECK (strength IN ('strong', 'moderate'))
);
CREATE INDEX ix_hit_owner_state_id ON hit (owner_state, id);
CREATE INDEX ix_hit_alert_id ON hit (alert_id);
CREATE INDEX ix_hit_waiting ON hit (owner_state, due_at) WHERE status IN ('open', 'extended');
CALL salsa_keep_to_owner('hit', 'SELECT, INSERT, UPDATE');
"""

# An alert says what to do with a gun and nothing of its life: it settles no search, as a seizure does not.
SETTLING = """
DO $$
DECLARE
    said text := pg_get_functiondef('salsa_near'::regproc);
    changed text := replace(said, '{before}', '{after}');
BEGIN
    IF changed = said THEN
        RAISE EXCEPTION 'salsa_near is not as it was';
    END IF;
    EXECUTE changed;
END $$;
"""
SEIZED = "(''seized'', ''found'', ''surrendered'')"
WITH_ALERTS = "(''seized'', ''found'', ''surrendered'', ''alert'')"


def upgrade() -> None:
    op.execute(CREATE)
    op.execute(SETTLING.format(before=SEIZED, after=WITH_ALERTS))


def downgrade() -> None:
    op.execute(SETTLING.format(before=WITH_ALERTS, after=SEIZED))
    op.execute("DROP TABLE hit")
    op.execute("DROP TABLE alert")
