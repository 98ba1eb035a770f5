"""Glocks from Austria, which does not participate, to Paraguay: short at the door, stolen, found in Brazil.

Everything goes over HTTP, each state with accounts of its own.
"""

import pytest

from tests.support import bodies
from tests.support.jobs import run_due
from tests.support.movements import act, tick
from tests.support.papers import text_of

GUN = {"type": "pistol", "make": "Glock", "model": "17", "calibre": "9x19"}
GUN |= {"country_of_manufacture": "AUT"}
STOLEN, LOST, *OTHERS = SERIALS = ("BKRT482", "BKRT483", "BKRT484", "BKRT485", "BKRT486")
SIDES = {
    "exporting_state": "AUT",
    "importing_state": "PRY",
    "exporter": bodies.party("Glock Ejemplo", "AUT", "manufacturer"),
    "lines": [{"line": 1, "quantity": 5, **GUN}],
}


@pytest.fixture
def of(as_actor):
    """Return the client of a state's officer."""
    made = {}

    def client(state, role="licensing_officer"):
        return made.setdefault((state, role), as_actor(state, role))

    return client


@pytest.fixture
def certificate(of):
    return of("PRY").post("/permits", bodies.import_permit(**SIDES)).json


def consign(of, certificate, expect=201, **changes):
    body = bodies.shipment(SERIALS, route=[], export_licence="AT-2026-118") | changes
    return of("PRY").post(f"/permits/{certificate['id']}/shipments", body, expect).json


def receive(of, shipment, *serials):
    got = {"received_on": "2026-02-04", "items": [{"serial": serial} for serial in serials]}
    mark = {"import_mark": {"text": "PRY 26", "year": 2026}}
    of("PRY").post(f"/shipments/{shipment['id']}/receipt", got | mark)


def standing(of, certificate):
    """Return the status of a certificate, with what left, what is under way and what came in."""
    read = of("PRY").get(f"/permits/{certificate['id']}").json
    [line] = read["balance"]
    return read["status"], line["remaining"], line["committed"], line["entered"]


def doubted(of, state="PRY"):
    return sorted(each["kind"] for each in of(state).get("/discrepancies").json["items"])


def trace(of, serial):
    body = bodies.seizure(number=f"Z-{serial}", items=[bodies.firearm(**GUN, serial=serial)])
    seizure = of("BRA", "police_officer").post("/seizures", body).json
    analyst = of("BRA", "trace_analyst")
    made = analyst.post("/traces", bodies.trace_of(seizure["id"], case_number=serial)).json
    return analyst.get(f"/traces/{made['id']}/result").json


def test_a_stolen_glock_from_austria_is_traced_to_the_theft(app, of, certificate):
    # Austria issues its licence on paper, so nothing is awaited of it, however long it takes.
    assert certificate["counterpart_status"] == "complete"
    run_due(app, "permits")
    assert doubted(of) == []

    # Without the licence there is no shipment; with it the certificate is committed, not drawn.
    refused = consign(of, certificate, 422, export_licence=None)
    assert list(refused["errors"]) == ["export_licence"]
    shipment = consign(of, certificate)
    assert (shipment["status"], shipment["export_licence"]) == ("released", "AT-2026-118")
    assert standing(of, certificate) == ("issued", 0, 5, 0)

    # It is drawn at entry. Nobody misses an exit or a release of a state that records none.
    tick(of("PRY", "border_officer"), shipment, "entry", at="2026-02-03T10:00:00Z")
    assert standing(of, certificate) == ("exhausted", 0, 0, 5)
    assert doubted(of) == []

    # One is missing. Austria gets the delivery verification, which says so.
    paper = f"/shipments/{shipment['id']}/paper"
    assert of("PRY").get(paper, 409).json["code"] == "conflict"
    receive(of, shipment, STOLEN, *OTHERS)
    assert of("PRY").get(f"/shipments/{shipment['id']}").json["status"] == "received_short"
    assert doubted(of) == ["short_receipt"]
    verification = text_of(of("PRY").get(paper).data)
    assert "Bienes que llegaron" in verification and "Arma de fuego / Firearm: 4" in verification
    assert "AT-2026-118" in verification and "Fecha de expedición" not in verification
    assert verification.count(LOST) == 1  # as missing, not among what arrived

    # One is sold, and stolen from its buyer. Brazil finds it.
    gun = bodies.firearm(**GUN, serial=STOLEN)
    of("PRY").post("/transfers", bodies.transfer(occurred_on="2026-02-10", firearm=gun))
    stolen = bodies.report(occurred_on="2026-02-20", firearm=gun)
    theft = of("PRY", "police_officer").post("/reports", stolen).json
    result = trace(of, STOLEN)
    assert [event["event"] for event in result["chain"]] == [
        "consignment",
        "import",
        "domestic_sale",
        "theft",
    ]
    assert (result["outcome"], result["reached"]) == ("traced", "first_buyer")
    diversion = result["point_of_diversion"]
    assert diversion["diversion_kind"] == "theft_private"
    assert diversion["before"] == theft["firearm"]["record"]


