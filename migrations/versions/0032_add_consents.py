"""Consents: what the origin of a record allows another state to do with it."""

from alembic import op

revision = "0032_add_consents"
down_revision = "0031_tell_owners_later"

# Each of the two states owns a row of its own, of the same id, so that either can move elsewhere.
CREATE = """
CREATE TABLE consent (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    version INTEGER NOT NULL,
    origin_state CHAR(3) NOT NULL,
    asking_state CHAR(3) NOT NULL,
    record_id UUID NOT NULL,
    use TEXT NOT NULL,
    to_state CHAR(3),
    case_number TEXT NOT NULL,
    reason TEXT NOT NULL,
    status TEXT NOT NULL,
    answer TEXT,
    expires_on DATE,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    answered_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_consent PRIMARY KEY (id, owner_state),
    CONSTRAINT ck_consent_use CHECK (use IN ('names', 'court', 'onward', 'compelled')),
    CONSTRAINT ck_consent_status
        CHECK (status IN ('asked', 'granted', 'refused', 'revoked', 'notified')),
    CONSTRAINT ck_consent_sides
        CHECK (origin_state <> asking_state AND owner_state IN (origin_state, asking_state)),
    CONSTRAINT ck_consent_onward CHECK ((use = 'onward') = (to_state IS NOT NULL)),
    CONSTRAINT ck_consent_notice CHECK ((use = 'compelled') = (status = 'notified')),
    CONSTRAINT ck_consent_granted CHECK (status <> 'granted' OR expires_on IS NOT NULL)
);
CREATE INDEX ix_consent_owner_state_record_id ON consent (owner_state, record_id);
CALL salsa_keep_to_owner('consent',
    'SELECT, INSERT, UPDATE (version, status, answer, expires_on, answered_at)');
"""

DROP = """
DROP TABLE consent;
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)
