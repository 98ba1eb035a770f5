"""The page of the own state's traces that wait for a second person."""

from __future__ import annotations

from flask import render_template

from api.web.access import signed_in
from api.web.console.blueprint import blueprint
from api.web.desk import listing
from salsa_ext.readmodels import traces
from salsa_ext.readmodels.days import zone_of
from salsa_ext.values.actor import Actor


@blueprint.get("/approvals")
@signed_in
def approvals(actor: Actor) -> str:
    """Show the drafts of the own state that wait to be approved, newest first."""
    waiting = traces.waiting_here(actor, listing.LIMIT)
    return render_template(
        "console/approvals.html", actor=actor, waiting=waiting, zone=zone_of(actor)
    )
