"""Changing a permit of the own state: cancel, suspend, reinstate, amend, reissue."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import url_for

from api.schemas.changes import AmendRequest, PermitDecisionRequest, ReissueRequest
from api.web.access import sender, signed_in
from api.web.desk import doings, reissuing
from api.web.desk.blueprint import blueprint
from api.web.desk.doings import Doing, Field, Subject
from api.web.typed import Form
from salsa_ext.errors import say
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import permits as reading
from salsa_ext.readmodels.names import label
from salsa_ext.readmodels.permits import PermitView
from salsa_ext.services import amendments, cancellations, reissues
from salsa_ext.values.actor import Actor

PLAN = ("route", "port_of_entry", "port_of_exit", "mode", "enters_on", "leaves_on", "carrier",
        "expected_location")  # fmt: skip
REASON = Field("reason", say("Reason"), "area", required=True, most=1000,
               hint=say("The states concerned read it."))  # fmt: skip
SIGNED = (
    Field("authentication", say("How the document shows the change"),
          hint=say("A stamp, a seal or an authorized signature; the mode alone needs none.")),
    Field("reason", say("Reason"), "area", most=1000,
          hint=say("The states concerned read it; the mode alone needs none.")),
)  # fmt: skip


def as_it_stands(view: PermitView) -> dict[str, str]:
    """Return what an amendment may change, as it stands."""
    plan, carrier = view.permit.plan or {}, view.parties.get(view.permit.carrier_id)
    standing = {name: plan.get(name) for name in PLAN} | {"carrier": carrier and carrier.name}
    return {f"plan.{name}": text or "" for name, text in standing.items()} | {
        "source": view.permit.source or ""
    }


def only_what_is_new(body: dict[str, Any], view: PermitView, form: Form) -> None:
    """Leave out of an amendment what stands already."""
    standing = as_it_stands(view)
    if body.get("source") == standing["source"]:
        body.pop("source", None)
    plan = {name: text for name, text in body.pop("plan", {}).items()
            if text != standing[f"plan.{name}"]}  # fmt: skip
    if plan:
        body["plan"] = plan


DOINGS: doings.Doings = (
    Doing(
        "amend", say("Amend"),
        say("Only the source of the goods may be amended (Model Regulations 8.5). For all else, reissue the"
            " document or cancel it."),
        AmendRequest, amendments.amend, Permission.PERMIT_RECORD, ("issued", "exhausted"),
        (Field("source", say("Source of the goods"), "area", most=1000), SIGNED[0], REASON),
        is_for=lambda actor, view: view.permit.kind != "in_transit",
        start=lambda actor, view: as_it_stands(view), settle=only_what_is_new,
    ),
    Doing(
        "replan", say("Amend the plan"),
        say("Only the plan of the transit may be amended, and the source of the goods (Model Regulations"
            " 8.5). For all else, reissue the document or cancel it."),
        AmendRequest, amendments.amend, Permission.PERMIT_RECORD, ("issued", "exhausted"),
        (
            Field("plan.route", say("Route"), "area", most=1000),
            Field("plan.port_of_entry", say("Port of entry")),
            Field("plan.enters_on", say("Enters on"), "date"),
            Field("plan.port_of_exit", say("Port of exit")),
            Field("plan.leaves_on", say("Leaves on"), "date"),
            Field("plan.mode", say("Mode of transport"), "choice", "mode"),
            Field("plan.carrier", say("Carrier")),
            Field("plan.expected_location", say("Expected location in the country")),
            Field("source", say("Source of the goods"), "area", most=1000), *SIGNED,
        ),
        is_for=lambda actor, view: view.permit.kind == "in_transit",
        start=lambda actor, view: as_it_stands(view), settle=only_what_is_new,
    ),
    Doing(
        "reissue", say("Reissue"),
        say("A new document replaces this one for what is left of it: there is no extension (Model"
            " Regulations 8.2). All but number, dates, signature and quantities"
            " stays."),
        ReissueRequest, reissues.reissue, Permission.PERMIT_RECORD,
        ("issued", "suspended", "expired"),
        reissuing.FIELDS, start=reissuing.anew, more=reissuing.quantities,
        settle=reissuing.take_quantities,
        onward=lambda fresh: url_for("desk.permit", permit_id=fresh, done="reissue"),
    ),
    Doing(
        "suspend", say("Suspend"), say("Nothing is released under it until it is reinstated."),
        PermitDecisionRequest, cancellations.suspend, Permission.PERMIT_RECORD, ("issued",), (REASON,),
    ),
    Doing(
        "reinstate", say("Reinstate"), say("It is valid again, until its last day."),
        PermitDecisionRequest, cancellations.reinstate, Permission.PERMIT_RECORD, ("suspended",),
        (REASON,),
    ),
    Doing(
        "cancel", say("Cancel for good"),
        say("What was not shipped lapses, and the states concerned learn it (Model Regulations 9.8). A"
            " cancellation is not taken back."),
        PermitDecisionRequest, cancellations.cancel, Permission.PERMIT_RECORD, ("issued", "suspended"),
        (REASON,), is_grave=True,
    ),
)  # fmt: skip
DONE = {
    "amend": say("The amendment is recorded."), "replan": say("The amendment is recorded."),
    "reissue": say("The new document is issued, and replaces the old one."),
    "suspend": say("The permit is suspended."), "reinstate": say("The permit is reinstated."),
    "cancel": say("The permit is cancelled."),
}  # fmt: skip


def subject_of(actor: Actor, permit_id: UUID) -> Subject:
    """Return a permit as the pages of its doings show it."""
    return as_subject(actor, reading.get_permit(actor, permit_id))


def as_subject(actor: Actor, view: PermitView) -> Subject:
    """Return the same of a permit that was read."""
    kind = label("permit_kind", view.permit.kind, actor.language)
    address = url_for("desk.permit", permit_id=view.permit.id)
    return Subject(view, f"{kind} {view.permit.number}", address, view.permit.owner_state,
                   view.status, "permit_status")  # fmt: skip


@blueprint.get("/permits/<uuid:permit_id>/<slug:name>")
@signed_in
def change_form(actor: Actor, permit_id: UUID, name: str) -> Any:
    """Show the form of a change."""
    return doings.open_form(actor, doings.named(DOINGS, name), subject_of, permit_id)


@blueprint.post("/permits/<uuid:permit_id>/<slug:name>")
@sender
def change(actor: Actor, permit_id: UUID, name: str) -> Any:
    """Change the permit, and show it."""
    doing = doings.named(DOINGS, name)
    return doings.take_form(actor, doing, subject_of, permit_id, "permit_id")
