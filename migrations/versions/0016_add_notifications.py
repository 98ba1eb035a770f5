"""Notifications: what a state is told, and which of its accounts read it when."""

from alembic import op

revision = "0016_add_notifications"
down_revision = "0015_add_licensees"

CREATE = """
CREATE TABLE notification (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    concerned CHAR(3)[] NOT NULL,
    roles TEXT[] NOT NULL,
    code TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_state CHAR(3) NOT NULL,
    subject_id UUID NOT NULL,
    number TEXT,
    data JSONB NOT NULL,
    raised_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_notification PRIMARY KEY (id)
);
CREATE INDEX ix_notification_owner_state_id ON notification (owner_state, id);
CREATE INDEX ix_notification_owner_state_raised_at ON notification (owner_state, raised_at);
CALL salsa_protect('notification', 'SELECT, INSERT');
CALL salsa_append_only('notification');

CREATE TABLE notification_reading (
    notification_id UUID NOT NULL,
    account_id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    concerned CHAR(3)[] NOT NULL,
    read_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_notification_reading PRIMARY KEY (notification_id, account_id)
);
CALL salsa_protect('notification_reading', 'SELECT, INSERT');
CALL salsa_append_only('notification_reading');
"""

DROP = """
DROP TABLE notification_reading;
DROP TABLE notification;
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)
