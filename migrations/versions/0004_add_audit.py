"""The audit: append-only, by grants and by triggers."""

from alembic import op

revision = "0004_add_audit"
down_revision = "0003_add_accounts"

CREATE = """
CREATE TABLE audit_entry (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    concerned CHAR(3)[] NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    action TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    subject_state CHAR(3),
    account_id UUID,
    key_id UUID,
    officer_id UUID,
    role TEXT NOT NULL,
    purpose TEXT,
    case_number TEXT,
    request_id TEXT,
    data JSONB NOT NULL,
    salt BYTEA,
    leaf_hash BYTEA NOT NULL,
    CONSTRAINT pk_audit_entry PRIMARY KEY (id)
);
CREATE INDEX ix_audit_entry_subject_id ON audit_entry (subject_id);
CALL salsa_protect('audit_entry', 'SELECT, INSERT');
CALL salsa_append_only('audit_entry');
"""

DROP = """
DROP TABLE audit_entry;
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)
