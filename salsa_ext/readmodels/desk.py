"""What waits at the licensing desk of a state, and the number that its next document takes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Select, select

from salsa_ext.db import db
from salsa_ext.models import Permit, Shipment
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.days import today, zone_of
from salsa_ext.readmodels.discrepancies import DiscrepancyView, list_discrepancies
from salsa_ext.readmodels.permits import PermitView, views
from salsa_ext.readmodels.shipments import UNDER_WAY, ShipmentView
from salsa_ext.readmodels.shipments import views as shipment_views
from salsa_ext.values.actor import Actor

AHEAD: Final = timedelta(days=7)
EXPIRING: Final = timedelta(days=30)
MOST: Final = 20
LETTERS: Final = {"import": "I", "in_transit": "T", "export": "E"}
TRIES: Final = 50


@dataclass(frozen=True)
class Desk:
    """What somebody has to see to; each list is cut at MOST.

    `awaiting` and `differing` are permits in force that concern the state, the newest first;
    `expiring` are its own, `late` and `due` every shipment that concerns it, `doubts` the
    discrepancies that wait, where the reader may see them.
    """

    as_of: datetime
    today: date
    zone: str
    awaiting: Sequence[PermitView]
    differing: Sequence[PermitView]
    expiring: Sequence[PermitView]
    late: Sequence[ShipmentView]
    due: Sequence[ShipmentView]
    doubts: Sequence[DiscrepancyView]


def get_desk(actor: Actor) -> Desk:
    """Return what waits for the actor's state, the most urgent first."""
    require(actor, Permission.PERMIT_READ)
    now, on = actor.now(), today(actor)
    return Desk(
        as_of=now,
        today=on,
        zone=zone_of(actor),
        awaiting=_standing(actor, on, "awaiting_counterpart"),
        differing=_standing(actor, on, "mismatch", "over_quantity"),
        expiring=_expiring(actor, on),
        late=_shipments(actor, Shipment.due_at < now),
        due=_shipments(actor, Shipment.due_at.between(now, now + AHEAD)),
        doubts=_doubts(actor),
    )


def _standing(actor: Actor, on: date, *wanted: str) -> list[PermitView]:
    """Return permits of a standing; one whose findings the reader may not know is none of them."""
    query = select(Permit).where(
        Permit.status == "issued", Permit.last_day >= on, Permit.standing.in_(wanted)
    )
    found = db.session.scalars(query.order_by(Permit.id.desc()).limit(MOST)).all()
    return [view for view in views(actor, found) if view.standing in wanted]


def _doubts(actor: Actor) -> Sequence[DiscrepancyView]:
    if Permission.DISCREPANCY_READ not in actor.permissions:
        return ()
    return list_discrepancies(actor, {"waiting": True}, MOST, None).items


def _expiring(actor: Actor, on: date) -> list[PermitView]:
    query = select(Permit).where(
        Permit.owner_state == actor.state, Permit.status == "issued",
        Permit.last_day.between(on, on + EXPIRING),
    )  # fmt: skip
    return views(actor, db.session.scalars(query.order_by(Permit.last_day).limit(MOST)).all())


def _shipments(actor: Actor, when: Any) -> list[ShipmentView]:
    query = select(Shipment).where(Shipment.status.in_((*UNDER_WAY, "held")), when)
    return shipment_views(
        actor, db.session.scalars(query.order_by(Shipment.due_at).limit(MOST)).all()
    )


def next_number(actor: Actor, kind: str) -> str:
    """Return a free number for a permit: it follows the state's last of the kind.

    A state that has none yet, and one in whose numbers a new year begins, is proposed
    `PRY-I-2026-0001`. Only a proposal: the command refuses a number that was taken meanwhile.
    """
    require(actor, Permission.PERMIT_READ)
    own = select(Permit.number).where(Permit.owner_state == actor.state, Permit.kind == kind)
    return _next(actor, own, Permit, LETTERS[kind])


def next_shipment(actor: Actor) -> str:
    """Return a free number for a shipment in the same way."""
    require(actor, Permission.SHIPMENT_READ)
    own = select(Shipment.number).where(Shipment.owner_state == actor.state)
    return _next(actor, own, Shipment, "S")


def _next(actor: Actor, own: Select[Any], model: type[Permit] | type[Shipment], letter: str) -> str:
    year = today(actor).year
    last = db.session.scalar(own.order_by(model.id.desc()).limit(1))
    start = following(last, year) or f"{actor.state}-{letter}-{year}-0001"
    candidates = [start]
    for _ in range(TRIES):
        candidates.append(_plus_one(candidates[-1]) or start)
    taken = set(db.session.scalars(own.where(model.number.in_(candidates))))
    return next((number for number in candidates if number not in taken), "")


def following(last: str | None, year: int) -> str | None:
    """Return the number after `last`; from 1 again where it names the year before."""
    if last is None:
        return None
    parts = re.split(rf"(?<![0-9]){year - 1}(?![0-9])", last)
    ends = re.fullmatch(r"(.*[^0-9])([0-9]+)", parts[-1])
    if len(parts) == 2 and ends:
        return f"{parts[0]}{year}{ends[1]}{'1'.zfill(len(ends[2]))}"
    return _plus_one(last)


def _plus_one(number: str) -> str | None:
    ends = re.fullmatch(r"(.*?)([0-9]{1,12})", number)
    return f"{ends[1]}{str(int(ends[2]) + 1).zfill(len(ends[2]))}" if ends else None
