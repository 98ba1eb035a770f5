"""Rifles from Brazil through Paraguay to Bolivia, from the first certificate to the last doubt.

Everything goes over HTTP, each state with accounts of its own; only the clock is turned and the hourly
watch run by hand.
"""

from datetime import UTC, datetime, timedelta

import pytest

from api.app import create_app
from salsa_ext.database.session import db
from tests.support import actors, bodies, jobs
from tests.support.movements import act, tick

LINE = {"line": 1, "type": "rifle", "make": "Taurus", "model": "T4", "calibre": "5.56x45"}
SIDES = {
    "exporting_state": "BRA",
    "importing_state": "BOL",
    "transit_states": ["PRY"],
    "importer": bodies.party("Armas Andinas", "BOL"),
    "final_consignee": bodies.party("Armas Andinas", "BOL"),
}
PLAN = {
    "route": "PY-02 and PY-09",
    "port_of_entry": "Ciudad del Este",
    "mode": "road",
    "port_of_exit": "Infante Rivarola",
    "enters_on": "2026-02-10",
    "leaves_on": "2026-02-14",
}
FIRST = [f"TRF{number:05}" for number in range(6)]
SECOND = [f"TRF{number:05}" for number in range(6, 10)]
STAGES = (
    ("exit", "2026-02-10T12:00:00Z"),
    ("transit_in", "2026-02-10T13:00:00Z"),
    ("transit_out", "2026-02-14T12:00:00Z"),
    ("entry", "2026-02-14T13:00:00Z"),
)


class Calendar:
    """A clock that stands where the story is."""

    def __init__(self):
        self.moment = datetime(2026, 2, 1, 12, tzinfo=UTC)

    def now(self):
        return self.moment

    def turn(self, moment):
        self.moment = datetime.fromisoformat(moment)


@pytest.fixture
def calendar():
    return Calendar()


@pytest.fixture
def application(registered_database, calendar):
    made = create_app(registered_database, calendar)
    yield made
    with made.app_context():
        db.engine.dispose()


@pytest.fixture
def of(application, calendar):
    """Return the client of a state's officer."""
    made = {}

    def client(state, role="licensing_officer"):
        if (state, role) not in made:
            with application.app_context():
                token = actors.token(state, role, calendar.now(), None, timedelta(days=90))
            made[state, role] = actors.Client(application.test_client(), token)
        return made[state, role]

    return client


@pytest.fixture
def watch(application, calendar):
    """Do what the worker does every hour."""

    def run():
        jobs.run_due(application, "shipments", "permits")

    return run


def line(quantity):
    return [LINE | {"quantity": quantity}]


def papers(of):
    """Let the three states license ten rifles, the importing one last."""
    named = {"import_permit": {"state": "BOL", "number": "BOL-I-1"}}
    export = bodies.permit(number="BRA-E-1", lines=line(10), **SIDES, **named)
    transit = bodies.permit(
        kind="in_transit",
        number="PRY-T-1",
        lines=line(10),
        plan=PLAN,
        authority=bodies.authority("PRY"),
        **SIDES,
        **named,
    )
    transit["export_permit"] = {"state": "BRA", "number": "BRA-E-1"}
    imported = bodies.permit(
        kind="import", number="BOL-I-1", lines=line(10), authority=bodies.authority("BOL"), **SIDES
    )
    del imported["import_permit"]
    made = {"export": of("BRA").post("/permits", export).json}
    assert awaited(made["export"]) == {("BOL", "import"), ("PRY", "in_transit")}
    made["in_transit"] = of("PRY").post("/permits", transit).json
    assert awaited(made["in_transit"]) == {("BOL", "import")}
    made["import"] = of("BOL").post("/permits", imported).json
    for kind, state in (("export", "BRA"), ("in_transit", "PRY"), ("import", "BOL")):
        read = of(state).get(f"/permits/{made[kind]['id']}").json
        assert (read["status"], read["counterpart_status"], read["findings"]) == (
            "issued",
            "complete",
            [],
        )
    return made


