"""A receipt that was wrong: what arrived after all, in a version that takes the place of the last.

Everything that followed from the receipt follows from the new version: the shipment's status, its
discrepancies, and the records of the guns that came.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from salsa_ext.audit import Act, Action, append
from salsa_ext.db import db, insert_many
from salsa_ext.errors import Forbidden, NotFound, NotReceivedYet, say
from salsa_ext.models import Receipt, Shipment
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import receipts
from salsa_ext.readmodels.days import today
from salsa_ext.services import arrivals, corrections, ledger, rerecordings, takings, telling
from salsa_ext.services.telling import News
from salsa_ext.values.actor import Actor
from salsa_ext.values.permits import ImportMark, ReceiptData


def correct(*, actor: Actor, shipment_id: UUID, seen: int | None, data: ReceiptData) -> None:
    """Say anew what arrived in the actor's state, as `data` has it, with its reason.

    An import mark that it leaves out stays as it was told: it is stamped. Raises NotFound,
    Forbidden, NotReceivedYet, StaleVersion, Invalid or NothingMatches.
    """
    require(actor, Permission.RECEIPT_RECORD)
    shipment = _received_by(actor, shipment_id)
    old = _standing(shipment)
    data = replace(data, import_mark=data.import_mark or _mark(old))
    arrivals.check(shipment, data, today(actor))
    found = arrivals.arrival(shipment, data)
    row = arrivals.row(found, actor.own_state(), actor.now())
    row |= {"id": old.id, "version": old.version + 1}
    # the long work comes before the lock, for which others wait
    rerecordings.rerecord(actor, found, row, old)
    shipment = takings.take(actor, shipment_id, seen)
    insert_many(Receipt, [row])
    ledger.refresh(actor, [shipment])
    said: dict[str, Any] = {"status": shipment.status}
    telling.tell(actor, [News(shipment, "receipt_corrected", [shipment.exporting_state], said)])
    told = said | {"version": row["version"], "missing": len(found.missing)}
    append(actor, Act(Action.RECEIPT_CORRECTED, "shipment", shipment.id, shipment.owner_state,
                      shipment.concerned, told))  # fmt: skip


def _received_by(actor: Actor, shipment_id: UUID) -> Shipment:
    shipment = db.session.get(Shipment, shipment_id, populate_existing=True)
    if shipment is None:
        raise NotFound("shipment", shipment_id)
    if shipment.importing_state != actor.state:
        raise Forbidden(say("The importing state corrects the receipt."))
    return shipment


def _standing(shipment: Shipment) -> Receipt:
    """Return the version to be corrected; who corrects it meanwhile waits."""
    receipt = receipts.of_importer(shipment)
    if receipt is None:
        raise NotReceivedYet
    taken: Receipt = corrections.take(Receipt, "receipt", receipt.id, None)
    return taken


def _mark(old: Receipt) -> ImportMark | None:
    return ImportMark(**old.import_mark) if old.import_mark else None
