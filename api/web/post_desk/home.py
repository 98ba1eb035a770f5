"""The desk itself: what is due, and what can be done with one hand."""

from __future__ import annotations

from flask import request

from api.web.post_desk.blueprint import blueprint
from api.web.post_desk.here import Here, page, render
from api.web.post_desk.offices import offices_of
from salsa_ext.errors import say
from salsa_ext.readmodels import passages, trucks
from salsa_ext.readmodels.crossings import MOST
from salsa_ext.values.actor import Actor
from salsa_ext.values.zones import date_in

DONE = {"call": say("The other side is asked to call."), "photo": say("The photograph is kept.")}


@blueprint.get("/posts/<slug:code>/desk")
@page
def home(actor: Actor, here: Here) -> str:
    """Show what is late and due here, what was ticked today, what can be done, and whom to call."""
    late, due = trucks.due(actor, here.post)
    ticked = passages.on_day(here.post, date_in(actor.now(), here.own.zone), here.own.zone)
    return render("home", actor, here, late=late, due=due, ticked=ticked, most=MOST,
                  offices=offices_of(actor, here.other.state, here.code),
                  done=DONE.get(request.args.get("done", "")))  # fmt: skip
