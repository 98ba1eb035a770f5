"""Values of a document that its form leaves out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from api.web.forms import Form
from salsa_ext.reference import names

JsonBody = dict[str, Any]


def complete_permit(body: JsonBody, own_state: str, kind: str, form: Form) -> None:
    """Complete the JSON of an own permit: kind, states, parties, lines."""
    body["kind"] = kind
    if kind == "import":
        body["importing_state"] = own_state
    if kind == "export":
        body["exporting_state"] = own_state
    _complete_parties(body, own_state)
    for name, side in (("import_permit", "importing_state"), ("export_permit", "exporting_state")):
        if name in body:
            body[name].setdefault("state", body.get(side, own_state))
    body["lines"] = [_complete_line(at, line) for at, line in enumerate(body.get("lines") or [{}])]
    _complete_transit(body, own_state, kind, form)


def complete_report(body: JsonBody, own_state: str) -> None:
    """Complete the JSON of a report.

    The owner and the place are of the own state by default.
    """
    for name in ("from", "place"):
        if name in body:
            body[name].setdefault("country", own_state)
    firearm = body["firearm"]
    firearm.setdefault("category", firearm_category(firearm))


def firearm_category(firearm: Mapping[str, Any], default: str = "firearm") -> str:
    """Return the category of a firearm's type, else the default."""
    return names.type_category(names.resolve("type", firearm.get("type"))) or default


def _complete_parties(body: JsonBody, own: str) -> None:
    """Set missing countries of parties by their side.

    The importer is the final consignee by default.
    """
    exporting, importing = (body.get(f"{side}ing_state", own) for side in ("export", "import"))
    sides = {"exporter": exporting, "importer": importing, "final_consignee": importing}
    for name, state in (sides | {"broker": own}).items():
        if body.get(name):
            body[name].setdefault("country", state)
    if not body.get("final_consignee"):
        body["final_consignee"] = body["importer"]


def _complete_line(at: int, line: JsonBody) -> JsonBody:
    return {"category": firearm_category(line)} | line | {"line": at + 1}


def _complete_transit(body: JsonBody, own: str, kind: str, form: Form) -> None:
    rows = _transit_rows(form)
    states = [names.find_state(state) or state for state, _ in rows]
    if kind == "in_transit" and own not in states:
        states.append(own)
    body["transit_states"] = states
    body["transit_permits"] = [
        {"state": state, "number": number}
        for state, (_, number) in zip(states, rows, strict=False)
        if number
    ]


def _transit_rows(form: Form) -> list[tuple[str, str]]:
    rows = [
        (form.get(f"transit.{at}.state"), form.get(f"transit.{at}.number"))
        for at in form.rows("transit")
    ]
    return [row for row in rows if any(row)]


def errors_by_form_field(form: Form) -> dict[str, list[str]]:
    """Return the errors by field of the form, not of the document."""
    found: dict[str, list[str]] = {}
    for path, said in form.errors.items():
        if path.startswith("final_consignee.") and not form.typed("final_consignee."):
            continue  # it is the importer's, and told there
        found.setdefault(_form_field(path, form), []).extend(said)
    return found


def _form_field(path: str, form: Form) -> str:
    head, _, rest = path.partition(".")
    at, _, last = rest.partition(".")
    if head == "transit_states":
        return f"transit.{at or 0}.state"
    if head == "transit_permits":
        numbered = [row for row, (_, number) in enumerate(_transit_rows(form)) if number]
        row = numbered[int(at)] if at.isdigit() and int(at) < len(numbered) else 0
        return f"transit.{row}.{last or 'number'}"
    return path


def last_valid_day(issued_on: date) -> date:
    """Return the last day of a year's validity (Model Regulations 8.1)."""
    try:
        return date.fromordinal(issued_on.replace(year=issued_on.year + 1).toordinal() - 1)
    except ValueError:  # 29 February
        return date(issued_on.year + 1, 2, 28)
