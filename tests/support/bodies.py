"""Bodies of requests for tests; every function takes changes as keywords."""

from typing import Any

Body = dict[str, Any]
FOZ = {"country": "BRA", "name": "Foz do Iguaçu", "latitude": -25.52, "longitude": -54.59}


def party(name: str = "Armas del Sur", country: str = "PRY", kind: str = "dealer") -> Body:
    return {"name": name, "kind": kind, "country": country}


def firearm(**changes: Any) -> Body:
    return {
        "line": 1,
        "type": "pistol",
        "make": "Taurus",
        "model": "G2C",
        "calibre": "9x19",
        "country_of_manufacture": "BRA",
        "serial": "ABC123456",
        "marking": "intact",
    } | changes


def transfer(**changes: Any) -> Body:
    return {
        "kind": "domestic_sale",
        "occurred_on": "2024-05-06",
        "firearm": firearm(),
        "from": party(),
        "to": party("Ana Ejemplo", "PRY", "individual"),
    } | changes


def report(**changes: Any) -> Body:
    return {
        "kind": "theft",
        "number": "R-1",
        "occurred_on": "2025-02-03",
        "firearm": firearm(),
        "stolen_from": "private",
    } | changes


def seizure(**changes: Any) -> Body:
    """By the police of the state where it is."""
    place = changes.get("place", FOZ)
    return {
        "number": "S-1",
        "kind": "seized",
        "occurred_on": "2026-03-01",
        "agency": f"{place['country']}-POLICE",
        "place": place,
        "legal_grounds": ["possession"],
        "crime_context": ["drug_trafficking"],
        "items": [firearm()],
    } | changes


def licensee(**changes: Any) -> Body:
    return {
        "number": "L-1",
        "roles": ["dealer", "importer"],
        "party": party(),
        "valid_from": "2025-01-01",
        "valid_to": "2026-12-31",
    } | changes


def authority(state: str, signatory: str = "Rui Exemplo") -> Body:
    return {"agency": f"{state}-LICENSING", "signatory": signatory}


def permit(**changes: Any) -> Body:
    """Of parties that no register needs to know."""
    return {
        "kind": "export",
        "number": "E-1",
        "document_kind": "certificate",
        "issued_on": "2026-01-10",
        "expires_on": "2026-12-31",
        "authority": authority("BRA"),
        "regime": "permanent",
        "exporting_state": "BRA",
        "importing_state": "PRY",
        "exporter": party("Fábrica Exemplo", "BRA", "manufacturer"),
        "importer": party(),
        "final_consignee": party(),
        "import_permit": {"state": "PRY", "number": "I-1"},
        "confirm_unregistered": True,
        "lines": [
            {
                "line": 1,
                "quantity": 10,
                "type": "pistol",
                "make": "Taurus",
                "model": "G2C",
                "calibre": "9x19",
                "country_of_manufacture": "BRA",
            }
        ],
    } | changes


def import_permit(**changes: Any) -> Body:
    issued = permit(kind="import", number="I-1") | changes
    del issued["import_permit"]
    return issued | {"authority": authority("PRY", "Eva Ejemplo")}


def transit_permit(state: str, **changes: Any) -> Body:
    plan = {
        "route": "RN-2",
        "port_of_entry": "Puerto Falcón",
        "port_of_exit": "Infante Rivarola",
        "mode": "road",
        "enters_on": "2026-02-01",
        "leaves_on": "2026-02-03",
        "carrier": "Línea Uno",
    }
    issued = (
        permit(
            kind="in_transit",
            number="X-1",
            transit_states=[state],
            plan=plan,
            authority=authority(state),
        )
        | changes
    )
    return issued | {"export_permit": {"state": "BRA", "number": "E-1"}}


def shipment(serials: tuple[str, ...] = ("ABC123456", "ABC123457"), **changes: Any) -> Body:
    return {
        "number": "A-1",
        "ships_on": "2026-02-01",
        "mode": "road",
        "route": ["ciudad-del-este-foz-do-iguacu"],
        "items": [{"line": 1, "serial": serial} for serial in serials],
    } | changes


def alert(**changes: Any) -> Body:
    """Beside any other that a test enters on the gun."""
    return {
        "confirm_second": True,
        "action": "hold_and_call",
        "reason": "stolen",
        "case_number": "A-1",
        "expires_on": "2027-03-09",
        "firearm": firearm(),
    } | changes


def check(**changes: Any) -> Body:
    return {
        "serial": "ABC123456",
        "make": "Taurus",
        "calibre": "9x19",
        "purpose": "investigation",
        "case_number": "C-1",
    } | changes


def trace(**changes: Any) -> Body:
    """Beside any other that a test asks of the gun."""
    return {
        "confirm_second": True,
        "firearm": firearm(),
        "found_on": "2026-03-01",
        "case_number": "C-1",
        "priority": "routine",
        "legal_basis": "Law 1",
        "illicit_reason": "used_in_crime",
        "circumstances": "Found in a vehicle at a road block",
        "intended_use": "intelligence",
    } | changes


def trace_of(seizure: str, **changes: Any) -> Body:
    asked = trace(seizure=seizure) | changes
    del asked["firearm"], asked["found_on"]
    return asked


def consent(record: str, **changes: Any) -> Body:
    return {
        "record": record,
        "use": "names",
        "case_number": "C-1",
        "reason": "To find the last holder",
    } | changes
