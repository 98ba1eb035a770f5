"""The search for marks, exact and misread, which weighs what it finds."""

from alembic import op

revision = "0006_search_functions"
down_revision = "0005_records_marks"

TARGETS = """
-- Marks with any of the given variants, in two cuts of a thousand. One starts with marks stored
-- with the asked make, and of it only rows that the asker may read are used; the other ignores
-- makes, so that asking again with another make shows nothing else of what is not open. Variants do
-- not show who may see a mark: only beyond a thousand could a hidden one take a place.
CREATE FUNCTION salsa_targets(forms bigint[], made smallint)
RETURNS TABLE (target bigint, is_any boolean, is_of_make boolean)
LANGUAGE sql STABLE ROWS 200 SET search_path = public, pg_temp AS $$
    WITH few AS MATERIALIZED (
        SELECT f.target, bool_or(f.make = made AND made <> 0) AS of_make
        FROM (SELECT f.target, f.make FROM mark_form AS f WHERE f.key = ANY(forms) LIMIT 20000) AS f
        GROUP BY f.target
    )
    (SELECT f.target, true, f.of_make FROM few AS f ORDER BY f.target LIMIT 1000)
    UNION ALL
    (SELECT f.target, false, true FROM few AS f
        WHERE f.of_make AND (SELECT count(*) FROM few) > 1000 ORDER BY f.target LIMIT 1000)
$$;

-- The same for parts of marks, which thousands share: first what fits everything that was read, then
-- what shares the longest part (`forms` are in that order). All marks of a key have one skeleton.
CREATE FUNCTION salsa_parts(forms bigint[], made smallint, patterns text[])
RETURNS TABLE (target bigint, is_any boolean, is_of_make boolean)
LANGUAGE sql STABLE ROWS 200 SET search_path = public, pg_temp AS $$
    WITH few AS MATERIALIZED (
        SELECT f.target, bool_or(f.make = made AND made <> 0) AS of_make, min(f.at) AS at,
            patterns <> '{}' AND coalesce((
                SELECT k.skeleton LIKE ANY(patterns) FROM mark_key AS k
                WHERE k.key = f.target AND NOT k.is_void LIMIT 1
            ), false) AS fits
        FROM (
            SELECT f.target, f.make, o.at FROM unnest(forms) WITH ORDINALITY AS o (key, at)
            JOIN mark_form AS f ON f.key = o.key
            LIMIT CASE WHEN patterns = '{}' THEN 20000 ELSE 60000 END
        ) AS f
        GROUP BY f.target
    )
    (SELECT f.target, true, f.of_make FROM few AS f
        ORDER BY f.fits DESC, f.at, f.target LIMIT 1000)
    UNION ALL
    (SELECT f.target, false, true FROM few AS f
        WHERE f.of_make AND (SELECT count(*) FROM few) > 1000
        ORDER BY f.fits DESC, f.at, f.target LIMIT 1000)
$$;
REVOKE ALL ON FUNCTION salsa_targets(bigint[], smallint),
    salsa_parts(bigint[], smallint, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION salsa_targets(bigint[], smallint),
    salsa_parts(bigint[], smallint, text[]) TO salsa_service;
"""

