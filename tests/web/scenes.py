"""What a border post sees on a working day, made over HTTP by the authorities of both sides."""

from collections.abc import Callable
from datetime import datetime
from itertools import cycle
from typing import Any

from salsa_ext.access.rules import operator
from salsa_ext.core.clock import FixedClock
from salsa_ext.core.ids import new_id
from salsa_ext.database.session import transaction
from salsa_ext.notifications.commands import notify_many
from salsa_ext.notifications.notice_rules import Notice, Subject
from tests.conftest import NOW
from tests.support import bodies
from tests.support.actors import Client
from tests.support.movements import act

POST = "ciudad-del-este-foz-do-iguacu"
NEAR = {"country": "PRY", "name": "Presidente Franco", "latitude": -25.56, "longitude": -54.61}
MATCHED = "Seized, 1 Mar 2026"
"""What Paraguay seized and Brazil shipped: a match of both."""
OF_A_DEALER = "TKA100001", "TKB200002"
"""Two guns that share who sold them first."""
HAPPENINGS = ("shipment_posted", "shipment_released", "receipt_asked")
Caller = Callable[[str, str], Client]


def busy_post(caller: Caller) -> None:
    """One shipment late, one due and ticked by both sides, a permit that expires, two seizures."""
    exporter, importer = caller("BRA", "licensing_officer"), caller("PRY", "licensing_officer")
    importer.post("/permits", bodies.import_permit(expires_on="2026-03-20"))
    permit = exporter.post("/permits", bodies.permit(expires_on="2026-03-20")).json
    _ship(exporter, permit, "A-LATE", "2026-03-06T12:00:00Z", "ABC123456")
    due = _ship(exporter, permit, "A-DUE", "2026-03-11T12:00:00Z", "ABC123457")
    act(exporter, due, "release")
    _tick(caller("BRA", "border_officer"), due, "exit", "passed", "2026-03-09T13:00:00Z")
    _ship(exporter, permit, "A-NEXT", "2026-03-12T09:30:00Z", "ABC123458")
    police = caller("PRY", "police_officer")
    police.post("/seizures", bodies.seizure(agency="PRY-POLICE", place=NEAR))
    police.post(
        "/seizures",
        bodies.seizure(
            number="S-2",
            agency="PRY-POLICE",
            place=NEAR,
            occurred_on="2026-03-08",
            items=[bodies.firearm(serial="XYZ98765", type="revolver")],
        ),
    )
    police.post("/traces", bodies.trace())


def full_post(caller: Caller) -> None:
    """The same, and one row at least of everything else that a board shows."""
    busy_post(caller)
    exporter, officer = caller("BRA", "licensing_officer"), caller("PRY", "border_officer")
    permit = exporter.post("/permits", bodies.permit(number="E-2")).json["id"]
    expected = [{"stage": "entry", "post": POST, "at": "2026-03-09T22:00:00Z"}]
    route = [POST, "posadas-encarnacion"]
    today = bodies.shipment(
        ("ZZ10001", "ZZ10002"), number="A-TODAY", expected=expected, route=route
    )
    made = act(exporter, exporter.post(f"/permits/{permit}/shipments", today).json, "release")
    _tick(caller("BRA", "border_officer"), made, "exit", "passed", "2026-03-09T13:00:00Z")
    short = bodies.shipment(("ZZ10003",), number="A-SHORT")
    made = act(exporter, exporter.post(f"/permits/{permit}/shipments", short).json, "release")
    receipt = {"received_on": "2026-03-09", "items": [{"serial": "ZZ1000E"}]}
    officer.post(f"/shipments/{made['id']}/receipt", receipt)
    halfway = {"country": "PRY", "latitude": -26.435, "longitude": -55.235, "precision": 3}
    officer.post("/seizures", bodies.seizure(number="S-WAY", place=halfway))
    caller("BRA", "trace_analyst").post("/alerts", bodies.alert())
    officer.post(
        "/checks",
        {
            "serial": "ABC123456",
            "make": "Taurus",
            "calibre": "9x19",
            "purpose": "border",
            "incident": "I-1",
        },
    )
    waiting_requests(caller)


def late(caller: Caller, count: int) -> None:
    """So many shipments more that are late."""
    exporter, named = caller("BRA", "licensing_officer"), {"state": "PRY", "number": "I-3"}
    caller("PRY", "licensing_officer").post("/permits", bodies.import_permit(number="I-3"))
    permit = exporter.post("/permits", bodies.permit(number="E-3", import_permit=named)).json
    for at in range(count):
        _ship(exporter, permit, f"A-LATE-{at}", f"2026-03-0{at + 1}T12:00:00Z", f"LT{at}0009")


def waiting_requests(caller: Caller) -> None:
    """Two sales in Paraguay that others only know of; Brazil asks for one of the guns."""
    dealer = caller("PRY", "licensing_officer")
    for serial in ("TRC770011", "TRC550022"):
        sale = bodies.transfer(visibility="pointer", firearm=bodies.firearm(serial=serial))
        dealer.post("/transfers", sale)
    asked = bodies.trace(case_number="C-55", firearm=bodies.firearm(serial="TRC550022"))
    caller("BRA", "trace_analyst").post("/traces", asked)


def sold_and_seized(caller: Caller, state: str) -> None:
    """A dealer sold two pistols far apart, and Brazil seized both."""
    for number, serial in enumerate(OF_A_DEALER):
        gun = bodies.firearm(serial=serial)
        sale = bodies.transfer(
            number=f"T-{serial}",
            occurred_on=f"2025-1{number}-01",
            firearm=gun,
            to=bodies.party(f"Ana {serial}", state, "individual"),
            **{"from": bodies.party(country=state)},
        )
        caller(state, "licensing_officer").post("/transfers", sale)
        seizure = bodies.seizure(number=f"S-{serial}", items=[gun])
        caller("BRA", "police_officer").post("/seizures", seizure)


def _ship(exporter: Client, permit: Any, number: str, at: str, *serials: str) -> Any:
    papers = {"document_kind": "mic_dta", "document_number": "BR-2026-118", "plates": ["BRA2E19"]}
    expected = [{"stage": "entry", "post": POST, "at": at}]
    body = bodies.shipment(serials, number=number, expected=expected, transport=papers)
    return exporter.post(f"/permits/{permit['id']}/shipments", body).json


def _tick(officer: Client, shipment: Any, stage: str, outcome: str, at: str) -> None:
    body = {"stage": stage, "post": POST, "occurred_at": at, "outcome": outcome}
    officer.post(f"/shipments/{shipment['id']}/checkpoints", body)


def notify_officers(state: str, *numbers: str, at: datetime = NOW) -> None:
    """Let Brazil tell a state's border officers, at a moment, of what befell shipments of these numbers."""
    acting = operator("BRA", clock=FixedClock(at))
    with transaction(acting):
        notify_many(
            acting,
            [
                Notice(state, code, Subject(new_id(), "BRA", number), roles=("border_officer",))
                for number, code in zip(numbers, cycle(HAPPENINGS), strict=False)
            ],
        )
