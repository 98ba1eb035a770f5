"""Routes of shipments, their checkpoints, incidents and receipts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import g

from api.http.fields.schemas import RequestSchema
from api.http.resource import Resource
from api.schemas.common import AsOfQuery
from api.schemas.receipts import (
    ReceiptCorrectionDocumentRequest,
    ReceiptCorrectionRequest,
    ReceiptDocumentRequest,
    ReceiptRequest,
    ReceiptVersionResponse,
    ReceivedItemRequest,
)
from api.schemas.shipments import (
    CheckpointRequest,
    IncidentRequest,
    PermitShipmentQuery,
    ReceiptReminderRequest,
    ReleaseRequest,
    ShipmentAmendRequest,
    ShipmentDecisionRequest,
    ShipmentDocumentRequest,
    ShipmentItemQuery,
    ShipmentItemResponse,
    ShipmentQuery,
    ShipmentRequest,
    ShipmentResponse,
    ShippedItemRequest,
)
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.core.batches import with_paths
from salsa_ext.reference import suggestions
from salsa_ext.trade.receipts import queries as receipt_queries
from salsa_ext.trade.receipts import receipt_corrections, receipts
from salsa_ext.trade.receipts.values import ReceiptData
from salsa_ext.trade.shipments import checkpoints, holds, planning, shipments
from salsa_ext.trade.shipments import queries as shipment_queries
from salsa_ext.trade.shipments.values import CheckpointData, IncidentData, ShipmentData

blueprint = Resource("shipments", "Export attachments: what left, where it is, what arrived")
blueprint.listing(
    "/shipments",
    ShipmentQuery,
    ShipmentResponse,
    shipment_queries.list_shipments,
    Permission.SHIPMENT_READ,
)
blueprint.reading(
    "/shipments/<uuid:shipment_id>",
    ShipmentResponse,
    shipment_queries.get_shipment,
    Permission.SHIPMENT_READ,
)
blueprint.listing(
    "/shipments/<uuid:shipment_id>/items",
    ShipmentItemQuery,
    ShipmentItemResponse,
    shipment_queries.list_items,
    Permission.SHIPMENT_READ,
)


blueprint.listing(
    "/permits/<uuid:permit_id>/shipments",
    PermitShipmentQuery,
    ShipmentResponse,
    shipment_queries.list_permit_shipments,
    Permission.SHIPMENT_READ,
)


@blueprint.posting(
    "/permits/<uuid:permit_id>/shipments",
    ShipmentRequest,
    ShipmentResponse,
    Permission.SHIPMENT_RECORD,
    parts=(ShipmentDocumentRequest, ShippedItemRequest),
)
def create_shipment(
    actor: Actor, data: ShipmentData, permit_id: UUID
) -> shipment_queries.ShipmentView:
    """Create a shipment under an export certificate of your state."""
    shipment_id = shipments.record(actor=actor, permit_id=permit_id, data=data)
    noted = suggestions.remarks_on_firearms(with_paths(data.items), actor.language)
    return replace(shipment_queries.read_shipment(actor, shipment_id), remarks=noted)


@blueprint.posting(
    "/shipments/<uuid:shipment_id>/checkpoints",
    CheckpointRequest,
    ShipmentResponse,
    Permission.CHECKPOINT_RECORD,
)
def create_checkpoint(
    actor: Actor, data: CheckpointData, shipment_id: UUID
) -> shipment_queries.ShipmentView:
    """Record a stage of a shipment on your side."""
    checkpoints.record(actor=actor, shipment_id=shipment_id, data=data)
    return shipment_queries.read_shipment(actor, shipment_id)


@blueprint.posting(
    "/shipments/<uuid:shipment_id>/receipt",
    ReceiptRequest,
    ShipmentResponse,
    Permission.RECEIPT_RECORD,
    parts=(ReceiptDocumentRequest, ReceivedItemRequest),
)
def confirm_receipt(
    actor: Actor, data: ReceiptData, shipment_id: UUID
) -> shipment_queries.ShipmentView:
    """Confirm the receipt of a shipment or its return (CIFTA IX.4)."""
    receipts.confirm(actor=actor, shipment_id=shipment_id, data=data)
    return shipment_queries.read_shipment(actor, shipment_id)


blueprint.reading(
    "/shipments/<uuid:shipment_id>/receipt",
    ReceiptVersionResponse,
    receipt_queries.get_receipt,
    Permission.SHIPMENT_READ,
    AsOfQuery,
)


@blueprint.posting(
    "/shipments/<uuid:shipment_id>/receipt/correct",
    ReceiptCorrectionRequest,
    ShipmentResponse,
    Permission.RECEIPT_RECORD,
    status=200,
    standing=shipment_queries.shipment_version,
    parts=(ReceiptCorrectionDocumentRequest, ReceivedItemRequest),
)
def correct_receipt(
    actor: Actor, data: ReceiptData, shipment_id: UUID
) -> shipment_queries.ShipmentView:
    """Replace the receipt of your state, with the reason.

    If-Match is the ETag of the shipment.
    """
    receipt_corrections.correct_receipt(
        actor=actor, shipment_id=shipment_id, expected_version=g.expected_version, data=data
    )
    return shipment_queries.read_shipment(actor, shipment_id)


@blueprint.posting(
    "/shipments/<uuid:shipment_id>/incidents",
    IncidentRequest,
    ShipmentResponse,
    Permission.INCIDENT_RECORD,
)
def create_incident(
    actor: Actor, data: IncidentData, shipment_id: UUID
) -> shipment_queries.ShipmentView:
    """Report an incident to all states concerned (Model Regulations 9.10)."""
    holds.record_incident(actor=actor, shipment_id=shipment_id, data=data)
    return shipment_queries.read_shipment(actor, shipment_id)


@blueprint.posting(
    "/shipments/<uuid:shipment_id>/ask_receipt",
    ReceiptReminderRequest,
    ShipmentResponse,
    Permission.RECEIPT_ASK,
)
def request_receipt(
    actor: Actor, data: dict[str, Any], shipment_id: UUID
) -> shipment_queries.ShipmentView:
    """Ask the importing state for the receipt (Model Regulations 9.7, CIFTA IX.4)."""
    receipts.request_receipt(actor=actor, shipment_id=shipment_id)
    return shipment_queries.read_shipment(actor, shipment_id)


def _add_action(
    name: str,
    body: type[RequestSchema],
    command: Callable[..., Any],
    permission: Permission,
    summary: str,
) -> None:
    def act(actor: Actor, data: Any, shipment_id: UUID) -> shipment_queries.ShipmentView:
        command(
            actor=actor, shipment_id=shipment_id, expected_version=g.expected_version, data=data
        )
        return shipment_queries.read_shipment(actor, shipment_id)

    act.__name__, act.__doc__ = f"{name}_shipment", summary
    blueprint.posting(
        f"/shipments/<uuid:shipment_id>/{name}",
        body,
        ShipmentResponse,
        permission,
        status=200,
        standing=shipment_queries.shipment_version,
    )(act)


_add_action(
    "release",
    ReleaseRequest,
    shipments.release,
    Permission.SHIPMENT_RELEASE,
    "Release a shipment that every state concerned has licensed (CIFTA IX.2 and 3).",
)
_add_action(
    "amend",
    ShipmentAmendRequest,
    planning.amend_shipment,
    Permission.SHIPMENT_AMEND,
    "Amend the planned route, ports, mode, dates, carrier, vehicle or seals (8.5).",
)
_add_action(
    "cancel",
    ShipmentDecisionRequest,
    planning.cancel_shipment,
    Permission.SHIPMENT_CANCEL,
    "Cancel a shipment that has not left; what it drew goes back to its permit.",
)
_add_action(
    "hold",
    ShipmentDecisionRequest,
    holds.hold_shipment,
    Permission.SHIPMENT_HOLD,
    "Hold a shipment that your state has.",
)
_add_action(
    "resume",
    ShipmentDecisionRequest,
    holds.resume_shipment,
    Permission.SHIPMENT_HOLD,
    "Let a shipment go on that your state holds.",
)
