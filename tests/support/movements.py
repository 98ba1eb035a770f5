"""Shipments that are moved over HTTP, each action by whose it is."""

from typing import Any

from tests.support import bodies
from tests.support.actors import Client

Json = dict[str, Any]
DAY = "2026-02-01"


def act(client: Client, shipment: Json, name: str, expect: int = 200, **body: Any) -> Json:
    """Do what changes a shipment, having read it."""
    path = f"/shipments/{shipment['id']}"
    etag = client.get(path).headers["ETag"]
    answer: Json = client.post(f"{path}/{name}", body, expect, If_Match=etag).json
    return answer


def tick(
    client: Client,
    shipment: Json,
    stage: str,
    outcome: str = "passed",
    expect: int = 201,
    at: str = "2026-03-02T10:00:00-03:00",
    **more: Any,
) -> Json:
    """Record a crossing."""
    body = {"stage": stage, "occurred_at": at, "outcome": outcome} | more
    answer: Json = client.post(f"/shipments/{shipment['id']}/checkpoints", body, expect).json
    return answer


def add(client: Client, shipment: Json, name: str, expect: int = 201, **body: Any) -> Json:
    """Add something to a shipment that wants no If-Match."""
    answer: Json = client.post(f"/shipments/{shipment['id']}/{name}", body, expect).json
    return answer


class Way:
    """From Brazil through Paraguay to Bolivia, with the officers of each side and their licences."""

    def __init__(
        self, as_actor: Any, licensed: tuple[str, ...] = ("BOL", "PRY"), **more: Any
    ) -> None:
        self.client = as_actor
        self.bra, self.pry, self.bol = (
            as_actor(state, "licensing_officer") for state in ("BRA", "PRY", "BOL")
        )
        named = {"state": "BOL", "number": "I-1"}
        self.more = {"importing_state": "BOL", "import_permit": named} | more
        if "BOL" in licensed:
            self.license_import()
        if "PRY" in licensed:
            self.license_transit()
        body = bodies.permit(**self.more | {"transit_states": ["PRY"]})
        self.permit = self.bra.post("/permits", body).json

    def license_import(self, **changes: Any) -> Json:
        body = bodies.import_permit(**self.more | changes)
        answer: Json = self.bol.post("/permits", body | {"authority": bodies.authority("BOL")}).json
        return answer

    def license_transit(self, **changes: Any) -> Json:
        answer: Json = self.pry.post(
            "/permits", bodies.transit_permit("PRY", **self.more | changes)
        ).json
        return answer

    def ship(self, *serials: str, **changes: Any) -> Json:
        body = bodies.shipment(serials or ("ABC123456", "ABC123457"), **{"route": []} | changes)
        answer: Json = self.bra.post(f"/permits/{self.permit['id']}/shipments", body).json
        return answer

    def release(self, shipment: Json, expect: int = 200, **body: Any) -> Json:
        return act(self.bra, shipment, "release", expect, **{"on": DAY} | body)

    def tick(self, shipment: Json, stage: str, day: int = 2, **more: Any) -> Json:
        side = {"exit": "BRA", "entry": "BOL"}.get(stage, "PRY")
        moment = f"2026-03-{day:02}T10:00:00Z"
        return tick(self.client(side, "border_officer"), shipment, stage, at=moment, **more)

    def read(self, shipment: Json) -> Json:
        answer: Json = self.bra.get(f"/shipments/{shipment['id']}").json
        return answer

    def left(self) -> float:
        return float(self.bra.get(f"/permits/{self.permit['id']}").json["balance"][0]["remaining"])

    def discrepancies(self, status: str = "open") -> list[tuple[str, str]]:
        found = self.bra.get(f"/discrepancies?status={status}").json["items"]
        return sorted(
            (each["kind"], each["key"]) for each in found if each["subject"]["kind"] == "shipment"
        )
