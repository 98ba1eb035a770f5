"""Boards of border posts: what changed on them, and calls across a post."""

from alembic import op

revision = "0013_boards"
down_revision = "0012_disclosure_policies"

TABLES = """
-- A row shows that something changed that a state may see at a post, and in which transaction; with
-- `kind` and `subject_id` it names the row, and nothing of its content. With `agency` the change shows
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
    recorded_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    kind TEXT NOT NULL DEFAULT 'board',
    subject_id UUID,
    agency TEXT,
    square INTEGER,
    CONSTRAINT pk_board_change PRIMARY KEY (id)
);
CREATE INDEX ix_board_change_state_post_transaction ON board_change (state, post, transaction);
CREATE INDEX ix_board_change_transaction ON board_change (transaction);

CREATE FUNCTION salsa_board_changes(since text)
RETURNS TABLE (seen text, state text, post text, kind text, agency text, squares int[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT now.snapshot, changed.*
    FROM (SELECT pg_current_snapshot()::text AS snapshot) AS now LEFT JOIN (
        SELECT c.state::text, c.post, c.kind, c.agency,
               CASE WHEN bool_and(c.square IS NOT NULL) THEN array_agg(DISTINCT c.square) END
        FROM board_change AS c
        WHERE c.transaction >= (pg_snapshot_xmin(since::pg_snapshot)::text)::bigint
        AND NOT pg_visible_in_snapshot(c.transaction::text::xid8, since::pg_snapshot)
        GROUP BY c.state, c.post, c.kind, c.agency
    ) AS changed ON true
$$;
CREATE FUNCTION salsa_board_events(
    since text, upto text, at_post text, near int[], after_id bigint, max_count int)
RETURNS TABLE (id bigint, kind text, subject_id uuid, recorded_at timestamptz, square int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT id, kind, subject_id, recorded_at, square FROM board_change
    WHERE state = current_setting('salsa.state', true)::char(3)
    AND (post = at_post OR post IS NULL) AND subject_id IS NOT NULL
    AND (near IS NULL OR square IS NULL OR square = ANY (near))
    AND transaction >= (pg_snapshot_xmin(since::pg_snapshot)::text)::bigint
    AND NOT pg_visible_in_snapshot(transaction::text::xid8, since::pg_snapshot)
    AND pg_visible_in_snapshot(transaction::text::xid8, upto::pg_snapshot)
    AND id > after_id ORDER BY id LIMIT max_count
$$;
CREATE FUNCTION salsa_delete_old_board_changes() RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH deleted AS (
        DELETE FROM board_change WHERE recorded_at < clock_timestamp() - interval '1 day' RETURNING 1
    )
    SELECT count(*) FROM deleted
$$;
GRANT EXECUTE ON FUNCTION salsa_board_changes, salsa_board_events, salsa_delete_old_board_changes
    TO salsa_service;

-- A post has a side in each of two states, and a board for either.
CREATE VIEW post_side AS
    SELECT code AS post, state_a AS state, state_b AS other_state FROM post
    UNION ALL SELECT code, state_b, state_a FROM post;

-- The calling state owns the call, the called one its answer; both see both.
CREATE TABLE call_request (
    id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL, concerned CHAR(3)[] NOT NULL,
    post TEXT NOT NULL,
    agency TEXT,
    shipment_id UUID,
    shipment_number TEXT,
    requested_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT pk_call_request PRIMARY KEY (id)
);
CREATE INDEX ix_call_request_post_requested_at ON call_request (post, requested_at);
CALL salsa_protect('call_request', 'SELECT, INSERT');
CALL salsa_append_only('call_request');

CREATE TABLE call_answer (
    call_id UUID NOT NULL,
    owner_state CHAR(3) NOT NULL, concerned CHAR(3)[] NOT NULL,
    agency TEXT,
    answered_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT pk_call_answer PRIMARY KEY (call_id)
);
CALL salsa_protect('call_answer', 'SELECT, INSERT');
CALL salsa_append_only('call_answer');
"""

# For each table: kind and id of the subject, agency, and the sides of posts on whose boards rows `r`
# show: those of the states that may see the row, and of those states alone.
AT_POSTS = "JOIN post_side AS side ON side.post = ANY ({posts}) AND side.state = ANY (r.concerned)"
OF_SHIPMENT = "JOIN shipment ON shipment.id = {id} " + AT_POSTS.format(posts="shipment.posts")
BETWEEN = """JOIN post_side AS side ON side.state = ANY ({states})
    AND (side.state, side.other_state) IN (({a}, {b}), ({b}, {a}))"""
OWNER = "ARRAY[r.owner_state]"
HIT_BETWEEN = """r.alert_state IN (side.state, side.other_state)
    AND r.finding_state IN (side.state, side.other_state)"""
