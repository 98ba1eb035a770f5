"""Work list of the licensing desk, and proposals for document numbers."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Select, and_, func, select

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.database.session import db
from salsa_ext.documents.models import DocumentNumber
from salsa_ext.reference.calendars import actor_zone, today
from salsa_ext.trade.discrepancies.queries import view_discrepancies
from salsa_ext.trade.permits.models import Permit
from salsa_ext.trade.permits.queries import PermitView, view_permits
from salsa_ext.trade.shipments.models import Shipment
from salsa_ext.trade.shipments.queries import OPEN_STATUSES, ShipmentView, awaits_receipt
from salsa_ext.trade.shipments.queries import view_shipments as shipment_views
from salsa_ext.worklists.tasks import LONG_LATE, Waiting, find_waiting

DUE_WITHIN: Final = timedelta(days=7)
EXPIRES_WITHIN: Final = timedelta(days=30)
MAX_LISTED: Final = 20
NUMBER_LETTERS: Final = {"import": "I", "in_transit": "T", "export": "E"}
MAX_TRIES: Final = 50
SERIES: Final = re.compile(r"(?![0-9]{8}-[0-9A-F]{6}$)(.*[^0-9])[0-9]{1,12}")
"""A number in a series; not that of a form without one: day and part of its token."""


@dataclass(frozen=True)
class LicensingDesk:
    """Open work of the licensing desk; at most MAX_LISTED entries each.

    `waiting` are views of what waits for the own state, by kind of task: counted and ordered as on
    home. `awaiting` are own permits without a counterpart; `differing` valid permits that concern
    the state, newest first; `expiring` its own; `late` other late shipments; `due` all
    shipments that concern it.
    """

    as_of: datetime
    today: date
    zone: str
    waiting: Mapping[str, Waiting]
    awaiting: Sequence[PermitView]
    differing: Sequence[PermitView]
    expiring: Sequence[PermitView]
    late: Sequence[ShipmentView]
    due: Sequence[ShipmentView]


def get_desk(actor: Actor) -> LicensingDesk:
    """Return the open work of the actor's state, most urgent first."""
    require(actor, Permission.PERMIT_READ)
    now, on = actor.now(), today(actor)
    theirs = ~awaits_receipt(actor.own_state(), now)
    return LicensingDesk(
        as_of=now,
        today=on,
        zone=actor_zone(actor),
        waiting={kind: _waiting(actor, kind, view) for kind, view in VIEWS.items()},
        awaiting=_permits_by_comparison(
            actor, on, "awaiting_counterpart", owner_state=actor.own_state()
        ),
        differing=_permits_by_comparison(actor, on, "mismatch", "over_quantity"),
        expiring=_expiring_permits(actor, on),
        late=_open_shipments(actor, and_(theirs, Shipment.due_at < now)),
        due=_open_shipments(actor, Shipment.due_at.between(now, now + DUE_WITHIN)),
    )


VIEWS: Final[Mapping[str, Callable[..., Sequence[Any]]]] = {
    "receipt": shipment_views,
    "discrepancy": view_discrepancies,
    "permit": view_permits,
}


def _waiting(actor: Actor, kind: str, view: Callable[..., Sequence[Any]]) -> Waiting:
    """Return what waits of one kind, with views for its rows; nothing that may not be read."""
    if kind == "discrepancy" and Permission.DISCREPANCY_READ not in actor.permissions:
        return Waiting(0, 0, ())
    waiting = find_waiting(actor, kind, MAX_LISTED)
    return replace(waiting, rows=view(actor, waiting.rows))


def _permits_by_comparison(actor: Actor, day: date, *results: str, **own: str) -> list[PermitView]:
    """Return permits with these comparison results visible to the reader."""
    query = select(Permit).where(
        Permit.status == "issued", Permit.last_day >= day, Permit.counterpart_status.in_(results)
    )
    query = query.filter_by(**own)
    permits = db.session.scalars(query.order_by(Permit.id.desc()).limit(MAX_LISTED)).all()
    return [view for view in view_permits(actor, permits) if view.counterpart_status in results]


def _expiring_permits(actor: Actor, on: date) -> list[PermitView]:
    query = select(Permit).where(
        Permit.owner_state == actor.state,
        Permit.status == "issued",
        Permit.last_day.between(on, on + EXPIRES_WITHIN),
    )
    return view_permits(
        actor, db.session.scalars(query.order_by(Permit.last_day).limit(MAX_LISTED)).all()
    )


def _open_shipments(actor: Actor, when: Any) -> list[ShipmentView]:
    query = select(Shipment).where(Shipment.status.in_((*OPEN_STATUSES, "held")), when)
    query = query.order_by(Shipment.due_at < actor.now() - LONG_LATE, Shipment.due_at)
    return shipment_views(actor, db.session.scalars(query.limit(MAX_LISTED)).all())


def propose_permit_number(actor: Actor, kind: str) -> str:
    """Return a free permit number that follows the state's last one."""
    require(actor, Permission.PERMIT_READ)
    own = select(Permit.number).where(Permit.owner_state == actor.state, Permit.kind == kind)
    return _free_number(actor, own, Permit, NUMBER_LETTERS[kind])


def propose_shipment_number(actor: Actor) -> str:
    """Return a free shipment number, likewise."""
    require(actor, Permission.SHIPMENT_READ)
    own = select(Shipment.number).where(Shipment.owner_state == actor.state)
    return _free_number(actor, own, Shipment, "S")


def propose_seizure_number(actor: Actor) -> str | None:
    """Return the number after the greatest of the state's newest series; None without a series."""
    require(actor, Permission.SEIZURE_RECORD)
    own = select(DocumentNumber.number).where(
        DocumentNumber.owner_state == actor.state, DocumentNumber.kind == "seizure"
    )
    newest = db.session.scalars(own.order_by(DocumentNumber.id.desc()).limit(MAX_TRIES)).all()
    series = (SERIES.fullmatch(number) for number in newest)
    prefix = next((match[1] for match in series if match), None)
    if prefix is None:
        return None
    same = own.where(DocumentNumber.number.regexp_match(f"^{re.escape(prefix)}[0-9]{{1,12}}$"))
    greatest = same.order_by(
        func.length(DocumentNumber.number).desc(), DocumentNumber.number.desc()
    )
    return next_in_series(db.session.scalar(greatest.limit(1)), today(actor).year)


def _free_number(
    actor: Actor, own: Select[Any], model: type[Permit] | type[Shipment], letter: str
) -> str:
    year = today(actor).year
    last = db.session.scalar(own.order_by(model.id.desc()).limit(1))
    start = next_in_series(last, year) or f"{actor.state}-{letter}-{year}-0001"
    candidates = [start]
    for _ in range(MAX_TRIES):
        candidates.append(_increment(candidates[-1]) or start)
    used = set(db.session.scalars(own.where(model.number.in_(candidates))))
    return next((number for number in candidates if number not in used), "")


def next_in_series(last: str | None, year: int) -> str | None:
    """Return the number after `last`; restarts at 1 in a new year."""
    if last is None:
        return None
    parts = re.split(rf"(?<![0-9]){year - 1}(?![0-9])", last)
    ends = re.fullmatch(r"(.*[^0-9])([0-9]+)", parts[-1])
    if len(parts) == 2 and ends:
        return f"{parts[0]}{year}{ends[1]}{'1'.zfill(len(ends[2]))}"
    return _increment(last)


def _increment(number: str) -> str | None:
    ends = re.fullmatch(r"(.*?)([0-9]{1,12})", number)
    return f"{ends[1]}{str(int(ends[2]) + 1).zfill(len(ends[2]))}" if ends else None
