"""Which records of other states were matched with some: those that are kept silent only where asked for."""

from alembic import op

revision = "0038_leave_silent_owners"
down_revision = "0037_fit_before_cutting"

# A correction meets these at once; were silent ones among them, it would ask more where there is one.
CREATE = """
CREATE FUNCTION salsa_match_partners(keys uuid[], silent boolean)
RETURNS TABLE (owner_state char(3), record_id uuid, other_key uuid, is_standing boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT m.owner_state, m.record_id, m.other_key, m.is_standing FROM match AS m
    WHERE m.other_key = ANY(keys) AND (silent OR NOT EXISTS (
        SELECT FROM record_setting AS s
        WHERE s.record_id = m.record_id AND s.visibility = 'silent'
    ))
$$;
REVOKE ALL ON FUNCTION salsa_match_partners(uuid[], boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION salsa_match_partners(uuid[], boolean) TO salsa_service;
DROP FUNCTION salsa_match_owners(uuid[]);
"""

DROP = """
CREATE FUNCTION salsa_match_owners(keys uuid[]) RETURNS TABLE (owner_state char(3))
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT DISTINCT m.owner_state FROM match AS m WHERE m.other_key = ANY(keys)
$$;
REVOKE ALL ON FUNCTION salsa_match_owners(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION salsa_match_owners(uuid[]) TO salsa_service;
DROP FUNCTION salsa_match_partners(uuid[], boolean);
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)
