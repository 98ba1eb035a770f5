"""Home of the licensing pages: search box and work lists."""

from __future__ import annotations

from flask import render_template, request

from api.web import choices
from api.web.access import login_required
from api.web.blueprints import licensing_pages
from salsa_ext.core.actor import Actor
from salsa_ext.reference.calendars import actor_zone
from salsa_ext.trade import lookup
from salsa_ext.worklists import desk


@licensing_pages.get("/")
@login_required
def home(actor: Actor) -> str:
    """Show the search box and the open work of the state."""
    return render_template(
        "licensing/home.html",
        actor=actor,
        desk=desk.get_desk(actor),
        most=desk.MAX_LISTED,
        choices=choices,
    )


@licensing_pages.get("/find")
@login_required
def search(actor: Actor) -> str:
    """Show permits and shipments that match the typed text."""
    wanted = request.args.get("q", "").replace("\x00", "").strip()
    return render_template(
        "licensing/search.html",
        actor=actor,
        wanted=wanted,
        now=actor.now(),
        zone=actor_zone(actor),
        found=lookup.find_documents(actor, wanted),
    )
