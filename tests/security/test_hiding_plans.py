"""What is hidden is looked up by an index, once a row that is read: however much that is."""

import pytest
from sqlalchemy import event, text

from salsa_ext.access.audit import AuditEvent, append_many
from salsa_ext.access.audit_actions import Action
from salsa_ext.core.ids import new_id
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.session import db, transaction
from salsa_ext.disclosure.models import Consent, TraceRestriction
from salsa_ext.notifications.commands import notify_many
from salsa_ext.notifications.notice_rules import Notice, Subject
from tests.conftest import NOW
from tests.support import bodies

AGENCY, ROWS, HIDDEN = "BRA-POLICE", 40, 3_000
READ = [
    ("notification", "/notifications?limit=100"),
    ("notification", "/notifications?unread=true"),
    ("audit_entry", "/audit?limit=200"),
    ("consent", "/consents?limit=100"),
    ("trace", "/traces?limit=20"),
]


@pytest.fixture
def hidden(actor, as_actor):
    """Three thousand traces hidden from an agency, and rows that name few of them."""
    as_actor("BRA", "trace_analyst").post("/traces", bodies.trace(draft=True))
    subjects = [new_id() for _ in range(HIDDEN)]
    result = [*subjects[:3], *(new_id() for _ in range(ROWS))]
    with transaction(actor()):
        insert_many(
            TraceRestriction,
            [
                {
                    "agency": AGENCY,
                    "subject_id": subject,
                    "owner_state": "BRA",
                    "subject_kind": "trace",
                    "restricted_at": NOW,
                    "is_own": False,
                    "named_by": "BRA",
                }
                for subject in subjects
            ],
        )
        notify_many(
            actor(),
            [
                Notice("BRA", "trace_answered", Subject(subject, "BRA", "1"), roles=("supervisor",))
                for subject in result
            ],
        )
        append_many(
            actor(), [AuditEvent(Action.TRACE_AMENDED, "trace", subject) for subject in result]
        )
        consents = [_consent(subject) for subject in result]
        insert_many(Consent, consents)
        append_many(
            actor(), [AuditEvent(Action.CONSENT_ASKED, "consent", item["id"]) for item in consents]
        )
        notify_many(
            actor(),
            [
                Notice(
                    "BRA", "consent_asked", Subject(item["id"], "BRA", "1"), roles=("supervisor",)
                )
                for item in consents
            ],
        )
    return {str(item) for item in (*subjects, *(each["id"] for each in consents[:3]))}


def _consent(about):
    return {
        "id": new_id(),
        "owner_state": "BRA",
        "version": 1,
        "origin_state": "PRY",
        "asking_state": "BRA",
        "record_id": new_id(),
        "use": "names",
        "to_state": None,
        "case_number": "C",
        "reason": "x",
        "status": "asked",
        "answer": None,
        "expires_on": None,
        "asked_at": NOW,
        "answered_at": None,
        "asking_agency": None,
        "about": [about],
    }


@pytest.fixture
def listed(as_actor):
    """Return what a supervisor of the agency lists, and the plans of what that asks of a table."""
    result, reader = [], as_actor("BRA", "supervisor", agency="POLICE")

    def note(connection, cursor, statement, parameters, *_):
        result.append((statement, parameters))

    def read(table, path):
        result.clear()
        items = reader.get(path).json["items"]
        asked = [each for each in result if f"FROM {table}" in each[0]]
        for name, value in (("state", "BRA"), ("agency", AGENCY)):
            db.session.execute(text(f"SET LOCAL salsa.{name} = '{value}'"))
        connection = db.session.connection()
        explain = "EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) "
        rows = [connection.exec_driver_sql(explain + sql, values) for sql, values in asked]
        return items, [row.scalar()[0]["Plan"] for row in rows]

    engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield read
    event.remove(engine, "before_cursor_execute", note)


def _nodes(plan):
    yield plan
    for inner in plan.get("Plans", ()):
        yield from _nodes(inner)


def _of(plans, table):
    return [node for plan in plans for node in _nodes(plan) if node.get("Relation Name") == table]


def _read(node):
    """Return how many rows a node read, those that it passed over too."""
    passed = sum(node.get(f"Rows Removed by {step}", 0) for step in ("Filter", "Index Recheck"))
    return (node["Actual Rows"] + passed) * node["Actual Loops"]


@pytest.mark.parametrize("table,path", READ)
def test_a_row_costs_one_look_whatever_is_hidden(hidden, listed, table, path):
    items, plans = listed(table, path)
    shown = {item.get("subject_id") or item["id"] for item in items}
    assert shown and not shown & hidden
    looks = [node for node in _of(plans, "trace_restriction") if node["Actual Loops"]]
    assert looks and {node["Node Type"] for node in looks} <= {"Index Scan", "Index Only Scan"}
    for node in looks:
        assert _read(node) <= node["Actual Loops"], node
    assert sum(node["Actual Loops"] for node in looks) <= 2 * sum(map(_read, _of(plans, table)))
