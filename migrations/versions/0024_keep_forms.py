"""The forms of marks under which near ones meet, and the search over both; older marks get theirs later."""

from alembic import op

revision = "0024_keep_forms"
down_revision = "0023_tell_how_sure"

# No primary key: two who keep the same mark at once write its forms twice, and wait for nobody. A
# form twice is found once. The index holds all that is read, and the table is never read itself.
CREATE = """
CREATE TABLE mark_form (
    key BIGINT NOT NULL,
    target BIGINT NOT NULL,
    make SMALLINT NOT NULL
);
CREATE INDEX ix_mark_form_key ON mark_form (key) INCLUDE (target, make);
GRANT SELECT, INSERT ON mark_form TO salsa_service;
ALTER TABLE mark_key ADD COLUMN model TEXT;  -- folded, where a record was made since
"""

# A function, since its plan is kept: to plan the statement takes longer than to run it. `weights` are
# bits, same and other by turns: of make, calibre, type, country and year; then those of tiers 1 to 3.
# `silent` asks for what others keep silent alone, or for all but that; null for both.
SEARCH = """
CREATE FUNCTION salsa_near(
    asker char(3), settles boolean, keys bigint[], norms text[],
    one bigint[], two bigint[], part bigint[],
    made smallint, asked_make text, calibres text[], asked_type text, asked_country char(3),
    asked_year smallint, weights float8[], silent boolean, most integer, enough integer
) RETURNS TABLE (
    record_id uuid, state char(3), serial_norm text, event text, occurred_on date, make text,
    model text, calibre text, type text, country char(3), year smallint, visibility text, is_superseded boolean
) LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    near_one bigint[] := '{}';
    near_two bigint[] := '{}';
    near_part bigint[] := '{}';
    likely integer;
BEGIN
    IF NOT settles OR NOT EXISTS (
        SELECT FROM mark_key AS k
        WHERE k.key = ANY(keys) AND NOT k.is_void AND NOT k.is_superseded
            AND (k.state = asker OR k.visibility = 'open') AND k.serial_norm = ANY(norms)
            AND coalesce(k.make = asked_make, true) AND coalesce(k.calibre = ANY(calibres), true)
    ) THEN
        near_one := salsa_targets(one, made);
        SELECT count(DISTINCT f.target) INTO likely FROM mark_form AS f
            WHERE f.key = ANY(one) AND (made = 0 OR f.make = made);
        -- What is further away stands behind so many nearer ones, whatever else agrees.
        IF likely < enough THEN
            near_two := salsa_targets(two, made);
            near_part := salsa_targets(part, made);
        END IF;
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
                + CASE WHEN f.state = asker OR f.visibility = 'open' THEN
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

# Of a crowd those of the make come first; no more of it are looked at than somebody waits for.
TARGETS = """
CREATE FUNCTION salsa_targets(forms bigint[], made smallint) RETURNS bigint[]
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT ARRAY(
        SELECT few.target FROM (
            SELECT f.target, f.make FROM mark_form AS f WHERE f.key = ANY(forms) LIMIT 20000
        ) AS few ORDER BY few.make <> made LIMIT 500
    )
$$;
"""

GRANTS = """
REVOKE ALL ON FUNCTION salsa_targets(bigint[], smallint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION salsa_targets(bigint[], smallint) TO salsa_service;
DO $$ BEGIN
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', 'salsa_near'::regproc::regprocedure);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO salsa_service',
        'salsa_near'::regproc::regprocedure);
END $$;
"""


def upgrade() -> None:
    for statement in (CREATE, TARGETS, SEARCH, GRANTS):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP FUNCTION salsa_near")
    op.execute("DROP FUNCTION salsa_targets")
    op.execute("ALTER TABLE mark_key DROP COLUMN model")
    op.execute("DROP TABLE mark_form")