def awaited(permit):
    assert permit["counterpart_status"] == "awaiting_counterpart"
    return {(found["state"], found["kind"]) for found in permit["findings"]}


def ship(of, permit, number, serials):
    body = bodies.shipment(
        tuple(serials),
        number=number,
        ships_on="2026-02-10",
        route=[],
        seals=["S-1"],
        port_of_entry="Yacuiba",
        expected=[{"stage": stage, "at": at} for stage, at in STAGES],
    )
    return of("BRA").post(f"/permits/{permit['id']}/shipments", body).json


def status(of, shipment, state="BRA"):
    return of(state).get(f"/shipments/{shipment['id']}").json["status"]


def left(of, permit):
    [balance] = of(permit["state"]).get(f"/permits/{permit['id']}").json["balance"]
    assert balance["authorised"] == balance["shipped"] + balance["lapsed"] + balance["remaining"]
    return balance["remaining"]


def doubted(of, state="BRA"):
    found = of(state).get("/discrepancies?waiting=true").json["items"]
    return sorted((each["subject"]["number"], each["kind"]) for each in found)


def test_rifles_go_from_brazil_through_paraguay_to_bolivia(of, calendar, watch):
    permits = papers(of)
    border = {state: of(state, "border_officer") for state in ("BRA", "PRY", "BOL")}
    assert doubted(of) == []

    # Two shipments draw the certificate down; the eleventh rifle is refused with the balance.
    first = ship(of, permits["export"], "BRA-S-1", FIRST)
    assert (left(of, permits["export"]), left(of, permits["import"])) == (4, 4)
    over = bodies.shipment((*SECOND, "TRF99999"), number="BRA-S-9", ships_on="2026-02-10", route=[])
    refused = of("BRA").post(f"/permits/{permits['export']['id']}/shipments", over, 409).json
    assert (refused["code"], refused["balance"]) == ("over_quantity", {"1": "4"})
    second = ship(of, permits["export"], "BRA-S-2", SECOND)
    assert (left(of, permits["export"]), left(of, permits["import"])) == (0, 0)
    statuses = [
        of(permits[kind]["state"]).get(f"/permits/{permits[kind]['id']}").json["status"]
        for kind in ("export", "import", "in_transit")
    ]
    assert statuses == ["exhausted", "issued", "issued"]

    # A reissue is refused, since nothing is left; nor is the certificate extended.
    again = {
        "number": "BRA-E-2",
        "issued_on": "2026-02-01",
        "expires_on": "2027-02-01",
        "authority": bodies.authority("BRA"),
    }
    path = f"/permits/{permits['export']['id']}"
    etag = of("BRA").get(path).headers["ETag"]
    body = of("BRA").post(f"{path}/reissue", again, 409, If_Match=etag).json
    assert body["code"] == "illegal_transition"
    longer = {"expires_on": "2027-02-01", "authentication": "Seal 7"}
    body = of("BRA").post(f"{path}/amend", longer, 422, If_Match=etag).json
    assert (body["code"], body["article"]) == ("no_extension", "Model Regulations 8.2")

    # The port of entry of the first is amended: with the sign that shows it.
    new_port = {"port_of_entry": "Villamontes", "reason": "A bridge is down"}
    body = act(of("BRA"), first, "amend", 409, **new_port)
    assert (body["code"], body["article"]) == ("authentication_missing", "Model Regulations 8.5")
    amended = act(of("BRA"), first, "amend", **new_port, authentication="Seal 12 of the agency")
    assert (amended["port_of_entry"], amended["status"]) == ("Villamontes", "planned")

    # Both are released: every state concerned has licensed them.
    for shipment in (first, second):
        act(of("BRA"), shipment, "release", on="2026-02-01")
        assert status(of, shipment) == "released"

    # Both leave; each side ticks its own stages and no other.
    tick(border["PRY"], first, "exit", expect=403)
    for (stage, at), state in zip(STAGES[:2], ("BRA", "PRY"), strict=True):
        calendar.turn(at)
        for shipment in (first, second):
            tick(border[state], shipment, stage, at=at, seals=["S-1"])
            assert status(of, shipment) == "in_transit"

    # The second is held in Paraguay and goes on; then it is never seen again.
    act(border["PRY"], second, "hold", reason="The papers are looked at")
    assert (status(of, second), status(of, second, "BOL")) == ("held", "held")
    act(border["PRY"], second, "resume", reason="In order")
    assert status(of, second) == "in_transit"

    # The first goes all the way, and the time of the second passes.
    for (stage, at), state in zip(STAGES[2:], ("PRY", "BOL"), strict=True):
        calendar.turn(at)
        tick(border[state], first, stage, at=at, seals=["S-1"])
        assert status(of, first) == ("arrived" if stage == "entry" else "in_transit")
    watch()
    assert doubted(of) == []
    calendar.turn("2026-02-16T12:00:00+00:00")
    assert status(of, second) == "overdue"
    watch()
    watch()  # twice does no harm
    assert doubted(of) == [("BRA-S-2", "overdue")]

    # Of the first one rifle is missing, and one serial was copied with a wrong letter.
    got = [*FIRST[:4], "TRF0O004"]
    assert of("BRA").get(f"/shipments/{first['id']}").json["receipt"] is None
    of("BRA").post(f"/shipments/{first['id']}/request-receipt", {}, 201)
    of("BOL").post(
        f"/shipments/{first['id']}/receipt",
        {"received_on": "2026-02-15", "items": [{"serial": serial} for serial in got]},
    )
    read = of("BRA").get(f"/shipments/{first['id']}").json
    assert read["status"] == "received_short"
    assert [item["serial"] for item in read["receipt"]["missing"]] == [FIRST[5]]
    assert [(pair["shipped"], pair["received"]) for pair in read["receipt"]["misread"]] == [
        (FIRST[4], "TRF0O004")
    ]
    expected = [
        ("BRA-S-1", "serial_mismatch"),
        ("BRA-S-1", "short_receipt"),
        ("BRA-S-2", "overdue"),
    ]
    assert [doubted(of, state) for state in ("BRA", "PRY", "BOL")] == [expected] * 3
    assert doubted(of, "ARG") == []

    # Each state takes its position: what all agree to is closed, what one explains is not.
    of_kind = {row["kind"]: row["id"] for row in of("BRA").get("/discrepancies").json["items"]}
    for state in ("BRA", "PRY", "BOL"):
        position(of(state), of_kind["serial_mismatch"], "agree", {})
    position(of("BOL"), of_kind["short_receipt"], "explain", {"text": "The case was open"})
    data = {row["kind"]: row["status"] for row in of("PRY").get("/discrepancies").json["items"]}
    assert data == {"serial_mismatch": "agreed", "short_receipt": "explained", "overdue": "open"}

    # What was drawn stays drawn, and a gun that arrived is a record of both states.
    assert (left(of, permits["export"]), left(of, permits["import"])) == (0, 0)
    query = {"serial": FIRST[0], "purpose": "investigation", "case_number": "C-1"}
    found = of("ARG", "police_officer").post("/checks", query).json
    assert {each["state"] for each in found["candidates"]} == {"BRA", "BOL"}

    # The import certificate is cancelled while the second is on its way: this is told, too.
    path = f"/permits/{permits['in_transit']['id']}"
    etag = of("PRY").get(path).headers["ETag"]
    of("PRY").post(f"{path}/cancel", {"reason": "The route is closed"}, 200, If_Match=etag)
    assert ("BRA-S-2", "permit_cancelled_in_transit") in doubted(of)
    assert awaited(of("BRA").get(f"/permits/{permits['export']['id']}").json) == {
        ("PRY", "in_transit")
    }
    notified = of("BOL").get("/notifications?code=permit_cancelled").json["items"]
    assert [row["number"] for row in notified] == ["PRY-T-1"]


def position(client, discrepancy, action, body):
    path = f"/discrepancies/{discrepancy}"
    etag = client.get(path).headers["ETag"]
    client.post(f"{path}/{action}", body, 200, If_Match=etag)
