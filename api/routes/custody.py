"""Routes of what became of seized guns."""

from __future__ import annotations

from uuid import UUID

from api.http.resource import Resource
from api.schemas.custody import CustodyResponse, DispositionRequest, HandoverRequest, OriginRequest
from api.schemas.documents import WithdrawalRequest
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.custody import entries, queries
from salsa_ext.custody.queries import SeizureCustody
from salsa_ext.custody.values import DispositionData, EntryData, HandoverData, OriginData

blueprint = Resource("custody", "What became of seized guns; for their own state alone")


def get_seizure_custody(actor: Actor, seizure_id: UUID) -> SeizureCustody:
    """Return hand-overs with their gaps, dispositions and origins of a seizure's items."""
    return queries.read_custody(actor=actor, seizure_id=seizure_id)


blueprint.reading(
    "/seizures/<uuid:seizure_id>/custody",
    CustodyResponse,
    get_seizure_custody,
    Permission.SEIZURE_READ,
)


def _record(actor: Actor, seizure_id: UUID, data: EntryData) -> SeizureCustody:
    entries.record(actor=actor, seizure_id=seizure_id, data=data)
    return queries.read_custody(actor=actor, seizure_id=seizure_id)


@blueprint.posting(
    "/seizures/<uuid:seizure_id>/handovers",
    HandoverRequest,
    CustodyResponse,
    Permission.SEIZURE_RECORD,
)
def record_seizure_handover(actor: Actor, data: HandoverData, seizure_id: UUID) -> SeizureCustody:
    """Enter or correct a hand-over of seized items; gaps and overlaps are shown, not refused."""
    return _record(actor, seizure_id, data)


@blueprint.posting(
    "/seizures/<uuid:seizure_id>/dispositions",
    DispositionRequest,
    CustodyResponse,
    Permission.SEIZURE_RECORD,
)
def record_seizure_disposition(
    actor: Actor, data: DispositionData, seizure_id: UUID
) -> SeizureCustody:
    """Enter or correct what is done with seized items; one that ends custody writes a transfer."""
    return _record(actor, seizure_id, data)


@blueprint.posting(
    "/seizures/<uuid:seizure_id>/origins", OriginRequest, CustodyResponse, Permission.SEIZURE_RECORD
)
def record_seizure_origin(actor: Actor, data: OriginData, seizure_id: UUID) -> SeizureCustody:
    """Enter or correct how seized items left lawful hands, as an authority established."""
    return _record(actor, seizure_id, data)


@blueprint.posting(
    "/seizures/<uuid:seizure_id>/entries/<uuid:entry_id>/withdraw",
    WithdrawalRequest,
    CustodyResponse,
    Permission.SEIZURE_RECORD,
    status=200,
)
def withdraw_seizure_entry(
    actor: Actor, data: str, seizure_id: UUID, entry_id: UUID
) -> SeizureCustody:
    """Withdraw an entry made in error, with the transfer that it wrote."""
    entries.withdraw(actor=actor, seizure_id=seizure_id, entry_id=entry_id, reason=data)
    return queries.read_custody(actor=actor, seizure_id=seizure_id)