def test_a_glock_that_never_arrived_was_lost_between_austria_and_the_door(of, certificate):
    shipment = consign(of, certificate)
    receive(of, shipment, STOLEN, *OTHERS)
    result = trace(of, LOST)
    assert [event["event"] for event in result["chain"]] == ["consignment"]
    assert result["point_of_diversion"]["diversion_kind"] == "short_receipt"


def test_goods_of_a_state_that_takes_part_come_under_its_own_certificate(of):
    imported = bodies.import_permit()
    certificate = of("PRY").post("/permits", imported).json
    refused = consign(of, certificate, 409)
    assert refused["detail"].startswith("BRA records its shipments here")


def test_a_shipment_that_is_cancelled_gives_the_certificate_back(of, certificate):
    shipment = consign(of, certificate)
    act(of("PRY"), shipment, "cancel", reason="It was not sent")
    assert standing(of, certificate) == ("issued", 5, 0, 0)


@pytest.fixture
def sent(of):
    """Two pistols on their way from Brazil to Germany."""
    sides = {"importing_state": "DEU", "import_permit": {"state": "DEU", "number": "DE-7"}}
    permit = of("BRA").post("/permits", bodies.permit(**sides)).json
    body = bodies.shipment(route=[])
    shipment = of("BRA").post(f"/permits/{permit['id']}/shipments", body).json
    act(of("BRA"), shipment, "release", on="2026-02-01")
    tick(of("BRA", "border_officer"), shipment, "exit", at="2026-02-02T10:00:00Z")
    return shipment


def test_an_export_to_germany_ends_with_its_delivery_verification(of, sent):
    path = f"/shipments/{sent['id']}/receipt"
    got = {"received_on": "2026-02-20", "delivery_verification": "DE-DV-9"}
    of("BRA").post(path, got | {"items": [{"serial": "ABC123456"}]})
    read = of("BRA").get(f"/shipments/{sent['id']}").json
    assert (read["status"], read["receipt"]["delivery_verification"]) == (
        "received_short",
        "DE-DV-9",
    )
    assert [item["serial"] for item in read["receipt"]["missing"]] == ["ABC123457"]
    assert read["return_receipt"] is None
    assert doubted(of, "BRA") == ["short_receipt"]

    # The other was only overlooked: what is corrected stays the word of Germany.
    all_came = {"received_on": "2026-02-20", "all": True, "reason": "A second page"}
    act(of("BRA"), sent, "receipt/correct", **all_came)
    read = of("BRA").get(f"/shipments/{sent['id']}").json
    assert (read["status"], read["receipt"]["delivery_verification"]) == ("received", "DE-DV-9")


def test_a_state_that_takes_part_verifies_its_deliveries_itself(of):
    permit = of("BRA").post("/permits", bodies.permit()).json
    shipment = of("BRA").post(f"/permits/{permit['id']}/shipments", bodies.shipment()).json
    got = {"received_on": "2026-02-20", "all": True, "delivery_verification": "PY-1"}
    refused = of("BRA").post(f"/shipments/{shipment['id']}/receipt", got, 422).json
    assert list(refused["errors"]) == ["delivery_verification"]
