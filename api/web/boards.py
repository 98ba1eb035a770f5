"""The board of a border post as a page: for the officers of both sides, each in his own time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template

from api.web.access import signed_in
from salsa_ext.readmodels.boards import MOST, get_board
from salsa_ext.readmodels.shipments import ShipmentView
from salsa_ext.values.actor import Actor
from salsa_ext.values.codes import PRIORITIES

blueprint = Blueprint("boards", __name__)


@dataclass(frozen=True)
class Side:
    """One side of a post."""

    state: str
    place: str
    zone: str


@dataclass(frozen=True)
class Stamp:
    """The stage that a side ticks of a shipment, and the tick where there is one."""

    side: Side
    stage: str
    tick: Any | None


@blueprint.get("/posts/<slug:code>/board")
@signed_in
def board(actor: Actor, code: str) -> str:
    """Show what should arrive, what is late and what was found near by."""
    shown = get_board(actor, code)
    post = shown.post
    sides = (
        Side(post.state_a, post.place_a, post.zone_a),
        Side(post.state_b, post.place_b, post.zone_b),
    )
    own = sides[0] if actor.state == post.state_a else sides[1]
    stamps = {view.shipment.id: stamps_of(view, code, sides) for view in (*shown.late, *shown.due)}
    types = {
        near.seizure.id: Counter(item.record.type or "unknown" for item in near.items)
        for near in shown.seizures
    }
    return render_template(
        "board.html", board=shown, post=post, sides=sides, own=own, stamps=stamps, types=types,
        most=MOST, priorities=PRIORITIES,
    )  # fmt: skip


def stamps_of(view: ShipmentView, code: str, sides: tuple[Side, Side]) -> tuple[Stamp, Stamp]:
    """Return the stamp of the side that a shipment leaves here, and of the one that it enters."""
    first, second = sides
    shipment = view.shipment
    if shipment.importing_state == first.state or shipment.exporting_state == second.state:
        first, second = second, first
    leaves = "exit" if shipment.exporting_state == first.state else "transit_out"
    enters = "entry" if shipment.importing_state == second.state else "transit_in"
    return _stamp(view, code, first, leaves), _stamp(view, code, second, enters)


def _stamp(view: ShipmentView, code: str, side: Side, stage: str) -> Stamp:
    """Take the last tick: a shipment that was held and went on has two."""
    here = [
        tick
        for tick in view.checkpoints
        if (tick.owner_state, tick.stage) == (side.state, stage) and tick.post in (None, code)
    ]
    return Stamp(side, stage, here[-1] if here else None)
