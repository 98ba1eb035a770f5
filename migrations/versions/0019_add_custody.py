"""What is due of shipments, what a receipt found, goods that came back, keys of what never was."""

from alembic import op

revision = "0019_add_custody"
down_revision = "0018_add_signing_keys"

# The indexes are plain: comparisons of moments are leakproof, so row-level security lets them be used.
SHIPMENTS = """
ALTER TABLE shipment ADD COLUMN due_stage TEXT,
    ADD COLUMN overdue_at TIMESTAMP WITH TIME ZONE,
    ADD COLUMN watch_at TIMESTAMP WITH TIME ZONE;
-- The watch works out of all that is not over what is due.
UPDATE shipment SET overdue_at = due_at + interval '24 hours', watch_at = recorded_at
WHERE status IN ('planned', 'released', 'in_transit', 'arrived', 'held');
CREATE INDEX ix_shipment_due_at ON shipment (due_at);
CREATE INDEX ix_shipment_watch_at ON shipment (watch_at);
"""

# What had moved before releases were recorded was released by who let it go.
RELEASED = """
INSERT INTO event (id, owner_state, concerned, subject_kind, subject_state, subject_id, kind,
                   occurred_at, reason, data, recorded_at)
SELECT gen_random_uuid(), owner_state, concerned, 'shipment', owner_state, id, 'released',
       recorded_at, NULL, '{}', recorded_at
FROM shipment WHERE status NOT IN ('planned', 'cancelled');
"""

RECEIPTS = """
ALTER TABLE receipt ADD COLUMN miskeyed JSONB NOT NULL DEFAULT '[]',
    ADD COLUMN differences JSONB NOT NULL DEFAULT '[]',
    DROP CONSTRAINT uq_receipt_shipment_id,
    ADD CONSTRAINT uq_receipt_shipment_id_owner_state UNIQUE (shipment_id, owner_state);
ALTER TABLE receipt ALTER COLUMN miskeyed DROP DEFAULT, ALTER COLUMN differences DROP DEFAULT;
"""

# Marks of what was never exported after all are found by no search.
KEYS = """
ALTER TABLE mark_key ADD COLUMN is_void BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE mark_key ALTER COLUMN is_void DROP DEFAULT;
GRANT UPDATE (is_void) ON mark_key TO salsa_service;
"""

DROP = """
REVOKE UPDATE (is_void) ON mark_key FROM salsa_service;
ALTER TABLE mark_key DROP COLUMN is_void;
ALTER TABLE receipt DROP CONSTRAINT uq_receipt_shipment_id_owner_state,
    DROP COLUMN differences, DROP COLUMN miskeyed;
ALTER TABLE receipt DISABLE TRIGGER append_only;
DELETE FROM receipt WHERE EXISTS (
    SELECT 1 FROM receipt AS first WHERE first.shipment_id = receipt.shipment_id
    AND first.id < receipt.id);
ALTER TABLE receipt ENABLE TRIGGER append_only,
    ADD CONSTRAINT uq_receipt_shipment_id UNIQUE (shipment_id);
DROP INDEX ix_shipment_watch_at;
DROP INDEX ix_shipment_due_at;
ALTER TABLE shipment DROP COLUMN watch_at, DROP COLUMN overdue_at, DROP COLUMN due_stage;
"""


def upgrade() -> None:
    for made in (SHIPMENTS, RELEASED, RECEIPTS, KEYS):
        op.execute(made)


def downgrade() -> None:
    op.execute(DROP)
