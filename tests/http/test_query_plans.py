"""Lists and look-ups are answered by an index, under row-level security too."""

import re
from contextlib import closing
from uuid import UUID

import psycopg2
import pytest
from sqlalchemy import event, make_url, text

from salsa_ext.core.ids import new_id
from salsa_ext.database.session import db
from salsa_ext.firearms.search.mark_lookup import _MARKS_OF_RECORDS_SQL, _bulk_arguments
from salsa_ext.worklists import record_lookup
from tests.support import bodies, jobs

BITMAPS_ALONE = ("enable_seqscan", "enable_indexscan", "enable_indexonlyscan")


@pytest.fixture
def plans(app):
    """Return the plans of the SELECTs of a request on one table, as the service's role has them.

    `without` are ways of the planner that it may not go, as it would not on a big table.
    """
    texts = []

    @jobs.of_requests
    def note(connection, cursor, statement, parameters, *_):
        texts.append((statement, parameters))

    def statements(client, path, table):
        texts.clear()
        client.get(path)
        return [each for each in texts if re.search(rf"FROM {table}\b", each[0])]

    def explain(client, path, table, without=("enable_seqscan",)):
        asked = statements(client, path, table)
        connection = db.session.connection()
        for way in without:
            connection.execute(text(f"SET LOCAL {way} = off"))
        connection.execute(text("SET LOCAL salsa.state = 'BRA'"))
        rows = [connection.exec_driver_sql(f"EXPLAIN {sql}", values) for sql, values in asked]
        return ["\n".join(row[0] for row in result) for result in rows]

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    explain.statements = statements
    yield explain
    event.remove(engine, "before_cursor_execute", note)


SHARED = [
    ("/permits", "permit", "licensing_officer"),
    ("/shipments", "shipment", "licensing_officer"),
    ("/audit", "audit_entry", "auditor"),
]


@pytest.mark.parametrize("path,table,role", SHARED)
def test_a_list_of_what_concerns_a_state_can_go_by_the_states_concerned(
    as_actor, plans, path, table, role
):
    plan = plans(as_actor("BRA", role), path, table, BITMAPS_ALONE)[0]
    assert f"Bitmap Index Scan on ix_{table}_concerned" in plan


def test_a_list_of_what_is_a_states_own_goes_by_owner_and_order(as_actor, plans):
    without = ("enable_seqscan", "enable_sort")
    [plan] = plans(as_actor("BRA", "trace_analyst"), "/traces", "trace", without)
    assert "ix_trace_owner_state_id" in plan
    assert "Sort" not in plan


def test_the_holders_of_a_mark_go_by_its_key(as_actor, plans):
    police = as_actor("BRA", "police_officer")
    record = police.post("/seizures", bodies.seizure()).json["items"][0]["record"]
    [plan] = plans(police, f"/guns/{record}", "mark_key", ("enable_seqscan", "enable_bitmapscan"))
    assert "Index Cond: ((key = ANY" in plan and "Seq Scan" not in plan


@pytest.mark.parametrize(
    "path,index",
    [
        ("/matches?current=false", "ix_match_gone"),
        ("/matches?status=confirmed", "ix_match_judged"),
        ("/matches?status=rejected&current=true", "ix_match_judged"),
        ("/matches?least_worth=crime", "ix_match_owner_state_strength_worth_id"),
    ],
)
def test_a_list_of_the_few_matches_of_a_kind_passes_no_others(
    as_actor, plans, explained, fresh_database, path, index
):
    [asked] = plans.statements(as_actor("PRY", "trace_analyst"), path, "match")
    name = make_url(fresh_database.database_url).database
    explained("owner", name, f"{MATCHES}; ANALYZE match", "SELECT 1")
    plan = explained("service", name, "SET salsa.state = 'PRY'", *asked)
    assert index in plan and "Sort" not in plan


@pytest.mark.parametrize(
    "path,table,index",
    [
        ("/permits?number=E-1", "permit", "ix_permit_number"),
        ("/shipments?number=A-1", "shipment", "ix_shipment_number"),
        ("/shipments?document=D-1", "shipment", "ix_shipment_document_number"),
    ],
)
def test_a_look_up_by_a_number_goes_by_its_index(as_actor, plans, path, table, index):
    assert index in plans(as_actor("BRA", "licensing_officer"), path, table, BITMAPS_ALONE)[0]


def test_what_is_due_is_found_by_its_moment(session):
    connection = db.session.connection()
    for value in ("enable_seqscan = off", "enable_bitmapscan = off", "salsa.state = 'BRA'"):
        connection.execute(text(f"SET LOCAL {value}"))
    asked = "EXPLAIN SELECT id FROM shipment WHERE due_at < '2026-03-01T00:00:00Z'"
    assert "ix_shipment_due_at" in "\n".join(row[0] for row in connection.exec_driver_sql(asked))


def test_a_look_up_by_a_plate_goes_by_the_plates(as_actor, plans, explained, worker_database):
    plan = plans(as_actor("BRA", "border_officer"), "/shipments?plate=ABC1D23", "shipment")[0]
    assert "Seq Scan" not in plan
    body = "SELECT id FROM shipment WHERE plates @> ARRAY['X']"
    off = "SET enable_seqscan = off"
    assert "ix_shipment_plates" in explained("owner", worker_database, off, body)


def test_a_plate_shows_no_shipment_of_others(as_actor, bra):
    permit = bra.post("/permits", bodies.permit()).json["id"]
    transport = {"document_kind": "mic_dta", "document_number": "D-1", "plates": ["ABC1D23"]}
    bra.post(f"/permits/{permit}/shipments", bodies.shipment(transport=transport))
    path = "/shipments?plate=ABC1D23"
    for state, found in (("BRA", 1), ("PRY", 1), ("URY", 0)):
        assert len(as_actor(state, "border_officer").get(path).json["items"]) == found


