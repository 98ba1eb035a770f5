"""List of permits, a permit's page, issuing.

The form shows only the fields of the chosen document (Model Regulations 2.2-4.2).
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template, request, url_for

from api.schemas.permits import PermitQuery, PermitRequest
from api.web import actions, choices, listing, prefill, submission
from api.web.access import login_required, login_required_for_form, render_again
from api.web.blueprints import licensing_pages
from api.web.forms import Form
from api.web.pages.licensing import discrepancies, permit_actions
from api.web.prefill import complete_permit, errors_by_form_field
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.codes import PERMIT_KINDS
from salsa_ext.core.errors import message
from salsa_ext.reference.calendars import actor_zone, today
from salsa_ext.reference.suggestions import WordRemark, remarks_on_rows
from salsa_ext.trade import lookup
from salsa_ext.trade.permits import permits
from salsa_ext.trade.permits import queries as permit_queries
from salsa_ext.trade.shipments import queries as shipment_queries
from salsa_ext.worklists.desk import propose_permit_number

MAX_SHIPMENTS = 50
SUCCESS_MESSAGES = permit_actions.SUCCESS_MESSAGES | {"issued": message("The document is issued.")}


@licensing_pages.get("/permits")
@login_required
def permit_list(actor: Actor) -> str:
    """List the permits that concern the state, newest first."""
    asked = listing.read_filters(PermitQuery)
    page = permit_queries.list_permits(actor, asked.filters, listing.PAGE_SIZE, asked.cursor)
    return render_template(
        "licensing/permits.html",
        actor=actor,
        form=asked.form,
        page=page,
        choices=choices,
        onward=listing.next_page_address(page.next),
        states=choices.states(),
    )


@licensing_pages.get("/permits/<uuid:permit_id>")
@login_required
def permit_page(actor: Actor, permit_id: UUID) -> str:
    """Show a permit with status, quotas, counterparts and shipments."""
    view = permit_queries.get_permit(actor, permit_id)
    under: Any = ()
    subject = permit_actions.permit_subject(actor, view)
    if view.permit.kind == "export" and Permission.SHIPMENT_READ in actor.permissions:
        under = shipment_queries.list_permit_shipments(
            actor, {}, MAX_SHIPMENTS, None, permit_id
        ).items
    return render_template(
        "licensing/permit.html",
        actor=actor,
        view=view,
        permit=view.permit,
        under=under,
        most=MAX_SHIPMENTS,
        related=lookup.related_permits(actor, view.permit),
        done=SUCCESS_MESSAGES.get(request.args.get("done", "")),
        zone=actor_zone(actor),
        now=actor.now(),
        doings=actions.available_actions(permit_actions.ACTIONS, actor, subject),
        subject=subject,
        doubts=discrepancies.related_discrepancies(actor, permit_id),
        remarks=_unknown_words(actor, view),
    )


def _unknown_words(actor: Actor, view: permit_queries.PermitView) -> list[WordRemark]:
    """Return unknown words in the lines of an own permit."""
    if view.permit.owner_state != actor.state:
        return []
    return remarks_on_rows(((f"lines.{line.line}", line) for line in view.lines), actor.language)


MAX_LINES = 50


def requested_kind() -> str:
    """Return the document kind of the address; `import` by default."""
    kind = request.args.get("kind", "import")
    return kind if kind in PERMIT_KINDS else "import"


@licensing_pages.get("/permits/new")
@login_required
def issue_form(actor: Actor) -> str:
    """Show the form with usual values."""
    require(actor, Permission.PERMIT_RECORD)
    return _render_permit_form(actor, requested_kind(), blank_permit_form(actor, requested_kind()))


@licensing_pages.post("/permits/new")
@login_required_for_form
def issue(actor: Actor) -> Any:
    """Issue the permit and redirect to it.

    Shows the form with 422 or 409 if refused.
    """
    require(actor, Permission.PERMIT_RECORD)
    kind, form = requested_kind(), submission.read_form()
    for rows in ("lines", "transit"):
        form.close_up(rows)
    if form.get("do") == "add":
        return render_again(actor, lambda: _render_permit_form(actor, kind, _add_line(form)))
    done = submission.submit(form, actor, lambda: _issue(actor, kind, form))
    form.errors = errors_by_form_field(form)
    return done or (
        render_again(actor, lambda: _render_permit_form(actor, kind, form)),
        form.status,
    )


def _issue(actor: Actor, kind: str, form: Form) -> str:
    data = form.load(
        PermitRequest(), lambda body: complete_permit(body, actor.own_state(), kind, form)
    )
    permit_id = permits.record(actor=actor, data=data)
    return url_for("licensing.permit_page", permit_id=permit_id, done="issued")


def blank_permit_form(actor: Actor, kind: str) -> Form:
    """Return a form with default values.

    Today, one year of validity, the next number, the own agency.
    """
    on = today(actor)
    agencies = choices.agencies(actor)
    return Form(
        {
            "number": propose_permit_number(actor, kind),
            "issued_on": on.isoformat(),
            "expires_on": prefill.last_valid_day(on).isoformat(),
            "authority.agency": choices.first_available(agencies, actor.agency),
            "document_kind": "certificate",
            "regime": "permanent",
            "exporter.kind": "manufacturer" if kind == "import" else "dealer",
            "importer.kind": "dealer",
            "plan.mode": "road",
        }
    )


def _add_line(form: Form) -> Form:
    rows = form.rows("lines")
    if len(rows) < MAX_LINES:
        form.opened = f"lines.{len(rows)}.type"
        form.values[form.opened] = ""
    return form


def _render_permit_form(actor: Actor, kind: str, form: Form) -> str:
    return render_template(
        "licensing/permit_new.html",
        actor=actor,
        kind=kind,
        form=form,
        choices=choices,
        states=choices.states(excluded=actor.state),
        agencies=choices.agencies(actor),
        suggest=choices.suggestions(actor),
        most=MAX_LINES,
    )
