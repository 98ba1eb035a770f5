"""The form by which the plan of a shipment is amended: it opens with what stands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from api.web.bodies import lines_of
from api.web.desk.doings import Field
from api.web.typed import Form
from salsa_ext.errors import Coded, say
from salsa_ext.readmodels.days import zone_of
from salsa_ext.readmodels.shipments import ShipmentView
from salsa_ext.values.actor import Actor

Body = dict[str, Any]
PLAIN = ("ships_on", "mode", "port_of_exit", "port_of_entry")
FIELDS = (
    Field("ships_on", say("Ships on"), "date"),
    Field("mode", say("Mode of transport"), "choice", "mode"),
    Field("port_of_exit", say("Port of exit"), most=100),
    Field("port_of_entry", say("Port of entry"), most=100),
    Field("transport.document_kind", say("Transport document"), "choice", "transport_document"),
    Field("transport.document_number", say("Number of the document"), most=100),
    Field("transport.plates", say("Plates"), hint=say("Several with commas between them.")),
    Field("transport.container", say("Container"), most=30),
    Field("carrier.name", say("Carrier")),
    Field("seals", say("Seals"), "area", hint=say("One on each line.")),
    Field("authentication", say("How the document shows the change"),
          hint=say("A stamp, a seal or an authorized signature; the mode alone needs none.")),
    Field("reason", say("Reason"), "area", most=1000,
          hint=say("The states concerned read it; the mode alone needs none.")),
)  # fmt: skip


def stages(view: ShipmentView) -> tuple[Field, ...]:
    """Return a field for the expected time of each stage."""
    return tuple(
        Field(f"expected.{at}.at", say("Expected: {stage}", stage=Coded("checkpoint_stage", step["stage"])),
              "moment")
        for at, step in enumerate(view.shipment.expected)
    )  # fmt: skip


def as_planned(actor: Actor, view: ShipmentView) -> Mapping[str, str]:
    """Return the plan as it stands, times in the zone of the actor."""
    row, zone = view.shipment, ZoneInfo(zone_of(actor))
    said = _standing(view)
    for at, step in enumerate(row.expected):
        local = datetime.fromisoformat(step["at"]).astimezone(zone)
        said[f"expected.{at}.at"] = local.strftime("%Y-%m-%dT%H:%M")
    return said


def _standing(view: ShipmentView) -> dict[str, str]:
    row, carrier = view.shipment, view.parties.get(view.shipment.carrier_id)
    plain = {name: str(getattr(row, name) or "") for name in PLAIN}
    return plain | {
        "transport.document_kind": row.document_kind or "",
        "transport.document_number": row.document_number or "",
        "transport.plates": ", ".join(row.plates), "transport.container": row.container or "",
        "carrier.name": (carrier.name or "") if carrier else "", "seals": "\n".join(row.seals),
    }  # fmt: skip


def only_what_is_new(body: Body, view: ShipmentView, form: Form) -> None:
    """Leave out of the amendment what stands already; the times come from fields of their own."""
    standing = _standing(view)
    same = {name for name, said in standing.items() if form.get(name) == said}
    for name in (*PLAIN, "seals"):
        if name in same:
            body.pop(name, None)
    for name in ("transport", "carrier"):
        if all(path in same for path in standing if path.startswith(f"{name}.")):
            body.pop(name, None)
    if "transport" in body:
        plates = form.get("transport.plates").replace(",", "\n")
        body["transport"]["plates"] = [plate.upper().replace(" ", "") for plate in lines_of(plates)]
    if "carrier" in body:
        owner = view.shipment.owner_state
        body["carrier"] = {"kind": "carrier", "country": owner} | body["carrier"]
    _retime(body, view, form)


def _retime(body: Body, view: ShipmentView, form: Form) -> None:
    """Put the stages into the amendment where a time of theirs was changed."""
    fresh, is_new = [], False
    body.pop("expected", None)
    for at, step in enumerate(view.shipment.expected):
        typed = form.moment(f"expected.{at}.at")
        known = {name: text for name, text in step.items() if text is not None}
        if typed is None:
            is_new = True  # the stage is expected no more
            continue
        stands = isinstance(typed, datetime) and typed == _minute(step["at"])
        is_new = is_new or not stands
        said = typed.isoformat() if isinstance(typed, datetime) else typed
        fresh.append(known if stands else known | {"at": said})
    if is_new:
        body["expected"] = fresh


def _minute(at: str) -> datetime:
    """Return a moment as a form shows it, without its seconds."""
    return datetime.fromisoformat(at).replace(second=0, microsecond=0)
