"""A seizure tells one row for each state of which it is to move the boards, not one for each post."""

from alembic import op

revision = "0064_tell_of_seizures_by_square"
down_revision = "0063_tell_what_changed"

# Without a post a change is of all posts of the state whose boards meet the square, or of all of them
# where there is no square: who holds the picture of a board knows which squares it meets.
TABLE = """
ALTER TABLE board_change ALTER COLUMN post DROP NOT NULL;

DROP FUNCTION salsa_board_changes(text);
CREATE FUNCTION salsa_board_changes(since text)
RETURNS TABLE (seen text, state text, post text, kind text, agency text, squares int[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT look.seen, changed.* FROM (SELECT pg_current_snapshot()::text AS seen) look LEFT JOIN (
        SELECT told.state::text, told.post, told.kind, told.agency,
               CASE WHEN bool_and(told.square IS NOT NULL) THEN array_agg(DISTINCT told.square) END
        FROM board_change told
        WHERE told.transaction >= (pg_snapshot_xmin(since::pg_snapshot)::text)::bigint
        AND NOT pg_visible_in_snapshot(told.transaction::text::xid8, since::pg_snapshot)
        GROUP BY told.state, told.post, told.kind, told.agency
    ) changed ON true
$$;
DROP FUNCTION salsa_board_events(text, text, text, bigint, int);
CREATE FUNCTION salsa_board_events(
    since text, upto text, asked text, near int[], beyond bigint, most int)
RETURNS TABLE (id bigint, kind text, subject uuid, told_at timestamptz, square int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT id, kind, subject, told_at, square FROM board_change
    WHERE state = current_setting('salsa.state', true)::char(3)
    AND (post = asked OR post IS NULL) AND subject IS NOT NULL
    AND (near IS NULL OR square IS NULL OR square = ANY (near))
    AND transaction >= (pg_snapshot_xmin(since::pg_snapshot)::text)::bigint
    AND NOT pg_visible_in_snapshot(transaction::text::xid8, since::pg_snapshot)
    AND pg_visible_in_snapshot(transaction::text::xid8, upto::pg_snapshot)
    AND id > beyond ORDER BY id LIMIT most
$$;
REVOKE ALL ON FUNCTION salsa_board_changes(text),
    salsa_board_events(text, text, text, int[], bigint, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION salsa_board_changes(text),
    salsa_board_events(text, text, text, int[], bigint, int) TO salsa_service;
"""
FORMER_TABLE = """
INSERT INTO board_change (transaction, state, post, told_at, kind, subject, agency, square)
    SELECT told.transaction, told.state, post.code, told.told_at, told.kind, told.subject,
           told.agency, told.square
    FROM board_change told JOIN post ON told.state IN (post.state_a, post.state_b)
    WHERE told.post IS NULL;
DELETE FROM board_change WHERE post IS NULL;
ALTER TABLE board_change ALTER COLUMN post SET NOT NULL;

DROP FUNCTION salsa_board_events(text, text, text, int[], bigint, int);
DROP FUNCTION salsa_board_changes(text);
CREATE FUNCTION salsa_board_changes(since text)
RETURNS TABLE (seen text, states text[], posts text[], kinds text[], agencies text[], squares int[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT pg_current_snapshot()::text, array_agg(state::text), array_agg(post), array_agg(kind),
           array_agg(agency), array_agg(square)
    FROM (
        SELECT DISTINCT state, post, kind, agency, square FROM board_change
        WHERE transaction >= (pg_snapshot_xmin(since::pg_snapshot)::text)::bigint
        AND NOT pg_visible_in_snapshot(transaction::text::xid8, since::pg_snapshot)
    ) changed
$$;
CREATE FUNCTION salsa_board_events(since text, upto text, asked text, beyond bigint, most int)
RETURNS TABLE (id bigint, kind text, subject uuid, told_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT id, kind, subject, told_at FROM board_change
    WHERE state = current_setting('salsa.state', true)::char(3) AND post = asked AND subject IS NOT NULL
    AND transaction >= (pg_snapshot_xmin(since::pg_snapshot)::text)::bigint
    AND NOT pg_visible_in_snapshot(transaction::text::xid8, since::pg_snapshot)
    AND pg_visible_in_snapshot(transaction::text::xid8, upto::pg_snapshot)
    AND id > beyond ORDER BY id LIMIT most
$$;
REVOKE ALL ON FUNCTION salsa_board_changes(text),
    salsa_board_events(text, text, text, bigint, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION salsa_board_changes(text),
    salsa_board_events(text, text, text, bigint, int) TO salsa_service;
"""
TELL = """
CREATE OR REPLACE FUNCTION salsa_tell_boards_of_seizure() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO board_change (state, post, kind, subject, agency, square) {told};
    RETURN NULL;
END $$;
"""
# A seizure that was corrected leaves the boards on which it was.
MOVED = """(SELECT * FROM moved UNION ALL SELECT seizure.* FROM seizure
    JOIN moved ON seizure.id = moved.id AND seizure.version = moved.version - 1) told"""
# What is joint moves what the other state says of its own, and that may lie elsewhere: on all boards
# of the two, wherever it was made. Rows are only ever added to a seizure; nothing is updated.
TOLD = """
    SELECT side.state, NULL::text, 'seizure', told.id, NULL::text,
           CASE WHEN NOT joint.moves THEN told.square END
    FROM {moved}
    JOIN (SELECT state_a AS state FROM post UNION SELECT state_b FROM post) side
        ON side.state = ANY (told.concerned)
    CROSS JOIN LATERAL (SELECT coalesce(told.details -> 'joint_with' ->> 'state', '') AS state) named
    CROSS JOIN LATERAL (
        SELECT named.state <> '' AND side.state IN (told.owner_state, named.state) AS moves
    ) joint
    WHERE told.square IS NOT NULL OR joint.moves
    UNION
    SELECT side.state, post.code, 'seizure', told.id, NULL::text, NULL::int
    FROM {moved} JOIN post ON post.code = told.post
    CROSS JOIN LATERAL (VALUES (post.state_a), (post.state_b)) side (state)
    WHERE side.state = ANY (told.concerned)
"""
FORMER_TOLD = """
    SELECT DISTINCT side.state, post.code, 'seizure', told.id, NULL::text,
           CASE WHEN told.post IS DISTINCT FROM post.code THEN told.square END
    FROM {moved} CROSS JOIN post
    CROSS JOIN LATERAL (VALUES (post.state_a), (post.state_b)) side (state)
    WHERE side.state = ANY (told.concerned)
    AND (told.latitude IS NOT NULL OR told.post = post.code)
"""


def upgrade() -> None:
    op.execute(TABLE)
    op.execute(TELL.format(told=TOLD.format(moved=MOVED)))


def downgrade() -> None:
    op.execute(TELL.format(told=FORMER_TOLD.format(moved=MOVED)))
    op.execute(FORMER_TABLE)
