-- The search for marks, exact and misread, which weighs what it finds.

-- Marks with any of the given variants, in two cuts of a thousand. One starts with marks stored
-- with the asked make, and of it only rows that the asker may read are used; the other ignores
-- makes, so that asking again with another make shows nothing else of what is not open. Variants do
-- not show who may see a mark: only beyond a thousand could a hidden one take a place.
CREATE FUNCTION salsa_marks_with_variants(variants bigint[], make_code smallint)
RETURNS TABLE (target bigint, is_any boolean, is_of_make boolean)
LANGUAGE plpgsql STABLE ROWS 200 SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY WITH marks AS MATERIALIZED (
        SELECT f.target, bool_or(f.make = make_code AND make_code <> 0) AS of_make
        FROM (
            SELECT f.target, f.make FROM mark_variant AS f WHERE f.key = ANY(variants) LIMIT 20000
        ) AS f
        GROUP BY f.target
    )
    (SELECT f.target, true, f.of_make FROM marks AS f ORDER BY f.target LIMIT 1000)
    UNION ALL
    (SELECT f.target, false, true FROM marks AS f
        WHERE f.of_make AND (SELECT count(*) FROM marks) > 1000 ORDER BY f.target LIMIT 1000);
END $$;

-- The same for parts of marks, which thousands share: first what fits everything that was read, then
-- what shares the longest part (`variants` are in that order). All marks of a key have one skeleton.
CREATE FUNCTION salsa_marks_with_parts(variants bigint[], make_code smallint, patterns text[])
RETURNS TABLE (target bigint, is_any boolean, is_of_make boolean)
LANGUAGE plpgsql STABLE ROWS 200 SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY WITH found AS MATERIALIZED (
        SELECT f.target, f.make, o.at FROM unnest(variants) WITH ORDINALITY AS o (key, at)
        JOIN mark_variant AS f ON f.key = o.key
        LIMIT CASE WHEN patterns = '{}' THEN 20000 ELSE 60000 END
    ), fitting AS MATERIALIZED (
        SELECT DISTINCT k.key FROM mark_key AS k
        WHERE k.key = ANY(ARRAY(SELECT f.target FROM found AS f)) AND NOT k.is_void
            AND patterns <> '{}' AND k.skeleton LIKE ANY(patterns)
    ), marks AS MATERIALIZED (
        SELECT f.target, bool_or(f.make = make_code AND make_code <> 0) AS of_make, min(f.at) AS at,
            f.target IN (SELECT g.key FROM fitting AS g) AS fits
        FROM found AS f GROUP BY f.target
    )
    (SELECT f.target, true, f.of_make FROM marks AS f
        ORDER BY f.fits DESC, f.at, f.target LIMIT 1000)
    UNION ALL
    (SELECT f.target, false, true FROM marks AS f
        WHERE f.of_make AND (SELECT count(*) FROM marks) > 1000
        ORDER BY f.fits DESC, f.at, f.target LIMIT 1000);
END $$;

-- The first holders of any of the marks. Functions read the tables: around them a query may be of a
-- form that the nodes of a cluster could not answer together.
CREATE FUNCTION salsa_first_holders(asker char(3), keys bigint[], silent boolean, max_count integer)
RETURNS SETOF mark_key LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT k.* FROM mark_key AS k WHERE k.key = ANY(keys) AND NOT k.is_void
        AND (silent IS NULL OR silent = (k.state <> asker AND k.visibility = 'silent'))
        LIMIT max_count;
END $$;

-- A bounded number of holders of each mark, shown and hidden ones apart, or those of a make.
CREATE FUNCTION salsa_holders_by_key(
    asker char(3), keys bigint[], counts integer[], silent boolean, of_make text
) RETURNS SETOF mark_key LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
    sides boolean[] := CASE WHEN silent IS NULL THEN '{f,t}' ELSE ARRAY[silent] END;
    is_hidden boolean;
BEGIN
    FOR at IN 1 .. coalesce(cardinality(keys), 0) LOOP
        IF of_make IS NOT NULL THEN
            RETURN QUERY SELECT k.* FROM mark_key AS k
                WHERE k.key = keys[at] AND k.make = of_make AND NOT k.is_void
                    AND (k.state = asker OR k.visibility = 'open')
                LIMIT counts[at];
            CONTINUE;
        END IF;
        FOREACH is_hidden IN ARRAY sides LOOP
            RETURN QUERY SELECT k.* FROM mark_key AS k WHERE k.key = keys[at] AND NOT k.is_void
                AND (k.state <> asker AND k.visibility = 'silent') = is_hidden
                ORDER BY k.seen_by, k.mark_id LIMIT counts[at];  -- as the index has them
        END LOOP;
    END LOOP;
END $$;

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
CREATE FUNCTION salsa_similar_marks(
    asker char(3), keys bigint[], norms text[],
    one_error bigint[], two_errors bigint[], parts bigint[],
    make_code smallint, query_make text, calibres text[], query_type text, query_country char(3),
    query_year smallint, weights float8[], silent boolean, max_count integer, patterns text[]
) RETURNS TABLE (
    record_id uuid, state char(3), serial_norm text, event text, occurred_on date, make text,
    model text, calibre text, type text, country char(3), year smallint, visibility text,
    is_superseded boolean, record_version integer, occurred_within text
) LANGUAGE plpgsql STABLE SET search_path = public, pg_temp
    SET enable_bitmapscan = off SET max_parallel_workers_per_gather = 0 AS $$
