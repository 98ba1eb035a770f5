"""Shipments: what they draw from a permit, the stages they pass, and what arrives."""

import pytest

from tests.support import bodies
from tests.support.grounds import beginning
from tests.support.movements import act, tick

ALL = {"received_on": "2026-03-03", "all": True}


@beginning
def permit(bra, as_actor):
    lines = [
        bodies.permit()["lines"][0],
        {"line": 2, "quantity": 7.5, "unit": "kg", "category": "ammunition"},
    ]
    as_actor("PRY", "licensing_officer").post("/permits", bodies.import_permit(lines=lines))
    return bra.post("/permits", bodies.permit(lines=lines)).json["id"]


@pytest.fixture
def ship(bra, permit):
    def post(*serials, expect=201, **changes):
        body = bodies.shipment(serials, **changes)
        return bra.post(f"/permits/{permit}/shipments", body, expect).json

    return post


@pytest.fixture
def planned(ship):
    return ship("ABC123456", "ABC123457", bulk=[{"line": 2, "quantity": 2.5}])


@pytest.fixture
def shipped(bra, planned):
    return act(bra, planned, "release", on="2026-02-01")


def serials(count, start=0):
    return [f"SN{number:05}" for number in range(start, start + count)]


def left(exporter, permit):
    return [line["remaining"] for line in exporter.get(f"/permits/{permit}").json["balance"]]


def receive(client, shipment, expect=201, **body):
    sent = {"received_on": "2026-03-03"} | body
    return client.post(f"/shipments/{shipment['id']}/receipt", sent, expect).json


def test_a_shipment_draws_from_its_permit(bra, permit, ship):
    ship(*serials(4), bulk=[{"line": 2, "quantity": 2.5}])
    assert left(bra, permit) == [6.0, 5.0]


def test_shipments_draw_down_to_nothing(bra, permit, ship):
    ship(*serials(6), bulk=[{"line": 2, "quantity": 7.5}])
    ship(*serials(4, 6), number="A-2")
    assert left(bra, permit) == [0.0, 0.0]
    assert bra.get(f"/permits/{permit}").json["status"] == "exhausted"


def test_one_more_than_is_left_is_refused_with_the_balance(bra, permit, ship):
    ship(*serials(6))
    answer = ship(*serials(5, 6), number="A-2", expect=409)
    assert (answer["code"], answer["balance"]) == ("over_quantity", {"1": "4"})
    assert left(bra, permit) == [4.0, 7.5]


def test_a_refused_shipment_leaves_no_record(bra, ship, as_actor):
    ship(*serials(11), expect=409)
    asked = bodies.check(serial="SN00000")
    assert as_actor("BRA", "police_officer").post("/checks", asked).json["verdict"] == "no_hit"
    assert bra.get("/shipments").json["items"] == []


def test_nothing_is_shipped_under_a_permit_that_is_used_up(ship):
    ship(*serials(10), bulk=[{"line": 2, "quantity": 7.5}])
    answer = ship("SN99999", number="A-2", expect=409)
    assert answer["detail"] == "The permit is exhausted; nothing can be shipped under it."


def test_a_line_that_the_permit_has_not_is_refused(ship):
    answer = ship(items=[{"line": 3, "serial": "SN00001"}], expect=422)
    assert answer["errors"]["items.0.line"][0].startswith("The permit has no line 3;")


def test_goods_in_bulk_are_of_a_line_too(ship):
    answer = ship("SN00001", bulk=[{"line": 3, "quantity": 1}], expect=422)
    assert list(answer["errors"]) == ["bulk.0.line"]


def test_a_firearm_is_shipped_under_its_serial(ship):
    answer = ship(items=[{"line": 1, "serial": "SN00001"}, {"line": 1}], expect=422)
    assert answer["errors"] == {
        "items.1.serial": ["A firearm is shipped under its serial (Model Regulations 2.2.2)."]
    }


@pytest.fixture
def ship_of(bra):
    """Ship items under a permit of one line, of the category."""

    def post(category, *items, expect=201):
        line = {"line": 1, "quantity": 1000, "category": category}
        line |= {"type": "pistol"} if category == "firearm" else {}
        permit = bra.post("/permits", bodies.permit(lines=[line])).json["id"]
        body = bodies.shipment(items=[{"line": 1} | item for item in items])
        return bra.post(f"/permits/{permit}/shipments", body, expect).json

    return post


