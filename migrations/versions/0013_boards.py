"""Boards of border posts: what changed on them, and calls across a post."""

from alembic import op

revision = "0013_boards"
down_revision = "0012_disclosure_policies"

CHANGES = """
-- A row shows that something changed that a state may see at a post, and in which transaction; with
-- `kind` and `subject` it names the row, and nothing of its content. With `agency` the change shows
-- to that agency alone, with `square` on boards that show this quarter of a degree; without `post` it
-- is of all posts of the state: who holds the picture of a board knows which squares it meets, a
-- trigger does not. A reader remembers the snapshot of its last look and asks for what has become
-- visible since: neither an id nor a time would do, both are taken before the commit. Nobody waits
-- for anybody: rows are only added, and deleted after a day.
CREATE TABLE board_change (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    transaction BIGINT NOT NULL DEFAULT (pg_current_xact_id()::text)::bigint,
    state CHAR(3) NOT NULL,
    post TEXT,
    told_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    kind TEXT NOT NULL DEFAULT 'board',
    subject UUID,
    agency TEXT,
    square INTEGER,
    CONSTRAINT pk_board_change PRIMARY KEY (id)
);
CREATE INDEX ix_board_change_state_post_transaction ON board_change (state, post, transaction);
CREATE INDEX ix_board_change_transaction ON board_change (transaction);

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
CREATE FUNCTION salsa_forget_board_changes() RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH gone AS (DELETE FROM board_change
                  WHERE told_at < clock_timestamp() - interval '1 day' RETURNING 1)
    SELECT count(*) FROM gone
$$;
REVOKE ALL ON FUNCTION salsa_board_changes(text), salsa_forget_board_changes(),
    salsa_board_events(text, text, text, int[], bigint, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION salsa_board_changes(text), salsa_forget_board_changes(),
    salsa_board_events(text, text, text, int[], bigint, int) TO salsa_service;

-- The calling state owns the call, the called one its answer; both see both.
CREATE TABLE post_call (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL, concerned CHAR(3)[] NOT NULL,
    post TEXT NOT NULL,
    agency TEXT,
    shipment_id UUID,
    shipment_number TEXT,
    asked_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT pk_post_call PRIMARY KEY (id)
);
CREATE INDEX ix_post_call_post_asked_at ON post_call (post, asked_at);
CALL salsa_protect('post_call', 'SELECT, INSERT');
CALL salsa_append_only('post_call');

CREATE TABLE post_call_answer (
    call_id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL, concerned CHAR(3)[] NOT NULL,
    agency TEXT,
    answered_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT pk_post_call_answer PRIMARY KEY (call_id)
);
CALL salsa_protect('post_call_answer', 'SELECT, INSERT');
CALL salsa_append_only('post_call_answer');
"""

# For each table, the boards on which its rows show: those of the states that may see the row, and
# of those states alone. {rows} are the rows as they were and as they are.
SIDES = "CROSS JOIN LATERAL (VALUES (post.state_a), (post.state_b)) side (state)"
OF_SHIPMENT = f"""
    SELECT DISTINCT here.state, here.post, %s, NULL::text, NULL::int FROM ({{rows}}) told
    JOIN shipment ON shipment.id = %s
    CROSS JOIN LATERAL (
        SELECT side.state, post.code AS post FROM post {SIDES}
        WHERE post.code = ANY (%s) AND side.state = ANY (told.concerned)
    ) here"""  # noqa: S608 - own names
OF_POST = f"""
    SELECT DISTINCT side.state, post.code, %s, NULL::text, NULL::int FROM ({{rows}}) told
    %s {SIDES} WHERE side.state = ANY (told.concerned)"""  # noqa: S608 - own names
OF_BORDER = f"""
    SELECT DISTINCT side.state, post.code, %s, NULL::text, NULL::int FROM ({{rows}}) told
    JOIN post ON (post.state_a, post.state_b) IN ((%s, %s), (%s, %s))
    {SIDES} WHERE side.state = ANY (%s)"""  # noqa: S608 - own names
OF_STATE = f"""
    SELECT DISTINCT side.state, post.code, %s FROM ({{rows}}) told CROSS JOIN post {SIDES}
    WHERE side.state = ANY (%s) AND %s"""  # noqa: S608 - own names
OWNER = "ARRAY[told.owner_state]"


def of_border(subject: str, one: str, other: str, states: str) -> str:
    """Return the boards of the posts between two states."""
    return OF_BORDER % (subject, one, other, other, one, states)


BETWEEN = """told.alert_state IN (post.state_a, post.state_b)
    AND told.asking_state IN (post.state_a, post.state_b)"""