SEARCH = """
-- A function, because its plan is cached: planning the statement takes longer than running it.
-- `weights` are bits, equal and unequal by turns: of make, calibre, type, country and year; then of
-- tiers 1 to 3, and of a mark that fits one of `patterns` (LIKE, over skeletons). `silent` asks only
-- for records that others keep silent, or for all but those; null for both.
--
-- Each mark counts once, by the nearest tier that led to it. Where there are more than three
-- thousand holders, a bounded number is read for each key, so that numbers with thousands of
-- holders take no longer: the first ones, and those of the make. Hidden ones are dropped before
-- counting and take no place. Without enable_bitmapscan = off, a bitmap of all holders would be
-- built before the first is read.
CREATE FUNCTION salsa_near(
    asker char(3), keys bigint[], norms text[], one bigint[], two bigint[], part bigint[],
    made smallint, asked_make text, calibres text[], asked_type text, asked_country char(3),
    asked_year smallint, weights float8[], silent boolean, most integer, patterns text[]
) RETURNS TABLE (
    record_id uuid, state char(3), serial_norm text, event text, occurred_on date, make text,
    model text, calibre text, type text, country char(3), year smallint, visibility text,
    is_superseded boolean, record_version integer
) LANGUAGE plpgsql STABLE SET search_path = public, pg_temp
    SET enable_bitmapscan = off SET max_parallel_workers_per_gather = 0 AS $$
#variable_conflict use_column
DECLARE
    led bigint[];
    tiers integer[];
    is_any boolean[];
    is_of_make boolean[];
    near_one bigint[];
    near_two bigint[];
    near_part bigint[];
BEGIN
    SELECT array_agg(l.key), array_agg(l.tier), array_agg(l.is_any), array_agg(l.is_of_make),
        array_agg(l.key) FILTER (WHERE l.tier = 1), array_agg(l.key) FILTER (WHERE l.tier = 2),
        array_agg(l.key) FILTER (WHERE l.tier = 3)
    INTO led, tiers, is_any, is_of_make, near_one, near_two, near_part
    FROM (
        SELECT t.key, min(t.tier) AS tier, bool_or(t.is_any) AS is_any,
            bool_or(t.is_of_make) AS is_of_make
        FROM (
            SELECT u.key, 0 AS tier, true AS is_any, asked_make IS NOT NULL AS is_of_make
            FROM unnest(keys) AS u (key)
            UNION ALL SELECT t.target, 1, t.is_any, t.is_of_make FROM salsa_targets(one, made) AS t
            UNION ALL SELECT t.target, 2, t.is_any, t.is_of_make FROM salsa_targets(two, made) AS t
            UNION ALL
            SELECT t.target, 3, t.is_any, t.is_of_make FROM salsa_parts(part, made, patterns) AS t
        ) AS t GROUP BY t.key
    ) AS l;
    RETURN QUERY
    WITH read AS MATERIALIZED (
        SELECT r.* FROM (
            SELECT 0 AS tier, k.* FROM mark_key AS k WHERE k.key = ANY(keys)
            UNION ALL SELECT 1, k.* FROM mark_key AS k WHERE k.key = ANY(near_one)
            UNION ALL SELECT 2, k.* FROM mark_key AS k WHERE k.key = ANY(near_two)
            UNION ALL SELECT 3, k.* FROM mark_key AS k WHERE k.key = ANY(near_part)
        ) AS r
        WHERE NOT r.is_void
            AND (silent IS NULL OR silent = (r.state <> asker AND r.visibility = 'silent'))
        LIMIT 3001
    ), crowd AS MATERIALIZED (
        SELECT false = ANY(is_any) OR (SELECT count(*) FROM read) > 3000 AS is_one
    ), aimed AS (
        SELECT u.*, CASE WHEN u.tier = 0 THEN 1000
            ELSE greatest(3, 3000 / count(*) OVER (PARTITION BY u.tier)) END AS holders
        FROM unnest(led, tiers, is_any, is_of_make) AS u (key, tier, is_any, is_of_make)
        WHERE (SELECT c.is_one FROM crowd AS c)
    ), side AS (
        SELECT s.is_hidden FROM (VALUES (false), (true)) AS s (is_hidden)
        WHERE silent IS NULL OR silent = s.is_hidden
    ), found AS (
        SELECT r.* FROM read AS r WHERE NOT (SELECT c.is_one FROM crowd AS c)
        UNION ALL (SELECT DISTINCT ON (b.key, b.mark_id) b.* FROM (
            SELECT a.tier, k.*
            FROM aimed AS a CROSS JOIN side AS s CROSS JOIN LATERAL (
                SELECT k.* FROM mark_key AS k
                WHERE k.key = a.key AND NOT k.is_void
                    AND (k.state <> asker AND k.visibility = 'silent') = s.is_hidden
                ORDER BY k.mark_id LIMIT a.holders
            ) AS k
            WHERE a.is_any
            UNION ALL
            SELECT a.tier, k.*
            FROM aimed AS a CROSS JOIN LATERAL (
                SELECT k.* FROM mark_key AS k
                WHERE k.key = a.key AND k.make = asked_make AND NOT k.is_void
                    AND (k.state = asker OR k.visibility = 'open')
                LIMIT a.holders
            ) AS k
            WHERE a.is_of_make AND silent IS NOT TRUE
        ) AS b)
    ), placed AS (
        SELECT f.*, row_number() OVER (
            PARTITION BY f.state <> asker AND f.visibility = 'silent'
            ORDER BY
                CASE f.tier WHEN 0 THEN 0 ELSE weights[10 + f.tier] END
                + CASE WHEN f.serial_norm = ANY(norms) THEN 2 ELSE 0 END
                + CASE WHEN f.skeleton LIKE ANY(patterns) THEN weights[14] ELSE 0 END
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
    )
    SELECT p.record_id, p.state, p.serial_norm, p.event, p.occurred_on, p.make, p.model, p.calibre, p.type,
        p.country, p.year, p.visibility, p.is_superseded, p.record_version
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


def upgrade() -> None:
    op.execute(TARGETS)
    op.execute(SEARCH)
    op.execute(GRANTS)
