"""Transfers."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import g

from api.resource import Resource
from api.schemas.common import AsOfQuery
from api.schemas.transfers import (
    TransferCorrection,
    TransferQuery,
    TransferRequest,
    TransferResponse,
)
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import documents
from salsa_ext.readmodels.documents import TRANSFERS, DocumentView
from salsa_ext.readmodels.pages import Page
from salsa_ext.services import disclosures, transfers
from salsa_ext.values.actor import Actor
from salsa_ext.values.documents import TransferData

blueprint = Resource(
    "transfers", "A gun is made, registered, sold, lent, deactivated or destroyed inside a state"
)


def _list(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[DocumentView]:
    """Return a page of your state's transfers; with Salsa-Purpose, of all that concern it."""
    return disclosures.list_documents(
        actor=actor, kind=TRANSFERS, filters=filters, limit=limit, cursor=cursor
    )


def _get(actor: Actor, transfer_id: UUID, as_of: datetime | None = None) -> DocumentView:
    """Return one transfer as it stands, or as it stood; another state's needs Salsa-Purpose."""
    return disclosures.read_document(
        actor=actor, kind=TRANSFERS, document_id=transfer_id, as_of=as_of
    )


def _standing(actor: Actor, transfer_id: UUID) -> int:
    return documents.version(TRANSFERS, transfer_id)


blueprint.listing("/transfers", TransferQuery, TransferResponse, _list, Permission.TRANSFER_READ)
blueprint.reading(
    "/transfers/<uuid:transfer_id>", TransferResponse, _get, Permission.TRANSFER_READ, AsOfQuery
)


@blueprint.posting("/transfers", TransferRequest, TransferResponse, Permission.TRANSFER_RECORD)
def record_transfer(actor: Actor, data: TransferData) -> DocumentView:
    """Record a transfer."""
    return documents.read(TRANSFERS, transfers.record(actor=actor, data=data))


@blueprint.posting(
    "/transfers/<uuid:transfer_id>/correct", TransferCorrection, TransferResponse, Permission.TRANSFER_RECORD,
    status=200, standing=_standing,
)  # fmt: skip
def correct_transfer(
    actor: Actor, data: tuple[TransferData, str], transfer_id: UUID
) -> DocumentView:
    """Add a version with other facts, and the reason."""
    corrected, reason = data
    transfers.correct(
        actor=actor, transfer_id=transfer_id, seen=g.seen, data=corrected, reason=reason
    )
    return documents.read(TRANSFERS, transfer_id)
