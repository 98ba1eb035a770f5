"""What must not be seen goes by the trace that it is about, as the reader's own state keeps it."""

from alembic import op

revision = "0069_hide_by_what_it_is_about"
down_revision = "0068_keep_each_hiding"

# `salsa.unseen` is the agency with whose eyes a session sees; it is empty for the state as a whole, to
# which nothing is hidden. What is hidden from it is looked up row by row in the index of the table of
# hidings: that costs the same for three hidden traces and for thousands. It is counted, for an EXISTS the
# planner may hash, and a LIMIT it may serve by reading the table: either reads all that is hidden. Only
# what the reader's own state keeps from its agency counts: another state's drafts hide nothing of it.
# A case number hides nothing. A consent says which traces it is `about`, an entry of the audit too, and
# which agency did it: what an agency did itself stands in its own audit.
STATE = "current_setting('salsa.state', true)::char(3)"
UNSEEN = "current_setting('salsa.unseen', true)"
SEES_ALL = f"coalesce({UNSEEN}, '') = ''"


def shown(subject: str) -> str:
    """Return the condition that no such subject is kept from the reader's agency."""
    return (
        f"(SELECT count(*) FROM hiding WHERE hiding.owner_state = {STATE}"  # noqa: S608 - names of our own columns
        f" AND hiding.agency = {UNSEEN} AND hiding.{subject}) = 0"
    )


def by_id(column: str) -> str:
    """Return the condition by a column that names the subject."""
    return f"({SEES_ALL} OR {shown(f'subject_id = {column}')})"


CONCERNED = f"concerned @> ARRAY[{STATE}]"
OWNED = f"owner_state = {STATE}"
# The consent that an entry or a notification is of: whoever does not see it, sees nothing of it.
OF_CONSENT = (
    f"(SELECT true FROM consent WHERE consent.{OWNED} AND consent.id = {{subject}} LIMIT 1)"  # noqa: S608
)
# A list of ids; of an entry of before one as text, or any text of a letter that was refused, which is about
# nothing.
ID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
SAID = "data ->> 'about'"
LISTED = f"string_to_array(translate({SAID}, '[]\" ', ''), ',')"
ABOUT = f"""CASE jsonb_typeof(data -> 'about') WHEN 'array' THEN {LISTED}::uuid[]
    WHEN 'string' THEN CASE WHEN {SAID} ~* '^{ID}$' THEN ARRAY[({SAID})::uuid] END END"""
# What was disclosed before says of no trace, not even of none: that goes by the case, as it did then.
OF_BEFORE = (
    "action IN ('record:disclosed', 'party:disclosed') AND agency IS NULL AND NOT data ? 'about'"
)
SEEN = {
    ("seen", "trace"): f"{CONCERNED} AND {by_id('trace.id')}",
    ("seen", "trace_leg"): f"{CONCERNED} AND {by_id('trace_leg.trace_id')}",
    ("seen", "attachment"): f"{CONCERNED} AND {by_id('attachment.subject_id')}",
    ("seen", "notification"): f"""{CONCERNED} AND {by_id("notification.subject_id")}
        AND ({SEES_ALL} OR subject_kind <> 'consent'
             OR {OF_CONSENT.format(subject="notification.subject_id")})""",
    ("owned", "trace_request"): f"{OWNED} AND {by_id('trace_request.id')}",
    ("owned", "trace_approval"): f"{OWNED} AND {by_id('trace_approval.id')}",
    ("owned", "trace_message"): f"{OWNED} AND {by_id('trace_message.subject_id')}",
    ("owned", "consent"): f"""{OWNED} AND ({SEES_ALL} OR about = '{{}}' OR asking_agency = {UNSEEN}
        OR {shown("subject_id = ANY (consent.about)")})""",
    ("seen", "audit_entry"): f"""{CONCERNED} AND ({SEES_ALL} OR agency = {UNSEEN} OR (
        (coalesce({SAID}, '[]') = '[]' OR {shown(f"subject_id = ANY ({ABOUT})")})
        AND NOT ({OF_BEFORE} AND salsa_is_case_kept(owner_state, case_number))
        AND CASE WHEN subject_kind IN ('trace', 'request', 'approval')
                 THEN {shown("subject_id = audit_entry.subject_id::uuid")}
                     AND ({OWNED} OR NOT salsa_is_kept_by(owner_state, subject_id::uuid))
                 WHEN subject_kind = 'consent'
                 THEN {OF_CONSENT.format(subject="audit_entry.subject_id::uuid")}
                 ELSE true END))""",
}

