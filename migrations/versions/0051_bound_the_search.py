"""The search of misread marks, whole: what it reads is bounded, and no make places what is not open."""

from alembic import op

revision = "0051_bound_the_search"
down_revision = "0050_find_marks_of_records"

# Which marks bear any of the forms: two cuts of a thousand. One begins with those that have been kept
# with the make that is asked, and only what the asker may read is taken from it; the other is told
# nothing of makes, so that asking again with another make shows nothing else of what is not open. Forms
# do not tell who may see a mark: only of more than a thousand could what is hidden take a place.
TARGETS = """
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
"""

# The same of parts, which thousands share: what fits all that was read comes first, then what shares
# the longest part, since `forms` stand so. All marks of a key have one skeleton: the first of them tells.
PARTS = """
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
"""

# A function, since its plan is kept: to plan the statement takes longer than to run it. `weights` are
# bits, same and other by turns: of make, calibre, type, country and year; then those of tiers 1 to 3,
# and what a mark that fits one of `patterns` (of LIKE, over skeletons) is placed by. `silent` asks for
# what others keep silent alone, or for all but that; null for both.
#
# Each mark counts once, by the nearest that led to it. Where all that was led to is held more than
# three thousand times, a bounded number of holders is read of each, so that numbers of which there are
# thousands take no longer: the first ones, and those of the make. What is hidden is passed over before
# it is counted, and takes nobody's place. A bitmap would be made of all holders before the first is read.
SEARCH = """
CREATE FUNCTION salsa_near(
    asker char(3), keys bigint[], norms text[], one bigint[], two bigint[], part bigint[],
    made smallint, asked_make text, calibres text[], asked_type text, asked_country char(3),
    asked_year smallint, weights float8[], silent boolean, most integer, patterns text[]
) RETURNS TABLE (
    record_id uuid, state char(3), serial_norm text, event text, occurred_on date, make text,
    model text, calibre text, type text, country char(3), year smallint, visibility text, is_superseded boolean
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
        p.country, p.year, p.visibility, p.is_superseded
    FROM placed AS p WHERE p.place <= most ORDER BY p.place;
END $$;
"""
GRANTS = """
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['salsa_targets', 'salsa_parts', 'salsa_near'] LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', name::regproc::regprocedure);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO salsa_service',
            name::regproc::regprocedure);
    END LOOP;
END $$;
"""
DROP = """
DROP FUNCTION salsa_near;
DROP FUNCTION salsa_targets;
DROP FUNCTION salsa_parts(bigint[], smallint, text[]);
"""

# What stood before.
TARGETS_BEFORE = """
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
PARTS_BEFORE = """
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
FITTING_BEFORE = """
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
"""
SEARCH_BEFORE = """
CREATE FUNCTION salsa_near(
    asker char(3), settles boolean, keys bigint[], norms text[],
    one bigint[], two bigint[], part bigint[],
    made smallint, asked_make text, calibres text[], asked_type text, asked_country char(3),
    asked_year smallint, weights float8[], silent boolean, most integer, patterns text[]
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
            AND k.event NOT IN ('seized', 'found', 'surrendered', 'alert')
            AND (asked_make IS NULL OR k.make = asked_make)
            AND (calibres IS NULL OR k.calibre = ANY(calibres))
            AND coalesce(k.type = asked_type, true) AND coalesce(k.country = asked_country, true)
            AND coalesce(k.year = asked_year, true)
    ) THEN
        near_one := salsa_targets(one, made);
        near_two := salsa_targets(two, made);
        near_part := salsa_parts(part, made, patterns);
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
        WHERE silent IS NULL OR silent = (f.state <> asker AND f.visibility = 'silent')
    )
    SELECT p.record_id, p.state, p.serial_norm, p.event, p.occurred_on, p.make, p.model, p.calibre, p.type,
        p.country, p.year, p.visibility, p.is_superseded
    FROM placed AS p WHERE p.place <= most ORDER BY p.place;
END $$;
"""


def upgrade() -> None:
    op.execute(DROP)
    op.execute("DROP FUNCTION salsa_parts(bigint[], smallint)")  # nothing calls it since 0037
    for statement in (TARGETS, PARTS, SEARCH, GRANTS):
        op.execute(statement)


def downgrade() -> None:
    op.execute(DROP)
    for statement in (TARGETS_BEFORE, FITTING_BEFORE, SEARCH_BEFORE, GRANTS, PARTS_BEFORE):
        op.execute(statement)
