"""Shipments, the stages they pass, and their receipt."""

from __future__ import annotations

from uuid import UUID

from api.resource import Resource
from api.schemas.shipments import (
    CheckpointRequest,
    PermitShipmentQuery,
    ReceiptRequest,
    ShipmentQuery,
    ShipmentRequest,
    ShipmentResponse,
)
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import shipments as reading
from salsa_ext.services import checkpoints, receipts, shipments
from salsa_ext.services.checkpoints import CheckpointData
from salsa_ext.values.actor import Actor
from salsa_ext.values.permits import ReceiptData, ShipmentData

blueprint = Resource("shipments", "Export attachments: what left, where it is, what arrived")
blueprint.listing(
    "/shipments", ShipmentQuery, ShipmentResponse, reading.list_shipments, Permission.SHIPMENT_READ
)
blueprint.reading(
    "/shipments/<uuid:shipment_id>", ShipmentResponse, reading.get_shipment,
    Permission.SHIPMENT_READ,
)  # fmt: skip


blueprint.listing(
    "/permits/<uuid:permit_id>/shipments", PermitShipmentQuery, ShipmentResponse,
    reading.list_of_permit, Permission.SHIPMENT_READ,
)  # fmt: skip


@blueprint.posting(
    "/permits/<uuid:permit_id>/shipments", ShipmentRequest, ShipmentResponse,
    Permission.SHIPMENT_RECORD,
)  # fmt: skip
def record_shipment(actor: Actor, data: ShipmentData, permit_id: UUID) -> reading.ShipmentView:
    """Post a shipment under an export certificate of your state."""
    shipment_id = shipments.record(actor=actor, permit_id=permit_id, data=data)
    return reading.read(actor, shipment_id)


@blueprint.posting(
    "/shipments/<uuid:shipment_id>/checkpoints", CheckpointRequest, ShipmentResponse,
    Permission.CHECKPOINT_RECORD,
)  # fmt: skip
def record_checkpoint(
    actor: Actor, data: CheckpointData, shipment_id: UUID
) -> reading.ShipmentView:
    """Tick a stage of your side."""
    checkpoints.record(actor=actor, shipment_id=shipment_id, data=data)
    return reading.read(actor, shipment_id)


@blueprint.posting(
    "/shipments/<uuid:shipment_id>/receipt", ReceiptRequest, ShipmentResponse,
    Permission.RECEIPT_RECORD,
)  # fmt: skip
def confirm_receipt(actor: Actor, data: ReceiptData, shipment_id: UUID) -> reading.ShipmentView:
    """Confirm what arrived in your state (CIFTA IX.4)."""
    receipts.confirm(actor=actor, shipment_id=shipment_id, data=data)
    return reading.read(actor, shipment_id)
