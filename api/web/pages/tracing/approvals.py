"""The page of the own state's traces that wait for a second person."""

from __future__ import annotations

from flask import render_template

from api.web import listing
from api.web.access import login_required
from api.web.blueprints import tracing_pages
from salsa_ext.core.actor import Actor
from salsa_ext.reference.calendars import actor_zone
from salsa_ext.tracing.traces import queries as trace_queries


@tracing_pages.get("/approvals")
@login_required
def approvals(actor: Actor) -> str:
    """Show the drafts of the own state that wait to be approved, newest first."""
    waiting = trace_queries.list_to_approve(actor, listing.PAGE_SIZE)
    return render_template(
        "tracing/approvals.html", actor=actor, waiting=waiting, zone=actor_zone(actor)
    )
