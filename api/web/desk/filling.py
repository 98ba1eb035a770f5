"""What the form of a permit or report leaves open and the document says: the page fills it in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.web.typed import Form
from salsa_ext.readmodels import names

Body = dict[str, Any]


def completed(body: Body, own: str, kind: str, form: Form) -> None:
    """Complete the JSON of a permit of the own state: its kind and side, countries, lines."""
    body["kind"] = kind
    if kind == "import":
        body["importing_state"] = own
    if kind == "export":
        body["exporting_state"] = own
    _complete_parties(body, own)
    for name, side in (("import_permit", "importing_state"), ("export_permit", "exporting_state")):
        if name in body:
            body[name].setdefault("state", body.get(side, own))
    body["lines"] = [_line(at, line) for at, line in enumerate(body.get("lines") or [{}])]
    _complete_transit(body, own, kind, form)


def reported(body: Body, own: str) -> None:
    """Complete the JSON of a report: who had the gun and the place are of the own state."""
    for name in ("from", "place"):
        if name in body:
            body[name].setdefault("country", own)
    firearm = body["firearm"]
    firearm.setdefault("category", category_of(firearm))


def category_of(firearm: Mapping[str, Any], otherwise: str = "firearm") -> str:
    """Return the category of the type of a gun, or what it is otherwise."""
    return names.category(names.resolve("type", firearm.get("type"))) or otherwise


def _complete_parties(body: Body, own: str) -> None:
    """Let each party be of its side's country, and the importer the consignee, if nobody else is."""
    exporting, importing = (body.get(f"{side}ing_state", own) for side in ("export", "import"))
    sides = {"exporter": exporting, "importer": importing, "final_consignee": importing}
    for name, state in (sides | {"broker": own}).items():
        if body.get(name):
            body[name].setdefault("country", state)
    if not body.get("final_consignee"):
        body["final_consignee"] = body["importer"]


def _line(at: int, line: Body) -> Body:
    return {"category": category_of(line)} | line | {"line": at + 1}


def _complete_transit(body: Body, own: str, kind: str, form: Form) -> None:
    rows = _transit_rows(form)
    states = [names.state_named(state) or state for state, _ in rows]
    if kind == "in_transit" and own not in states:
        states.append(own)
    body["transit_states"] = states
    body["transit_permits"] = [
        {"state": state, "number": number}
        for state, (_, number) in zip(states, rows, strict=False) if number
    ]  # fmt: skip


def _transit_rows(form: Form) -> list[tuple[str, str]]:
    rows = [
        (form.get(f"transit.{at}.state"), form.get(f"transit.{at}.number"))
        for at in form.rows("transit")
    ]
    return [row for row in rows if any(row)]


def gathered(form: Form) -> dict[str, list[str]]:
    """Return what is wrong by the fields of the form, where they are not those of the document."""
    found: dict[str, list[str]] = {}
    for path, said in form.errors.items():
        if path.startswith("final_consignee.") and not form.typed("final_consignee."):
            continue  # it is the importer's, and told there
        found.setdefault(_field(path, form), []).extend(said)
    return found


def _field(path: str, form: Form) -> str:
    head, _, rest = path.partition(".")
    at, _, last = rest.partition(".")
    if head == "transit_states":
        return f"transit.{at or 0}.state"
    if head == "transit_permits":
        numbered = [row for row, (_, number) in enumerate(_transit_rows(form)) if number]
        row = numbered[int(at)] if at.isdigit() and int(at) < len(numbered) else 0
        return f"transit.{row}.{last or 'number'}"
    return path
