"""Shipments that are cancelled before they leave: nothing of them happened."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.audit import Act, Action, append, append_many
from salsa_ext.db import db
from salsa_ext.errors import IllegalTransition, NotFound
from salsa_ext.models import PermitLine, Shipment
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.records import RecordView, guns_of, streamed
from salsa_ext.services import (
    balances,
    corrections,
    hit_causes,
    ledger,
    locks,
    match_news,
    match_waits,
    match_withdrawals,
    records,
    retellings,
    rollups,
    takings,
    telling,
)
from salsa_ext.services.events import Note, note_many
from salsa_ext.services.telling import News
from salsa_ext.values.actor import Actor
from salsa_ext.values.changes import Decision

Drawn = Mapping[tuple[UUID, int], Decimal]
CANCELLABLE: Final = ("planned", "released", "held")


def cancel(*, actor: Actor, shipment_id: UUID, seen: int | None, data: Decision) -> None:
    """Cancel a shipment of the own state that has not left; the states concerned learn it (9.8).

    What it drew goes back to its permit, and its guns' records of export are found by no search.
    Raises NotFound, Forbidden, StaleVersion, or IllegalTransition for what has left.
    """
    require(actor, Permission.SHIPMENT_CANCEL)
    shipment = own(actor, shipment_id, Permission.SHIPMENT_CANCEL)
    drawn = give_back(actor, shipment, (), shipment.bulk)
    shipment = takings.take(actor, shipment_id, seen)
    undo(actor, shipment, (), drawn)
    facts = takings.facts_of_many(actor, [shipment])[shipment_id]
    if shipment.status not in CANCELLABLE or facts.has_left:
        raise IllegalTransition("shipment", shipment.status, "cancel")
    note_many(actor, [Note(shipment, "cancelled", data.reason)])
    ledger.refresh(actor, [shipment])
    telling.tell(actor, [News(shipment, "shipment_cancelled", telling.others(actor, shipment))])
    append(actor, Act(Action.SHIPMENT_CANCELLED, "shipment", shipment.id, shipment.owner_state,
                      shipment.concerned, {"number": shipment.number}))  # fmt: skip


def own(actor: Actor, shipment_id: UUID, permission: Permission) -> Shipment:
    """Return a shipment of the own state, not locked yet; raises NotFound or Forbidden."""
    shipment = db.session.get(Shipment, shipment_id, populate_existing=True)
    if shipment is None:
        raise NotFound("shipment", shipment_id)
    require(actor, permission, shipment.owner_state)
    locks.movements_of(shipment.concerned)
    return shipment


def give_back(
    actor: Actor, shipment: Shipment, absent: Collection[UUID], bulk: Iterable[dict[str, object]]
) -> Drawn:
    """Give goods and items, but for the `absent` ones, back to the balance; returns what of each line.

    Called before the shipment is locked, since whoever ships locks the balance first; an error that
    follows takes it back. `undo` does the rest once the shipment is locked.
    """
    drawn: dict[tuple[UUID, int], Decimal] = defaultdict(Decimal)
    for item in guns_of(shipment.id):
        if item.id not in absent:
            drawn[shipment.permit_id, item.line] += item.quantity
    for part in bulk:
        drawn[shipment.permit_id, int(str(part["line"]))] += Decimal(str(part["quantity"]))
    balances.restore(actor, drawn)
    return drawn


def undo(actor: Actor, shipment: Shipment, absent: Collection[UUID], drawn: Drawn) -> None:
    """Take what did not go after all out of searches, matches and figures; the shipment is locked.

    Whoever changes its records has locked it first too, so that two never wait for each other.
    """
    records.void(streamed(shipment.id, absent))
    for views in streamed(shipment.id, absent):
        _tell(actor, views)
        forget(actor, views)
    _uncount(shipment, drawn)


def _tell(actor: Actor, views: Iterable[RecordView]) -> None:
    """Tell who received records of their version, or was shown them, that nothing of them happened."""
    ids: dict[int, list[UUID]] = defaultdict(list)
    for view in views:
        ids[view.record.version].append(view.record.id)
    for version, gone in sorted(ids.items()):
        append_many(actor, corrections.told(actor, gone, version, is_gone=True))


def forget(actor: Actor, views: Sequence[RecordView], *, is_of_crime: bool = False) -> None:
    """Take away the matches and hits of own records that are void by now, and tell whom they were given."""
    record_ids = [view.record.id for view in views]
    retellings.note(actor.own_state(), record_ids)
    gone = match_withdrawals.withdraw(actor, record_ids, is_late=False)
    match_news.tell(actor, gone, is_late=False)
    hit_causes.withdrawn(actor, views, is_late=False)
    # who keeps a match of them silent, or an alert that they met
    match_waits.add(actor.own_state(), record_ids, is_of_crime=is_of_crime)


def _uncount(shipment: Shipment, drawn: Drawn) -> None:
    """Take firearms out of the figures of licit trade again."""
    query = select(PermitLine).where(PermitLine.permit_id == shipment.permit_id)
    lines = {line.line: line for line in db.session.scalars(query)}
    cells: Counter[rollups.Cell] = Counter()
    for (_, number), quantity in drawn.items():
        line = lines[number]
        if line.category == "firearm":
            subject, partner = line.type or "unknown", shipment.importing_state
            cell = rollups.Cell(
                "licit_trade", shipment.owner_state, subject, shipment.ships_on, partner
            )
            cells[cell] -= int(quantity)
    rollups.add(cells)
