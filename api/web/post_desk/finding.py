"""Finding a truck: by its plate, a number, or the code of its paper; and the sheet of one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request

from api.transaction import transaction
from api.web.access import count_waiting
from api.web.post_desk import doubts, moving
from api.web.post_desk.blueprint import blueprint
from api.web.post_desk.here import Here, form, page, render
from salsa_ext.readmodels import finding, trucks
from salsa_ext.readmodels.trucks import Found
from salsa_ext.services import papers
from salsa_ext.services.papers import Verification
from salsa_ext.values.actor import Actor
from salsa_ext.values.tokens import PREFIX


@blueprint.get("/posts/<slug:code>/desk/find")
@page
def find(actor: Actor, here: Here) -> str:
    """Show what carries the plate or number that was typed."""
    wanted = request.args.get("q", "").replace("\x00", "").strip()
    found = trucks.find(actor, here.post, wanted) if wanted else None
    return render("found", actor, here, wanted=wanted, found=found, paper=None)


@blueprint.post("/posts/<slug:code>/desk/find")
@form
def scan(actor: Actor, here: Here) -> Any:
    """Check the code of a paper, and show what it is of; nothing of it stands in the address."""
    typed = "".join(request.form.get("q", "").replace("\x00", "").split())
    with transaction(actor):
        count_waiting(actor)
        if not typed.upper().startswith(f"{PREFIX}."):
            found = trucks.find(actor, here.post, request.form["q"].replace("\x00", ""))
            return render("found", actor, here, wanted=typed, found=found, paper=None)
        paper = papers.verify(actor=actor, text=typed.upper())
        return render("found", actor, here, wanted="", found=_of(actor, here, paper), paper=paper)


def _of(actor: Actor, here: Here, paper: Verification) -> Found | None:
    """Return the trucks that a paper is of, for a state that it concerns."""
    if paper.claims is None:
        return None
    return trucks.find(actor, here.post, paper.claims.number)


@blueprint.get("/posts/<slug:code>/desk/shipments/<uuid:shipment_id>")
@page
def sheet(actor: Actor, here: Here, shipment_id: UUID) -> str:
    """Show one truck: its permit, both ticks, seals and contents, and the tick of the own side."""
    truck, done = trucks.get(actor, here.post, shipment_id), request.args.get("done", "")
    return render(
        "sheet", actor, here, truck=truck, items=finding.first_items(actor, shipment_id),
        form=moving.opened(truck), done=moving.DONE.get(done),
        tasks=moving.offered(actor, here, truck), tick=moving.TASKS["tick"],
        warned=doubts.warnings(here, truck) if done == "tick" else [], **moving.told_of(actor, here, truck),
    )  # fmt: skip
