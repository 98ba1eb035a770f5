"""What officers do over HTTP amid faults: each repeats until answered; subjects add to `ACTS`."""

import http.client
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final
from zlib import crc32

from flask import Flask

from benchmarks.harness import Answer, Service, make_client
from salsa_ext.core.ids import new_id
from salsa_ext.database.session import db

PATIENCE: Final = 120.0
"""Seconds within which a request is answered."""
TODAY: Final = datetime.now(UTC).date()
YESTERDAY, NEXT_YEAR = (str(TODAY + timedelta(days)) for days in (-1, 300))

OFFICERS: Final = {
    "BRA.licensing_officer": "licensing",
    "BRA.police_officer": "police",
    "BRA.trace_analyst": "police",
    "PRY.licensing_officer": "licensing",
    "PRY.police_officer": "police",
    "PRY.trace_analyst": "police",
}
Keys = Mapping[str, dict[str, str]]


def open_accounts(app: Flask) -> Keys:
    """Return the headers of an officer of each kind; wants a running database."""
    with app.app_context():
        clients = {
            name: make_client(app, name[:3], name[4:], kind) for name, kind in OFFICERS.items()
        }
        db.engine.dispose()
    return {name: client.headers for name, client in clients.items()}


@dataclass
class Load:
    """What officers do during one seed, and what came of it.

    `acknowledged` has each write that was answered, by the id of its request.
    """

    service: Service
    keys: Keys
    random: Random
    permit: str = ""
    created: list[tuple[str, str]] = field(default_factory=list)
    acknowledged: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def post(self, officer: str, path: str, body: Any, etag: str = "") -> Answer:
        """Send a request until it is answered; now and then twice at once, or again."""
        key = str(new_id())
        headers = self.keys[officer] | {"Idempotency_Key": key, "X_Request_Id": key}
        headers |= {"If_Match": etag} if etag else {}
        manner = self.random.choice(("once", "once", "twice at once", "again"))
        if manner == "twice at once":
            with ThreadPoolExecutor(1) as other:
                same = other.submit(self._repeat, "POST", path, body, headers)
                first, second = self._repeat("POST", path, body, headers), same.result()
        else:
            first = second = self._repeat("POST", path, body, headers)
        if manner == "again":
            second = self._repeat("POST", path, body, headers)
        if first[:2] != second[:2]:
            statuses = f"{first.status}, then {second.status}"
            self.faults.append(f"POST {path} under one key was answered differently: {statuses}")
        kind = path.rpartition("/")[2]
        if first.status == 201 and kind not in ("checks", "receipt"):
            self.created.append((officer, f"/{kind}/{first.body['id']}"))
        assert first.status in (200, 201), f"POST {path} was refused: {first.body}"
        self.acknowledged[key] = f"{officer} POST {path}"
        return first

    def get(self, officer: str, path: str) -> Answer:
        """Read until the thing, or something in the list, is there: another state's may be on its way."""
        until = time.monotonic() + PATIENCE
        while True:
            answer = self._repeat("GET", path, None, self.keys[officer])
            is_there = answer.status == 200 and answer.body.get("items") != []
            if is_there or time.monotonic() > until:
                return answer
            time.sleep(0.1)

    def change(self, officer: str, path: str, action: str, body: Any) -> Answer:
        """Change what is there, by the ETag that it is read with."""
        return self.post(officer, f"{path}/{action}", body, self.get(officer, path).etag)

    def _repeat(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Answer:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            with suppress(OSError, http.client.HTTPException, ValueError):
                answer = self.service.request(method, f"/api/v1{path}", body, **headers)
                if answer.status == 500 or (answer.status == 503 and not answer.retry_after):
                    self.faults.append(f"{method} {path} was answered with {answer[:2]}")
                is_running = answer.status == 409 and answer.body["code"] == "in_flight"
                if answer.status < 500 and not is_running:
                    return answer
            time.sleep(0.05)
        raise AssertionError(f"{method} {path} was not answered in {PATIENCE:.0f} seconds")


Body = dict[str, Any]
GOODS: Final[Body] = {
    "line": 1,
    "type": "pistol",
    "make": "Taurus",
    "calibre": "9x19",
    "country_of_manufacture": "BRA",
}


def _party(state: str, kind: str = "dealer") -> Body:
    return {"name": f"Armas {state}", "kind": kind, "country": state}


def _gun(serial: str) -> Body:
    return GOODS | {"serial": serial, "marking": "intact"}


def _permit(kind: str, state: str, number: str) -> Body:
    return {
        "kind": kind,
        "number": number,
        "document_kind": "certificate",
        "issued_on": YESTERDAY,
        "expires_on": NEXT_YEAR,
        "authority": {"agency": f"{state}-LICENSING", "signatory": "Rui Exemplo"},
        "regime": "permanent",
        "exporting_state": "BRA",
        "importing_state": "PRY",
        "exporter": _party("BRA", "manufacturer"),
        "importer": _party("PRY"),
        "final_consignee": _party("PRY"),
        "lines": [GOODS | {"quantity": 1_000}],
    }


def open_permit(load: Load, number: str) -> None:
    """License an export of Brazil to Paraguay, to ship under."""
    load.post("PRY.licensing_officer", "/permits", _permit("import", "PRY", f"I-{number}"))
    named = {"import_permit": {"state": "PRY", "number": f"I-{number}"}}
    export = _permit("export", "BRA", f"E-{number}") | named
    load.permit = load.post("BRA.licensing_officer", "/permits", export).body["id"]


def seize_and_trace(load: Load, number: str) -> None:
    """Sell a gun, seize it elsewhere, trace it, correct the seizure, and consent to a name."""
    # numbers far from each other: a near one of the same series waits for a person to compare
    gun, is_silent = _gun(f"TRK{crc32(number.encode()):010}"), number.endswith("6")
    sale = {
        "kind": "domestic_sale",
        "number": f"V-{number}",
        "occurred_on": "2024-05-06",
        "firearm": gun,
        "from": _party("PRY"),
        "to": _party("PRY", "individual"),
        "visibility": "silent" if is_silent else "open",
    }
    sold = load.post("PRY.licensing_officer", "/transfers", sale).body
    seizure = {
        "number": f"S-{number}",
        "kind": "seized",
        "occurred_on": YESTERDAY,
        "agency": "BRA-POLICE",
        "place": {"country": "BRA", "name": "Foz do Iguaçu"},
        "legal_grounds": ["possession"],
        "crime_context": ["gang"],
        "items": [gun],
    }
    seized = load.post("BRA.police_officer", "/seizures", seizure).body
    case = {"case_number": f"C-{number}"}
    check = {name: gun[name] for name in ("serial", "make", "calibre")}
    load.post("BRA.police_officer", "/checks", check | case | {"purpose": "investigation"})
    trace = {
        "priority": "routine",
        "legal_basis": "Law 1",
        "illicit_reason": "used_in_crime",
        "circumstances": "Found in a vehicle",
        "intended_use": "intelligence",
        "seizure": seized["id"],
        "item": 1,
    }
    load.post("BRA.trace_analyst", "/traces", trace | case)
    correction = seizure | {"concealment": "Under a seat", "reason": "Added"}
    load.change("BRA.police_officer", f"/seizures/{seized['id']}", "correct", correction)
    if not is_silent:
        consent = {"record": sold["firearm"]["record"], "use": "names", "reason": "The last holder"}
        asked = load.post("BRA.trace_analyst", "/consents", consent | case).body
        granted = {"expires_on": NEXT_YEAR}
        load.change("PRY.trace_analyst", f"/consents/{asked['id']}", "grant", granted)


def ship_and_receive(load: Load, number: str) -> None:
    """Ship three guns, release them, receive all, and correct that to two."""
    serials = [f"SH{number}{letter}".replace("-", "K") for letter in "ABC"]
    items = [{"line": 1, "serial": serial} for serial in serials]
    shipment = {"number": f"A-{number}", "ships_on": YESTERDAY, "mode": "road", "route": []}
    path = f"/permits/{load.permit}/shipments"
    sent = load.post("BRA.licensing_officer", path, shipment | {"items": items}).body
    address = f"/shipments/{sent['id']}"
    load.change("BRA.licensing_officer", address, "release", {"on": YESTERDAY})
    received = {"received_on": str(TODAY)}
    load.post("PRY.licensing_officer", f"{address}/receipt", received | {"all": True})
    fewer = received | {"items": items[:2], "reason": "Counted again"}
    load.change("PRY.licensing_officer", address, "receipt/correct", fewer)


def seek_and_find(load: Load, number: str) -> None:
    """Seek a gun by an alert, find it elsewhere, and confirm the hit."""
    gun = _gun(f"AL{number}".replace("-", "K"))
    case = {"case_number": f"L-{number}"}
    alert = {"action": "hold_and_call", "reason": "stolen", "expires_on": NEXT_YEAR}
    sought = load.post("PRY.police_officer", "/alerts", alert | case | {"firearm": gun}).body
    check = {name: gun[name] for name in ("serial", "make", "calibre")}
    load.post("BRA.police_officer", "/checks", check | case | {"purpose": "investigation"})
    hits = load.get("PRY.trace_analyst", f"/hits?alert={sought['id']}").body["items"]
    load.change("PRY.trace_analyst", f"/hits/{hits[0]['id']}", "confirm", {})


ACTS: Final = (seize_and_trace, ship_and_receive, seek_and_find)
