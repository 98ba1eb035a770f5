"""Shipments on the desk: the list, and one with where it is, when it is due and what arrived."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import render_template, request

from api.schemas.shipments import ShipmentQuery
from api.web.access import signed_in
from api.web.desk import choices, discrepancies, doings, listing, movements
from api.web.desk.blueprint import blueprint
from salsa_ext.readmodels import finding
from salsa_ext.readmodels import shipments as reading
from salsa_ext.readmodels.days import zone_of
from salsa_ext.readmodels.shipments import ShipmentView
from salsa_ext.values.actor import Actor

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True)
class Step:
    """A stage of the journey: when it was expected, and each tick of it."""

    stage: str
    post: str | None
    expected_at: datetime | None
    ticks: tuple[Any, ...] = ()


@blueprint.get("/shipments")
@signed_in
def shipments(actor: Actor) -> str:
    """Show the shipments that concern the state, newest first, by the filters of the address."""
    zone = zone_of(actor)
    asked = listing.asked(ShipmentQuery, **_due(request.args.get("due_before", ""), zone))
    page = reading.list_shipments(actor, asked.filters, listing.LIMIT, asked.cursor)
    return render_template(
        "desk/shipments.html", actor=actor, form=asked.form, page=page, choices=choices,
        onward=listing.address(page.next), zone=zone, now=actor.now(),
    )  # fmt: skip


def _due(day: str, zone: str) -> dict[str, str]:
    """Return the moment at which a day begins in a zone, where a day was typed."""
    if not DAY.fullmatch(day):
        return {}
    try:
        return {
            "due_before": datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone)).isoformat()
        }
    except ValueError:
        return {}


@blueprint.get("/shipments/<uuid:shipment_id>")
@signed_in
def shipment(actor: Actor, shipment_id: UUID) -> str:
    """Show one shipment."""
    view = finding.get_shipment(actor, shipment_id)
    subject = movements.as_subject(view)
    items = finding.first_items(actor, shipment_id)
    return render_template(
        "desk/shipment.html", actor=actor, view=view, shipment=view.shipment, items=items,
        steps=journey(view), posts=choices.posts(actor), now=actor.now(),
        zone=zone_of(actor), done=movements.DONE.get(request.args.get("done", "")), subject=subject,
        doings=doings.offered(movements.DOINGS, actor, subject),
        doubts=discrepancies.about(actor, shipment_id),
    )  # fmt: skip


def journey(view: ShipmentView) -> list[Step]:
    """Return the stages in the order of their times: those expected, and ticks that nobody expected."""
    left = list(view.checkpoints)
    steps = []
    for entry in sorted(view.shipment.expected, key=lambda entry: str(entry["at"])):
        here = tuple(tick for tick in left if _is_of(tick, entry))
        left = [tick for tick in left if tick not in here]
        at = datetime.fromisoformat(entry["at"])
        steps.append(Step(entry["stage"], entry.get("post"), at, here))
    steps += [Step(tick.stage, tick.post, None, (tick,)) for tick in left]
    return sorted(steps, key=_moment)


def _is_of(tick: Any, entry: dict[str, Any]) -> bool:
    same_place = None in (tick.post, entry.get("post")) or tick.post == entry["post"]
    return bool(tick.stage == entry["stage"] and same_place)


def _moment(step: Step) -> datetime:
    moment: datetime = step.expected_at or step.ticks[0].occurred_at
    return moment
