"""Actions on an own permit: cancel, suspend, reinstate, amend, reissue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import url_for

from api.schemas.common import find_party
from api.schemas.permits import PermitAmendRequest, PermitDecisionRequest, ReissueRequest
from api.web import actions, choices
from api.web.access import login_required, login_required_for_form
from api.web.actions import Action, ActionField, Subject
from api.web.blueprints import licensing_pages
from api.web.formatting import gun_name
from api.web.forms import Form, parse_number
from api.web.prefill import last_valid_day
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import message
from salsa_ext.core.text import format_quantity
from salsa_ext.reference.calendars import today
from salsa_ext.reference.names import label
from salsa_ext.trade.permits import changes as permit_changes
from salsa_ext.trade.permits import queries as permit_queries
from salsa_ext.trade.permits.queries import PermitView
from salsa_ext.worklists.desk import propose_permit_number

PLAN_FIELDS = (
    "route",
    "port_of_entry",
    "port_of_exit",
    "mode",
    "enters_on",
    "leaves_on",
    "carrier",
    "expected_location",
)
REASON = ActionField(
    "reason",
    message("Reason"),
    "area",
    required=True,
    most=1000,
    hint=message("The states concerned read it."),
)
AUTHENTICATION_FIELDS = (
    ActionField(
        "authentication",
        message("How the document shows the change"),
        hint=message("A stamp, a seal or an authorized signature; the mode alone needs none."),
    ),
    ActionField(
        "reason",
        message("Reason"),
        "area",
        most=1000,
        hint=message("The states concerned read it; the mode alone needs none."),
    ),
)


def current_values(view: PermitView) -> dict[str, str]:
    """Return the current values of what can be amended."""
    plan, carrier = view.permit.plan or {}, find_party(view.parties, view.permit.carrier_id)
    standing = {name: plan.get(name) for name in PLAN_FIELDS} | {
        "carrier": carrier and carrier.name
    }
    return {f"plan.{name}": text or "" for name, text in standing.items()} | {
        "source": view.permit.source or ""
    }


def remove_unchanged(body: dict[str, Any], view: PermitView, form: Form) -> None:
    """Remove unchanged values from an amendment."""
    standing = current_values(view)
    if body.get("source") == standing["source"]:
        body.pop("source", None)
    plan = {
        name: text
        for name, text in body.pop("plan", {}).items()
        if text != standing[f"plan.{name}"]
    }
    if plan:
        body["plan"] = plan


REISSUE_FIELDS = (
    ActionField("number", message("New number"), required=True, most=100),
    ActionField("issued_on", message("Date of issue"), "date", required=True),
    ActionField("expires_on", message("Last day of validity"), "date", required=True),
    ActionField("authority.agency", message("Issuing agency"), "choice", "agency", required=True),
    ActionField("authority.signatory", message("Officer who signs"), required=True),
)


def reissue_values(actor: Actor, view: PermitView) -> Mapping[str, str]:
    """Return the initial values of a reissue.

    Today, one year of validity, the next number, the remaining quantities.
    """
    on = today(actor)
    left = {
        f"lines.{at}.quantity": format_quantity(line.remaining)
        for at, line in enumerate(_remaining_lines(view))
    }
    return left | {
        "number": propose_permit_number(actor, view.permit.kind),
        "issued_on": on.isoformat(),
        "expires_on": last_valid_day(on).isoformat(),
        "authority.agency": choices.first_available(
            choices.agencies(actor), view.permit.agency, actor.agency
        ),
    }


def quantity_fields(view: PermitView) -> tuple[ActionField, ...]:
    """Return a field for each line with a remaining quantity."""
    return tuple(
        ActionField(
            f"lines.{at}.quantity",
            message("Line {number}: {goods}", number=line.line, goods=gun_name(line)),
            "amount",
            hint=message(
                "Left: {count}. Where 0 stands, the line is not reissued.",
                count=format_quantity(line.remaining),
            ),
        )
        for at, line in enumerate(_remaining_lines(view))
    )


def fill_quantities(body: dict[str, Any], view: PermitView, form: Form) -> None:
    """Set the quantities of the lines; omitted lines are not reissued."""
    body["lines"] = [
        {"line": line.line, "quantity": parse_number(form.get(path) or "0")}
        for at, line in enumerate(_remaining_lines(view))
        if (path := f"lines.{at}.quantity") in form.values
    ]


def _remaining_lines(view: PermitView) -> list[Any]:
    return [line for line in view.lines if line.remaining > 0]


ACTIONS: actions.Actions = (
    Action(
        "amend",
        message("Amend"),
        message(
            "Only the source of the goods may be amended (Model Regulations 8.5). For all else, reissue the"
            " document or cancel it."
        ),
        PermitAmendRequest,
        permit_changes.amend,
        Permission.PERMIT_RECORD,
        ("issued", "exhausted"),
        (
            ActionField("source", message("Source of the goods"), "area", most=1000),
            AUTHENTICATION_FIELDS[0],
            REASON,
        ),
        is_for=lambda actor, view: view.permit.kind != "in_transit",
        start=lambda actor, view: current_values(view),
        settle=remove_unchanged,
    ),
    Action(
        "replan",
        message("Amend the plan"),
        message(
            "Only the plan of the transit may be amended, and the source of the goods (Model Regulations"
            " 8.5). For all else, reissue the document or cancel it."
        ),
        PermitAmendRequest,
        permit_changes.amend,
        Permission.PERMIT_RECORD,
        ("issued", "exhausted"),
        (
            ActionField("plan.route", message("Route"), "area", most=1000),
            ActionField("plan.port_of_entry", message("Port of entry")),
            ActionField("plan.enters_on", message("Enters on"), "date"),
            ActionField("plan.port_of_exit", message("Port of exit")),
            ActionField("plan.leaves_on", message("Leaves on"), "date"),
            ActionField("plan.mode", message("Mode of transport"), "choice", "mode"),
            ActionField("plan.carrier", message("Carrier")),
            ActionField("plan.expected_location", message("Expected location in the country")),
            ActionField("source", message("Source of the goods"), "area", most=1000),
            *AUTHENTICATION_FIELDS,
        ),
        is_for=lambda actor, view: view.permit.kind == "in_transit",
        start=lambda actor, view: current_values(view),
        settle=remove_unchanged,
    ),
    Action(
        "reissue",
        message("Reissue"),
        message(
            "A new document replaces this one for what is left of it: there is no extension (Model"
            " Regulations 8.2). All but number, dates, signature and quantities"
            " stays."
        ),
        ReissueRequest,
        permit_changes.reissue,
        Permission.PERMIT_RECORD,
        ("issued", "suspended", "expired"),
        REISSUE_FIELDS,
        start=reissue_values,
        more=quantity_fields,
        settle=fill_quantities,
        onward=lambda fresh: url_for("licensing.permit_page", permit_id=fresh, done="reissue"),
    ),
    Action(
        "suspend",
        message("Suspend"),
        message("Nothing is released under it until it is reinstated."),
        PermitDecisionRequest,
        permit_changes.suspend,
        Permission.PERMIT_RECORD,
        ("issued",),
        (REASON,),
    ),
    Action(
        "reinstate",
        message("Reinstate"),
        message("It is valid again, until its last day."),
        PermitDecisionRequest,
        permit_changes.reinstate,
        Permission.PERMIT_RECORD,
        ("suspended",),
        (REASON,),
    ),
    Action(
        "cancel",
        message("Cancel for good"),
        message(
            "What was not shipped lapses, and the states concerned learn it (Model Regulations 9.8). A"
            " cancellation is not taken back."
        ),
        PermitDecisionRequest,
        permit_changes.cancel,
        Permission.PERMIT_RECORD,
        ("issued", "suspended"),
        (REASON,),
        is_grave=True,
    ),
)
SUCCESS_MESSAGES = {
    "amend": message("The amendment is recorded."),
    "replan": message("The amendment is recorded."),
    "reissue": message("The new document is issued, and replaces the old one."),
    "suspend": message("The permit is suspended."),
    "reinstate": message("The permit is reinstated."),
    "cancel": message("The permit is cancelled."),
}


def find_subject(actor: Actor, permit_id: UUID) -> Subject:
    """Return a permit as the subject of actions."""
    return permit_subject(actor, permit_queries.get_permit(actor, permit_id))


def permit_subject(actor: Actor, view: PermitView) -> Subject:
    """Return a permit's view as the subject of actions."""
    kind = label("permit_kind", view.permit.kind, actor.language)
    address = url_for("licensing.permit_page", permit_id=view.permit.id)
    return Subject(
        view,
        f"{kind} {view.permit.number}",
        address,
        view.permit.owner_state,
        view.status,
        "permit_status",
    )


@licensing_pages.get("/permits/<uuid:permit_id>/<slug:name>")
@login_required
def permit_action_form(actor: Actor, permit_id: UUID, name: str) -> Any:
    """Show the form of an action on a permit."""
    return actions.show_action(actor, actions.find_action(ACTIONS, name), find_subject, permit_id)


@licensing_pages.post("/permits/<uuid:permit_id>/<slug:name>")
@login_required_for_form
def permit_action(actor: Actor, permit_id: UUID, name: str) -> Any:
    """Run an action on a permit and redirect to it."""
    doing = actions.find_action(ACTIONS, name)
    return actions.submit_action(actor, doing, find_subject, permit_id, "permit_id")
