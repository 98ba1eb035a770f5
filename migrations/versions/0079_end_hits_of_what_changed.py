"""What became of the record that met an alert: withdrawn or corrected since, and whether it still meets it."""

from alembic import op

revision = "0079_end_hits_of_what_changed"
down_revision = "0078_keep_who_hid_it"

# `cause_version` is that by which the alert was compared last: of hits from before, that which stood when the
# hit was made, but for records that no row of theirs names. A hit has `ended` that lost its ground before it
# was answered. An alert that shows to nobody leaves no row where it was met: whose they are is asked by the
# worker alone, of the state that met them.
CHANGE = """
ALTER TABLE hit
    ADD COLUMN cause_version INTEGER NOT NULL DEFAULT 1,
    ADD COLUMN cause_status TEXT NOT NULL DEFAULT 'standing',
    ADD COLUMN cause_changed_at TIMESTAMP WITH TIME ZONE,
    ADD CONSTRAINT ck_hit_cause_status CHECK (
        cause_status IN ('standing', 'corrected', 'corrected_away', 'withdrawn')) NOT VALID,
    DROP CONSTRAINT ck_hit_status,
    ADD CONSTRAINT ck_hit_status CHECK (
        status IN ('open', 'confirmed', 'denied', 'extended', 'expired', 'ended')) NOT VALID;
CREATE FUNCTION salsa_hit_owners(keys uuid[]) RETURNS TABLE (alert_state char(3))
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT DISTINCT h.alert_state FROM hit AS h
    WHERE h.cause_key = ANY(keys) AND h.asking_state = current_setting('salsa.state', true)
$$;
REVOKE ALL ON FUNCTION salsa_hit_owners(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION salsa_hit_owners(uuid[]) TO salsa_service;
"""
FILL = """
UPDATE hit SET cause_version = met.version FROM (
    SELECT h.id, max(r.version) AS version
    FROM hit AS h JOIN record AS r ON r.id = h.cause_id AND r.recorded_at <= h.made_at
    GROUP BY h.id
) AS met WHERE met.id = hit.id AND met.version > 1;
"""
VALIDATE = """
ALTER TABLE hit VALIDATE CONSTRAINT ck_hit_cause_status;
ALTER TABLE hit VALIDATE CONSTRAINT ck_hit_status;
"""

BACK = """
DROP FUNCTION salsa_hit_owners(uuid[]);
UPDATE hit SET status = 'expired' WHERE status = 'ended';
ALTER TABLE hit
    DROP COLUMN cause_version, DROP COLUMN cause_status, DROP COLUMN cause_changed_at,
    DROP CONSTRAINT ck_hit_status,
    ADD CONSTRAINT ck_hit_status CHECK (
        status IN ('open', 'confirmed', 'denied', 'extended', 'expired'));
"""


def upgrade() -> None:
    op.execute(CHANGE)
    op.execute(FILL)
    op.execute(VALIDATE)


def downgrade() -> None:
    op.execute(BACK)