def test_a_state_with_few_rows_in_a_big_table_does_not_read_it_whole(explained, fresh_database):
    name = make_url(fresh_database.database_url).database
    explained("owner", name, f"{MANY}; ANALYZE audit_entry", "SELECT 1")
    listed = "SELECT * FROM audit_entry ORDER BY id DESC LIMIT 51"
    plan = explained("service", name, "SET salsa.state = 'PRY'", listed)
    assert "ix_audit_entry_concerned" in plan


def test_the_audit_of_thousands_of_records_is_found_by_them_however_long_it_is(
    as_actor, plans, explained, fresh_database, monkeypatch
):
    monkeypatch.setattr(
        record_lookup, "find_subject_ids", lambda *_: [UUID(int=number) for number in range(2_000)]
    )
    path = "/audit?subject_id=S-1"
    batches, asked = plans.statements(as_actor("PRY", "auditor"), path, "audit_entry")
    name = make_url(fresh_database.database_url).database
    of_records = MANY.replace("'c'", "lpad(to_hex(n % 3000), 32, '0')::uuid::text")
    explained("owner", name, f"{of_records}; ANALYZE audit_entry", "SELECT 1")
    plan = explained("service", name, "SET salsa.state = 'BRA'", *asked)
    assert "Index Scan using ix_audit_entry_subject_id" in plan
    assert "Seq Scan on audit_entry" not in plan
    assert not re.search(r"pk_audit_entry[^\n]*\n(?!\s+Index Cond: \(id = )", plan)  # in its order
    plan = explained("service", name, "SET salsa.state = 'BRA'", *batches)
    assert "ix_audit_entry_batches" in plan


def test_whom_records_were_shown_to_is_found_by_the_records_however_long_the_audit_is(
    session, explained, fresh_database
):
    name = make_url(fresh_database.database_url).database
    shown = MANY.replace("'a'", "'record:shown'").replace("'{}'", SHOWN)
    explained("owner", name, f"{shown}; ANALYZE audit_entry", "SELECT 1")
    asked = text("SELECT prosrc FROM pg_proc WHERE proname = 'salsa_disclosure_recipients'")
    body = db.session.execute(asked).scalar_one().replace("(records)", "(ARRAY['r1', 'r2'])")
    plan = explained("owner", name, "SET enable_seqscan = off", body)
    assert "Bitmap Index Scan on ix_audit_entry_shown" in plan and "Seq Scan" not in plan


def test_an_alert_is_compared_once_the_job_of_its_state_ran(as_actor):
    for background, is_compared in ((False, False), (True, True)):
        police = as_actor("PRY", "police_officer", background=background)
        police.post("/alerts", bodies.alert(case_number=f"C-{background}"))
        compared = {alert["compared"] for alert in police.get("/alerts").json["items"]}
        assert compared == {is_compared}


def test_marks_of_records_go_by_the_record(session, explained, fresh_database):
    name = make_url(fresh_database.database_url).database
    explained("owner", name, f"{MARKS}; ANALYZE mark_key", "SELECT 1")
    asked = _bulk_arguments((), "BRA", 60, with_silent=False) | {"records": [new_id()]}
    compiled = _MARKS_OF_RECORDS_SQL.compile(db.engine)
    plan = explained("service", name, "SET salsa.state = 'BRA'", str(compiled), asked)
    assert "ix_mark_key_record_id" in plan and "Seq Scan" not in plan


@pytest.fixture
def explained(server):
    """Run statements as a role, then return the plan of a query."""

    def explain(role, name, before, query, values=None):
        url = make_url(server.url(role, name)).set(drivername="postgresql")
        with closing(psycopg2.connect(url.render_as_string(hide_password=False))) as opened:
            opened.autocommit = True
            cursor = opened.cursor()
            cursor.execute(before)
            cursor.execute(f"EXPLAIN {query}", values)
            return "\n".join(row[0] for row in cursor.fetchall())

    return explain


MANY = """
INSERT INTO audit_entry (id, owner_state, concerned, at, action, subject_kind, subject_id, role,
                         data, leaf_hash)
SELECT gen_random_uuid(), state, ARRAY[state]::char(3)[], now(), 'a', 'b', 'c', 'd', '{}', ''
FROM (SELECT n, CASE WHEN n % 5000 = 0 THEN 'PRY' ELSE 'BRA' END AS state
      FROM generate_series(1, 30000) n) made
"""

SHOWN = "jsonb_build_object('groups', ARRAY['firearm'], 'to', 'ARG', 'records', ARRAY['r' || n])"
MARKS = """
INSERT INTO mark_key (key, mark_id, record_id, record_version, state, serial_norm, skeleton, event,
                      occurred_on, visibility, is_superseded, is_void)
SELECT n, gen_random_uuid(), gen_random_uuid(), 1, 'BRA', n, n, 'seized', '2025-01-01', 'open',
    false, false
FROM generate_series(1, 30000) n
"""
# Of 30,000 matches of a state twenty are judged and twenty gone.
MATCHES = """
INSERT INTO match (id, owner_state, version, record_id, other_state, other_pseudonym, score, strength, reasons,
                   worth, status, is_current, is_hidden, proposed_at, changed_at)
SELECT gen_random_uuid(), 'PRY', 1, gen_random_uuid(), 'BRA', gen_random_uuid(), 30, 'strong', '[]',
    -(n % 5),
    CASE n % 1500 WHEN 2 THEN 'confirmed' ELSE 'proposed' END, n % 1500 <> 3, false, now(), now()
FROM generate_series(1, 30000) n
"""
