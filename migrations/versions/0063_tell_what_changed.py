"""What changed on a board, for who follows it, and for which readers of it that can be told at once."""

from collections.abc import Mapping

from alembic import op

revision = "0063_tell_what_changed"
down_revision = "0062_call_across_posts"

# `kind` and `subject` say which row it was, and nothing of what it says. Where `agency` is given the
# change shows to that agency alone, where `square` is to boards that show this quarter of a degree: a
# process that holds the picture of a board knows which it shows, and a trigger does not.
# What is followed is kept for a day; the look that each process takes needs the last minute.
TABLE = """
ALTER TABLE board_change
    ADD COLUMN kind TEXT NOT NULL DEFAULT 'board',
    ADD COLUMN subject UUID,
    ADD COLUMN agency TEXT,
    ADD COLUMN square INTEGER;
CREATE INDEX ix_board_change_state_post_transaction ON board_change (state, post, transaction);

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
FORMER_TABLE = """
DROP FUNCTION salsa_board_events(text, text, text, bigint, int);
DROP FUNCTION salsa_board_changes(text);
DROP INDEX ix_board_change_state_post_transaction;
ALTER TABLE board_change DROP COLUMN kind, DROP COLUMN subject, DROP COLUMN agency, DROP COLUMN square;
CREATE FUNCTION salsa_board_changes(since text)
RETURNS TABLE (seen text, states text[], posts text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT pg_current_snapshot()::text, array_agg(state::text), array_agg(post) FROM (
        SELECT DISTINCT state, post FROM board_change
        WHERE transaction >= (pg_snapshot_xmin(since::pg_snapshot)::text)::bigint
        AND NOT pg_visible_in_snapshot(transaction::text::xid8, since::pg_snapshot)
    ) changed
$$;
REVOKE ALL ON FUNCTION salsa_board_changes(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION salsa_board_changes(text) TO salsa_service;
"""
FORGET = """
CREATE OR REPLACE FUNCTION salsa_forget_board_changes() RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH gone AS (DELETE FROM board_change
                  WHERE told_at < clock_timestamp() - interval '{lasts}' RETURNING 1)
    SELECT count(*) FROM gone
$$;
"""

SIDES = "CROSS JOIN LATERAL (VALUES (post.state_a), (post.state_b)) side (state)"
OF_SHIPMENTS = """
    SELECT here.state, here.post{also} FROM ({rows}) told JOIN shipment ON shipment.id = {shipment}
    CROSS JOIN LATERAL (
        SELECT side.state, post.code AS post FROM post
        CROSS JOIN LATERAL (VALUES (post.state_a), (post.state_b)) side (state)
        WHERE post.code = ANY ({posts}) AND side.state = ANY (told.concerned)
    ) here
"""
OF_BOTH = """
    SELECT side.state, post.code{also} FROM ({rows}) told
    JOIN post ON (post.state_a, post.state_b) IN (({one}, {other}), ({other}, {one}))
    CROSS JOIN LATERAL (VALUES (post.state_a), (post.state_b)) side (state)
    WHERE side.state = ANY ({seen})
"""
OF_STATE = """
    SELECT side.state, post.code{also} FROM ({rows}) told CROSS JOIN post
    CROSS JOIN LATERAL (VALUES (post.state_a), (post.state_b)) side (state)
    WHERE side.state = ANY ({seen}) AND {where}
"""
ROWS, ALSO, OWNER = "{rows}", "{also}", "ARRAY[told.owner_state]"
OF_AGENCIES = "SELECT agency.owner_state FROM agency WHERE agency.code = told.agency"
SAME = {
    "shipment": """
        SELECT side.state, post.code{also} FROM ({rows}) told
        JOIN post ON post.code = ANY (told.posts) {sides} WHERE side.state = ANY (told.concerned)
    """,
    "checkpoint": OF_SHIPMENTS.format(
        rows=ROWS, also=ALSO, shipment="told.shipment_id", posts="shipment.posts || told.post"
    ),
    "receipt": OF_SHIPMENTS.format(
        rows=ROWS, also=ALSO, shipment="told.shipment_id", posts="shipment.posts"
    ),
    "discrepancy": OF_SHIPMENTS.format(
        rows=ROWS, also=ALSO, shipment="told.subject_id", posts="shipment.posts"
    ),
    "position": """
        SELECT side.state, post.code{also} FROM ({rows}) told
        JOIN discrepancy ON discrepancy.id = told.discrepancy_id
        JOIN shipment ON shipment.id = discrepancy.subject_id
        JOIN post ON post.code = ANY (shipment.posts) {sides} WHERE side.state = ANY (told.concerned)
    """,
    "permit": OF_BOTH.format(
        rows=ROWS,
        also=ALSO,
        one="told.exporting_state",
        other="told.importing_state",
        seen="told.concerned",
    ),
    "trace_leg": OF_BOTH.format(
        rows=ROWS, also=ALSO, one="told.owner_state", other="told.state", seen=OWNER
    ),
    "trace_request": OF_BOTH.format(
        rows=ROWS, also=ALSO, one="told.owner_state", other="told.asking_state", seen=OWNER
    ),
    "hiding": OF_STATE.format(rows=ROWS, also=ALSO, seen=OF_AGENCIES, where="true"),
}
PLACED = "(told.latitude IS NOT NULL OR told.post = post.code)"
BOTH_SIDES = """told.alert_state IN (post.state_a, post.state_b)
    AND told.asking_state IN (post.state_a, post.state_b)"""
MET_HERE = "told.asking_state = told.owner_state AND told.agency IS NOT NULL"
NARROWED = SAME | {
    "seizure": OF_STATE.format(rows=ROWS, also=ALSO, seen="told.concerned", where=PLACED),
    "hit": OF_STATE.format(
        rows=ROWS, also=ALSO, seen=OWNER, where=f"(({BOTH_SIDES}) OR ({MET_HERE}))"
    ),
    "trace": OF_STATE.format(rows=ROWS, also=ALSO, seen=OWNER, where="{waits}"),
    "post_call": """
        SELECT side.state, post.code{also} FROM ({rows}) told
        JOIN post ON post.code = told.post {sides} WHERE side.state = ANY (told.concerned)
    """,
    "post_call_answer": """
        SELECT side.state, post.code{also} FROM ({rows}) told
        JOIN post_call ON post_call.id = told.call_id
        JOIN post ON post.code = post_call.post {sides} WHERE side.state = ANY (told.concerned)
    """,
}
FORMER = SAME | {
    "seizure": OF_STATE.format(
        rows=ROWS,
        also=ALSO,
        seen="told.concerned",
        where="(told.latitude IS NOT NULL OR told.post IS NOT NULL)",
    ),
    "hit": OF_STATE.format(rows=ROWS, also=ALSO, seen=OWNER, where="true"),
    "trace": OF_STATE.format(rows=ROWS, also=ALSO, seen=OWNER, where="true"),
}
# Of each table: kind, subject, agency and square of what is told.
NOTHING = "NULL::text, NULL::int"
TOLD = {
    "shipment": f"'shipment', told.id, {NOTHING}",
    "checkpoint": f"'checkpoint', told.id, {NOTHING}",
    "receipt": f"'receipt', told.shipment_id, {NOTHING}",
    "discrepancy": f"'discrepancy', told.id, {NOTHING}",
    "position": f"'discrepancy', told.discrepancy_id, {NOTHING}",
    "permit": f"'permit', told.id, {NOTHING}",
    "trace_leg": f"'trace', told.trace_id, {NOTHING}",
    "trace_request": f"'request', told.id, {NOTHING}",
    "trace": f"'trace', told.id, {NOTHING}",
    "hiding": f"'hiding', NULL::uuid, {NOTHING}",
    "hit": f"'hit', told.id, CASE WHEN NOT ({BOTH_SIDES}) THEN told.agency END, NULL::int",
    "seizure": "'seizure', told.id, NULL::text,"
    " CASE WHEN told.post IS DISTINCT FROM post.code THEN told.square END",
    "post_call": f"'call', told.id, {NOTHING}",
    "post_call_answer": f"'call', told.call_id, {NOTHING}",
}
MOVED, BOTH = "SELECT * FROM moved", "SELECT * FROM former UNION ALL SELECT * FROM latter"
# A seizure that was corrected leaves the boards on which it was.
CORRECTED = """SELECT * FROM moved UNION ALL SELECT seizure.* FROM seizure
    JOIN moved ON seizure.id = moved.id AND seizure.version = moved.version - 1"""
# A trace is counted by all boards of its state while it waits, and stands on those of the posts
# between its state and one that it was asked of.
WAITS = "told.status IN ('sent', 'in_progress')"
STARTS_OR_ENDS = """(EXISTS (SELECT 1 FROM former JOIN latter USING (id) WHERE id = told.id
    AND (former.status IN ('sent', 'in_progress'), former.priority)
        IS DISTINCT FROM (latter.status IN ('sent', 'in_progress'), latter.priority))
    OR EXISTS (SELECT 1 FROM trace_leg leg WHERE leg.trace_id = told.id
               AND leg.state IN (post.state_a, post.state_b)))"""
TELL = """
CREATE OR REPLACE FUNCTION salsa_tell_boards_of_{table}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO board_change ({columns}) {changed};
    ELSE
        INSERT INTO board_change ({columns}) {moved};
    END IF;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION salsa_tell_boards_of_{table}() FROM PUBLIC;
"""
NEW = """
CREATE TRIGGER tell_boards_of_new AFTER INSERT ON {table} REFERENCING NEW TABLE AS moved
    FOR EACH STATEMENT EXECUTE FUNCTION salsa_tell_boards_of_{table}();
"""
CALLS = ("post_call", "post_call_answer")


def upgrade() -> None:
    op.execute(TABLE)
    op.execute(FORGET.format(lasts="1 day"))
    columns = "state, post, kind, subject, agency, square"
    _write(NARROWED, columns, {table: f", {told}" for table, told in TOLD.items()}, CORRECTED)
    for table in CALLS:
        op.execute(NEW.format(table=table))


def downgrade() -> None:
    for table in CALLS:
        op.execute(f"DROP TRIGGER tell_boards_of_new ON {table}")
        op.execute(f"DROP FUNCTION salsa_tell_boards_of_{table}()")
    _write(FORMER, "state, post", dict.fromkeys(FORMER, ""), MOVED)
    op.execute(FORGET.format(lasts="1 hour"))
    op.execute(FORMER_TABLE)


def _write(
    boards: Mapping[str, str], columns: str, also: Mapping[str, str], corrected: str
) -> None:
    """Let each table tell on whose boards its rows show, as they were and as they are."""
    for table, board in boards.items():
        new = corrected if table == "seizure" else MOVED
        told = {"also": also[table]}
        moved = board.format(rows=new, waits=WAITS, sides=SIDES, **told)
        changed = board.format(rows=BOTH, waits=STARTS_OR_ENDS, sides=SIDES, **told)
        moved, changed = (one.replace("SELECT", "SELECT DISTINCT", 1) for one in (moved, changed))
        op.execute(TELL.format(table=table, columns=columns, moved=moved, changed=changed))
