"""Permits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import g

from api.resource import Resource
from api.schemas.changes import AmendRequest, PermitDecisionRequest, ReissueRequest
from api.schemas.fields import RequestSchema
from api.schemas.permits import PermitQuery, PermitRequest, PermitResponse
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import permits as reading
from salsa_ext.readmodels import remarks
from salsa_ext.services import amendments, cancellations, permits, reissues
from salsa_ext.values.actor import Actor
from salsa_ext.values.changes import Reissue
from salsa_ext.values.manifests import listed
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
    noted = remarks.on_firearms(listed("lines", data.lines), actor.language)
    return replace(reading.read(actor, permit_id), remarks=noted)


def _action(name: str, body: type[RequestSchema], command: Callable[..., Any], said: str) -> None:
    def act(actor: Actor, data: Any, permit_id: UUID) -> reading.PermitView:
        command(actor=actor, permit_id=permit_id, seen=g.seen, data=data)
        return reading.read(actor, permit_id)

    act.__name__, act.__doc__ = f"{name}_permit", said
    blueprint.posting(
        f"/permits/<uuid:permit_id>/{name}", body, PermitResponse, Permission.PERMIT_RECORD,
        status=200, standing=reading.version,
    )(act)  # fmt: skip


_action("cancel", PermitDecisionRequest, cancellations.cancel,
        "Cancel a permit of your state for good; the states concerned learn it.")  # fmt: skip
_action("suspend", PermitDecisionRequest, cancellations.suspend,
        "Suspend a permit of your state until it is reinstated.")  # fmt: skip
_action(
    "reinstate", PermitDecisionRequest, cancellations.reinstate, "Reinstate a suspended permit."
)
_action("amend", AmendRequest, amendments.amend,
        "Amend what the Model Regulations 8.5 let be amended: the source, the plan of a transit.")  # fmt: skip


@blueprint.posting(
    "/permits/<uuid:permit_id>/reissue", ReissueRequest, PermitResponse, Permission.PERMIT_RECORD,
    standing=reading.version,
)  # fmt: skip
def reissue_permit(actor: Actor, data: Reissue, permit_id: UUID) -> reading.PermitView:
    """Issue a new permit for what is left of one, which it replaces; the answer is the new one."""
    fresh = reissues.reissue(actor=actor, permit_id=permit_id, seen=g.seen, data=data)
    return reading.read(actor, fresh)
