"""Routes of permits."""

from __future__ import annotations

from dataclasses import replace

from api.http.resource import Item, Resource
from api.schemas.trade.permits import (
    PermitAmendRequest,
    PermitDecisionRequest,
    PermitQuery,
    PermitRequest,
    PermitResponse,
    ReissueRequest,
)
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.core.batches import with_field_paths
from salsa_ext.reference import suggestions
from salsa_ext.trade.permits import changes as permit_changes
from salsa_ext.trade.permits import permits
from salsa_ext.trade.permits import queries as permit_queries
from salsa_ext.trade.permits.values import PermitData

PERMIT = "/permits/<uuid:permit_id>"


blueprint = Resource(
    "permits",
    "Import certificates, in-transit authorizations, export certificates",
    Item(PermitResponse, permit_queries.read_permit, permit_queries.permit_version),
)
blueprint.listing(
    "/permits", PermitQuery, PermitResponse, permit_queries.list_permits, Permission.PERMIT_READ
)
blueprint.reading(PERMIT, PermitResponse, permit_queries.get_permit, Permission.PERMIT_READ)


@blueprint.posting(
    "/permits", PermitRequest, PermitResponse, Permission.PERMIT_RECORD, location="/permits/{id}"
)
def create_permit(actor: Actor, data: PermitData) -> permit_queries.PermitView:
    """Create a permit issued by your state."""
    permit_id = permits.record(actor=actor, data=data)
    remarks = suggestions.remarks_on_firearms(with_field_paths("lines", data.lines), actor.language)
    return replace(permit_queries.read_permit(actor, permit_id), remarks=remarks)


blueprint.batch(
    "/permits", PermitRequest, permits.record_many, Permission.PERMIT_RECORD, permits.find_used
)
blueprint.action(
    f"{PERMIT}/cancel",
    PermitDecisionRequest,
    permit_changes.cancel,
    Permission.PERMIT_RECORD,
    "Cancel a permit of your state for good.",
)
blueprint.action(
    f"{PERMIT}/suspend",
    PermitDecisionRequest,
    permit_changes.suspend,
    Permission.PERMIT_RECORD,
    "Suspend a permit of your state until it is reinstated.",
)
blueprint.action(
    f"{PERMIT}/reinstate",
    PermitDecisionRequest,
    permit_changes.reinstate,
    Permission.PERMIT_RECORD,
    "Reinstate a suspended permit.",
)
blueprint.action(
    f"{PERMIT}/amend",
    PermitAmendRequest,
    permit_changes.amend,
    Permission.PERMIT_RECORD,
    "Amend the source or the transit plan of a permit (Model Regulations 8.5).",
)
blueprint.action(
    f"{PERMIT}/reissue",
    ReissueRequest,
    permit_changes.reissue,
    Permission.PERMIT_RECORD,
    "Replace a permit by a new one for its remaining quantity.",
    location="/permits/{id}",
)
