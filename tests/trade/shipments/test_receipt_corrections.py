"""A receipt that was wrong is put right, and all that followed from it with it."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from salsa_ext.access.models import AuditEntry
from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import db
from salsa_ext.firearms.marks import keys
from salsa_ext.firearms.records.models import MarkKey
from salsa_ext.firearms.search.mark_lookup import load_coverage
from salsa_ext.trade.receipts.models import Receipt
from tests.conftest import NOW
from tests.support import bodies, jobs
from tests.support.actors import Client
from tests.support.grounds import beginning
from tests.support.manifests import send
from tests.support.movements import Way, act, add

DAY = {"received_on": "2026-03-05"}
SERIALS = ("TKA52380", "TKA52390", "QWE77001")
WHY = {"reason": "Found in the second crate"}


@beginning
def way(as_actor):
    return Way(as_actor)


@beginning
def shipped(way):
    made = way.ship(*SERIALS)
    way.release(made)
    way.tick(made, "exit")
    return made


@beginning
def short(way, shipped):
    """A shipment that was received without one of its three guns."""
    add(way.bol, shipped, "receipt", **DAY, **listing(*SERIALS[:2]))
    return shipped


@pytest.fixture
def later(app):
    """Let time go on from one request to the next."""

    def move(hours):
        app.config["CLOCK"] = FixedClock(NOW + timedelta(hours=hours))

    yield move
    app.config["CLOCK"] = FixedClock(NOW)


def listing(*serials):
    return {"items": [{"serial": serial} for serial in serials]}


def correct(way, shipment, *serials, expect=200, **more):
    body = DAY | WHY | (listing(*serials) if serials else {}) | more
    return act(way.bol, shipment, "receipt/correct", expect, **body)


def found(way, serial, state="BOL", client=None):
    police = client or way.client("BOL", "police_officer")
    asked = bodies.check(serial=serial, make="Taurus")
    return [
        each
        for each in police.post("/checks", asked).json["candidates"]
        if (each["state"], each["event"]) == (state, "import")
    ]


def record(way, serial):
    [first] = found(way, serial)
    return way.client("BOL", "police_officer").get(f"/records/{first['record']}").json


def test_a_gun_that_is_found_later_makes_the_shipment_whole(way, short):
    answer = correct(way, short, *SERIALS)
    assert (answer["status"], answer["receipt"]["missing"]) == ("received", [])
    assert (answer["receipt"]["version"], answer["receipt"]["reason"]) == (2, WHY["reason"])
    assert answer["receipt"]["item_count"] == 3
    assert way.discrepancies("resolved") == [("short_receipt", "1")]
    assert way.left() == 7


def test_a_gun_that_is_found_later_is_a_record_linked_to_its_export(way, short, run):
    assert found(way, "QWE77001") == []
    stored = {serial: record(way, serial) for serial in SERIALS[:2]}
    correct(way, short, *SERIALS)
    assert (record(way, "QWE77001")["event"], record(way, "QWE77001")["version"]) == ("import", 1)
    assert {serial: record(way, serial) for serial in SERIALS[:2]} == stored


def test_a_gun_that_did_not_come_after_all_is_found_no_more(way, short):
    was = record(way, "TKA52390")
    assert correct(way, short, "TKA52380")["status"] == "received_short"
    assert found(way, "TKA52390") == []
    now = way.client("BOL", "police_officer").get(f"/records/{was['id']}").json
    assert (now["version"], now["reason"], now["withdrawn"]) == (2, WHY["reason"], True)
    assert (was["withdrawn"], record(way, "TKA52380")["version"]) == (False, 1)


def test_a_record_that_was_withdrawn_may_come_back(way, short):
    was = record(way, "TKA52390")
    counted = coverage_of("BOL")
    correct(way, short, "TKA52380")
    assert coverage_of("BOL") == counted - 1
    correct(way, short, *SERIALS)
    again = record(way, "TKA52390")
    assert (again["id"], again["version"], again["withdrawn"]) == (was["id"], 3, False)
    assert coverage_of("BOL") == counted + 1


def test_a_serial_that_was_misread_leads_to_a_record_that_came_back(way, shipped):
    add(way.bol, shipped, "receipt", **DAY, **listing("TKA52380", "TKA52S90", "QWE77001"))
    was = old_mark(way, "TKA52S90")
    correct(way, shipped, "TKA52380", "QWE77001")
    assert old_mark(way, "TKA52S90") is None
    correct(way, shipped, *SERIALS)
    assert old_mark(way, "TKA52S90") == was
    assert (record(way, "TKA52390")["id"], record(way, "TKA52390")["version"]) == (was, 3)


def old_mark(way, serial):
    """Return the record that a serial leads to by a mark that is kept just so, if any."""
    key = keys.storage_key(serial)
    stored = select(MarkKey.record_id).where(MarkKey.key == key.value, ~MarkKey.is_void)
    found = db.session.scalar(stored.where(MarkKey.state == "BOL", MarkKey.serial_norm == key.norm))
    return found and str(found)


def coverage_of(state):
    jobs.jobs_to_idle()
    return {each.state: each.records for each in load_coverage()}[state]


def test_a_serial_that_was_misread_is_corrected_and_its_old_mark_leads_to_it(way, shipped):
    add(way.bol, shipped, "receipt", **DAY, **listing("TKA52380", "TKA52S90", "QWE77001"))
    assert way.discrepancies() == [("serial_mismatch", "1:TKA52390")]
    read = record(way, "TKA52S90")
    correct(way, shipped, *SERIALS)
    assert way.discrepancies("resolved") == [("serial_mismatch", "1:TKA52390")]
    now = record(way, "TKA52390")
    assert (now["id"], now["serial"], now["version"]) == (read["id"], "TKA52390", 2)


def test_a_discrepancy_that_was_resolved_is_reopened_by_a_correction(way, short):
    correct(way, short, *SERIALS)
    correct(way, short, "TKA52380")
    assert way.discrepancies("reopened") == [("short_receipt", "1")]
    [answer] = way.bol.get("/discrepancies?kind=short_receipt").json["items"]
    assert answer["data"]["serials"] == ["TKA52390", "QWE77001"]


def test_a_list_of_other_goods_is_replaced_by_the_right_one(way, shipped):
    wrong = listing("ZZZ00001", "ZZZ00002")
    answer = add(way.bol, shipped, "receipt", **DAY, **wrong, confirm_nothing_matches=True)
    assert answer["status"] == "received_short"
    assert correct(way, shipped, all=True)["status"] == "received"
    assert sorted(way.discrepancies("resolved")) == [("over_receipt", ""), ("short_receipt", "1")]


def test_the_day_of_the_receipt_is_corrected_in_every_record(way, short):
    correct(way, short, *SERIALS, received_on="2026-03-04")
    assert [record(way, serial)["occurred_on"] for serial in SERIALS] == ["2026-03-04"] * 3


def test_an_import_mark_stays_where_a_correction_does_not_speak_of_it(way, shipped):
    stamped = {"text": "BOL-26 Importadora", "year": 2026}
    add(way.bol, shipped, "receipt", **DAY, **listing(*SERIALS[:2]), import_mark=stamped)
    assert correct(way, shipped, *SERIALS)["receipt"]["import_mark"] == stamped
    assert [marks_of(way, serial) for serial in SERIALS] == [["BOL-26 Importadora"]] * 3
    assert record(way, "TKA52380")["version"] == 1


def test_an_import_mark_that_was_told_wrong_is_corrected(way, shipped):
    add(way.bol, shipped, "receipt", **DAY, all=True, import_mark={"text": "BOL-25"})
    correct(way, shipped, all=True, import_mark={"text": "BOL-26"})
    assert marks_of(way, "QWE77001") == ["BOL-26"]


def marks_of(way, serial):
    return [mark["text"] for mark in record(way, serial)["marks"] if mark["kind"] == "import"]


def test_the_version_that_stood_is_read_as_of_then(way, short, later):
    later(1)
    correct(way, short, *SERIALS)
    path = f"/shipments/{short['id']}/receipt"
    past = way.bol.get(f"{path}?as_of=2026-03-09T15:30:00Z").json
    assert (past["version"], past["missing"]) == (1, [{"line": 1, "serial": "QWE77001"}])
    now = way.bra.get(path).json
    assert (now["version"], now["missing"], now["reason"]) == (2, [], WHY["reason"])
    way.bol.get(f"{path}?as_of=2026-03-08T15:30:00Z", 404)


def test_the_timeline_tells_both_versions(way, short):
    result = correct(way, short, *SERIALS)["events"]
    kinds = [(each["kind"], each["data"]["missing"], each["reason"]) for each in result[-2:]]
    assert kinds == [("received", 1, None), ("receipt_corrected", 0, WHY["reason"])]


def test_a_receipt_that_is_not_confirmed_is_not_corrected(way, shipped):
    answer = correct(way, shipped, all=True, expect=409)
    assert answer["code"] == "receipt_not_confirmed"
    assert answer["detail"].endswith("Confirm it first.")
    way.bol.get(f"/shipments/{shipped['id']}/receipt", 404)


def test_only_the_importing_state_corrects_a_receipt(way, short):
    for client in (way.bra, way.pry):
        act(client, short, "receipt/correct", 403, **DAY, **WHY, all=True)
    stranger = way.client("URY", "licensing_officer")
    path = f"/shipments/{short['id']}/receipt/correct"
    stranger.post(path, DAY | WHY | {"all": True}, 404, If_Match='"1"')
    stranger.get(f"/shipments/{short['id']}/receipt", 404)


def test_a_correction_gives_its_reason_and_what_was_read(way, short):
    path = f"/shipments/{short['id']}/receipt/correct"
    visible = way.bol.get(f"/shipments/{short['id']}").headers["ETag"]
    answer = way.bol.post(path, DAY | {"all": True}, 422, If_Match=visible).json
    assert list(answer["errors"]) == ["reason"]
    way.bol.post(path, DAY | WHY | {"all": True}, 428)
    way.bol.post(path, DAY | WHY | {"all": True}, 200, If_Match=visible)
    way.bol.post(path, DAY | WHY | {"all": True}, 412, If_Match=visible)


def test_a_first_receipt_gives_no_reason(way, shipped):
    add(way.bol, shipped, "receipt", 422, **DAY, **WHY, all=True)


def test_a_correction_comes_as_a_file_too(way, short):
    path = f"/shipments/{short['id']}"
    visible = way.bol.get(path).headers["ETag"]
    rows = "serial\n" + "\n".join(SERIALS)
    answer = send(way.bol, f"{path}/receipt/correct", DAY | WHY, rows, expect=200, If_Match=visible)
    assert answer.json["status"] == "received"


def test_the_exporting_state_learns_of_a_correction(way, short):
    correct(way, short, *SERIALS)
    notices = way.bra.get("/notifications").json["items"]
    assert "receipt_corrected" in [each["code"] for each in notices]


def test_a_correction_is_written_down(way, short, run):
    correct(way, short, *SERIALS)
    acts = select(AuditEntry).where(AuditEntry.action == "receipt:corrected")
    [entry] = run("BOL", lambda actor: db.session.scalars(acts).all())
    assert entry.subject_id == short["id"]
    assert entry.data.items() >= {"status": "received", "version": 2, "missing": 0}.items()
    rows = select(Receipt.version).where(Receipt.shipment_id == UUID(short["id"]))
    versions = run("BOL", lambda actor: db.session.scalars(rows.order_by(Receipt.version)).all())
    assert versions == [1, 2]


def test_who_received_a_record_learns_that_it_is_withdrawn(way, short, run):
    police = way.client("BRA", "police_officer")
    [first] = found(way, "TKA52390", client=police)
    police.get(f"/records/{first['record']}", Salsa_Purpose="investigation", Salsa_Case="C-1")
    correct(way, short, "TKA52380")
    acts = select(AuditEntry).where(
        AuditEntry.action == "record:corrected", AuditEntry.subject_id == first["record"]
    )
    [result] = run("BRA", lambda actor: db.session.scalars(acts).all())
    assert "BRA" in result.concerned


def test_a_trace_follows_the_corrected_receipt(way, short):
    assert diversion(way) == "short_receipt"
    correct(way, short, *SERIALS)
    assert diversion(way) is None


def diversion(way):
    police: Client = way.client("BRA", "police_officer")
    gun = bodies.firearm(serial="QWE77001")
    asked = bodies.trace(found_on="2026-03-09") | {"firearm": gun}
    trace = police.post("/traces", asked).json["id"]
    point = police.get(f"/traces/{trace}/result").json["point_of_diversion"]
    return point and point["diversion_kind"]


def test_parts_without_serials_are_corrected_by_their_quantity(as_actor):
    way = Way(as_actor, lines=[{"line": 1, "quantity": 100, "category": "part"}])
    made = way.ship(items=[{"line": 1, "quantity": 10}, {"line": 1, "quantity": 5}])
    add(way.bol, made, "receipt", **DAY, bulk=[{"line": 1, "quantity": 10}])
    answer = correct(way, made, bulk=[{"line": 1, "quantity": 15}])
    assert (answer["status"], answer["receipt"]["item_count"]) == ("received", 2)
    answer = correct(way, made, bulk=[{"line": 1, "quantity": 5}])
    assert answer["receipt"]["differences"] == [{"line": 1, "quantity": -10}]