MORE = {"note": "See box 7", "external_ids": [{"system": "SICOEX", "number": "2026/17"}]}


def test_notes_and_numbers_in_other_systems_are_their_owners_alone(bra, pry, ship):
    """Of a shipment and of its receipt; the lists of the other state do not find them."""
    made = ship("ABC123456", **MORE)
    shipped = act(bra, made, "release", on="2026-02-01")
    receipt = receive(pry, shipped, all=True, **MORE)
    path = "/shipments?external_id=2026/17"
    assert [len(client.get(path).json["items"]) for client in (bra, pry)] == [1, 0]
    read = [client.get(f"/shipments/{made['id']}").json for client in (bra, pry)]
    assert [(each["note"], each["external_ids"]) for each in read] == [
        (MORE["note"], MORE["external_ids"]),
        (None, None),
    ]
    assert receipt["receipt"]["note"] == MORE["note"]
    assert read[0]["receipt"]["note"] is None


def test_a_part_needs_no_serial(ship_of):
    ship_of("part", {"category": "part"}, {})


def test_an_antique_needs_no_serial(ship_of):
    ship_of("firearm", {"antique": True}, {"antique": True})


def test_an_item_is_of_the_category_of_its_line(ship_of):
    [item] = ship_of("ammunition", {"quantity": 1000, "lot": "L-1"})["items"]
    assert (item["category"], item["quantity"], item["lot"]) == ("ammunition", 1000, "L-1")


def test_a_line_of_firearms_still_wants_serials(ship_of):
    assert list(ship_of("firearm", {}, expect=422)["errors"]) == ["items.0.serial"]


@pytest.mark.parametrize("of_line,of_item", [("ammunition", "firearm"), ("firearm", "part")])
def test_an_item_of_another_category_than_its_line_is_refused(ship_of, of_line, of_item):
    answer = ship_of(of_line, {}, {"category": of_item, "serial": "SN1"}, expect=422)
    assert answer["errors"]["items.1.category"] == [
        f"Line 1 of the permit is of the category {of_line}: leave the category out,"
        " or name the line that this item belongs to."
    ]


def test_a_type_of_another_category_than_the_line_is_refused(ship_of):
    answer = ship_of("ammunition", {"type": "pistol", "serial": "SN1"}, expect=422)
    assert list(answer["errors"]) == ["items.0.category"]


@pytest.mark.parametrize("again", ["ABC123456", "abc-123 456"])
def test_a_serial_appears_once_in_a_manifest(ship, again):
    answer = ship("ABC123456", "ABC123457", again, expect=422)
    assert answer["errors"] == {
        "items.2.serial": ["This serial is in row 1 already, of the same make."]
    }


def test_one_make_written_two_ways_is_one_make(ship):
    items = [{"line": 1, "serial": "SN00001", "make": make} for make in ("Taurus", "TAURUS")]
    assert list(ship(items=items, expect=422)["errors"]) == ["items.1.serial"]


def test_guns_of_two_makes_may_have_one_serial(ship):
    ship(items=[{"line": 1, "serial": "SN00001", "make": make} for make in ("Taurus", "Rossi")])


def test_nothing_is_shipped_before_or_after_the_permit(ship):
    assert list(ship("SN1", ships_on="2026-01-09", expect=422)["errors"]) == ["ships_on"]
    assert list(ship("SN1", ships_on="2027-01-01", expect=422)["errors"]) == ["ships_on"]


def test_an_empty_shipment_is_refused(ship):
    assert list(ship(expect=422)["errors"]) == ["items"]


def test_nothing_is_shipped_under_the_permit_of_another_state(pry, permit):
    pry.post(f"/permits/{permit}/shipments", bodies.shipment(), 409)


def test_an_item_takes_from_the_line_what_it_leaves_open(ship):
    [item] = ship("ABC123456")["items"]
    assert (item["make"], item["model"], item["calibre"]) == ("taurus", "G2C", "9x19")


