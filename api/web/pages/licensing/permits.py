"""Lists and pages of permits and licensees, issuing of permits."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import request, url_for

from api.i18n.messages import with_state_names
from api.schemas.trade.permits import (
    PermitQuery,
    PermitRequest,
    PermitResponse,
    PublishedLicenseeQuery,
    PublishedLicenseeResponse,
)
from api.web import choices
from api.web.document_actions import Subject
from api.web.forms import Field, Form
from api.web.lists import EXTERNAL_ID, FROM_DAY, TO_DAY
from api.web.pages import licensing_pages
from api.web.pages.licensing.discrepancies import related_discrepancies
from api.web.pages.licensing.home import LICENSING
from api.web.pages.licensing.permit_actions import ACTIONS
from api.web.prefill import counterpart_values, firearm_category, last_valid_day, repeated_values
from api.web.record_pages import DocumentPages
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.core.codes import PERMIT_KINDS, UNISSUED_STATUSES
from salsa_ext.core.errors import Message, message
from salsa_ext.core.ids import parse_id
from salsa_ext.papers import facts as paper_facts
from salsa_ext.reference import names
from salsa_ext.reference.calendars import today
from salsa_ext.reference.suggestions import remarks_on_rows
from salsa_ext.trade import lookup
from salsa_ext.trade.discrepancies import queries as discrepancy_queries
from salsa_ext.trade.discrepancies.values import UNRESOLVED_STATUSES
from salsa_ext.trade.permits import licensees, licensing, permits
from salsa_ext.trade.permits import queries as permit_queries
from salsa_ext.trade.shipments import queries as shipment_queries
from salsa_ext.trade.shipments import shipments
from salsa_ext.worklists.desk import propose_permit_number

MAX_SHIPMENTS, MAX_LINES = 50, 50
PROPOSED = message(
    "The document is proposed. A second person of your state approves or returns it."
)
FILTERS = (
    Field("number", message("Number"), max_length=100),
    EXTERNAL_ID,
    FROM_DAY,
    TO_DAY,
    Field("kind", message("Kind"), "choice", "permit_kind"),
    Field("status", message("Status"), "choice", "permit_status"),
    Field("counterpart_status", message("Standing"), "choice", "permit_standing"),
    Field("exporting_state", message("Exporting country"), "choice", "any_state"),
    Field("importing_state", message("Importing country"), "choice", "any_state"),
)
JsonBody = dict[str, Any]


def _find(actor: Actor, permit_id: UUID) -> Subject:
    view = permit_queries.get_permit(actor, permit_id)
    kind = names.label("permit_kind", view.permit.kind, actor.language)
    return Subject(view, f"{kind} {view.permit.number}", view.permit.owner_state, view.status)


def _detail(actor: Actor, subject: Subject) -> JsonBody:
    """Return counterparts, shipments, discrepancies and unknown words of a permit."""
    view, permit = subject.view, subject.view.permit
    under: Any = ()
    if permit.kind != "in_transit" and Permission.SHIPMENT_READ in actor.permissions:
        under = shipment_queries.list_permit_shipments(
            actor, {}, MAX_SHIPMENTS, None, permit.id
        ).items
    lines = [(f"lines.{line.line}", line) for line in view.lines]
    is_own = permit.owner_state == actor.state
    is_proposed = permit.status == "proposed" and "done" in request.args
    return ({"success": PROPOSED} if is_proposed else {}) | {
        "permit": permit,
        "is_unissued": permit.status in UNISSUED_STATUSES,
        "awaited": _awaited(actor, permit),
        "may_copy": paper_facts.may_have_copy(actor, permit.owner_state),
        "no_copy": with_state_names(
            Message(paper_facts.NO_COPIES.text, {"state": permit.owner_state})
        ),
        "under": under,
        "may_ship": Permission.SHIPMENT_RECORD in actor.permissions
        and shipments.certificate_problem(actor, permit) is None,
        "most": MAX_SHIPMENTS,
        "related": lookup.related_permits(actor, [permit]),
        "discrepancies": related_discrepancies(actor, permit.id),
        "unresolved": UNRESOLVED_STATUSES,
        "remarks": remarks_on_rows(lines, actor.language) if is_own else [],
    }


def _review(actor: Actor, subject: Subject) -> JsonBody:
    """Return what a permit's page shows, and the status of its parties in the registers."""
    verdicts = licensing.list_verdicts(actor, subject.view.permit)
    return {**_detail(actor, subject), "verdicts": verdicts}


