"""Actions on an own permit: amend, reissue, suspend, reinstate, cancel."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import url_for

from api.schemas.common import find_party
from api.schemas.trade.permits import PermitAmendRequest, PermitDecisionRequest, ReissueRequest
from api.web import choices
from api.web.document_actions import REASON, Action, Actions
from api.web.formatting import gun_name
from api.web.forms import Field, Form, parse_number
from api.web.prefill import last_valid_day
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Message, message
from salsa_ext.core.text import format_quantity
from salsa_ext.reference.calendars import today
from salsa_ext.trade.permits import approvals as permit_approvals
from salsa_ext.trade.permits import changes as permit_changes
from salsa_ext.trade.permits.queries import PermitView
from salsa_ext.worklists.desk import propose_permit_number

AMENDABLE_STATUSES = ("issued", "exhausted")
AUTHENTICATION = message("How the document shows the change")
AUTHENTICATION_FIELD = Field(
    "authentication",
    AUTHENTICATION,
    hint=message("A stamp, a seal or an authorized signature; the mode alone needs none."),
)
OPTIONAL_REASON = Field(
    "reason",
    message("Reason"),
    "area",
    max_length=1000,
    hint=message("The states concerned read it; the mode alone needs none."),
)
SOURCE_FIELD = Field("source", message("Source of the goods"), "area", max_length=1000)
PLAN_FIELDS = (
    Field("plan.route", message("Route"), "area", max_length=1000),
    Field("plan.port_of_entry", message("Port of entry")),
    Field("plan.enters_on", message("Enters on"), "date"),
    Field("plan.port_of_exit", message("Port of exit")),
    Field("plan.leaves_on", message("Leaves on"), "date"),
    Field("plan.mode", message("Mode of transport"), "choice", "mode"),
    Field("plan.carrier", message("Carrier")),
    Field("plan.expected_location", message("Expected location in the country")),
)
REISSUE_FIELDS = (
    Field("number", message("New number"), required=True, max_length=100),
    Field("issued_on", message("Date of issue"), "date", required=True),
    Field("expires_on", message("Last day of validity"), "date", required=True),
    Field("authority.agency", message("Issuing agency"), "choice", "agency", required=True),
    Field("authority.signatory", message("Officer who signs"), required=True),
)


def current_values(view: PermitView) -> dict[str, str]:
    """Return the current values of what can be amended."""
    plan, carrier = view.permit.plan or {}, find_party(view.parties, view.permit.carrier_id)
    values = {field.path: plan.get(field.path.removeprefix("plan.")) for field in PLAN_FIELDS}
    values |= {"plan.carrier": carrier and carrier.name, "source": view.permit.source}
    return {path: text or "" for path, text in values.items()}


def remove_unchanged(body: dict[str, Any], view: PermitView, form: Form) -> None:
    """Remove unchanged values from an amendment."""
    current = current_values(view)
    if body.get("source") == current["source"]:
        body.pop("source", None)
    plan = body.pop("plan", {})
    if changed := {name: text for name, text in plan.items() if text != current[f"plan.{name}"]}:
        body["plan"] = changed


def reissue_values(actor: Actor, view: PermitView) -> Mapping[str, str]:
    """Return the initial values of a reissue: a year of validity, the remaining quantities."""
    on, agencies = today(actor), choices.agencies(actor)
    return {
        f"lines.{at}.quantity": format_quantity(line.remaining)
        for at, line in enumerate(_remaining_lines(view))
    } | {
        "number": propose_permit_number(actor, view.permit.kind),
        "issued_on": on.isoformat(),
        "expires_on": last_valid_day(on).isoformat(),
        "authority.agency": choices.first_available(agencies, view.permit.agency, actor.agency),
    }


def quantity_fields(view: PermitView) -> tuple[Field, ...]:
    """Return a field for each line with a remaining quantity."""
    return tuple(
        Field(
            f"lines.{at}.quantity",
            message("Line {number}: {goods}", number=line.line, goods=gun_name(line)),
            "amount",
            hint=message(
                "Left: {count}. A line with 0 is not reissued.",
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


def second_person_obstacle(actor: Actor, view: PermitView) -> Message | None:
    """Return why the reader may not decide on a proposed permit."""
    return permit_approvals.same_person_problem(actor, view.permit)


ACTIONS: Actions = (
    Action(
        "approve",
        message("Approve and issue"),
        message("The document is issued as it is proposed, and the states concerned read it."),
        None,
        permit_approvals.approve_permit,
        Permission.PERMIT_APPROVE,
        ("proposed",),
        success=message("The document is issued."),
        is_main=True,
        obstacle=second_person_obstacle,
    ),
    Action(
        "return",
        message("Return"),
        message("It is not issued. Who proposed it reads why, and may propose it again."),
        PermitDecisionRequest,
        permit_approvals.return_permit,
        Permission.PERMIT_APPROVE,
        ("proposed",),
        (replace(REASON, hint=message("Nobody outside your state reads it.")),),
        message("The document is returned."),
        obstacle=second_person_obstacle,
    ),
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
        AMENDABLE_STATUSES,
        (SOURCE_FIELD, AUTHENTICATION_FIELD, REASON),
        message("The amendment is recorded."),
        is_for=lambda actor, view: view.permit.kind != "in_transit",
        initial_values=lambda actor, view: current_values(view),
        complete_body=remove_unchanged,
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
        AMENDABLE_STATUSES,
        (*PLAN_FIELDS, SOURCE_FIELD, AUTHENTICATION_FIELD, OPTIONAL_REASON),
        message("The amendment is recorded."),
        is_for=lambda actor, view: view.permit.kind == "in_transit",
        initial_values=lambda actor, view: current_values(view),
        complete_body=remove_unchanged,
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
        message("The new document is issued, and replaces the old one."),
        initial_values=reissue_values,
        extra_fields=quantity_fields,
        complete_body=fill_quantities,
        next_page=lambda fresh: url_for("licensing.permit_page", permit_id=fresh, done="reissue"),
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
        message("The permit is suspended."),
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
        message("The permit is reinstated."),
    ),
    Action(
        "cancel",
        message("Cancel the permit"),
        message(
            "What was not shipped lapses, and the states concerned are notified (Model Regulations"
            " 9.8). A cancellation is final."
        ),
        PermitDecisionRequest,
        permit_changes.cancel,
        Permission.PERMIT_RECORD,
        ("issued", "suspended"),
        (REASON,),
        message("The permit is cancelled."),
        is_destructive=True,
    ),
)
