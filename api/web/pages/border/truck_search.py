"""Search for a truck by plate, number or paper; its sheet."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request

from api.http.context import transaction
from api.web.access import count_notifications
from api.web.blueprints import border_pages
from api.web.pages.border import truck as border_truck
from api.web.pages.border import truck_warnings
from api.web.pages.border.current_post import CurrentPost, post_form, post_page, render_page
from salsa_ext.access.paper_tokens import TOKEN_PREFIX
from salsa_ext.boards import crossings
from salsa_ext.boards.crossings import LookupResult
from salsa_ext.core.actor import Actor
from salsa_ext.papers import commands as paper_commands
from salsa_ext.papers.commands import Verification
from salsa_ext.trade import lookup


@border_pages.get("/posts/<slug:code>/desk/find")
@post_page
def search_trucks(actor: Actor, here: CurrentPost) -> str:
    """Show the trucks with a typed plate or number."""
    wanted = request.args.get("q", "").replace("\x00", "").strip()
    found = crossings.find_trucks(actor, here.post, wanted) if wanted else None
    return render_page("search", actor, here, wanted=wanted, found=found, paper=None)


@border_pages.post("/posts/<slug:code>/desk/find")
@post_form
def scan_paper(actor: Actor, here: CurrentPost) -> Any:
    """Verify a scanned paper and show its truck.

    The code is sent in the body, not in the address.
    """
    typed = "".join(request.form.get("q", "").replace("\x00", "").split())
    with transaction(actor):
        count_notifications(actor)
        if not typed.upper().startswith(f"{TOKEN_PREFIX}."):
            found = crossings.find_trucks(actor, here.post, request.form["q"].replace("\x00", ""))
            return render_page("search", actor, here, wanted=typed, found=found, paper=None)
        paper = paper_commands.verify_token(actor=actor, text=typed.upper())
        return render_page(
            "search",
            actor,
            here,
            wanted="",
            found=_trucks_of_paper(actor, here, paper),
            paper=paper,
        )


def _trucks_of_paper(actor: Actor, here: CurrentPost, paper: Verification) -> LookupResult | None:
    """Return the trucks of a paper, for states concerned."""
    if paper.claims is None:
        return None
    return crossings.find_trucks(actor, here.post, paper.claims.number)


@border_pages.get("/posts/<slug:code>/desk/shipments/<uuid:shipment_id>")
@post_page
def truck_sheet(actor: Actor, here: CurrentPost, shipment_id: UUID) -> str:
    """Show a truck: permit, checkpoints, seals, goods, next checkpoint."""
    truck, done = crossings.get_truck(actor, here.post, shipment_id), request.args.get("done", "")
    return render_page(
        "truck",
        actor,
        here,
        truck=truck,
        items=lookup.first_items(actor, shipment_id),
        form=border_truck.new_task_form(truck),
        done=border_truck.SUCCESS_MESSAGES.get(done),
        tasks=border_truck.available_tasks(actor, here, truck),
        tick=border_truck.TASKS["tick"],
        warned=truck_warnings.side_warnings(here, truck) if done == "tick" else [],
        **border_truck.truck_context(actor, here, truck),
    )