#variable_conflict use_column
DECLARE
    all_keys bigint[];
    tiers integer[];
    is_any boolean[];
    is_of_make boolean[];
BEGIN
    SELECT array_agg(l.key), array_agg(l.tier), array_agg(l.is_any), array_agg(l.is_of_make)
    INTO all_keys, tiers, is_any, is_of_make
    FROM (
        SELECT t.key, min(t.tier) AS tier, bool_or(t.is_any) AS is_any,
            bool_or(t.is_of_make) AS is_of_make
        FROM (
            SELECT u.key, 0 AS tier, true AS is_any, query_make IS NOT NULL AS is_of_make
            FROM unnest(keys) AS u (key)
            UNION ALL
            SELECT target, 1, is_any, is_of_make
            FROM salsa_marks_with_variants(one_error, make_code)
            UNION ALL
            SELECT target, 2, is_any, is_of_make
            FROM salsa_marks_with_variants(two_errors, make_code)
            UNION ALL
            SELECT target, 3, is_any, is_of_make
            FROM salsa_marks_with_parts(parts, make_code, patterns)
        ) AS t GROUP BY t.key
    ) AS l;
    RETURN QUERY
    WITH first AS MATERIALIZED (
        SELECT k.* FROM salsa_first_holders(asker, all_keys, silent, 3001) AS k
    ), crowd AS MATERIALIZED (
        SELECT false = ANY(is_any) OR (SELECT count(*) FROM first) > 3000 AS is_crowd
    ), quota AS (
        SELECT u.*, CASE WHEN u.tier = 0 THEN 1000
            ELSE greatest(3, 3000 / count(*) OVER (PARTITION BY u.tier)) END::integer AS holders
        FROM unnest(all_keys, tiers, is_any, is_of_make) AS u (key, tier, is_any, is_of_make)
        WHERE (SELECT c.is_crowd FROM crowd AS c)
    ), holders AS (
        SELECT r.* FROM first AS r WHERE NOT (SELECT c.is_crowd FROM crowd AS c)
        UNION ALL (SELECT DISTINCT ON (b.key, b.mark_id) b.* FROM (
            SELECT k.* FROM (
                SELECT array_agg(a.key) AS keys, array_agg(a.holders) AS counts
                FROM quota AS a WHERE a.is_any
            ) AS a, salsa_holders_by_key(asker, a.keys, a.counts, silent, NULL) AS k
            UNION ALL
            SELECT k.* FROM (
                SELECT array_agg(a.key) AS keys, array_agg(a.holders) AS counts
                FROM quota AS a WHERE a.is_of_make AND query_make IS NOT NULL AND silent IS NOT TRUE
            ) AS a, salsa_holders_by_key(asker, a.keys, a.counts, silent, query_make) AS k
        ) AS b)
    ), candidates AS (
        SELECT u.tier, k.* FROM holders AS k
        JOIN unnest(all_keys, tiers) AS u (key, tier) ON u.key = k.key
    ), ranked AS (
        SELECT f.*, row_number() OVER (
            PARTITION BY f.state <> asker AND f.visibility = 'silent'
            ORDER BY
                CASE f.tier WHEN 0 THEN 0 ELSE weights[10 + f.tier] END
                + CASE WHEN f.serial_norm = ANY(norms) THEN 2 ELSE 0 END
                + CASE WHEN f.skeleton LIKE ANY(patterns) THEN weights[14] ELSE 0 END
                + CASE WHEN f.state = asker OR f.visibility = 'open' THEN
                    coalesce(CASE f.make = query_make WHEN true THEN weights[1] WHEN false
                        THEN weights[2] END, 0)
                    + coalesce(CASE f.calibre = ANY(calibres) WHEN true THEN weights[3] WHEN false
                        THEN weights[4] END, 0)
                    + coalesce(CASE f.type = query_type WHEN true THEN weights[5] WHEN false
                        THEN weights[6] END, 0)
                    + coalesce(CASE f.country = query_country WHEN true THEN weights[7] WHEN false
                        THEN weights[8] END, 0)
                    + coalesce(CASE f.year = query_year WHEN true THEN weights[9] WHEN false
                        THEN weights[10] END, 0)
                ELSE 0 END DESC,
                f.is_superseded,
                CASE WHEN f.state = asker OR f.visibility = 'open' THEN f.occurred_on END
                    DESC NULLS LAST,
                f.mark_id
        ) AS rank
        FROM candidates AS f
    )
    SELECT r.record_id, r.state, r.serial_norm, r.event, r.occurred_on, r.make, r.model,
        r.calibre, r.type, r.country, r.year, r.visibility, r.is_superseded, r.record_version,
        r.occurred_within
    FROM ranked AS r WHERE r.rank <= max_count ORDER BY r.rank;
END $$;

GRANT EXECUTE ON FUNCTION salsa_marks_with_variants, salsa_marks_with_parts, salsa_first_holders,
    salsa_holders_by_key, salsa_similar_marks TO salsa_service;