def requested_kind() -> str:
    """Return the document kind of the address; `import` by default."""
    kind = request.args.get("kind", "import")
    return kind if kind in PERMIT_KINDS else "import"


def _show_form(actor: Actor, form: Form | None) -> JsonBody:
    kind = requested_kind()
    form = form or blank_permit_form(actor, kind)
    if request.method == "GET" and (other := parse_id(request.args.get("of", ""))):
        view = permit_queries.get_permit(actor, other)
        form.values |= repeated_values(view) if view.is_own else counterpart_values(view)
    return {"kind": kind, "form": form, "most": MAX_LINES}


def _awaited(actor: Actor, permit: Any) -> tuple[str, str] | None:
    """Return the address and kind of the own permit that another state's waits for."""
    kinds = {permit.importing_state: "import", permit.exporting_state: "export"}
    kind = kinds.get(actor.own_state())
    waits = permit.counterpart_status == "awaiting_counterpart" and permit.status == "issued"
    may = Permission.PERMIT_RECORD in actor.permissions and permit.owner_state != actor.state
    if not (kind and kind != permit.kind and waits and may):
        return None
    return url_for("licensing.permit_form", kind=kind, of=permit.id), kind


def _issue(actor: Actor, form: Form) -> str:
    kind = requested_kind()
    data = form.load(
        PermitRequest(),
        lambda body: _complete(actor, body, kind, form),
        required=_needed_types(form),
    )
    return PERMITS.address(permits.record(actor=actor, data=data), done="issued")


def _needed_types(form: Form) -> list[str]:
    """Return the fields of types that lines for firearms need."""
    lines = [f"lines.{at}." for at in form.row_numbers("lines")]
    return [f"{line}type" for line in lines if form.get(f"{line}category") in ("", "firearm")]


def blank_permit_form(actor: Actor, kind: str) -> Form:
    """Return a form with default values."""
    on = today(actor)
    return Form(
        {
            "number": propose_permit_number(actor, kind),
            "issued_on": on.isoformat(),
            "expires_on": last_valid_day(on).isoformat(),
            "authority.agency": choices.first_available(choices.agencies(actor), actor.agency),
            "document_kind": "certificate",
            "regime": "permanent",
            "exporter.kind": "manufacturer" if kind == "import" else "dealer",
            "importer.kind": "dealer",
            "plan.mode": "road",
        }
    )


def _complete(actor: Actor, body: JsonBody, kind: str, form: Form) -> None:
    """Complete the JSON; a firm of a register that is named alone gets its licence."""
    complete_permit(body, actor.own_state(), kind, form)
    licences = {
        (firm.licensee.owner_state, firm.name): firm.licensee.number
        for firm in choices.firms(actor)
    }
    for party in filter(None, map(body.get, licensing.PARTY_ROLES)):
        number = licences.get((party["country"], party.get("name")))
        if number and not party.get("licence"):
            party["licence"] = number


def complete_permit(body: JsonBody, own_state: str, kind: str, form: Form) -> None:
    """Complete the JSON of an own permit: kind, states, parties, lines, transit."""
    body["kind"] = kind
    if kind == "import":
        body["importing_state"] = own_state
    if kind == "export":
        body["exporting_state"] = own_state
    _complete_parties(body, own_state)
    for name, state in (("import_permit", "importing_state"), ("export_permit", "exporting_state")):
        if name in body:
            body[name].setdefault("state", body.get(state, own_state))
    body["lines"] = [
        {"category": firearm_category(line)} | line | {"line": number}
        for number, line in enumerate(body.get("lines") or [{}], 1)
    ]
    _complete_transit(body, own_state, kind, form)


def _complete_parties(body: JsonBody, own_state: str) -> None:
    """Set missing countries of parties; the importer is the final consignee by default."""
    importing = body.get("importing_state", own_state)
    countries = {
        "exporter": body.get("exporting_state", own_state),
        "importer": importing,
        "final_consignee": importing,
        "broker": own_state,
    }
    for name, state in countries.items():
        if body.get(name):
            body[name].setdefault("country", state)
    if not body.get("final_consignee"):
        body["final_consignee"] = body["importer"]


