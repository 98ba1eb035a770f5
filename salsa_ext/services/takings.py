"""Shipments in the hands of a command: locked until the end, for whichever side states a fact."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select

from salsa_ext.db import as_state, db
from salsa_ext.errors import NotFound, StaleVersion, say
from salsa_ext.matching.journeys import Facts
from salsa_ext.models import Shipment
from salsa_ext.readmodels.journeys import facts_of
from salsa_ext.services import locks
from salsa_ext.values.actor import Actor


def take(actor: Actor, shipment_id: UUID, seen: int | None) -> Shipment:
    """Return one shipment that concerns the state, locked; raises NotFound or StaleVersion."""
    shipment = take_many(actor, [shipment_id])[shipment_id]
    if seen is not None and shipment.version != seen:
        raise StaleVersion(say("This was changed since you read it; read it again."))
    return shipment


def take_many(actor: Actor, shipment_ids: Iterable[UUID]) -> dict[UUID, Shipment]:
    """Return shipments that concern the state, locked until the end; raises NotFound.

    The permits that concern their states stay as they are meanwhile: who changes one looks at the
    shipments under it, and each waits for the other.
    """
    wanted = list(dict.fromkeys(shipment_ids))
    columns = (Shipment.id, Shipment.owner_state, Shipment.concerned)
    seen = {row.id: row for row in db.session.execute(
        select(*columns).where(Shipment.id.in_(wanted)))}  # fmt: skip
    for shipment_id in wanted:
        if shipment_id not in seen:
            raise NotFound("shipment", shipment_id)
    locks.movements_of(state for row in seen.values() for state in row.concerned)
    found = {}
    for owner in sorted({row.owner_state for row in seen.values()}):
        own = [key for key in wanted if seen[key].owner_state == owner]
        locked = select(Shipment).where(Shipment.id.in_(own)).order_by(Shipment.id)
        with as_state(actor, owner):  # only who may write a row may lock it
            for shipment in db.session.scalars(
                locked.with_for_update().execution_options(populate_existing=True)
            ):
                found[shipment.id] = shipment
    return {shipment_id: found[shipment_id] for shipment_id in wanted}


def facts_of_many(actor: Actor, shipments: Iterable[Shipment]) -> dict[UUID, Facts]:
    """Return the facts of shipments, as their owners know them."""
    found: dict[UUID, Facts] = {}
    for owner, owned in by_owner(shipments).items():
        with as_state(actor, owner):
            found |= facts_of(actor, owned)
    return found


def by_owner(shipments: Iterable[Shipment]) -> dict[str, list[Shipment]]:
    """Return shipments by the state that owns them, in order."""
    owned: dict[str, list[Shipment]] = defaultdict(list)
    for shipment in shipments:
        owned[shipment.owner_state].append(shipment)
    return dict(sorted(owned.items()))
