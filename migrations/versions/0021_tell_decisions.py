"""Decisions on licensees are events too, so that none is lost when the next is taken."""

from alembic import op

revision = "0021_tell_decisions"
down_revision = "0020_find_parties"

KINDS = """
ALTER TABLE event DROP CONSTRAINT ck_event_subject_kind,
    ADD CONSTRAINT ck_event_subject_kind
        CHECK (subject_kind IN ('permit', 'shipment', 'discrepancy', 'licensee'));
"""

# Of decisions before this the last alone is known; a licence that is active may never have had one.
LAST = """
INSERT INTO event (id, owner_state, concerned, subject_kind, subject_state, subject_id, kind,
                   occurred_at, reason, data, recorded_at)
SELECT gen_random_uuid(), owner_state, concerned, 'licensee', owner_state, id,
    CASE status WHEN 'active' THEN 'reinstated' WHEN 'defunct' THEN 'closed' ELSE status END,
    status_on, status_reason,
    jsonb_build_object('on', status_on, 'status', status, 'books_with', books_with), recorded_at
FROM licensee WHERE status <> 'active' OR status_reason IS NOT NULL;
"""

BACK = """
ALTER TABLE event DISABLE TRIGGER append_only;
DELETE FROM event WHERE subject_kind = 'licensee';
ALTER TABLE event ENABLE TRIGGER append_only, DROP CONSTRAINT ck_event_subject_kind,
    ADD CONSTRAINT ck_event_subject_kind
        CHECK (subject_kind IN ('permit', 'shipment', 'discrepancy'));
"""


def upgrade() -> None:
    op.execute(KINDS)
    op.execute(LAST)


def downgrade() -> None:
    op.execute(BACK)
