"""What changed on which board: each change is told in its own transaction, for who looks on."""

from alembic import op

revision = "0058_tell_boards"
down_revision = "0057_match_crime_first"

# A row says that something changed that a state may see at a post, and by which transaction; it says
# nothing of what. A reader keeps the snapshot of its last look and asks for what has become visible
# since (`salsa_board_changes`): neither an id nor a time would do, for both are taken before commit.
# Nobody waits for anybody: rows are only added, and forgotten after an hour.
TABLE = """
CREATE TABLE board_change (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    transaction BIGINT NOT NULL DEFAULT (pg_current_xact_id()::text)::bigint,
    state CHAR(3) NOT NULL,
    post TEXT NOT NULL,
    told_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT pk_board_change PRIMARY KEY (id)
);
CREATE INDEX ix_board_change_transaction ON board_change (transaction);

CREATE FUNCTION salsa_board_changes(since text)
RETURNS TABLE (seen text, states text[], posts text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT pg_current_snapshot()::text, array_agg(state::text), array_agg(post) FROM (
        SELECT DISTINCT state, post FROM board_change
        WHERE transaction >= (pg_snapshot_xmin(since::pg_snapshot)::text)::bigint
        AND NOT pg_visible_in_snapshot(transaction::text::xid8, since::pg_snapshot)
    ) changed
$$;
CREATE FUNCTION salsa_forget_board_changes() RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH gone AS (DELETE FROM board_change
                  WHERE told_at < clock_timestamp() - interval '1 hour' RETURNING 1)
    SELECT count(*) FROM gone
$$;
REVOKE ALL ON FUNCTION salsa_board_changes(text), salsa_forget_board_changes() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION salsa_board_changes(text), salsa_forget_board_changes() TO salsa_service;
"""

# Of each table, the boards on which its rows show: those of the states that may see the row, and of
# those states alone. {rows} are the rows as they were and as they are.
OF_SHIPMENTS = """
    SELECT here.state, here.post FROM ({rows}) told JOIN shipment ON shipment.id = {shipment}
    CROSS JOIN LATERAL (
        SELECT side.state, post.code AS post FROM post
        CROSS JOIN LATERAL (VALUES (post.state_a), (post.state_b)) side (state)
        WHERE post.code = ANY ({posts}) AND side.state = ANY (told.concerned)
    ) here
"""
OF_BOTH = """
    SELECT side.state, post.code FROM ({rows}) told
    JOIN post ON (post.state_a, post.state_b) IN (({one}, {other}), ({other}, {one}))
    CROSS JOIN LATERAL (VALUES (post.state_a), (post.state_b)) side (state)
    WHERE side.state = ANY ({seen})
"""
OF_STATE = """
    SELECT side.state, post.code FROM ({rows}) told CROSS JOIN post
    CROSS JOIN LATERAL (VALUES (post.state_a), (post.state_b)) side (state)
    WHERE side.state = ANY ({seen}) AND {where}
"""
ROWS, OWNER = "{rows}", "ARRAY[told.owner_state]"
BOARDS = {
    "shipment": """
        SELECT side.state, post.code FROM ({rows}) told JOIN post ON post.code = ANY (told.posts)
        CROSS JOIN LATERAL (VALUES (post.state_a), (post.state_b)) side (state)
        WHERE side.state = ANY (told.concerned)
    """,
    "checkpoint": OF_SHIPMENTS.format(
        rows=ROWS, shipment="told.shipment_id", posts="shipment.posts || told.post"
    ),
    "receipt": OF_SHIPMENTS.format(rows=ROWS, shipment="told.shipment_id", posts="shipment.posts"),
    "discrepancy": OF_SHIPMENTS.format(
        rows=ROWS, shipment="told.subject_id", posts="shipment.posts"
    ),
    "position": """
        SELECT side.state, post.code FROM ({rows}) told
        JOIN discrepancy ON discrepancy.id = told.discrepancy_id
        JOIN shipment ON shipment.id = discrepancy.subject_id
        JOIN post ON post.code = ANY (shipment.posts)
        CROSS JOIN LATERAL (VALUES (post.state_a), (post.state_b)) side (state)
        WHERE side.state = ANY (told.concerned)
    """,
    "permit": OF_BOTH.format(
        rows=ROWS, one="told.exporting_state", other="told.importing_state", seen="told.concerned"
    ),
    "trace_leg": OF_BOTH.format(rows=ROWS, one="told.owner_state", other="told.state", seen=OWNER),
    "trace_request": OF_BOTH.format(
        rows=ROWS, one="told.owner_state", other="told.asking_state", seen=OWNER
    ),
    "trace": OF_STATE.format(rows=ROWS, seen=OWNER, where="true"),
    "hit": OF_STATE.format(rows=ROWS, seen=OWNER, where="true"),
    "seizure": OF_STATE.format(
        rows=ROWS,
        seen="told.concerned",
        where="(told.latitude IS NOT NULL OR told.post IS NOT NULL)",
    ),
    "hiding": OF_STATE.format(
        rows=ROWS,
        where="true",
        seen="SELECT agency.owner_state FROM agency WHERE agency.code = told.agency",
    ),
}
ADDED_TO_ALONE = ("checkpoint", "receipt", "seizure")
TELL = """
CREATE FUNCTION salsa_tell_boards_of_{table}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO board_change (state, post) {changed};
    ELSE
        INSERT INTO board_change (state, post) {moved};
    END IF;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION salsa_tell_boards_of_{table}() FROM PUBLIC;
CREATE TRIGGER tell_boards_of_new AFTER INSERT ON {table} REFERENCING NEW TABLE AS moved
    FOR EACH STATEMENT EXECUTE FUNCTION salsa_tell_boards_of_{table}();
"""
CHANGED = """
CREATE TRIGGER tell_boards_of_changed AFTER UPDATE ON {table}
    REFERENCING OLD TABLE AS former NEW TABLE AS latter
    FOR EACH STATEMENT EXECUTE FUNCTION salsa_tell_boards_of_{table}();
"""
GONE = """
CREATE TRIGGER tell_boards_of_gone AFTER DELETE ON hiding REFERENCING OLD TABLE AS moved
    FOR EACH STATEMENT EXECUTE FUNCTION salsa_tell_boards_of_hiding();
"""
BOTH = "SELECT * FROM former UNION ALL SELECT * FROM latter"


def upgrade() -> None:
    op.execute(TABLE)
    for table, boards in BOARDS.items():
        changed = boards.format(rows=BOTH).replace("SELECT", "SELECT DISTINCT", 1)
        moved = boards.format(rows="SELECT * FROM moved").replace("SELECT", "SELECT DISTINCT", 1)
        op.execute(TELL.format(table=table, changed=changed, moved=moved))
        if table not in ADDED_TO_ALONE:
            op.execute(CHANGED.format(table=table))
    op.execute(GONE)


def downgrade() -> None:
    op.execute("DROP TRIGGER tell_boards_of_gone ON hiding")
    for table in BOARDS:
        op.execute(f"DROP TRIGGER IF EXISTS tell_boards_of_changed ON {table}")
        op.execute(f"DROP TRIGGER tell_boards_of_new ON {table}")
        op.execute(f"DROP FUNCTION salsa_tell_boards_of_{table}()")
    op.execute(
        "DROP FUNCTION salsa_forget_board_changes(); DROP FUNCTION salsa_board_changes(text);"
        " DROP TABLE board_change"
    )
