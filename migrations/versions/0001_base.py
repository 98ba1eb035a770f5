"""The schema of the first version: `migrations/base` in order, then policies of restricted agencies."""

from pathlib import Path

from alembic import op

revision = "0001_base"
down_revision = None

BASE = Path(__file__).parents[1] / "base"
STATE = "current_setting('salsa.state', true)::char(3)"
AGENCY = "current_setting('salsa.agency', true)"
OF_STATE = f"coalesce({AGENCY}, '') = ''"
CONCERNED = f"concerned @> ARRAY[{STATE}]"
OWNED = f"owner_state = {STATE}"
# The traces that an entry or a notification is about, a JSON list of ids.
ABOUT = "ANY (string_to_array(translate(data ->> 'about', '[]\" ', ''), ',')::uuid[])"


def unrestricted(subject: str) -> str:
    """Return the condition that the reader's agency is restricted from no such subject."""
    return f"""(SELECT count(*) FROM trace_restriction AS r WHERE r.owner_state = {STATE}
        AND r.agency = {AGENCY} AND r.subject_id = {subject}) = 0"""  # noqa: S608 - own names


def of_visible_consent(subject: str) -> str:
    return f"""(SELECT true FROM consent
        WHERE consent.{OWNED} AND consent.id = {subject} LIMIT 1)"""  # noqa: S608 - own names


def by_id(column: str) -> str:
    return f"({OF_STATE} OR {unrestricted(column)})"


READABLE = {
    "trace": by_id("trace.id"),
    "trace_leg": by_id("trace_leg.trace_id"),
    "attachment": by_id("attachment.subject_id"),
    "notification": f"""({OF_STATE} OR {unrestricted("notification.subject_id")}
        AND (subject_kind <> 'consent' OR {of_visible_consent("notification.subject_id")})
        AND (NOT data ? 'about' OR {unrestricted(ABOUT)}))""",
    # What an agency did itself is in its own audit.
    "audit_entry": f"""({OF_STATE} OR agency = {AGENCY} OR (
        (coalesce(data ->> 'about', '[]') = '[]' OR {unrestricted(ABOUT)})
        AND CASE WHEN subject_kind IN ('trace', 'request')
                 THEN {unrestricted("audit_entry.subject_id::uuid")}
                     AND ({OWNED} OR NOT salsa_is_restricted(owner_state, subject_id::uuid))
                 WHEN subject_kind = 'consent'
                 THEN {of_visible_consent("audit_entry.subject_id::uuid")}
                 ELSE true END))""",
}
OWN = {
    "trace_request": by_id("trace_request.id"),
    "trace_message": by_id("trace_message.subject_id"),
    # An agency goes on seeing what it asked itself: its absence would show that there is a trace.
    "consent": f"""({OF_STATE} OR about = '{{}}' OR asking_agency = {AGENCY}
        OR {unrestricted("ANY (consent.about)")})""",
}


def upgrade() -> None:
    """Create all tables, functions and policies."""
    for path in sorted(BASE.glob("*.sql")):
        op.execute(path.read_text("utf-8"))
    for table, condition in READABLE.items():
        op.execute(f"ALTER POLICY concerned_read ON {table} USING ({CONCERNED} AND {condition})")
    for table, condition in OWN.items():
        op.execute(
            f"ALTER POLICY owner_only ON {table} USING ({OWNED} AND {condition})"
            f" WITH CHECK ({OWNED})"
        )
