"""What of a trace is printed: its report, and the forms for states that take no part."""

from __future__ import annotations

from uuid import UUID

from werkzeug import Response

from api import tables
from api.handed import attached, pdf
from api.resources.traces import form_of, trace_report
from api.web.access import signed_in
from api.web.console.blueprint import blueprint
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.values.actor import Actor


@blueprint.get("/traces/<uuid:trace_id>/report.pdf")
@signed_in
def report(actor: Actor, trace_id: UUID) -> Response:
    """Give the report of a trace."""
    require(actor, Permission.TRACE_READ)
    return pdf(*trace_report(actor, trace_id))


@blueprint.get("/traces/<uuid:trace_id>/legs/<uuid:leg_id>/form.pdf")
@signed_in
def leg_form(actor: Actor, trace_id: UUID, leg_id: UUID) -> Response:
    """Give the form to send to a state that takes no part."""
    require(actor, Permission.TRACE_REQUEST)
    return pdf(form_of(actor, trace_id, leg_id, "pdf").body, f"leg-{leg_id}")


@blueprint.get("/traces/<uuid:trace_id>/legs/<uuid:leg_id>/form.csv")
@signed_in
def leg_fields(actor: Actor, trace_id: UUID, leg_id: UUID) -> Response:
    """Give the fields of ATF F 3312.1 for it."""
    require(actor, Permission.TRACE_REQUEST)
    made = form_of(actor, trace_id, leg_id, "csv")
    return attached(made.body, tables.CSV, f"leg-{leg_id}.csv")
