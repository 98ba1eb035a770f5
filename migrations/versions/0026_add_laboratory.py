"""What a laboratory adds: who read a mark, and attachments with what they hold."""

from alembic import op

revision = "0026_add_laboratory"
down_revision = "0025_tell_later"

# What an attachment holds stands apart and in pieces, so that no list and no withdrawal touches it, a
# driver holds one piece at a time, and row-level security covers it: large objects have none.
CREATE = """
ALTER TABLE mark ADD COLUMN read_by_agency TEXT;
ALTER TABLE mark ADD COLUMN read_by_officer UUID;
ALTER TABLE mark ADD COLUMN read_at TIMESTAMP WITH TIME ZONE;

CREATE TABLE attachment (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    concerned CHAR(3)[] NOT NULL,
    version INTEGER NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id UUID NOT NULL,
    kind TEXT NOT NULL,
    title TEXT,
    handling TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size INTEGER NOT NULL,
    width INTEGER,
    height INTEGER,
    received_sha256 BYTEA NOT NULL,
    kept_sha256 BYTEA NOT NULL,
    added_at TIMESTAMP WITH TIME ZONE NOT NULL,
    added_by_agency TEXT,
    added_by_officer UUID,
    withdrawn_at TIMESTAMP WITH TIME ZONE,
    withdrawn_reason TEXT,
    CONSTRAINT pk_attachment PRIMARY KEY (id),
    CONSTRAINT ck_attachment_kind CHECK (kind IN ('photograph', 'document', 'laboratory_report')),
    CONSTRAINT ck_attachment_handling CHECK (handling IN ('H0', 'H1', 'H2', 'H3')),
    CONSTRAINT ck_attachment_kept_to_owner CHECK (
        handling IN ('H0', 'H1') OR concerned = ARRAY[owner_state]
    ),
    CONSTRAINT ck_attachment_received_sha256 CHECK (octet_length(received_sha256) = 32),
    CONSTRAINT ck_attachment_kept_sha256 CHECK (octet_length(kept_sha256) = 32),
    CONSTRAINT ck_attachment_withdrawn CHECK ((withdrawn_at IS NULL) = (withdrawn_reason IS NULL))
);
CREATE INDEX ix_attachment_subject_id ON attachment (subject_id);
CALL salsa_protect('attachment',
    'SELECT, INSERT, UPDATE (version, withdrawn_at, withdrawn_reason)');

CREATE TABLE attachment_part (
    attachment_id UUID NOT NULL,
    position INTEGER NOT NULL,
    owner_state CHAR(3) NOT NULL,
    concerned CHAR(3)[] NOT NULL,
    content BYTEA NOT NULL,
    CONSTRAINT pk_attachment_part PRIMARY KEY (attachment_id, position)
);
ALTER TABLE attachment_part ALTER COLUMN content SET STORAGE EXTERNAL;
CALL salsa_protect('attachment_part', 'SELECT, INSERT');
CALL salsa_append_only('attachment_part');
"""

DROP = """
DROP TABLE attachment_part;
DROP TABLE attachment;
ALTER TABLE mark DROP COLUMN read_at;
ALTER TABLE mark DROP COLUMN read_by_officer;
ALTER TABLE mark DROP COLUMN read_by_agency;
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)
