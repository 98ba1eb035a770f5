"""Goods that come back: what was refused on its way, and what left for a time.

Two movements end in `returned`, both by the exporting state's own receipt of what it has again:

- What a state refused (a stage ticked `refused`, or an incident `refused_entry`) and let pass no
  more. It arrived nowhere, so what came back is as if it had not been shipped: its quantity goes back
  to the export certificate, and the records of its export are found by no search. What did not
  come back stays exported, and is short.
- A temporary movement (regime `temporary`: a hunter's two rifles). Where it was received abroad, the
  export stands, its quantity stays drawn, since the licence was used, and each gun that came back
  becomes a record of import linked to that of its export. One that turned round before it was
  received is as what was refused. A temporary movement may come back as well under a new export
  certificate of the other state, of the regime `return`: that is a shipment like any other.
"""

from __future__ import annotations

from uuid import UUID

from salsa_ext.audit import Act, Action, append
from salsa_ext.db import db, insert_many
from salsa_ext.errors import Conflict, Forbidden, Invalid, say
from salsa_ext.matching.journeys import Facts
from salsa_ext.matching.ledger import is_refused
from salsa_ext.models import Permit, Receipt
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.days import today
from salsa_ext.services import arrivals, ledger, records, takings, telling, withdrawals
from salsa_ext.services.telling import News
from salsa_ext.values.actor import Actor
from salsa_ext.values.permits import ReceiptData


def confirm(*, actor: Actor, shipment_id: UUID, data: ReceiptData) -> None:
    """Confirm what came back to the exporting state; the module says of what.

    Raises NotFound, Forbidden for a shipment that was not sent back, Invalid, or Conflict for a
    second time.
    """
    require(actor, Permission.RECEIPT_RECORD)
    shipment = withdrawals.own(actor, shipment_id, Permission.RECEIPT_RECORD)
    arrivals.check(shipment, data, today(actor))
    if data.import_mark:
        raise Invalid({"import_mark": [say("What comes back is not marked as imported.")]})
    found = arrivals.arrival(shipment, data)
    was_received = shipment.status.startswith("received")
    goods = [{"line": line, "quantity": amount} for line, amount in found.goods.items()]
    drawn = {} if was_received else withdrawals.give_back(actor, shipment, found.absent, goods)
    shipment = takings.take(actor, shipment_id, shipment.version)
    if not was_received:
        withdrawals.undo(actor, shipment, found.absent, drawn)
    facts = takings.facts_of_many(actor, [shipment])[shipment_id]
    _check(facts, db.session.get_one(Permit, shipment.permit_id))
    row = arrivals.row(found, actor.own_state(), actor.now())
    insert_many(Receipt, [row])
    if was_received:
        records.write(arrivals.entries(found, row), actor.now())
    ledger.refresh(actor, [shipment])
    telling.tell(actor, [News(shipment, "shipment_returned", telling.others(actor, shipment))])
    append(actor, Act(Action.SHIPMENT_RETURNED, "shipment", shipment.id, shipment.owner_state,
                      shipment.concerned, {"missing": len(found.missing)}))  # fmt: skip


def _check(facts: Facts, permit: Permit) -> None:
    if facts.comeback:
        raise Conflict(say("The receipt of this shipment is confirmed already."))
    turned_round = permit.regime == "temporary" and facts.has_left
    if not (turned_round or (is_refused(facts) and facts.arrival is None)):
        raise Forbidden(say("The importing state confirms the receipt."))
