"""The exporting state asks what became of a shipment (Model Regulations 9.7, CIFTA IX.4)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from salsa_ext.articles import Article
from salsa_ext.audit import Act, Action, append
from salsa_ext.errors import Coded, RuleBroken, say
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import settings
from salsa_ext.readmodels.days import today
from salsa_ext.services import takings, telling
from salsa_ext.services.events import Note, note_many
from salsa_ext.services.telling import News
from salsa_ext.values.actor import Actor

OWED: Final = ("in_transit", "arrived", "held", "lost")


def ask_receipt(*, actor: Actor, shipment_id: UUID) -> None:
    """Ask the importing state to confirm the receipt of what left; may be asked again.

    The receipt is due after as many days as the asking state waits for a counterpart. Raises
    NotFound, Forbidden, or RuleBroken where no receipt is owed: nothing left, or it is confirmed.
    """
    require(actor, Permission.RECEIPT_ASK)
    shipment = takings.take(actor, shipment_id, None)
    require(actor, Permission.RECEIPT_ASK, shipment.owner_state)
    if shipment.status not in OWED:
        raise RuleBroken(
            Article.RECEIPT,
            say("This shipment is {status}: no receipt of it is owed. One can be asked for after the exit,"
                " until it is confirmed (CIFTA IX.4).",
                status=Coded("shipment_status", shipment.status)),
        )  # fmt: skip
    patience = settings.of([actor.own_state()])[actor.own_state()]
    due_on = (today(actor) + timedelta(days=patience.counterpart_days)).isoformat()
    note_many(actor, [Note(shipment, "receipt_asked", data={"due_on": due_on})])
    importer = [shipment.importing_state]
    telling.tell(actor, [News(shipment, "receipt_asked", importer, {"due_on": due_on})])
    append(actor, Act(Action.RECEIPT_ASKED, "shipment", shipment.id, shipment.owner_state,
                      shipment.concerned, {"due_on": due_on}))  # fmt: skip