def test_a_number_is_used_once(ship):
    ship("SN00001")
    assert ship("SN00002", expect=409)["code"] == "duplicate"


def test_shipments_are_listed_under_their_permit(bra, permit, shipped):
    [found] = bra.get(f"/permits/{permit}/shipments?status=released").json["items"]
    assert found["id"] == shipped["id"]


@pytest.mark.parametrize("form", ["json", "csv"])
def test_the_shipments_of_a_permit_that_is_none_are_not_found(bra, form):
    bra.get(f"/permits/0199f2c0-0000-7000-8000-000000000000/shipments?format={form}", 404)


def test_the_shipments_of_a_permit_that_concerns_others_are_not_found(as_actor, permit, shipped):
    as_actor("URY", "licensing_officer").get(f"/permits/{permit}/shipments", 404)


@pytest.mark.parametrize(
    "filters,count",
    [
        ("number=A-1", 1),
        ("plate=ABC1D23", 1),
        ("plate=ABC", 0),
        ("document=D-1", 1),
        ("post=ciudad-del-este-foz-do-iguacu", 1),
        ("post=artigas-quarai", 0),
        ("status=overdue", 1),
        ("status=planned", 0),
        ("due_before=2026-03-09T00:00:00Z", 1),
        ("due_before=2026-03-01T00:00:00Z", 0),
    ],
)
def test_shipments_are_found_by_their_fields(bra, ship, filters, count):
    expected = [{"stage": "exit", "at": "2026-03-08T12:00:00Z"}]
    transport = {"document_kind": "mic_dta", "document_number": "D-1", "plates": ["ABC1D23"]}
    ship("SN00001", expected=expected, transport=transport)
    assert len(bra.get(f"/shipments?{filters}").json["items"]) == count


def test_the_exit_is_ticked_by_the_exporting_side(as_actor, shipped):
    answer = tick(as_actor("BRA", "border_officer"), shipped, "exit")
    assert answer["status"] == "in_transit"
    assert [(t["state"], t["stage"]) for t in answer["checkpoints"]] == [("BRA", "exit")]


def test_the_entry_is_ticked_by_the_importing_side(as_actor, shipped):
    assert tick(as_actor("PRY", "border_officer"), shipped, "entry")["status"] == "arrived"


@pytest.mark.parametrize(
    "state,stage",
    [("PRY", "exit"), ("BRA", "entry"), ("BRA", "transit_in"), ("PRY", "transit_out")],
)
def test_a_stage_is_not_ticked_by_the_other_side(as_actor, shipped, state, stage):
    tick(as_actor(state, "border_officer"), shipped, stage, expect=403)


def test_a_shipment_that_is_held_is_held_until_it_passes(shipped, bra_border):
    assert tick(bra_border, shipped, "exit", "held")["status"] == "held"
    later = tick(bra_border, shipped, "exit", at="2026-03-02T10:05:00-03:00")
    assert later["status"] == "in_transit"


def test_a_tick_that_comes_late_takes_nothing_back(as_actor, shipped):
    tick(as_actor("PRY", "border_officer"), shipped, "entry")
    assert tick(as_actor("BRA", "border_officer"), shipped, "exit")["status"] == "arrived"


def test_a_hold_reported_late_holds_nothing_that_went_on(shipped, bra_border):
    tick(bra_border, shipped, "exit", at="2026-03-02T10:00:00-03:00")
    answer = tick(bra_border, shipped, "exit", "held", at="2026-03-02T09:00:00-03:00")
    assert answer["status"] == "in_transit"


def test_a_pass_reported_late_frees_nothing_that_was_held_later(as_actor, shipped, bra_border):
    tick(as_actor("PRY", "border_officer"), shipped, "entry", "held")
    assert tick(bra_border, shipped, "exit", at="2026-03-02T08:00:00-03:00")["status"] == "held"


def test_no_stage_is_passed_after_the_receipt(pry, shipped, pry_border):
    receive(pry, shipped, all=True)
    answer = tick(pry_border, shipped, "entry", expect=409, at="2026-03-04T10:00:00-03:00")
    assert answer["code"] == "illegal_transition"


