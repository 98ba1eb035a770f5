"""Receipts have versions, and it is known which guns of a shipment were shipped before."""

from alembic import op

revision = "0022_correct_receipts"
down_revision = "0021_tell_decisions"

VERSIONS = """
ALTER TABLE receipt ADD COLUMN version INTEGER NOT NULL DEFAULT 1,
    ADD COLUMN reason TEXT,
    ADD COLUMN import_mark JSONB,
    DROP CONSTRAINT pk_receipt,
    ADD CONSTRAINT pk_receipt PRIMARY KEY (id, version),
    DROP CONSTRAINT uq_receipt_shipment_id_owner_state,
    ADD CONSTRAINT uq_receipt_shipment_id_owner_state_version
        UNIQUE (shipment_id, owner_state, version);
ALTER TABLE receipt ALTER COLUMN version DROP DEFAULT;
"""

# What was stamped at the import stood on the guns alone; a correction that does not speak of it
# leaves it there.
MARKS = """
ALTER TABLE receipt DISABLE TRIGGER append_only;
UPDATE receipt SET import_mark = (
    SELECT jsonb_build_object('text', mark.text, 'year', mark.year)
    FROM record JOIN mark ON mark.record_id = record.id AND mark.record_version = record.version
    WHERE record.document_id = receipt.id AND record.category = 'firearm'
      AND mark.kind = 'import' AND mark.state = receipt.owner_state
      AND NOT EXISTS (SELECT FROM mark AS borne WHERE borne.record_id = record.linked_record
                      AND borne.kind = 'import' AND borne.text = mark.text)
    LIMIT 1);
ALTER TABLE receipt ENABLE TRIGGER append_only;
"""

AGAIN = """
CREATE TABLE shipped_again (
    record_id UUID NOT NULL,
    earlier_record UUID NOT NULL,
    owner_state CHAR(3) NOT NULL,
    concerned CHAR(3)[] NOT NULL,
    shipment_id UUID NOT NULL,
    line INTEGER NOT NULL,
    serial TEXT NOT NULL,
    earlier_shipment UUID NOT NULL,
    earlier_line INTEGER NOT NULL,
    earlier_serial TEXT NOT NULL,
    CONSTRAINT pk_shipped_again PRIMARY KEY (record_id, earlier_record)
);
CREATE INDEX ix_shipped_again_shipment_id ON shipped_again (shipment_id);
CREATE INDEX ix_shipped_again_earlier_shipment ON shipped_again (earlier_shipment);
CALL salsa_protect('shipped_again', 'SELECT, INSERT');
CALL salsa_append_only('shipped_again');
"""

BACK = """
DROP TABLE shipped_again;
ALTER TABLE receipt DISABLE TRIGGER append_only;
DELETE FROM receipt WHERE EXISTS (
    SELECT FROM receipt AS newer
    WHERE newer.id = receipt.id AND newer.version > receipt.version);
ALTER TABLE receipt ENABLE TRIGGER append_only,
    DROP CONSTRAINT uq_receipt_shipment_id_owner_state_version,
    ADD CONSTRAINT uq_receipt_shipment_id_owner_state UNIQUE (shipment_id, owner_state),
    DROP CONSTRAINT pk_receipt,
    ADD CONSTRAINT pk_receipt PRIMARY KEY (id),
    DROP COLUMN import_mark, DROP COLUMN reason, DROP COLUMN version;
"""


def upgrade() -> None:
    for made in (VERSIONS, MARKS, AGAIN):
        op.execute(made)


def downgrade() -> None:
    op.execute(BACK)