BOARDS = {
    "shipment": OF_POST % ("'shipment', told.id", "JOIN post ON post.code = ANY (told.posts)"),
    "checkpoint": OF_SHIPMENT
    % ("'checkpoint', told.id", "told.shipment_id", "shipment.posts || told.post"),
    "receipt": OF_SHIPMENT % ("'receipt', told.shipment_id", "told.shipment_id", "shipment.posts"),
    "discrepancy": OF_SHIPMENT % ("'discrepancy', told.id", "told.subject_id", "shipment.posts"),
    "position": OF_POST
    % (
        "'discrepancy', told.discrepancy_id",
        """JOIN discrepancy ON discrepancy.id = told.discrepancy_id
        JOIN shipment ON shipment.id = discrepancy.subject_id
        JOIN post ON post.code = ANY (shipment.posts)""",
    ),
    "permit": of_border(
        "'permit', told.id", "told.exporting_state", "told.importing_state", "told.concerned"
    ),
    "trace_leg": of_border("'trace', told.trace_id", "told.owner_state", "told.state", OWNER),
    "trace_request": of_border(
        "'request', told.id", "told.owner_state", "told.asking_state", OWNER
    ),
    "hiding": OF_STATE
    % (
        "'hiding', NULL::uuid, NULL::text, NULL::int",
        "SELECT agency.owner_state FROM agency WHERE agency.code = told.agency",
        "true",
    ),
    "hit": OF_STATE
    % (
        f"'hit', told.id, CASE WHEN NOT ({BETWEEN}) THEN told.agency END, NULL::int",
        OWNER,
        f"(({BETWEEN}) OR (told.asking_state = told.owner_state AND told.agency IS NOT NULL))",
    ),
    "trace": OF_STATE % ("'trace', told.id, NULL::text, NULL::int", OWNER, "{waits}"),
    "post_call": OF_POST % ("'call', told.id", "JOIN post ON post.code = told.post"),
    "post_call_answer": OF_POST
    % (
        "'call', told.call_id",
        """JOIN post_call ON post_call.id = told.call_id
        JOIN post ON post.code = post_call.post""",
    ),
}
# A trace is counted by all boards of its state while it waits, and shows on those of the posts
# between its state and one that it was asked of.
WAITS = "told.status IN ('sent', 'in_progress')"
STARTS_OR_ENDS = """(EXISTS (SELECT 1 FROM former JOIN latter USING (id) WHERE id = told.id
    AND (former.status IN ('sent', 'in_progress'), former.priority)
        IS DISTINCT FROM (latter.status IN ('sent', 'in_progress'), latter.priority))
    OR EXISTS (SELECT 1 FROM trace_leg leg WHERE leg.trace_id = told.id
               AND leg.state IN (post.state_a, post.state_b)))"""
APPEND_ONLY = ("checkpoint", "receipt", "post_call", "post_call_answer")
RECORD_CHANGES = """
CREATE FUNCTION salsa_tell_boards_of_{table}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO board_change (state, post, kind, subject, agency, square) {changed};
    ELSE
        INSERT INTO board_change (state, post, kind, subject, agency, square) {moved};
    END IF;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION salsa_tell_boards_of_{table}() FROM PUBLIC;
CREATE TRIGGER tell_boards_of_new AFTER INSERT ON {table} REFERENCING NEW TABLE AS moved
    FOR EACH STATEMENT EXECUTE FUNCTION salsa_tell_boards_of_{table}();
"""
ON_UPDATE = """
CREATE TRIGGER tell_boards_of_changed AFTER UPDATE ON {table}
    REFERENCING OLD TABLE AS former NEW TABLE AS latter
    FOR EACH STATEMENT EXECUTE FUNCTION salsa_tell_boards_of_{table}();
"""
ON_DELETE = """
CREATE TRIGGER tell_boards_of_gone AFTER DELETE ON hiding REFERENCING OLD TABLE AS moved
    FOR EACH STATEMENT EXECUTE FUNCTION salsa_tell_boards_of_hiding();
"""
# One row for each state, not for each post. A corrected seizure leaves the boards on which it was.
# A joint one changes what the other state shows of its own, which may lie elsewhere: it is of all
# boards of the two.
OF_SEIZURES = """
CREATE FUNCTION salsa_tell_boards_of_seizure() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO board_change (state, post, kind, subject, agency, square)
    SELECT side.state, NULL::text, 'seizure', told.id, NULL::text,
           CASE WHEN NOT joint.moves THEN told.square END
    FROM (SELECT * FROM moved UNION ALL SELECT seizure.* FROM seizure
          JOIN moved ON seizure.id = moved.id AND seizure.version = moved.version - 1) told
    JOIN (SELECT state_a AS state FROM post UNION SELECT state_b FROM post) side
        ON side.state = ANY (told.concerned)
    CROSS JOIN LATERAL (SELECT coalesce(told.details -> 'joint_with' ->> 'state', '') AS state) named
    CROSS JOIN LATERAL (
        SELECT named.state <> '' AND side.state IN (told.owner_state, named.state) AS moves
    ) joint
    WHERE told.square IS NOT NULL OR joint.moves
    UNION
    SELECT side.state, post.code, 'seizure', told.id, NULL::text, NULL::int
    FROM (SELECT * FROM moved UNION ALL SELECT seizure.* FROM seizure
          JOIN moved ON seizure.id = moved.id AND seizure.version = moved.version - 1) told
    JOIN post ON post.code = told.post
    CROSS JOIN LATERAL (VALUES (post.state_a), (post.state_b)) side (state)
    WHERE side.state = ANY (told.concerned);
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION salsa_tell_boards_of_seizure() FROM PUBLIC;
CREATE TRIGGER tell_boards_of_new AFTER INSERT ON seizure REFERENCING NEW TABLE AS moved
    FOR EACH STATEMENT EXECUTE FUNCTION salsa_tell_boards_of_seizure();
"""


def upgrade() -> None:
    op.execute(CHANGES)
    for table, boards in BOARDS.items():
        new, both = "SELECT * FROM moved", "SELECT * FROM former UNION ALL SELECT * FROM latter"
        moved = boards.format(rows=new, waits=WAITS)
        changed = boards.format(rows=both, waits=STARTS_OR_ENDS)
        op.execute(RECORD_CHANGES.format(table=table, moved=moved, changed=changed))
        if table not in APPEND_ONLY:
            op.execute(ON_UPDATE.format(table=table))
    op.execute(OF_SEIZURES)
    op.execute(ON_DELETE)
