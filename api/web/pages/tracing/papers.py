"""Printed papers of a trace: report, forms for other channels."""

from __future__ import annotations

from uuid import UUID

from werkzeug import Response

from api.routes.traces import get_leg_form, get_leg_form_csv, get_trace_report
from api.web.access import login_required
from api.web.blueprints import tracing_pages
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor


@tracing_pages.get("/traces/<uuid:trace_id>/report.pdf")
@login_required
def trace_report_pdf(actor: Actor, trace_id: UUID) -> Response:
    """Return the report of a trace."""
    require(actor, Permission.TRACE_READ)
    return get_trace_report(actor, trace_id)


@tracing_pages.get("/traces/<uuid:trace_id>/legs/<uuid:leg_id>/form.pdf")
@login_required
def leg_form_pdf(actor: Actor, trace_id: UUID, leg_id: UUID) -> Response:
    """Return the form for a non-participating state."""
    require(actor, Permission.TRACE_REQUEST)
    return get_leg_form(actor, trace_id, leg_id)


@tracing_pages.get("/traces/<uuid:trace_id>/legs/<uuid:leg_id>/form.csv")
@login_required
def leg_form_csv(actor: Actor, trace_id: UUID, leg_id: UUID) -> Response:
    """Return the leg's fields of ATF F 3312.1 as CSV."""
    require(actor, Permission.TRACE_REQUEST)
    return get_leg_form_csv(actor, trace_id, leg_id)
