"""The export attachment: what leaves under an export certificate (Model Regulations 2.2.2)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template, url_for

from api.schemas.shipments import ShipmentRequest
from api.web import sending
from api.web.access import again, sender, signed_in
from api.web.bodies import lines_of
from api.web.desk import choices
from api.web.desk.blueprint import blueprint
from api.web.typed import Form, amount
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import permits as reading
from salsa_ext.readmodels.days import today, zone_of
from salsa_ext.readmodels.desk import next_shipment
from salsa_ext.services import shipments
from salsa_ext.values.actor import Actor

Body = dict[str, Any]
MOST_STAGES = 4


@blueprint.get("/permits/<uuid:permit_id>/shipments/new")
@signed_in
def shipment_form(actor: Actor, permit_id: UUID) -> str:
    """Show the form of a shipment."""
    require(actor, Permission.SHIPMENT_RECORD)
    form = Form({"number": next_shipment(actor), "ships_on": today(actor).isoformat(),
                 "mode": "road"})  # fmt: skip
    return _page(actor, permit_id, form)


@blueprint.post("/permits/<uuid:permit_id>/shipments/new")
@sender
def ship(actor: Actor, permit_id: UUID) -> Any:
    """Record the shipment and show it; 422 or 409 with the form where that cannot be."""
    require(actor, Permission.SHIPMENT_RECORD)
    form = sending.sent()
    done = sending.send(form, actor, lambda: _ship(actor, permit_id, form))
    form.errors = gathered(form)
    return done or (again(actor, lambda: _page(actor, permit_id, form)), form.status)


def _ship(actor: Actor, permit_id: UUID, form: Form) -> str:
    data = form.load(
        ShipmentRequest(), lambda body: completed(body, actor.own_state(), form), zone_of(actor)
    )
    shipment_id = shipments.record(actor=actor, permit_id=permit_id, data=data)
    return url_for("desk.shipment", shipment_id=shipment_id, done="recorded")


def completed(body: Body, own: str, form: Form) -> None:
    """Complete the JSON of a shipment: its route by the stages, its carrier, its goods by line."""
    body["expected"] = [step for step in body.get("expected", ()) if set(step) != {"stage"}]
    posts = [step["post"] for step in body["expected"] if "post" in step]
    body["route"] = list(dict.fromkeys(posts))
    if "carrier" in body:
        body["carrier"] = {"kind": "carrier", "country": own} | body["carrier"]
    if transport := body.get("transport"):
        typed = form.get("transport.plates").replace(",", "\n").replace(";", "\n")
        transport["plates"] = [plate.upper().replace(" ", "") for plate in lines_of(typed)]
    body["items"] = [{"line": line, "serial": serial} for line, serial in serials(form)]
    body["bulk"] = [{"line": int(at)} | part for at, part in _bulk(form) if part]


def serials(form: Form) -> list[tuple[int, str]]:
    """Return the serials that were typed, each with its line of the permit."""
    lines = sorted(int(at) for at in _numbers(form, "serials."))
    return [(line, serial) for line in lines for serial in lines_of(form.get(f"serials.{line}"))]


def _bulk(form: Form) -> list[tuple[str, Body]]:
    found = []
    for at in sorted(_numbers(form, "loose."), key=int):
        typed, lot = (form.get(f"loose.{at}.{name}") for name in ("quantity", "lot"))
        part: Body = {"quantity": amount(typed)} if typed else {}
        found.append((at, part | ({"lot": lot} if lot else {})))
    return found


def _numbers(form: Form, prefix: str) -> set[str]:
    named = {path.removeprefix(prefix).partition(".")[0] for path in form.values
             if path.startswith(prefix)}  # fmt: skip
    return {at for at in named if at.isdecimal() and len(at) < 7}


def gathered(form: Form) -> dict[str, list[str]]:
    """Return what is wrong by the fields of the form: serials stand in one field for each line."""
    found: dict[str, list[str]] = {}
    typed, loose = serials(form), [at for at, part in _bulk(form) if part]
    stages = [at for at in range(MOST_STAGES) if form.get(f"expected.{at}.at")
              or form.get(f"expected.{at}.post")]  # fmt: skip
    for path, said in form.errors.items():
        head, _, rest = path.partition(".")
        at, _, last = rest.partition(".")
        if head == "items" and at.isdecimal() and int(at) < len(typed):
            line, serial = typed[int(at)]
            found.setdefault(f"serials.{line}", []).extend(f"{serial}: {text}" for text in said)
        elif head == "bulk" and at.isdecimal() and int(at) < len(loose):
            found.setdefault(f"loose.{loose[int(at)]}.{last or 'quantity'}", []).extend(said)
        elif head == "expected" and at.isdecimal() and int(at) < len(stages):
            found.setdefault(f"expected.{stages[int(at)]}.{last}", []).extend(said)
        else:
            found.setdefault(path, []).extend(said)
    return found


def _page(actor: Actor, permit_id: UUID, form: Form) -> str:
    view = reading.get_permit(actor, permit_id)
    return render_template(
        "desk/ship.html", actor=actor, view=view, permit=view.permit, form=form, choices=choices,
        posts=choices.posts_between(actor, view.permit), zone=zone_of(actor),
    )  # fmt: skip