BOARDS = {
    "shipment": ("'shipment', r.id, NULL", AT_POSTS.format(posts="r.posts")),
    "checkpoint": (
        "'checkpoint', r.id, NULL",
        "JOIN shipment ON shipment.id = r.shipment_id "
        + AT_POSTS.format(posts="shipment.posts || r.post"),
    ),
    "receipt": ("'receipt', r.shipment_id, NULL", OF_SHIPMENT.format(id="r.shipment_id")),
    "discrepancy": ("'discrepancy', r.id, NULL", OF_SHIPMENT.format(id="r.subject_id")),
    "discrepancy_statement": (
        "'discrepancy', r.discrepancy_id, NULL",
        "JOIN discrepancy ON discrepancy.id = r.discrepancy_id "
        + OF_SHIPMENT.format(id="discrepancy.subject_id"),
    ),
    "permit": (
        "'permit', r.id, NULL",
        BETWEEN.format(states="r.concerned", a="r.exporting_state", b="r.importing_state"),
    ),
    "hit": (
        f"'hit', r.id, CASE WHEN NOT ({HIT_BETWEEN}) THEN r.agency END",
        f"""JOIN post_side AS side ON side.state = r.owner_state AND (({HIT_BETWEEN})
            OR (r.finding_state = r.owner_state AND r.agency IS NOT NULL))""",
    ),
    # A trace is counted by all boards of its state while it waits, and shows on those of the posts
    # between its state and one that it was asked of.
    "trace": ("'trace', r.id, NULL", "JOIN post_side AS side ON side.state = r.owner_state {when}"),
    "trace_leg": (
        "'trace', r.trace_id, NULL",
        BETWEEN.format(states=OWNER, a="r.owner_state", b="r.state"),
    ),
    "trace_request": (
        "'request', r.id, NULL",
        BETWEEN.format(states=OWNER, a="r.owner_state", b="r.asking_state"),
    ),
    "trace_restriction": (
        "'restriction', NULL::uuid, NULL",
        """JOIN agency ON agency.code = r.agency
        JOIN post_side AS side ON side.state = agency.owner_state""",
    ),
    "call_request": ("'call', r.id, NULL", AT_POSTS.format(posts="ARRAY[r.post]")),
    "call_answer": (
        "'call', r.call_id, NULL",
        "JOIN call_request AS call ON call.id = r.call_id "
        + AT_POSTS.format(posts="ARRAY[call.post]"),
    ),
}
WAITS = "AND r.status IN ('sent', 'in_progress')"
STARTS_OR_ENDS = """AND (EXISTS (SELECT 1 FROM former JOIN latter USING (id) WHERE id = r.id
    AND (former.status IN ('sent', 'in_progress'), former.priority)
        IS DISTINCT FROM (latter.status IN ('sent', 'in_progress'), latter.priority))
    OR EXISTS (SELECT 1 FROM trace_leg AS leg WHERE leg.trace_id = r.id
               AND leg.state IN (side.state, side.other_state)))"""
NEVER_UPDATED = ("checkpoint", "receipt", "trace_restriction", "call_request", "call_answer")
ON_INSERT = """
CREATE FUNCTION salsa_board_{table}_inserted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO board_change (state, post, kind, subject_id, agency)
    SELECT DISTINCT side.state, side.post, {subject} FROM changed AS r {sides};
    RETURN NULL;
END $$;
CREATE TRIGGER boards_insert AFTER INSERT ON {table} REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION salsa_board_{table}_inserted();
"""
ON_UPDATE = """
CREATE FUNCTION salsa_board_{table}_updated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO board_change (state, post, kind, subject_id, agency)
    SELECT DISTINCT side.state, side.post, {subject}
    FROM (SELECT * FROM former UNION ALL SELECT * FROM latter) AS r {sides};
    RETURN NULL;
END $$;
CREATE TRIGGER boards_update AFTER UPDATE ON {table}
    REFERENCING OLD TABLE AS former NEW TABLE AS latter
    FOR EACH STATEMENT EXECUTE FUNCTION salsa_board_{table}_updated();
"""
ON_DELETE = """
CREATE TRIGGER boards_delete AFTER DELETE ON trace_restriction REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION salsa_board_trace_restriction_inserted();
"""
# One row for each state, not for each post. A corrected seizure leaves the boards on which it was.
# A joint one changes what the other state shows of its own, which may lie elsewhere: it is of all
# boards of the two.
OF_SEIZURES = """
CREATE FUNCTION salsa_board_seizure_inserted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO board_change (state, post, kind, subject_id, square)
    WITH r AS (
        SELECT changed.*, details -> 'joint_with' ->> 'state' AS joint_state FROM changed
        UNION ALL
        SELECT former.*, former.details -> 'joint_with' ->> 'state' FROM seizure AS former
        JOIN changed ON former.id = changed.id AND former.version = changed.version - 1
    ), of_state AS (
        SELECT DISTINCT side.state, r.id, r.square,
            coalesce(r.joint_state <> '' AND side.state IN (r.owner_state, r.joint_state), false)
                AS is_everywhere
        FROM r JOIN post_side AS side ON side.state = ANY (r.concerned)
    )
    SELECT state, NULL, 'seizure', id, CASE WHEN NOT is_everywhere THEN square END
    FROM of_state WHERE square IS NOT NULL OR is_everywhere
    UNION
    SELECT side.state, side.post, 'seizure', r.id, NULL
    FROM r JOIN post_side AS side ON side.post = r.post AND side.state = ANY (r.concerned);
    RETURN NULL;
END $$;
CREATE TRIGGER boards_insert AFTER INSERT ON seizure REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION salsa_board_seizure_inserted();
"""


def upgrade() -> None:
    op.execute(TABLES)
    for table, (subject, sides) in BOARDS.items():
        part = {"table": table, "subject": subject}
        op.execute(ON_INSERT.format(**part, sides=sides.format(when=WAITS)))
        if table not in NEVER_UPDATED:
            op.execute(ON_UPDATE.format(**part, sides=sides.format(when=STARTS_OR_ENDS)))
    op.execute(ON_DELETE)
    op.execute(OF_SEIZURES)