def test_a_stage_that_was_passed_before_the_receipt_may_be_told_after_it(as_actor, pry, shipped):
    receive(pry, shipped, all=True)
    answer = tick(as_actor("PRY", "border_officer"), shipped, "entry")
    assert (answer["status"], len(answer["checkpoints"])) == ("received", 1)


def test_all_that_was_shipped_is_received(pry, shipped):
    answer = receive(pry, shipped, all=True)
    assert answer["status"] == "received"
    assert (answer["receipt"]["item_count"], answer["receipt"]["missing"]) == (2, [])


def test_what_does_not_arrive_makes_the_receipt_short(pry, shipped):
    listed = {"items": [{"serial": "abc-123456"}], "bulk": [{"line": 2, "quantity": 2.5}]}
    answer = receive(pry, shipped, **listed)
    assert answer["status"] == "received_short"
    assert answer["receipt"]["missing"] == [{"line": 1, "serial": "ABC123457"}]


def test_what_was_not_shipped_makes_the_receipt_over(pry, shipped):
    items = [{"serial": serial} for serial in ("ABC123456", "ABC123457", "EXTRA00001")]
    answer = receive(pry, shipped, items=items, bulk=[{"line": 2, "quantity": 2.5}])
    assert answer["status"] == "received_over"
    assert answer["receipt"]["unexpected"] == ["EXTRA00001"]


@pytest.mark.parametrize(
    "quantities,status",
    [
        ([2.5], "received"),
        ([1.5, 1], "received"),
        ([2.4], "received_short"),
        ([], "received_short"),
        ([2.6], "received_over"),
    ],
)
def test_goods_in_bulk_are_summed_to_the_fraction(pry, shipped, quantities, status):
    items = [{"serial": "ABC123456"}, {"serial": "ABC123457"}]
    bulk = [{"line": 2, "quantity": quantity} for quantity in quantities]
    assert receive(pry, shipped, items=items, bulk=bulk)["status"] == status


def test_each_gun_that_arrived_is_a_record_of_the_importing_state(as_actor, pry, shipped):
    receive(pry, shipped, all=True)
    found = as_actor("PRY", "police_officer").post("/checks", bodies.check()).json["candidates"]
    assert {(c["state"], c["event"]) for c in found} == {("BRA", "export"), ("PRY", "import")}


def test_a_receipt_is_confirmed_by_the_importing_state(bra, shipped):
    answer = receive(bra, shipped, 403, all=True)
    assert answer["detail"] == "The importing state confirms the receipt."


def test_a_receipt_is_confirmed_once(pry, shipped):
    receive(pry, shipped, all=True)
    receive(pry, shipped, 409, all=True)


def test_a_receipt_says_what_arrived(pry, shipped):
    assert list(receive(pry, shipped, 422)["errors"]) == ["items"]


@pytest.mark.parametrize(
    "listed", [{"items": [{"serial": "ABC123456"}]}, {"bulk": [{"line": 2, "quantity": 1}]}]
)
def test_a_receipt_of_everything_lists_nothing(pry, shipped, listed):
    assert list(receive(pry, shipped, 422, all=True, **listed)["errors"]) == ["all"]


def test_a_receipt_in_the_future_is_refused(pry, shipped):
    answer = receive(pry, shipped, 422, all=True, received_on="2026-04-01")
    assert list(answer["errors"]) == ["received_on"]


def test_a_shipment_is_overdue_when_the_grace_is_over(bra, ship):
    due = [{"stage": "entry", "at": "2026-03-08T14:59:00Z"}]
    assert ship("SN00001", expected=due)["status"] == "overdue"


def test_a_shipment_is_late_for_as_long_as_the_grace_lasts(bra, ship):
    made = ship("SN00001", expected=[{"stage": "entry", "at": "2026-03-08T15:00:00Z"}])
    assert (made["status"], made["due"]) == (
        "planned",
        {
            "stage": "entry",
            "at": "2026-03-08T15:00:00+00:00",
            "overdue_at": "2026-03-09T15:00:00+00:00",
        },
    )


def test_a_list_leaves_the_items_out(bra, shipped):
    assert bra.get("/shipments").json["items"][0]["items"] == []
    assert len(bra.get(f"/shipments/{shipped['id']}").json["items"]) == 2
