"""Routes of shipments, their checkpoints, incidents and receipts."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from api.http.files import Manifest
from api.http.resource import Item, Resource
from api.schemas.common import AsOfQuery
from api.schemas.trade.receipts import (
    ReceiptCorrectionDocumentRequest,
    ReceiptCorrectionRequest,
    ReceiptDocumentRequest,
    ReceiptRequest,
    ReceiptVersionResponse,
    ReceivedItemRequest,
)
from api.schemas.trade.shipments import (
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
from salsa_ext.trade.shipments import checkpoints, holds, planning, shipments
from salsa_ext.trade.shipments import queries as shipment_queries
from salsa_ext.trade.shipments.values import ShipmentData

SHIPMENT = "/shipments/<uuid:shipment_id>"
OF_PERMIT = "/permits/<uuid:permit_id>/shipments"


READ = Permission.SHIPMENT_READ

blueprint = Resource(
    "shipments",
    "Export attachments: what left, where it is, what arrived",
    Item(ShipmentResponse, shipment_queries.read_shipment, shipment_queries.shipment_version),
)
blueprint.listing(
    "/shipments", ShipmentQuery, ShipmentResponse, shipment_queries.list_shipments, READ
)
blueprint.reading(SHIPMENT, ShipmentResponse, shipment_queries.get_shipment, READ)
blueprint.listing(
    f"{SHIPMENT}/items",
    ShipmentItemQuery,
    ShipmentItemResponse,
    shipment_queries.list_items,
    READ,
    name="list_shipment_items",
)
blueprint.listing(
    OF_PERMIT, PermitShipmentQuery, ShipmentResponse, shipment_queries.list_permit_shipments, READ
)
blueprint.reading(
    f"{SHIPMENT}/receipt", ReceiptVersionResponse, receipt_queries.get_receipt, READ, AsOfQuery
)


@blueprint.posting(
    OF_PERMIT,
    ShipmentRequest,
    ShipmentResponse,
    Permission.SHIPMENT_RECORD,
    location="/shipments/{id}",
    manifest=Manifest(ShipmentDocumentRequest, ShippedItemRequest),
)
def create_shipment(
    actor: Actor, data: ShipmentData, permit_id: UUID
) -> shipment_queries.ShipmentView:
    """Create a shipment under an export certificate of your state."""
    shipment_id = shipments.record(actor=actor, permit_id=permit_id, data=data)
    remarks = suggestions.remarks_on_firearms(with_paths(data.items), actor.language)
    return replace(shipment_queries.read_shipment(actor, shipment_id), remarks=remarks)


blueprint.action(
    f"{SHIPMENT}/release",
    ReleaseRequest,
    shipments.release,
    Permission.SHIPMENT_RELEASE,
    "Release a shipment licensed by all states concerned (CIFTA IX.2 and 3).",
)
blueprint.action(
    f"{SHIPMENT}/amend",
    ShipmentAmendRequest,
    planning.amend_shipment,
    Permission.SHIPMENT_AMEND,
    "Amend the planned route, ports, mode, dates, carrier, vehicle or seals (8.5).",
)
blueprint.action(
    f"{SHIPMENT}/cancel",
    ShipmentDecisionRequest,
    planning.cancel_shipment,
    Permission.SHIPMENT_CANCEL,
    "Cancel a shipment before departure; its quantity returns to the permit.",
)
blueprint.action(
    f"{SHIPMENT}/hold",
    ShipmentDecisionRequest,
    holds.hold_shipment,
    Permission.SHIPMENT_HOLD,
    "Hold a shipment in your state.",
)
blueprint.action(
    f"{SHIPMENT}/resume",
    ShipmentDecisionRequest,
    holds.resume_shipment,
    Permission.SHIPMENT_HOLD,
    "Release a hold of your state.",
)
blueprint.action(
    f"{SHIPMENT}/checkpoints",
    CheckpointRequest,
    checkpoints.record,
    Permission.CHECKPOINT_RECORD,
    "Record a stage of a shipment on your side.",
    name="create_checkpoint",
    status=201,
)
blueprint.action(
    f"{SHIPMENT}/incidents",
    IncidentRequest,
    holds.record_incident,
    Permission.INCIDENT_RECORD,
    "Report an incident to all states concerned (Model Regulations 9.10).",
    name="create_incident",
    status=201,
)
blueprint.action(
    f"{SHIPMENT}/receipt",
    ReceiptRequest,
    receipts.confirm,
    Permission.RECEIPT_RECORD,
    "Confirm the receipt of a shipment or its return (CIFTA IX.4).",
    name="confirm_receipt",
    status=201,
    manifest=Manifest(ReceiptDocumentRequest, ReceivedItemRequest),
)
blueprint.action(
    f"{SHIPMENT}/receipt/correct",
    ReceiptCorrectionRequest,
    receipt_corrections.correct_receipt,
    Permission.RECEIPT_RECORD,
    "Replace the receipt of your state, with the reason; If-Match is the ETag of the shipment.",
    name="correct_receipt",
    manifest=Manifest(ReceiptCorrectionDocumentRequest, ReceivedItemRequest),
)
blueprint.action(
    f"{SHIPMENT}/request-receipt",
    ReceiptReminderRequest,
    receipts.request_receipt,
    Permission.RECEIPT_ASK,
    "Ask the importing state for the receipt (Model Regulations 9.7, CIFTA IX.4).",
    name="request_receipt",
    status=201,
)
