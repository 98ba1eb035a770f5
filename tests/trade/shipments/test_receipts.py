"""What arrived compared with what was sent: short, over and mis-keyed, gun by gun."""

from uuid import UUID

from sqlalchemy import select

from salsa_ext.database.session import db
from salsa_ext.firearms.records.models import Record
from tests.support import bodies
from tests.support.grounds import beginning
from tests.support.movements import Way, add

DAY = {"received_on": "2026-03-05"}
SERIALS = ("TKA52380", "TKA52390", "QWE77001")


@beginning
def way(as_actor):
    return Way(as_actor)


@beginning
def shipped(way):
    made = way.ship(*SERIALS)
    way.release(made)
    way.tick(made, "exit")
    return made


def receive(way, shipment, *serials, expect=201, **more):
    listed = [each if isinstance(each, dict) else {"serial": each} for each in serials]
    return add(way.bol, shipment, "receipt", expect, **DAY, items=listed, **more)


def test_a_mis_keyed_serial_is_a_mismatch_and_neither_missing_nor_over(way, shipped):
    answer = receive(way, shipped, "TKA52380", "TKA5239O", "QWE77001")
    assert (answer["status"], answer["receipt"]["item_count"]) == ("received", 3)
    assert answer["receipt"]["misread"] == [
        {"line": 1, "shipped": "TKA52390", "received": "TKA5239O"}
    ]
    assert (answer["receipt"]["missing"], answer["receipt"]["unexpected"]) == ([], [])
    assert way.discrepancies() == [("serial_mismatch", "1:TKA52390")]


def test_short_over_and_mismatch_are_side_by_side(way, shipped):
    answer = receive(way, shipped, "TKA52308", "ZZZ00001")
    assert answer["status"] == "received_short"
    assert sorted(row["serial"] for row in answer["receipt"]["missing"]) == ["QWE77001", "TKA52390"]
    assert answer["receipt"]["unexpected"] == ["ZZZ00001"]
    assert way.discrepancies() == [
        ("over_receipt", ""),
        ("serial_mismatch", "1:TKA52380"),
        ("short_receipt", "1"),
    ]


def test_a_discrepancy_says_what_each_side_states(way, shipped):
    receive(way, shipped, "TKA52380", "TKA5239O")
    answer = {item["kind"]: item["data"] for item in way.bol.get("/discrepancies").json["items"]}
    assert answer["serial_mismatch"] == {"line": 1, "shipped": "TKA52390", "received": "TKA5239O"}
    assert answer["short_receipt"] == {"line": 1, "missing": 1, "serials": ["QWE77001"]}


def test_a_gun_that_arrived_mis_keyed_is_recorded_as_read_and_linked(way, shipped, as_actor, run):
    receive(way, shipped, "TKA52380", "TKA52S90", "QWE77001")
    police = as_actor("BOL", "police_officer")
    [read] = candidates(police, "TKA52S90", state="BOL")
    exported = next(item for item in shipped["items"] if item["serial"] == "TKA52390")
    record = police.get(f"/records/{read['record']}").json
    assert (record["serial"], record["event"]) == ("TKA52S90", "import")
    link = select(Record.linked_state, Record.linked_record).where(
        Record.id == UUID(read["record"])
    )
    [linked] = run("BOL", lambda actor: db.session.execute(link).all())
    assert linked == ("BRA", UUID(exported["record"]))


def test_an_import_mark_is_stamped_on_each_gun(way, shipped, as_actor):
    receive(way, shipped, *SERIALS, import_mark={"text": "BOL-26 Importadora", "year": 2026})
    police = as_actor("BOL", "police_officer")
    [read] = candidates(police, "QWE77001", state="BOL")
    marks = police.get(f"/records/{read['record']}").json["marks"]
    [stamped] = [mark for mark in marks if mark["kind"] == "import"]
    assert (stamped["text"], stamped["state"], stamped["year"]) == (
        "BOL-26 Importadora",
        "BOL",
        2026,
    )


