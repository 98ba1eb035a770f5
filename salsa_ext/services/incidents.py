"""Irregularities of a shipment, notified to every state that it concerns (9.10)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from salsa_ext.audit import Act, Action, append
from salsa_ext.errors import IllegalTransition, say
from salsa_ext.models import Shipment
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.services import ledger, takings, telling
from salsa_ext.services.events import Note, note_many
from salsa_ext.services.fields import Problems, check_moment
from salsa_ext.services.telling import News
from salsa_ext.values.actor import Actor
from salsa_ext.values.movements import IncidentData

OVER = ("cancelled", "returned", "received", "received_short", "received_over")


def record(*, actor: Actor, shipment_id: UUID, data: IncidentData) -> None:
    """Tell an incident; any state that the shipment concerns may, as an append.

    A new expected time moves what is still to come. Of the kinds, `refused_entry` holds the goods
    until they pass or come back; one that is total makes the shipment lost, until goods of it are
    seen again. All others change no status: a hold is an action of its own, and what was taken out of
    a shipment shows in its receipt. Raises NotFound, Invalid, or IllegalTransition when all is over.
    """
    require(actor, Permission.INCIDENT_RECORD)
    shipment = takings.take(actor, shipment_id, None)
    if shipment.status in OVER:
        raise IllegalTransition("shipment", shipment.status, "incident")
    _check(actor, shipment, data)
    note_many(actor, [Note(shipment, "incident", data.note, data.occurred_at, _said(data))])
    ledger.refresh(actor, [shipment])
    news = News(shipment, "shipment_incident", telling.others(actor, shipment), {"kind": data.kind})
    telling.tell(actor, [news])
    append(actor, Act(Action.INCIDENT_RECORDED, "shipment", shipment.id, shipment.owner_state,
                      shipment.concerned, {"kind": data.kind}))  # fmt: skip


def _check(actor: Actor, shipment: Shipment, data: IncidentData) -> None:
    problems = Problems()
    check_moment(problems, "occurred_at", data.occurred_at, actor.now())
    if data.new_expected_at and data.new_expected_at <= data.occurred_at:
        problems.add(
            "new_expected_at", say("What is delayed is expected after the incident, not before.")
        )
    if data.new_expected_at and shipment.due_at is None:
        problems.add("new_expected_at", say("No stage of this shipment is expected any more."))
    if data.is_total and data.new_expected_at:
        problems.add("new_expected_at", say("Of a shipment that is lost nothing is expected."))
    problems.raise_any()


def _said(data: IncidentData) -> dict[str, Any]:
    at = data.new_expected_at
    return {"kind": data.kind, "is_total": data.is_total,
            "new_expected_at": at.isoformat() if at else None}  # fmt: skip