# A state says that it asked before the letter came by which the other learns what to hide: of its own
# trace alone, until then its own word stands. `salsa_unseen` is for servers of the version before.
CREATE = """
CREATE FUNCTION salsa_is_kept_by(owner char(3), subject uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM hiding WHERE hiding.owner_state = owner
        AND agency = current_setting('salsa.unseen', true) AND subject_id = subject)
$$;
REVOKE ALL ON FUNCTION salsa_is_kept_by(char(3), uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION salsa_is_kept_by(char(3), uuid) TO salsa_service;
CREATE FUNCTION salsa_is_case_kept(asking char(3), number text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM (
            SELECT id FROM trace WHERE owner_state = asking AND case_number = number
            UNION ALL SELECT trace_id FROM trace_request WHERE asking_state = asking
                AND owner_state = current_setting('salsa.state', true)::char(3) AND case_number = number
            UNION ALL SELECT trace_id FROM trace_approval WHERE asking_state = asking
                AND owner_state = current_setting('salsa.state', true)::char(3) AND case_number = number
        ) AS of_case
        WHERE (SELECT count(*) FROM hiding
               WHERE owner_state = current_setting('salsa.state', true)::char(3)
               AND agency = current_setting('salsa.unseen', true) AND subject_id = of_case.id) > 0
    )
$$;
REVOKE ALL ON FUNCTION salsa_is_case_kept(char(3), text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION salsa_is_case_kept(char(3), text) TO salsa_service;
CREATE OR REPLACE FUNCTION salsa_unseen(reader text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT coalesce(reader, '')
$$;

ALTER TABLE audit_entry ADD COLUMN agency TEXT;
ALTER TABLE consent ADD COLUMN about UUID[] NOT NULL DEFAULT '{}';
UPDATE consent SET about = in_case.traces FROM (
    SELECT state, case_number, array_agg(DISTINCT id) AS traces FROM (
        SELECT owner_state AS state, case_number, id FROM trace
        UNION ALL SELECT asking_state, case_number, trace_id FROM trace_request
        UNION ALL SELECT asking_state, case_number, trace_id FROM trace_approval
    ) AS each GROUP BY state, case_number
) AS in_case
WHERE in_case.state = consent.asking_state AND in_case.case_number = consent.case_number;
"""
FORMER_FUNCTIONS = """
CREATE FUNCTION salsa_may_see(subject text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce(current_setting('salsa.unseen', true), '') = ''
        OR coalesce(NOT subject = ANY (string_to_array(current_setting('salsa.unseen', true), ',')),
                    true)
$$;
CREATE FUNCTION salsa_case_key(state text, number text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT md5(state || '/' || number)
$$;
CREATE OR REPLACE FUNCTION salsa_unseen(reader text) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM hiding WHERE agency = reader) THEN
        RETURN '';
    END IF;
    RETURN (
        WITH hidden AS (SELECT DISTINCT subject_id FROM hiding WHERE agency = reader),
        cases AS (
            SELECT owner_state AS state, case_number FROM trace JOIN hidden ON subject_id = id
            UNION SELECT asking_state, case_number FROM trace_request JOIN hidden ON subject_id = id
            UNION SELECT asking_state, case_number FROM trace_approval JOIN hidden ON subject_id = id
        )
        SELECT string_agg(unseen, ',') FROM (
            SELECT subject_id::text FROM hidden
            UNION SELECT salsa_case_key(state, case_number) FROM cases
            UNION SELECT consent.id::text FROM cases JOIN consent
                ON consent.asking_state = state AND consent.case_number = cases.case_number
                AND consent.asking_agency IS DISTINCT FROM reader
        ) AS kept (unseen)
    );
END $$;
"""
FORMER = {
    ("seen", "trace"): f"{CONCERNED} AND salsa_may_see(id::text)",
    ("seen", "trace_leg"): f"{CONCERNED} AND salsa_may_see(trace_id::text)",
    ("seen", "attachment"): f"{CONCERNED} AND salsa_may_see(subject_id::text)",
    ("seen", "notification"): f"{CONCERNED} AND salsa_may_see(subject_id::text)",
    ("owned", "trace_request"): f"{OWNED} AND salsa_may_see(id::text)",
    ("owned", "trace_approval"): f"{OWNED} AND salsa_may_see(id::text)",
    ("owned", "trace_message"): f"{OWNED} AND salsa_may_see(subject_id::text)",
    ("owned", "consent"): f"{OWNED} AND salsa_may_see(id::text)",
    ("seen", "audit_entry"): f"""{CONCERNED}
        AND salsa_may_see(subject_id) AND salsa_may_see({SAID})
        AND NOT coalesce(jsonb_typeof(data -> 'about') = 'array'
                         AND {LISTED} && string_to_array({UNSEEN}, ','), false)
        AND (action NOT IN ('record:disclosed', 'party:disclosed')
             OR salsa_may_see(salsa_case_key(owner_state, case_number)))""",
}
DROP = """
DROP FUNCTION salsa_is_case_kept(char(3), text);
DROP FUNCTION salsa_is_kept_by(char(3), uuid);
ALTER TABLE consent DROP COLUMN about;
ALTER TABLE audit_entry DROP COLUMN agency;
"""


def upgrade() -> None:
    op.execute(CREATE)
    _put(SEEN)
    op.execute("DROP FUNCTION salsa_may_see(text); DROP FUNCTION salsa_case_key(text, text)")


def downgrade() -> None:
    op.execute(FORMER_FUNCTIONS)
    _put(FORMER)
    op.execute(DROP)


def _put(policies: dict[tuple[str, str], str]) -> None:
    for (policy, table), seen in policies.items():
        written = f"WITH CHECK ({OWNED})" if policy == "owned" else ""
        op.execute(f"ALTER POLICY {policy} ON {table} USING ({seen}) {written}")
