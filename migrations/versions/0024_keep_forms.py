"""The forms of marks under which near ones meet, and the search over both."""

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
-- Forms are reckoned by the service, whose upgrade fills in those of older marks while this stands here.
DO $$ BEGIN
    IF EXISTS (SELECT FROM mark_key) THEN
        COMMENT ON TABLE mark_form IS 'to be filled';
    END IF;
END $$;
"""

# A function, since its plan is kept: to plan the statement takes longer than to run it. `weights` are
# bits, same and other by turns: of make, calibre, type, country and year; then those of tiers 1 to 3.
# What was seized settles nothing: it repeats what somebody read. `silent` asks for what others keep
# silent alone, or for all but that; null for both.
SEARCH = """
CREATE FUNCTION salsa_near(
    asker char(3), settles boolean, keys bigint[], norms text[],
    one bigint[], two bigint[], part bigint[],
    made smallint, asked_make text, calibres text[], asked_type text, asked_country char(3),
    asked_year smallint, weights float8[], silent boolean, most integer
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
        near_part := salsa_targets(part, made);
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

# Of a crowd those of the make come first. Forms do not tell who may see a mark: only of more than a
# thousand marks could what is hidden take a place, and then of those that are furthest behind.
TARGETS = """
CREATE FUNCTION salsa_targets(forms bigint[], made smallint) RETURNS bigint[]
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT ARRAY(
        SELECT few.target FROM (
            SELECT f.target, f.make FROM mark_form AS f WHERE f.key = ANY(forms) LIMIT 20000
        ) AS few
        GROUP BY few.target ORDER BY bool_or(few.make = made) DESC, few.target LIMIT 1000
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


# How common makes and so on are, of what was recorded before this is counted with every record.
DESCRIBED = """
INSERT INTO rollup_delta (id, dataset, state, partner, subject, period, amount)
SELECT gen_random_uuid(), 'described', r.owner_state, '', said.field || ':' || said.value,
    date_trunc('quarter', r.recorded_at)::date, count(*)
FROM record AS r JOIN record_setting AS s ON s.record_id = r.id
CROSS JOIN LATERAL (VALUES ('make', r.make), ('calibre', r.calibre), ('type', r.type),
    ('country', r.country_of_manufacture::text)) AS said (field, value)
WHERE r.version = 1 AND s.visibility <> 'silent' AND said.value IS NOT NULL
GROUP BY r.owner_state, said.field, said.value, date_trunc('quarter', r.recorded_at);
"""


def upgrade() -> None:
    for statement in (CREATE, TARGETS, SEARCH, GRANTS, DESCRIBED):
        op.execute(statement)


def downgrade() -> None:
    for table in ("rollup", "rollup_delta"):
        op.execute(f"DELETE FROM {table} WHERE dataset = 'described'")  # noqa: S608 - names of ours
    op.execute("DROP FUNCTION salsa_near")
    op.execute("DROP FUNCTION salsa_targets")
    op.execute("ALTER TABLE mark_key DROP COLUMN model")
    op.execute("DROP TABLE mark_form")