def test_of_two_guns_of_one_serial_line_and_make_tell_which_arrived(way, run):
    items = [{"line": 1, "serial": "777123", "make": make} for make in ("Taurus", "Rossi")]
    made = way.ship(items=items)
    answer = receive(way, made, {"serial": "777123", "make": "ROSSI", "line": 1})
    [missing] = answer["receipt"]["missing"]
    assert (answer["status"], missing["serial"]) == ("received_short", "777123")
    [item] = [row for row in way.read(made)["items"] if row["make"] == "rossi"]
    [read] = candidates(way.client("BOL", "police_officer"), "777123", state="BOL", make="Rossi")
    assert linked_to(read, run) == ("BRA", UUID(item["record"]))


def test_goods_in_bulk_that_are_short_are_doubted_by_line(as_actor):
    lines = [{"line": 1, "quantity": 100, "category": "ammunition", "unit": "box"}]
    way = Way(as_actor, lines=lines)
    made = way.ship(items=[], bulk=[{"line": 1, "quantity": 40}])
    answer = add(way.bol, made, "receipt", **DAY, bulk=[{"line": 1, "quantity": 38.5}])
    assert answer["status"] == "received_short"
    assert answer["receipt"]["differences"] == [{"line": 1, "quantity": -1.5}]
    assert ("short_receipt", "1") in way.discrepancies()


def test_items_without_serials_are_received_by_quantity(as_actor):
    way = Way(as_actor, lines=[{"line": 1, "quantity": 100, "category": "part"}])
    made = way.ship(items=[{"line": 1, "quantity": 10}, {"line": 1, "quantity": 5}])
    answer = add(way.bol, made, "receipt", **DAY, bulk=[{"line": 1, "quantity": 10}])
    assert (answer["status"], answer["receipt"]["item_count"]) == ("received_short", 1)
    assert answer["receipt"]["differences"] == [{"line": 1, "quantity": -5}]


def test_a_receipt_of_all_differs_in_nothing(way, shipped):
    receipt = add(way.bol, shipped, "receipt", **DAY, all=True)["receipt"]
    assert (receipt["misread"], receipt["differences"], receipt["missing"]) == ([], [], [])
    assert way.discrepancies() == []


def test_a_receipt_after_the_permits_last_day_is_doubted(as_actor):
    way = Way(as_actor, expires_on="2026-03-04")
    made = way.ship()
    way.release(made)
    way.tick(made, "exit")
    add(way.bol, made, "receipt", **DAY, all=True)
    assert way.discrepancies() == [("expired_in_transit", "")]


def candidates(police, serial, state, make="Taurus"):
    found = police.post("/checks", bodies.check(serial=serial, make=make)).json["candidates"]
    return [each for each in found if each["state"] == state]


def linked_to(read, run):
    link = select(Record.linked_state, Record.linked_record).where(
        Record.id == UUID(read["record"])
    )
    [linked] = run("BOL", lambda actor: db.session.execute(link).all())
    return linked


def test_a_list_of_another_shipment_is_refused(way, shipped):
    answer = receive(way, shipped, "ZZZ00001", "ZZZ00002", expect=409)
    assert answer["code"] == "nothing_matches"
    assert "(listed: 2, shipped: 3)" in answer["detail"]
    assert "confirm_nothing_matches" in answer["detail"]
    assert way.read(shipped)["receipt"] is None
    accepted = receive(way, shipped, "ZZZ00001", "ZZZ00002", confirm_nothing_matches=True)
    assert (accepted["status"], len(accepted["receipt"]["missing"])) == ("received_short", 3)


def test_the_next_numbers_of_a_series_are_another_shipment(way):
    made = way.ship(*(f"TKA520{n}" for n in range(10, 20)))
    answer = receive(way, made, *(f"TKA520{n}" for n in range(20, 30)), expect=409)
    assert answer["code"] == "nothing_matches"


def test_serials_that_only_look_alike_are_in_common(way):
    made = way.ship("TKA5201O", "TKA5202O", "TKA5203O")
    answer = receive(way, made, "TKA52010", "TKA52020", "TKA52030")
    assert (answer["status"], len(answer["receipt"]["misread"])) == ("received", 3)


def test_a_list_of_what_came_back_is_that_of_the_shipment_too(way, shipped):
    way.tick(shipped, "entry", 3, outcome="refused")
    other = {"received_on": "2026-03-08", "items": [{"serial": "ZZZ00001"}]}
    assert add(way.bra, shipped, "receipt", 409, **other)["code"] == "nothing_matches"
    assert way.left() == 7
