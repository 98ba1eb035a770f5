"""Matches with what its owner keeps silent by now: out of the other state's reach, its word on them kept."""

from alembic import op

revision = "0040_hide_matches"
down_revision = "0039_tell_no_event_of_pointers"

# Hidden from the state that owns the row, so that no reader has to think of it. Who wrote the other
# record hides and shows it by its key, and never reads it.
CREATE = """
ALTER TABLE match ADD COLUMN is_hidden BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE match ALTER COLUMN is_hidden DROP DEFAULT;
DROP POLICY owned ON match;
CREATE POLICY owned ON match FOR ALL TO salsa_service
    USING (owner_state = current_setting('salsa.state', true)::char(3) AND NOT is_hidden);

CREATE FUNCTION salsa_hide_matches(keys uuid[], hidden boolean) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE match SET is_hidden = hidden WHERE other_key = ANY(keys) AND is_hidden <> hidden
    AND owner_state <> current_setting('salsa.state', true)::char(3)
$$;
REVOKE ALL ON FUNCTION salsa_hide_matches(uuid[], boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION salsa_hide_matches(uuid[], boolean) TO salsa_service;
"""

DROP = """
DROP FUNCTION salsa_hide_matches(uuid[], boolean);
DELETE FROM match WHERE is_hidden;
DROP POLICY owned ON match;
CREATE POLICY owned ON match FOR ALL TO salsa_service
    USING (owner_state = current_setting('salsa.state', true)::char(3));
ALTER TABLE match DROP COLUMN is_hidden;
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)
