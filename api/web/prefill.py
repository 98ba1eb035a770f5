"""Values of a document that its form leaves out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from salsa_ext.core.errors import Invalid, message
from salsa_ext.reference import names
from salsa_ext.reference.gazetteer import complete_place

GUN_FIELDS: Final = {
    "serial": "serial",
    "type": "type",
    "marking": "marking",
    "make": "make_text",
    "model": "model",
    "calibre": "calibre_text",
    "country_of_manufacture": "country_of_manufacture",
    "year": "year",
    "importer_mark": "importer_mark",
}
"""The fields of a gun on pages, with their names in records."""
MAX_ITEMS: Final = 5
"""Guns that the form of a seizure has room for; the first is shown."""
NOTHING_SEIZED: Final = message("Say what was seized: a serial, a type or a make, or a photograph.")


def complete_report(body: dict[str, Any], own_state: str) -> None:
    """Complete the JSON of a report.

    The owner and the place are of the own state by default.
    """
    for name in ("from", "place"):
        if name in body:
            body[name].setdefault("country", own_state)
    if "place" in body:
        complete_place(body["place"])
    firearm = body["firearm"]
    firearm.setdefault("category", firearm_category(firearm))


def complete_gun(body: dict[str, Any], item: dict[str, Any]) -> None:
    """Set the category by the type; preserve an unlisted type text."""
    firearm = body["firearm"]
    if item["type"] is None and item["type_text"]:
        firearm.setdefault("type", item["type_text"])
    firearm["category"] = firearm_category(firearm, item["category"])


def gun_values(item: Mapping[str, Any]) -> dict[str, str]:
    """Return the recorded description of a gun as form values."""
    values = {name: item[key] for name, key in GUN_FIELDS.items()}
    return {f"firearm.{name}": str(value) for name, value in values.items() if value}


def counterpart_values(view: Any) -> dict[str, str]:
    """Return what another state's permit says, as form values of the own one for the movement."""
    permit = view.permit
    values = {
        "exporting_state": permit.exporting_state,
        "importing_state": permit.importing_state,
        "import_permit.number": permit.import_permit_number,
        "export_permit.number": permit.export_permit_number,
    }
    values[f"{permit.kind}_permit.number"] = permit.number
    for name in ("exporter", "importer"):
        if party := view.parties.get(getattr(permit, f"{name}_id")):
            values |= {f"{name}.name": party.name, f"{name}.kind": party.kind}
    for at, line in enumerate(view.lines):
        goods = {"quantity": f"{line.quantity.normalize():f}", "make": line.make_text}
        goods |= {"calibre": line.calibre_text}
        goods |= {name: getattr(line, name) for name in ("type", "model", "hs_code", "unit", "lot")}
        values |= {f"lines.{at}.{name}": value for name, value in goods.items()}
    return {name: value for name, value in values.items() if value}


def number_items(body: dict[str, Any], has_photo: bool) -> None:
    """Number the items; one empty item if only a photograph was sent.

    Call last. Raises Invalid if there is neither item nor photograph.
    """
    items = [item for item in body.get("items") or () if any(item.values())]
    body["items"] = [item | {"line": line} for line, item in enumerate(items or [{}], 1)]
    if not items and not has_photo:
        raise Invalid({"items.0.serial": [NOTHING_SEIZED]})


def seizure_number(token: str, day: str) -> str:
    """Return a seizure number by day and form token, equal on repeats."""
    return f"{day.replace('-', '')}-{token[-6:].upper()}"


def firearm_category(firearm: Mapping[str, Any], default: str = "firearm") -> str:
    """Return the category of a firearm's type, else the default."""
    return names.type_category(names.resolve("type", firearm.get("type"))) or default


def last_valid_day(issued_on: date) -> date:
    """Return the last day of a year's validity (Model Regulations 8.1)."""
    try:
        return date.fromordinal(issued_on.replace(year=issued_on.year + 1).toordinal() - 1)
    except ValueError:  # 29 February
        return date(issued_on.year + 1, 2, 28)
