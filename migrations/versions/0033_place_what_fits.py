"""Of a mark that was read in part, what fits all that was read comes first, and no crowd hides it."""

from alembic import op

revision = "0033_place_what_fits"
down_revision = "0032_add_consents"

# Of a crowd those of the make come first, then those that share the longest part: `forms` stand so.
PARTS = """
CREATE FUNCTION salsa_parts(forms bigint[], made smallint) RETURNS bigint[]
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT ARRAY(
        SELECT few.target FROM (
            SELECT f.target, f.make, o.at FROM unnest(forms) WITH ORDINALITY AS o (key, at)
            JOIN mark_form AS f ON f.key = o.key LIMIT 20000
        ) AS few
        GROUP BY few.target ORDER BY bool_or(few.make = made) DESC, min(few.at), few.target LIMIT 1000
    )
$$;
REVOKE ALL ON FUNCTION salsa_parts(bigint[], smallint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION salsa_parts(bigint[], smallint) TO salsa_service;
"""

# The search as it stood, and with what a mark fits: `patterns` are of LIKE, over skeletons, and the
# 14th of `weights` is what one that fits is placed by.
SEARCH = """
CREATE FUNCTION salsa_near(
    asker char(3), settles boolean, keys bigint[], norms text[],
    one bigint[], two bigint[], part bigint[],
    made smallint, asked_make text, calibres text[], asked_type text, asked_country char(3),
    asked_year smallint, weights float8[], silent boolean, most integer@argument@
) RETURNS TABLE (
    record_id uuid, state char(3), serial_norm text, event text, occurred_on date, make text,
    model text, calibre text, type text, country char(3), year smallint, visibility text, is_superseded boolean
) LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    near_one bigint[] := '{}';
    near_two bigint[] := '{}';
    near_part bigint[] := '{}';
BEGIN
    IF NOT settles OR NOT EXISTS (
        SELECT FROM mark_key AS k
        WHERE k.key = ANY(keys) AND NOT k.is_void AND NOT k.is_superseded
            AND (k.state = asker OR k.visibility = 'open')
            AND k.event NOT IN ('seized', 'found', 'surrendered')
            AND (asked_make IS NULL OR k.make = asked_make)
            AND (calibres IS NULL OR k.calibre = ANY(calibres))
            AND coalesce(k.type = asked_type, true) AND coalesce(k.country = asked_country, true)
            AND coalesce(k.year = asked_year, true)
    ) THEN
        near_one := salsa_targets(one, made);
        near_two := salsa_targets(two, made);
        near_part := @parts@(part, made);
    END IF;
    RETURN QUERY
    WITH found AS (
        SELECT k.*, 0 AS tier FROM mark_key AS k WHERE k.key = ANY(keys) AND NOT k.is_void
        UNION ALL
        SELECT k.*, 1 FROM mark_key AS k WHERE k.key = ANY(near_one) AND NOT k.is_void
        UNION ALL
        SELECT k.*, 2 FROM mark_key AS k WHERE k.key = ANY(near_two) AND NOT k.is_void
        UNION ALL
        SELECT k.*, 3 FROM mark_key AS k WHERE k.key = ANY(near_part) AND NOT k.is_void
    ), placed AS (
        SELECT f.*, row_number() OVER (
            PARTITION BY f.state <> asker AND f.visibility = 'silent'
            ORDER BY
                CASE f.tier WHEN 0 THEN 0 ELSE weights[10 + f.tier] END
                + CASE WHEN f.serial_norm = ANY(norms) THEN 2 ELSE 0 END
@placed@                + CASE WHEN f.state = asker OR f.visibility = 'open' THEN
                    coalesce(CASE f.make = asked_make WHEN true THEN weights[1] WHEN false
                        THEN weights[2] END, 0)
                    + coalesce(CASE f.calibre = ANY(calibres) WHEN true THEN weights[3] WHEN false
                        THEN weights[4] END, 0)
                    + coalesce(CASE f.type = asked_type WHEN true THEN weights[5] WHEN false
                        THEN weights[6] END, 0)
                    + coalesce(CASE f.country = asked_country WHEN true THEN weights[7] WHEN false
                        THEN weights[8] END, 0)
                    + coalesce(CASE f.year = asked_year WHEN true THEN weights[9] WHEN false
                        THEN weights[10] END, 0)
                ELSE 0 END DESC,
                f.is_superseded,
                CASE WHEN f.state = asker OR f.visibility = 'open' THEN f.occurred_on END
                    DESC NULLS LAST,
                f.mark_id
        ) AS place
        FROM found AS f
        WHERE silent IS NULL OR silent = (f.state <> asker AND f.visibility = 'silent')
    )
    SELECT p.record_id, p.state, p.serial_norm, p.event, p.occurred_on, p.make, p.model, p.calibre, p.type,
        p.country, p.year, p.visibility, p.is_superseded
    FROM placed AS p WHERE p.place <= most ORDER BY p.place;
END $$;
"""
GRANTS = """
DO $$ BEGIN
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', 'salsa_near'::regproc::regprocedure);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO salsa_service',
        'salsa_near'::regproc::regprocedure);
END $$;
"""
FITTING = {
    "argument": ", patterns text[]",
    "parts": "salsa_parts",
    "placed": "                + CASE WHEN f.skeleton LIKE ANY(patterns) THEN weights[14] ELSE 0 END\n",
}
BEFORE = {"argument": "", "parts": "salsa_targets", "placed": ""}

# Marks of an odd number of glyphs are kept by their larger halves too. Those of older ones are
# reckoned by the service, whose upgrade fills them in while this stands here.
ASK = """
DO $$ BEGIN
    IF obj_description('mark_form'::regclass) IS NULL AND EXISTS (SELECT FROM mark_key) THEN
        COMMENT ON TABLE mark_form IS 'halves to be filled';
    ELSIF obj_description('mark_form'::regclass) = 'sightings to be filled' THEN
        COMMENT ON TABLE mark_form IS 'halves and sightings to be filled';
    END IF;
END $$;
"""
DROP = """
DO $$ BEGIN
    IF obj_description('mark_form'::regclass) = 'halves to be filled' THEN
        COMMENT ON TABLE mark_form IS NULL;
    ELSIF obj_description('mark_form'::regclass) = 'halves and sightings to be filled' THEN
        COMMENT ON TABLE mark_form IS 'sightings to be filled';
    END IF;
END $$;
"""


def upgrade() -> None:
    op.execute("DROP FUNCTION salsa_near")
    for statement in (PARTS, _search(FITTING), GRANTS, ASK):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP FUNCTION salsa_near")
    for statement in (_search(BEFORE), GRANTS, DROP):
        op.execute(statement)
    op.execute("DROP FUNCTION salsa_parts")


def _search(parts: dict[str, str]) -> str:
    statement = SEARCH
    for name, words in parts.items():
        statement = statement.replace(f"@{name}@", words)
    return statement
