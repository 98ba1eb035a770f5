"""Permits."""

from __future__ import annotations

from uuid import UUID

from api.resource import Resource
from api.schemas.permits import PermitQuery, PermitRequest, PermitResponse
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import permits as reading
from salsa_ext.services import permits
from salsa_ext.values.actor import Actor
from salsa_ext.values.permits import PermitData

blueprint = Resource(
    "permits", "Import certificates, in-transit authorizations, export certificates"
)
blueprint.listing(
    "/permits", PermitQuery, PermitResponse, reading.list_permits, Permission.PERMIT_READ
)
blueprint.reading(
    "/permits/<uuid:permit_id>", PermitResponse, reading.get_permit, Permission.PERMIT_READ
)


@blueprint.posting("/permits", PermitRequest, PermitResponse, Permission.PERMIT_RECORD)
def record_permit(actor: Actor, data: PermitData) -> reading.PermitView:
    """Post a permit that your state issued."""
    permit_id: UUID = permits.record(actor=actor, data=data)
    return reading.read(actor, permit_id)
