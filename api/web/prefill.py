"""Values that begin a form: of a document that is corrected, of a record that is chosen."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from api.web import choices, formatting
from api.web.forms import Form
from salsa_ext.core.errors import Invalid, Message, message
from salsa_ext.core.ids import parse_id
from salsa_ext.reference import names
from salsa_ext.reference.gazetteer import complete_place
from salsa_ext.worklists.record_lookup import MAX_FOUND, RecordReference

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
    """Complete the JSON of a report. The owner and the place are of the own state by default."""
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


def repeated_values(view: Any) -> dict[str, str]:
    """Return what an own permit says, as form values of another like it."""
    values = view.present()
    values |= {"transit": values.pop("transit_permits", None)}
    return {path: str(value) for path, value in _flatten(values) if value not in (None, "", False)}


def _flatten(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the plain values of JSON with their paths, as fields of a form are named."""
    parts = value.items() if isinstance(value, Mapping) else enumerate(value or ())
    for name, part in parts:
        if isinstance(part, Mapping | list | tuple):
            yield from _flatten(part, f"{path}{name}.")
        else:
            yield f"{path}{name}", part


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


NO_SUCH_RECORD: Final = message("Your state has no such record.")
SEVERAL_RECORDS: Final = message("Several records are meant by this: choose one.")
TOO_MANY_RECORDS: Final = message(
    "More records are meant by this than can be listed: choose one of the newest {count}, or give"
    " the serial of its gun or its id.",
    count=MAX_FOUND,
)
MAX_IN_SENTENCE: Final = 10
"""Records that one sentence lists."""
FindRecords = Callable[[str], Sequence[RecordReference]]


def fill_record_id(
    body: dict[str, Any], find: FindRecords, not_found: Message = NO_SUCH_RECORD
) -> None:
    """Replace the typed record by its id in a form's JSON.

    Raises Invalid at `record` if none or several match.
    """
    typed = body.get("record")
    if not typed or parse_id(typed):
        return
    records = find(typed)
    if len(records) != 1:
        raise Invalid({"record": [several_message(records) if records else not_found]})
    body["record"] = str(records[0].record)


def find_record_id(text: str, find: FindRecords) -> str:
    """Return the record id for a typed line; ids are returned unchanged.

    Raises Invalid at `records` if none or several match, and lists them.
    """
    if parse_id(text):
        return text
    records = find(text)
    if not records:
        reason = message("Your state has no record that is known by “{typed}”.", typed=text)
        raise Invalid({"records": [reason]})
    if len(records) > 1:
        listed = (f"{row.record}: {record_label(row)}" for row in records[:MAX_IN_SENTENCE])
        reason = message(
            "{count} records are known by “{typed}”; name those that are meant by their ids: {records}.",
            count=len(records),
            typed=text,
            records="; ".join(listed),
        )
        raise Invalid({"records": [reason]})
    return str(records[0].record)


def known_name(text: str, find: FindRecords) -> str:
    """Return the number or serial that finds the record of an id alone, else the text."""
    names = [name for row in find(text) for name in (row.number, row.serial)] if text else []
    return next((name for name in names if name and len(find(name)) == 1), text)


def several_message(records: Sequence[RecordReference]) -> Message:
    """Return the message for several matching records."""
    return TOO_MANY_RECORDS if len(records) > MAX_FOUND else SEVERAL_RECORDS


def picker_context(form: Form, find: FindRecords) -> Mapping[str, Any]:
    """Return several matching records as options of a choice, for the template."""
    typed = form.get("record")
    records = find(typed) if form.errors_of("record") and not parse_id(typed) else ()
    several = records[:MAX_FOUND] if len(records) > 1 else ()
    options: choices.Options = [(str(row.record), record_label(row)) for row in several]
    return {"record_options": options}


def record_label(candidate: RecordReference) -> str:
    """Return number, serial, event and date of a record."""
    parts = (
        candidate.number,
        candidate.serial,
        formatting.event_name(candidate.event),
        formatting.iso_day(candidate.occurred_on.isoformat()),
    )
    return " · ".join(filter(None, parts))
