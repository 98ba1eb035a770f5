"""Routes of permits, licensees, shipments and discrepancies."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from api.http.files import Manifest
from api.http.resource import Item, Resource
from api.schemas.common import AsOfQuery, AssignRequest
from api.schemas.trade.discrepancies import (
    AgreementRequest,
    DiscrepancyQuery,
    DiscrepancyResponse,
    StatementRequest,
)
from api.schemas.trade.permits import (
    LicenseeClosureRequest,
    LicenseeDecisionRequest,
    LicenseeQuery,
    LicenseeRenewalRequest,
    LicenseeRequest,
    LicenseeResponse,
    PermitAmendRequest,
    PermitDecisionRequest,
    PermitQuery,
    PermitRequest,
    PermitResponse,
    PublishedLicenseeQuery,
    PublishedLicenseeResponse,
    ReissueRequest,
)
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
from salsa_ext.core.batches import with_field_paths, with_paths
from salsa_ext.reference import suggestions
from salsa_ext.trade.discrepancies import commands as discrepancy_commands
from salsa_ext.trade.discrepancies import queries as discrepancy_queries
from salsa_ext.trade.permits import approvals as permit_approvals
from salsa_ext.trade.permits import changes as permit_changes
from salsa_ext.trade.permits import licensees, permits
from salsa_ext.trade.permits import queries as permit_queries
from salsa_ext.trade.permits.values import LicenceDecision, PermitData
from salsa_ext.trade.receipts import queries as receipt_queries
from salsa_ext.trade.receipts import receipt_corrections, receipts
from salsa_ext.trade.shipments import checkpoints, holds, planning, shipments
from salsa_ext.trade.shipments import queries as shipment_queries
from salsa_ext.trade.shipments.values import ShipmentData

PERMIT = "/permits/<uuid:permit_id>"


permits_blueprint = Resource(
    "permits",
    "Import certificates, in-transit authorizations, export certificates",
    Item(PermitResponse, permit_queries.read_permit, permit_queries.permit_version),
)
permits_blueprint.listing(
    "/permits", PermitQuery, PermitResponse, permit_queries.list_permits, Permission.PERMIT_READ
)
permits_blueprint.reading(PERMIT, PermitResponse, permit_queries.get_permit, Permission.PERMIT_READ)


@permits_blueprint.posting(
    "/permits", PermitRequest, PermitResponse, Permission.PERMIT_RECORD, location="/permits/{id}"
)
def create_permit(actor: Actor, data: PermitData) -> permit_queries.PermitView:
    """Create a permit issued by your state."""
    permit_id = permits.record(actor=actor, data=data)
    remarks = suggestions.remarks_on_firearms(with_field_paths("lines", data.lines), actor.language)
    return replace(permit_queries.read_permit(actor, permit_id), remarks=remarks)


permits_blueprint.batch(
    "/permits", PermitRequest, permits.record_many, Permission.PERMIT_RECORD, permits.find_used
)
permits_blueprint.action(
    f"{PERMIT}/approve",
    None,
    permit_approvals.approve_permit,
    Permission.PERMIT_APPROVE,
    "Issue a permit that another person of your state proposed.",
)
permits_blueprint.action(
    f"{PERMIT}/return",
    PermitDecisionRequest,
    permit_approvals.return_permit,
    Permission.PERMIT_APPROVE,
    "Return a proposed permit with the reason; its number is free again.",
)
permits_blueprint.action(
    f"{PERMIT}/cancel",
    PermitDecisionRequest,
    permit_changes.cancel,
    Permission.PERMIT_RECORD,
    "Cancel a permit of your state for good.",
)
permits_blueprint.action(
    f"{PERMIT}/suspend",
    PermitDecisionRequest,
    permit_changes.suspend,
    Permission.PERMIT_RECORD,
    "Suspend a permit of your state until it is reinstated.",
)
permits_blueprint.action(
    f"{PERMIT}/reinstate",
    PermitDecisionRequest,
    permit_changes.reinstate,
    Permission.PERMIT_RECORD,
    "Reinstate a suspended permit.",
)
permits_blueprint.action(
    f"{PERMIT}/amend",
    PermitAmendRequest,
    permit_changes.amend,
    Permission.PERMIT_RECORD,
    "Amend the source or the transit plan of a permit (Model Regulations 8.5).",
)
permits_blueprint.action(
    f"{PERMIT}/reissue",
    ReissueRequest,
    permit_changes.reissue,
    Permission.PERMIT_RECORD,
    "Replace a permit by a new one for its remaining quantity.",
    location="/permits/{id}",
)


SHIPMENT = "/shipments/<uuid:shipment_id>"
OF_PERMIT = "/permits/<uuid:permit_id>/shipments"


READ = Permission.SHIPMENT_READ

shipments_blueprint = Resource(
    "shipments",
    "Export attachments: what left, where it is, what arrived",
    Item(ShipmentResponse, shipment_queries.read_shipment, shipment_queries.shipment_version),
)
shipments_blueprint.listing(
    "/shipments", ShipmentQuery, ShipmentResponse, shipment_queries.list_shipments, READ
)
shipments_blueprint.reading(SHIPMENT, ShipmentResponse, shipment_queries.get_shipment, READ)
shipments_blueprint.listing(
    f"{SHIPMENT}/items",
    ShipmentItemQuery,
    ShipmentItemResponse,
    shipment_queries.list_items,
    READ,
    name="list_shipment_items",
)
shipments_blueprint.listing(
    OF_PERMIT, PermitShipmentQuery, ShipmentResponse, shipment_queries.list_permit_shipments, READ
)
shipments_blueprint.reading(
    f"{SHIPMENT}/receipt", ReceiptVersionResponse, receipt_queries.get_receipt, READ, AsOfQuery
)


@shipments_blueprint.posting(
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


shipments_blueprint.action(
    f"{SHIPMENT}/release",
    ReleaseRequest,
    shipments.release,
    Permission.SHIPMENT_RELEASE,
    "Release a shipment licensed by all states concerned (CIFTA IX.2 and 3).",
)
shipments_blueprint.action(
    f"{SHIPMENT}/amend",
    ShipmentAmendRequest,
    planning.amend_shipment,
    Permission.SHIPMENT_AMEND,
    "Amend the planned route, ports, mode, dates, carrier, vehicle or seals (8.5).",
)
shipments_blueprint.action(
    f"{SHIPMENT}/cancel",
    ShipmentDecisionRequest,
    planning.cancel_shipment,
    Permission.SHIPMENT_CANCEL,
    "Cancel a shipment before departure; its quantity returns to the permit.",
)
shipments_blueprint.action(
    f"{SHIPMENT}/hold",
    ShipmentDecisionRequest,
    holds.hold_shipment,
    Permission.SHIPMENT_HOLD,
    "Hold a shipment in your state.",
)
shipments_blueprint.action(
    f"{SHIPMENT}/resume",
    ShipmentDecisionRequest,
    holds.resume_shipment,
    Permission.SHIPMENT_HOLD,
    "Release a hold of your state.",
)
shipments_blueprint.action(
    f"{SHIPMENT}/checkpoints",
    CheckpointRequest,
    checkpoints.record,
    Permission.CHECKPOINT_RECORD,
    "Record a stage of a shipment on your side.",
    name="create_checkpoint",
    status=201,
)
shipments_blueprint.action(
    f"{SHIPMENT}/incidents",
    IncidentRequest,
    holds.record_incident,
    Permission.INCIDENT_RECORD,
    "Report an incident to all states concerned (Model Regulations 9.10).",
    name="create_incident",
    status=201,
)
shipments_blueprint.action(
    f"{SHIPMENT}/receipt",
    ReceiptRequest,
    receipts.confirm,
    Permission.RECEIPT_RECORD,
    "Confirm the receipt of a shipment or its return (CIFTA IX.4).",
    name="confirm_receipt",
    status=201,
    manifest=Manifest(ReceiptDocumentRequest, ReceivedItemRequest),
)
shipments_blueprint.action(
    f"{SHIPMENT}/receipt/correct",
    ReceiptCorrectionRequest,
    receipt_corrections.correct_receipt,
    Permission.RECEIPT_RECORD,
    "Replace the receipt of your state, with the reason; If-Match is the ETag of the shipment.",
    name="correct_receipt",
    manifest=Manifest(ReceiptCorrectionDocumentRequest, ReceivedItemRequest),
)
shipments_blueprint.action(
    f"{SHIPMENT}/request-receipt",
    ReceiptReminderRequest,
    receipts.request_receipt,
    Permission.RECEIPT_ASK,
    "Ask the importing state for the receipt (Model Regulations 9.7, CIFTA IX.4).",
    name="request_receipt",
    status=201,
)


LICENSEE = "/licensees/<uuid:licensee_id>"


def _load_licensee(_: Actor, licensee_id: UUID) -> licensees.LicenseeView:
    return licensees.read_licensee(licensee_id)


licensees_blueprint = Resource(
    "licensees",
    "Who may make, deal, import, export, carry and broker in your state (CIFTA XIII)",
    Item(LicenseeResponse, _load_licensee, lambda *ids: _load_licensee(*ids).version),
)
licensees_blueprint.listing(
    "/licensees",
    LicenseeQuery,
    LicenseeResponse,
    licensees.list_licensees,
    Permission.LICENSEE_READ,
)
licensees_blueprint.listing(
    "/licensees/published",
    PublishedLicenseeQuery,
    PublishedLicenseeResponse,
    licensees.list_published,
    Permission.LICENSEE_READ,
    name="list_published_licensees",
)
licensees_blueprint.reading(
    LICENSEE, LicenseeResponse, licensees.get_licensee, Permission.LICENSEE_READ
)
licensees_blueprint.action(
    "/licensees",
    LicenseeRequest,
    licensees.record,
    Permission.LICENSEE_RECORD,
    "Create a licensee of your state.",
    name="create_licensee",
    location="/licensees/{id}",
)
licensees_blueprint.action(
    f"{LICENSEE}/renew",
    LicenseeRenewalRequest,
    licensees.renew,
    Permission.LICENSEE_RECORD,
    "Renew a licence until a later day.",
)


def _add_decision(verb: str, body: type[LicenseeDecisionRequest], summary: str) -> None:
    def decide(*, expected_version: int, data: LicenceDecision, **context: Any) -> None:
        licensees.decide(expected_version=expected_version, action=verb, data=data, **context)

    licensees_blueprint.action(
        f"{LICENSEE}/{verb}", body, decide, Permission.LICENSEE_RECORD, summary
    )


_add_decision("suspend", LicenseeDecisionRequest, "Suspend an active licence.")
_add_decision("reinstate", LicenseeDecisionRequest, "Reinstate a suspended licence.")
_add_decision("revoke", LicenseeDecisionRequest, "Revoke a licence for good.")
_add_decision(
    "close", LicenseeClosureRequest, "Record that a firm closed, and the holder of its books."
)


DISCREPANCY = "/discrepancies/<uuid:discrepancy_id>"

discrepancies_blueprint = Resource(
    "discrepancies",
    "Where counterparts disagree about permits and shipments",
    Item(
        DiscrepancyResponse,
        discrepancy_queries.read_discrepancy,
        discrepancy_queries.discrepancy_version,
    ),
)
discrepancies_blueprint.listing(
    "/discrepancies",
    DiscrepancyQuery,
    DiscrepancyResponse,
    discrepancy_queries.list_discrepancies,
    Permission.DISCREPANCY_READ,
)
discrepancies_blueprint.reading(
    DISCREPANCY,
    DiscrepancyResponse,
    discrepancy_queries.get_discrepancy,
    Permission.DISCREPANCY_READ,
)
discrepancies_blueprint.action(
    f"{DISCREPANCY}/explain",
    StatementRequest,
    discrepancy_commands.explain,
    Permission.DISCREPANCY_WORK,
    "State your state's explanation.",
)
discrepancies_blueprint.action(
    f"{DISCREPANCY}/agree",
    AgreementRequest,
    discrepancy_commands.agree,
    Permission.DISCREPANCY_WORK,
    "Agree for your state; closed once all states agree.",
)
discrepancies_blueprint.action(
    f"{DISCREPANCY}/reopen",
    StatementRequest,
    discrepancy_commands.reopen,
    Permission.DISCREPANCY_WORK,
    "Withdraw your state's statement, with the reason.",
)
discrepancies_blueprint.action(
    f"{DISCREPANCY}/assign",
    AssignRequest,
    discrepancy_commands.assign,
    Permission.DISCREPANCY_WORK,
    "Assign a discrepancy to an account of your state; not shared.",
)
