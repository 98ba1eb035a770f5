"""Batches of documents: each row is recorded or refused by itself, and is audited with the others."""

import hashlib
import json

import pytest
from sqlalchemy import event

from salsa_ext.access.audit import AuditEvent
from salsa_ext.access.batches import event_text
from salsa_ext.core.log_verifier import hash_leaf, root_by_proof
from salsa_ext.database.session import db
from tests.support import bodies, jobs
from tests.support.manifests import NDJSON, objects
from tests.support.sizes import sized


@pytest.fixture
def statements(app):
    """Return the statements of what is done, without those of jobs."""
    made = []
    hear = jobs.of_requests(lambda connection, cursor, statement, *_: made.append(statement))

    def of(act):
        made.clear()
        act()
        return [*made]

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", hear)
    yield of
    event.remove(engine, "before_cursor_execute", hear)


def send(client, path, *rows, expect=200, kind=NDJSON, **headers):
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    response = client.client.post(
        f"/api/v1{path}",
        data=objects(*rows),
        content_type=kind,
        headers=sent | {"Authorization": f"Bearer {client.token}"},
    )
    assert response.status_code == expect, response.get_data(as_text=True)
    return [json.loads(line) for line in response.get_data().splitlines()]


def report(number, **changes):
    return bodies.report(number=number, firearm=bodies.firearm(serial=f"SN{number}77"), **changes)


def seizure(number, **changes):
    return bodies.seizure(number=number, items=[bodies.firearm(serial=f"SX{number}88")], **changes)


def test_a_wrong_row_is_refused_alone_and_names_its_field(police):
    wrong = report("R-2") | {"kind": "lost", "stolen_from": "private"}
    first, second, third, end = send(police, "/reports/batch", report("R-1"), wrong, report("R-3"))
    assert [first["status"], second["status"], third["status"]] == [201, 422, 201]
    assert list(second["errors"]) == ["kind"] and second["line"] == 2
    assert end == {"line": None, "rows": 3, "recorded": 2}
    assert police.get(f"/reports/{third['id']}").json["number"] == "R-3"


def test_what_contradicts_itself_is_refused_with_its_field(police):
    ahead = seizure("S-2", occurred_on="2027-01-01")
    rows = send(police, "/seizures/batch", seizure("S-1"), ahead, seizure("S-3"))
    assert [row.get("status") for row in rows] == [201, 422, 201, None]
    assert list(rows[1]["errors"]) == ["occurred_on"]


def test_a_batch_sent_twice_adds_nothing_and_answers_the_ids(police):
    rows = [seizure("S-1"), seizure("S-2")]
    *first, _ = send(police, "/seizures/batch", *rows)
    *again, end = send(police, "/seizures/batch", *rows)
    assert [(row["status"], row["id"]) for row in again] == [(409, row["id"]) for row in first]
    assert end["recorded"] == 0 and len(police.get("/seizures").json["items"]) == 2


def test_of_one_number_in_two_rows_the_first_is_recorded(police):
    rows = send(police, "/seizures/batch", *[seizure("S-1")] * 2, seizure("S-3"))
    assert [row.get("code", row.get("status")) for row in rows[:3]] == [201, "duplicate", 201]


def test_a_gun_reported_twice_in_a_batch_needs_its_confirmation(police):
    rows = [report("R-1"), report("R-1") | {"number": "R-2"}]
    _, second, _ = send(police, "/reports/batch", *rows)
    assert (second["status"], second["code"]) == (409, "conflict")
    assert send(police, "/reports/batch", rows[1] | {"confirm_second": True})[0]["status"] == 201


def test_the_same_key_gets_the_same_answer(police):
    first = send(police, "/reports/batch", report("R-1"), Idempotency_Key="k")
    assert send(police, "/reports/batch", report("R-1"), Idempotency_Key="k") == first


def test_permits_and_transfers_come_in_batches(as_actor):
    licensing = as_actor("BRA", "licensing_officer")
    row, used, _ = send(licensing, "/permits/batch", *[bodies.permit(number="P-1")] * 2)
    assert (row["status"], used["code"]) == (201, "duplicate")
    assert licensing.get(f"/permits/{row['id']}").json["number"] == "P-1"
    sold = bodies.transfer(number="T-1")
    row, _ = send(licensing, "/transfers/batch", sold)
    assert send(licensing, "/transfers/batch", sold)[0]["id"] == row["id"]


