"""Routes of transfers."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from flask import g

from api.http.resource import Resource
from api.routes.documents import add_document_routes
from api.schemas.transfers import (
    TransferCorrectionRequest,
    TransferQuery,
    TransferRequest,
    TransferResponse,
)
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.documents import queries as document_queries
from salsa_ext.documents import transfers
from salsa_ext.documents.queries import TRANSFERS, DocumentView
from salsa_ext.documents.values import TransferData
from salsa_ext.reference import suggestions

blueprint = Resource(
    "transfers", "A gun is made, registered, sold, lent, deactivated or destroyed inside a state"
)
current_version = add_document_routes(blueprint, TRANSFERS, TransferQuery, TransferResponse)


def _transfer_with_remarks(actor: Actor, data: TransferData, transfer_id: UUID) -> DocumentView:
    noted = suggestions.remarks_on_firearms([("firearm", data.firearm)], actor.language)
    return replace(document_queries.load_document(TRANSFERS, transfer_id), remarks=noted)


@blueprint.posting("/transfers", TransferRequest, TransferResponse, Permission.TRANSFER_RECORD)
def create_transfer(actor: Actor, data: TransferData) -> DocumentView:
    """Create a transfer."""
    return _transfer_with_remarks(actor, data, transfers.record(actor=actor, data=data))


@blueprint.posting(
    "/transfers/<uuid:transfer_id>/correct",
    TransferCorrectionRequest,
    TransferResponse,
    Permission.TRANSFER_RECORD,
    status=200,
    standing=current_version,
)
def correct_transfer(
    actor: Actor, data: tuple[TransferData, str], transfer_id: UUID
) -> DocumentView:
    """Add a corrected version of a transfer, with the reason."""
    corrected, reason = data
    transfers.correct(
        actor=actor,
        transfer_id=transfer_id,
        expected_version=g.expected_version,
        data=corrected,
        reason=reason,
    )
    return _transfer_with_remarks(actor, corrected, transfer_id)
