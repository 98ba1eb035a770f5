"""Transfers."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from flask import g

from api.resource import Resource
from api.schemas.transfers import (
    TransferCorrection,
    TransferQuery,
    TransferRequest,
    TransferResponse,
)
from api.versioned import add_reading
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import documents, remarks
from salsa_ext.readmodels.documents import TRANSFERS, DocumentView
from salsa_ext.services import transfers
from salsa_ext.values.actor import Actor
from salsa_ext.values.documents import TransferData

blueprint = Resource(
    "transfers", "A gun is made, registered, sold, lent, deactivated or destroyed inside a state"
)
standing = add_reading(blueprint, TRANSFERS, TransferQuery, TransferResponse)


def _remarked(actor: Actor, data: TransferData, transfer_id: UUID) -> DocumentView:
    noted = remarks.on_firearms([("firearm", data.firearm)], actor.language)
    return replace(documents.read(TRANSFERS, transfer_id), remarks=noted)


@blueprint.posting("/transfers", TransferRequest, TransferResponse, Permission.TRANSFER_RECORD)
def record_transfer(actor: Actor, data: TransferData) -> DocumentView:
    """Record a transfer."""
    return _remarked(actor, data, transfers.record(actor=actor, data=data))


@blueprint.posting(
    "/transfers/<uuid:transfer_id>/correct", TransferCorrection, TransferResponse, Permission.TRANSFER_RECORD,
    status=200, standing=standing,
)  # fmt: skip
def correct_transfer(
    actor: Actor, data: tuple[TransferData, str], transfer_id: UUID
) -> DocumentView:
    """Add a version with other facts, and the reason."""
    corrected, reason = data
    transfers.correct(
        actor=actor, transfer_id=transfer_id, seen=g.seen, data=corrected, reason=reason
    )
    return _remarked(actor, corrected, transfer_id)