def test_what_became_of_guns_comes_in_batches(police):
    made = police.post("/seizures", seizure("S-1")).json["id"]
    moved = {
        "occurred_on": "2026-03-02",
        "occurred_at": "2026-03-02T10:00:00-03:00",
        "time_zone": "America/Sao_Paulo",
        "from": "Police",
        "to": "Laboratory",
    }
    destroyed = {"occurred_on": "2026-03-03", "kind": "destroyed", "act_number": "A-1"}
    rows = send(
        police,
        "/custody/batch",
        {"seizure": made, "handover": moved},
        {"seizure": made, "disposition": destroyed},
        {"seizure": made, "disposition": destroyed},
        {"seizure": made},
    )
    assert [row.get("status") for row in rows] == [201, 201, 409, 422, None]
    [item] = police.get(f"/seizures/{made}/custody").json["items"]
    assert (item["in_custody"], len(item["handovers"])) == (False, 1)


def test_guns_in_custody_are_not_destroyed_by_a_batch_of_transfers(police, as_actor):
    police.post("/seizures", seizure("S-1"))
    gun = bodies.firearm(serial="SXS-188")
    destroyed = bodies.transfer(kind="destruction", occurred_on="2026-03-04", firearm=gun)
    del destroyed["to"]
    licensing = as_actor("BRA", "licensing_officer")
    rows = send(licensing, "/transfers/batch", bodies.transfer(number="T-1"), destroyed)
    assert [row.get("status") for row in rows[:2]] == [201, 422]


def test_one_audit_entry_holds_the_ids_and_the_root_of_a_batch(police, as_actor):
    *rows, _ = send(police, "/seizures/batch", *(seizure(f"S-{n}") for n in range(3)))
    auditor = as_actor("BRA", "auditor")
    [entry] = auditor.get("/audit?action=seizure:recorded").json["items"]
    ids = [row["id"] for row in rows]
    assert (entry["subject_kind"], entry["data"]["of"]) == ("batch", "seizure")
    assert entry["data"]["ids"] == ids
    data = {"kind": "seized", "version": 1}
    leaves = [
        hash_leaf(b"", event_text(AuditEvent("seizure:recorded", "seizure", i, data=data)))
        for i in ids
    ]
    node = hashlib.sha256(b"\x01" + leaves[0] + leaves[1]).digest()
    assert root_by_proof(leaves[2], 2, 3, [node]).hex() == entry["data"]["root"]
    assert auditor.get(f"/audit?subject_id={ids[1]}").json["items"][0]["id"] == entry["id"]
    assert auditor.get("/audit?subject_id=S-2").json["items"][0]["id"] == entry["id"]


def test_matches_follow_a_batch(police, as_actor):
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer())
    row, _, _ = send(police, "/seizures/batch", bodies.seizure(number="S-1"), seizure("S-2"))
    [match] = police.get(f"/seizures/{row['id']}").json["matches"]
    assert match["status"] == "proposed"


@pytest.mark.parametrize(
    ("rows", "kind", "expect"),
    [([], NDJSON, 422), ([{}] * 1_001, NDJSON, 422), ([report("R-1")], "application/json", 415)],
)
def test_none_too_many_and_another_type_are_refused_as_a_whole(police, rows, kind, expect):
    send(police, "/reports/batch", *rows, kind=kind, expect=expect)


def test_the_permission_comes_before_the_rows(as_actor):
    send(as_actor("BRA", "auditor"), "/reports/batch", {"x": 1}, kind="text/plain", expect=403)


@pytest.mark.parametrize(
    ("path", "role", "row"),
    [
        ("/seizures/batch", "police_officer", seizure),
        ("/reports/batch", "police_officer", report),
        (
            "/transfers/batch",
            "licensing_officer",
            lambda number: bodies.transfer(
                number=number, firearm=bodies.firearm(serial=f"TS{number}55")
            ),
        ),
        ("/permits/batch", "licensing_officer", lambda number: bodies.permit(number=number)),
    ],
)
def test_a_batch_takes_few_statements_however_many_rows(statements, as_actor, path, role, row):
    client = as_actor("BRA", role)
    send(client, path, row("W-1"))  # what is read once
    few = len(statements(lambda: send(client, path, *(row(f"F-{n}") for n in range(60)))))
    many = sized(200, 1_000)
    made = statements(lambda: send(client, path, *(row(f"M-{n}") for n in range(many))))
    assert len(made) <= few + 10 and few < 60, (few, len(made))
