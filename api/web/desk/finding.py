"""The home of the desk: one box that finds, what waits, and the ways to issue."""

from __future__ import annotations

from flask import render_template, request

from api.web.access import signed_in
from api.web.desk import choices
from api.web.desk.blueprint import blueprint
from salsa_ext.readmodels import desk, finding
from salsa_ext.readmodels.days import zone_of
from salsa_ext.values.actor import Actor


@blueprint.get("/")
@signed_in
def home(actor: Actor) -> str:
    """Show what waits for the state, and the box."""
    return render_template("desk/home.html", actor=actor, desk=desk.get_desk(actor),
                           most=desk.MOST, choices=choices)  # fmt: skip


@blueprint.get("/find")
@signed_in
def find(actor: Actor) -> str:
    """Show the permits and shipments that carry what was typed."""
    wanted = request.args.get("q", "").replace("\x00", "").strip()
    return render_template("desk/found.html", actor=actor, wanted=wanted, now=actor.now(),
                           zone=zone_of(actor),
                           found=finding.find(actor, wanted))  # fmt: skip
