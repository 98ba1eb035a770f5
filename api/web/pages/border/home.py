"""Home of the border post desk."""

from __future__ import annotations

from flask import request

from api.web.blueprints import border_pages
from api.web.pages.border.current_post import CurrentPost, post_contacts, post_page, render_page
from salsa_ext.boards import crossings
from salsa_ext.boards.crossings import MAX_ROWS
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import message
from salsa_ext.core.time import local_date

SUCCESS_MESSAGES = {
    "call": message("The other side is asked to call."),
    "photo": message("The photograph is kept."),
}


@border_pages.get("/posts/<slug:code>/desk")
@post_page
def desk_home(actor: Actor, here: CurrentPost) -> str:
    """Show shipments late, due and checked today, tasks, contacts."""
    late, due = crossings.late_and_due_trucks(actor, here.post)
    ticked = crossings.checkpoints_of_day(
        here.post, local_date(actor.now(), here.own.zone), here.own.zone
    )
    return render_page(
        "home",
        actor,
        here,
        late=late,
        due=due,
        ticked=ticked,
        most=MAX_ROWS,
        offices=post_contacts(actor, here.other.state, here.code),
        done=SUCCESS_MESSAGES.get(request.args.get("done", "")),
    )
