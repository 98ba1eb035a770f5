"""Routes of permits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import g

from api.http.fields.schemas import RequestSchema
from api.http.resource import Resource
from api.schemas.permits import (
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
from salsa_ext.trade.permits.values import PermitData, ReissueData

blueprint = Resource(
    "permits", "Import certificates, in-transit authorizations, export certificates"
)
blueprint.listing(
    "/permits", PermitQuery, PermitResponse, permit_queries.list_permits, Permission.PERMIT_READ
)
blueprint.reading(
    "/permits/<uuid:permit_id>", PermitResponse, permit_queries.get_permit, Permission.PERMIT_READ
)


@blueprint.posting("/permits", PermitRequest, PermitResponse, Permission.PERMIT_RECORD)
def create_permit(actor: Actor, data: PermitData) -> permit_queries.PermitView:
    """Create a permit issued by your state."""
    permit_id: UUID = permits.record(actor=actor, data=data)
    noted = suggestions.remarks_on_firearms(with_field_paths("lines", data.lines), actor.language)
    return replace(permit_queries.read_permit(actor, permit_id), remarks=noted)


def _add_action(
    name: str, body: type[RequestSchema], command: Callable[..., Any], summary: str
) -> None:
    def act(actor: Actor, data: Any, permit_id: UUID) -> permit_queries.PermitView:
        command(actor=actor, permit_id=permit_id, expected_version=g.expected_version, data=data)
        return permit_queries.read_permit(actor, permit_id)

    act.__name__, act.__doc__ = f"{name}_permit", summary
    blueprint.posting(
        f"/permits/<uuid:permit_id>/{name}",
        body,
        PermitResponse,
        Permission.PERMIT_RECORD,
        status=200,
        standing=permit_queries.permit_version,
    )(act)


_add_action(
    "cancel",
    PermitDecisionRequest,
    permit_changes.cancel,
    "Cancel a permit of your state for good; the states concerned learn it.",
)
_add_action(
    "suspend",
    PermitDecisionRequest,
    permit_changes.suspend,
    "Suspend a permit of your state until it is reinstated.",
)
_add_action(
    "reinstate", PermitDecisionRequest, permit_changes.reinstate, "Reinstate a suspended permit."
)
_add_action(
    "amend",
    PermitAmendRequest,
    permit_changes.amend,
    "Amend what the Model Regulations 8.5 let be amended: the source, the plan of a transit.",
)


@blueprint.posting(
    "/permits/<uuid:permit_id>/reissue",
    ReissueRequest,
    PermitResponse,
    Permission.PERMIT_RECORD,
    standing=permit_queries.permit_version,
)
def reissue_permit(actor: Actor, data: ReissueData, permit_id: UUID) -> permit_queries.PermitView:
    """Replace a permit by a new one for its remaining quantity."""
    fresh = permit_changes.reissue(
        actor=actor, permit_id=permit_id, expected_version=g.expected_version, data=data
    )
    return permit_queries.read_permit(actor, fresh)
