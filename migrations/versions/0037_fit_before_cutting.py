"""Of what shares a half with a mark that was read in part, what fits it stays when the rest is cut."""

from alembic import op

revision = "0037_fit_before_cutting"
down_revision = "0036_add_alerts"

# Halves are shared by thousands, and a half that is filled in by more: what fits comes first, then
# those of the make, then those that share the longest part.
FITTING = """
CREATE FUNCTION salsa_parts(forms bigint[], made smallint, patterns text[]) RETURNS bigint[]
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT ARRAY(
        SELECT few.target FROM (
            SELECT f.target, f.make, o.at FROM unnest(forms) WITH ORDINALITY AS o (key, at)
            JOIN mark_form AS f ON f.key = o.key
            LIMIT CASE WHEN patterns = '{}' THEN 20000 ELSE 60000 END
        ) AS few
        GROUP BY few.target
        ORDER BY
            CASE WHEN patterns <> '{}' THEN EXISTS (
                SELECT FROM mark_key AS k
                WHERE k.key = few.target AND k.skeleton LIKE ANY(patterns) AND NOT k.is_void
            ) ELSE false END DESC,
            bool_or(few.make = made) DESC, min(few.at), few.target
        LIMIT 1000
    )
$$;
REVOKE ALL ON FUNCTION salsa_parts(bigint[], smallint, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION salsa_parts(bigint[], smallint, text[]) TO salsa_service;
"""
# The search itself stands as it was, but for what it hands over.
HAND = """
DO $$ BEGIN
    EXECUTE replace(
        pg_get_functiondef('salsa_near'::regproc), 'salsa_parts(part, made{before})',
        'salsa_parts(part, made{after})'
    );
END $$;
"""


def upgrade() -> None:
    op.execute(FITTING)
    op.execute(HAND.format(before="", after=", patterns"))


def downgrade() -> None:
    op.execute(HAND.format(before=", patterns", after=""))
    op.execute("DROP FUNCTION salsa_parts(bigint[], smallint, text[])")
