"""What someone types into the forms of the desk; every function takes changes as keywords."""

import re

Fields = dict[str, str]
NUMBER = re.compile(r'name="number" type="text" value="([^"]*)"')
TOKEN = re.compile(r'name="once" value="([^"]+)"')


def import_certificate(**changes: str) -> Fields:
    """Paraguay lets ten pistols in from Brazil; `a__b` stands for the field `a.b`."""
    typed = {
        "number": "I-1",
        "issued_on": "2026-03-09",
        "expires_on": "2027-03-08",
        "authority.agency": "PRY-LICENSING",
        "authority.signatory": "Eva Ejemplo",
        "document_kind": "certificate",
        "regime": "permanent",
        "exporting_state": "BRA",
        "importer.name": "Armas del Sur",
        "importer.kind": "dealer",
        "exporter.name": "Fábrica Exemplo",
        "exporter.kind": "manufacturer",
        "lines.0.type": "pistol",
        "lines.0.quantity": "10",
        "lines.0.make": "Taurus",
        "lines.0.calibre": "9x19",
    }
    return typed | named(changes)


def export_certificate(**changes: str) -> Fields:
    """Brazil lets them out, by the certificate of Paraguay."""
    typed = import_certificate(number="E-1", authority__agency="BRA-LICENSING")
    del typed["exporting_state"]
    return typed | {"importing_state": "PRY", "import_permit.number": "I-1"} | named(changes)


def transit(**changes: str) -> Fields:
    """Argentina lets them through."""
    typed = import_certificate(number="T-1", authority__agency="ARG-LICENSING")
    plan = {
        "route": "Uruguaiana, Posadas",
        "port_of_entry": "Paso de los Libres",
        "mode": "road",
        "port_of_exit": "Posadas",
        "enters_on": "2026-04-01",
        "leaves_on": "2026-04-03",
    }
    stated = {"importing_state": "PRY", "import_permit.number": "I-1"}
    return typed | stated | {f"plan.{name}": text for name, text in plan.items()} | named(changes)


def transfer(**changes: str) -> Fields:
    """A dealer sells a pistol to a person."""
    typed = {
        "kind": "domestic_sale",
        "occurred_on": "2026-03-05",
        "firearm.serial": "ABC123456",
        "firearm.type": "pistol",
        "firearm.make": "Taurus",
        "firearm.calibre": "9x19",
        "firearm.marking": "intact",
        "visibility": "open",
        "from.name": "Armas del Sur",
        "from.kind": "dealer",
        "to.name": "Ana Ejemplo",
        "to.kind": "individual",
    }
    return typed | named(changes)


def named(changes: dict[str, str]) -> Fields:
    return {name.replace("__", "."): text for name, text in changes.items()}
