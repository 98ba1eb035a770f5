"""Shipments, the stages they pass, and their receipt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import g

from api.resource import Resource
from api.schemas.checkpoints import CheckpointRequest
from api.schemas.common import AsOfQuery
from api.schemas.fields import RequestSchema
from api.schemas.movements import (
    AskRequest,
    IncidentRequest,
    ReleaseRequest,
    ShipmentAmendRequest,
    ShipmentDecisionRequest,
)
from api.schemas.shipments import (
    PermitShipmentQuery,
    ReceiptCorrectionDocumentRequest,
    ReceiptCorrectionRequest,
    ReceiptDocumentRequest,
    ReceiptRequest,
    ReceiptVersionResponse,
    ReceivedItemRequest,
    ShipmentDocumentRequest,
    ShipmentItemQuery,
    ShipmentItemResponse,
    ShipmentQuery,
    ShipmentRequest,
    ShipmentResponse,
    ShippedItemRequest,
)
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import receipts as receipt_versions
from salsa_ext.readmodels import remarks
from salsa_ext.readmodels import shipments as reading
from salsa_ext.services import (
    checkpoints,
    holds,
    incidents,
    receipt_corrections,
    receipts,
    releases,
    reminders,
    replannings,
    shipments,
    withdrawals,
)
from salsa_ext.values.actor import Actor
from salsa_ext.values.manifests import named
from salsa_ext.values.movements import CheckpointData, IncidentData
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
    "/shipments/<uuid:shipment_id>/items", ShipmentItemQuery, ShipmentItemResponse,
    reading.list_items, Permission.SHIPMENT_READ,
)  # fmt: skip


blueprint.listing(
    "/permits/<uuid:permit_id>/shipments", PermitShipmentQuery, ShipmentResponse,
    reading.list_of_permit, Permission.SHIPMENT_READ,
)  # fmt: skip


@blueprint.posting(
    "/permits/<uuid:permit_id>/shipments", ShipmentRequest, ShipmentResponse,
    Permission.SHIPMENT_RECORD, parts=(ShipmentDocumentRequest, ShippedItemRequest),
)  # fmt: skip
def record_shipment(actor: Actor, data: ShipmentData, permit_id: UUID) -> reading.ShipmentView:
    """Post a shipment under an export certificate of your state."""
    shipment_id = shipments.record(actor=actor, permit_id=permit_id, data=data)
    noted = remarks.on_firearms(named(data.items), actor.language)
    return replace(reading.read(actor, shipment_id), remarks=noted)


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
    Permission.RECEIPT_RECORD, parts=(ReceiptDocumentRequest, ReceivedItemRequest),
)  # fmt: skip
def confirm_receipt(actor: Actor, data: ReceiptData, shipment_id: UUID) -> reading.ShipmentView:
    """Confirm what arrived in your state (CIFTA IX.4), or what came back to it."""
    receipts.confirm(actor=actor, shipment_id=shipment_id, data=data)
    return reading.read(actor, shipment_id)


blueprint.reading(
    "/shipments/<uuid:shipment_id>/receipt", ReceiptVersionResponse, receipt_versions.get_receipt,
    Permission.SHIPMENT_READ, AsOfQuery,
)  # fmt: skip


@blueprint.posting(
    "/shipments/<uuid:shipment_id>/receipt/correct", ReceiptCorrectionRequest, ShipmentResponse,
    Permission.RECEIPT_RECORD, status=200, standing=reading.version,
    parts=(ReceiptCorrectionDocumentRequest, ReceivedItemRequest),
)  # fmt: skip
def correct_receipt(actor: Actor, data: ReceiptData, shipment_id: UUID) -> reading.ShipmentView:
    """Say anew what arrived in your state, all of it, and why; If-Match is the shipment's ETag."""
    receipt_corrections.correct(actor=actor, shipment_id=shipment_id, seen=g.seen, data=data)
    return reading.read(actor, shipment_id)


@blueprint.posting(
    "/shipments/<uuid:shipment_id>/incidents", IncidentRequest, ShipmentResponse,
    Permission.INCIDENT_RECORD,
)  # fmt: skip
def record_incident(actor: Actor, data: IncidentData, shipment_id: UUID) -> reading.ShipmentView:
    """Tell an irregularity to every state that the shipment concerns (Model Regulations 9.10)."""
    incidents.record(actor=actor, shipment_id=shipment_id, data=data)
    return reading.read(actor, shipment_id)


@blueprint.posting(
    "/shipments/<uuid:shipment_id>/ask_receipt", AskRequest, ShipmentResponse,
    Permission.RECEIPT_ASK,
)  # fmt: skip
def ask_receipt(actor: Actor, data: dict[str, Any], shipment_id: UUID) -> reading.ShipmentView:
    """Ask the importing state to confirm the receipt (Model Regulations 9.7, CIFTA IX.4)."""
    reminders.ask_receipt(actor=actor, shipment_id=shipment_id)
    return reading.read(actor, shipment_id)


def _action(
    name: str, body: type[RequestSchema], command: Callable[..., Any], permission: Permission,
    said: str,
) -> None:  # fmt: skip
    def act(actor: Actor, data: Any, shipment_id: UUID) -> reading.ShipmentView:
        command(actor=actor, shipment_id=shipment_id, seen=g.seen, data=data)
        return reading.read(actor, shipment_id)

    act.__name__, act.__doc__ = f"{name}_shipment", said
    blueprint.posting(
        f"/shipments/<uuid:shipment_id>/{name}", body, ShipmentResponse, permission,
        status=200, standing=reading.version,
    )(act)  # fmt: skip


_action("release", ReleaseRequest, releases.release, Permission.SHIPMENT_RELEASE,
        "Release a shipment that every state concerned has licensed (CIFTA IX.2 and 3).")  # fmt: skip
_action("amend", ShipmentAmendRequest, replannings.amend, Permission.SHIPMENT_AMEND,
        "Amend the planned route, ports, mode, dates, carrier, vehicle or seals (8.5).")  # fmt: skip
_action("cancel", ShipmentDecisionRequest, withdrawals.cancel, Permission.SHIPMENT_CANCEL,
        "Cancel a shipment that has not left; what it drew goes back to its permit.")  # fmt: skip
_action("hold", ShipmentDecisionRequest, holds.hold, Permission.SHIPMENT_HOLD,
        "Hold a shipment that your state has.")  # fmt: skip
_action("resume", ShipmentDecisionRequest, holds.resume, Permission.SHIPMENT_HOLD,
        "Let a shipment go on that your state holds.")  # fmt: skip