def _complete_transit(body: JsonBody, own_state: str, kind: str, form: Form) -> None:
    rows = _transit_rows(form)
    states = [names.find_state(state) or state for state, _ in rows]
    if kind == "in_transit" and own_state not in states:
        states.append(own_state)
    body["transit_states"] = states
    body["transit_permits"] = [
        {"state": state, "number": number}
        for state, (_, number) in zip(states, rows, strict=False)
        if number
    ]


def _transit_rows(form: Form) -> list[tuple[str, str]]:
    rows = [
        (form.get(f"transit.{at}.state"), form.get(f"transit.{at}.number"))
        for at in form.row_numbers("transit")
    ]
    return [row for row in rows if any(row)]


def errors_by_form_field(form: Form) -> dict[str, list[str]]:
    """Return the errors by field of the form, not of the document."""
    errors: dict[str, list[str]] = {}
    for path, texts in form.errors.items():
        if path.startswith("final_consignee.") and not form.has_values("final_consignee."):
            continue  # it is the importer's, and shown there
        errors.setdefault(_form_field(path, form), []).extend(texts)
    return errors


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


PERMITS = DocumentPages(
    licensing_pages,
    "permit",
    "/permits",
    message("Permits"),
    _find,
    ACTIONS,
    {"issued": message("The document is issued.")},
    parent=LICENSING,
)
PERMITS.add_list(PermitQuery, permit_queries.list_permits, FILTERS, item=PermitResponse)
PERMITS.add_detail(_detail)
PERMITS.add_form(
    Permission.PERMIT_RECORD,
    _show_form,
    _issue,
    rows={"lines": "type", "transit": "state"},
    labels={"confirm_unregistered": message("Issue it although no register knows a party")},
    correct_errors=errors_by_form_field,
    review=_review,
)


LICENSEE_FILTERS = (
    Field("name", message("Name"), max_length=100),
    Field("state", message("State"), "choice", "participant", blank=message("Your state")),
    Field("role", message("Role"), "choice", "licensee_role"),
    Field("status", message("Status"), "choice", "licensee_status"),
)
MAX_LISTED = 50


def _find_licensee(actor: Actor, licensee_id: UUID) -> Subject:
    view = licensees.get_licensee(actor, licensee_id)
    row, party = view.licensee, view.parties.get(view.licensee.party_id)
    return Subject(view, (party and party.name) or row.number, row.owner_state, row.status)


def _licensee_detail(actor: Actor, subject: Subject) -> dict[str, Any]:
    """Return the permits that name a licensee, their shipments, and what is open about both."""
    filters, may = {"licensee": subject.view.licensee.id}, actor.permissions
    permits: Sequence[Any] = ()
    shipments: Sequence[Any] = ()
    discrepancies: Sequence[Any] = ()
    if Permission.PERMIT_READ in may:
        permits = permit_queries.list_permits(actor, filters, MAX_LISTED, None).items
    if Permission.SHIPMENT_READ in may:
        shipments = shipment_queries.list_shipments(actor, filters, MAX_LISTED, None).items
    if Permission.DISCREPANCY_READ in may:
        ids = [view.permit.id for view in permits] + [view.shipment.id for view in shipments]
        open_ones = {"waiting": True, "subject_ids": ids}
        discrepancies = discrepancy_queries.list_discrepancies(
            actor, open_ones, MAX_LISTED, None
        ).items
    return {
        "licensee": subject.view.licensee,
        "party": subject.view.parties.get(subject.view.licensee.party_id),
        "permits": permits,
        "shipments": shipments,
        "discrepancies": discrepancies,
        "most": MAX_LISTED,
    }


LICENSEES = DocumentPages(
    licensing_pages,
    "licensee",
    "/licensees",
    message("Licensees"),
    _find_licensee,
    parent=LICENSING,
)
LICENSEES.add_list(
    PublishedLicenseeQuery,
    licensees.list_published,
    LICENSEE_FILTERS,
    item=PublishedLicenseeResponse,
)
LICENSEES.add_detail(_licensee_detail)
