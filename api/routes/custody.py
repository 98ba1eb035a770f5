"""Routes of what became of seized guns."""

from __future__ import annotations

from uuid import UUID

from api.http.resource import Item, Resource
from api.schemas.custody import (
    CustodyResponse,
    CustodyRowRequest,
    DispositionRequest,
    HandoverRequest,
    OriginRequest,
)
from api.schemas.documents import WithdrawalRequest
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.custody import entries, queries
from salsa_ext.custody.queries import SeizureCustody

SEIZURE = "/seizures/<uuid:seizure_id>"
RECORD = Permission.SEIZURE_RECORD

blueprint = Resource(
    "custody",
    "What became of seized guns; for their own state alone",
    Item(CustodyResponse, queries.read_custody),
)
blueprint.reading(
    f"{SEIZURE}/custody",
    CustodyResponse,
    queries.read_custody,
    Permission.SEIZURE_READ,
    name="get_seizure_custody",
)
blueprint.batch("/custody", CustodyRowRequest, entries.record_many, RECORD)
for name, schema, summary in (
    ("handover", HandoverRequest, "Enter or correct a hand-over; gaps and overlaps are shown."),
    ("disposition", DispositionRequest, "Enter or correct a disposition, with its transfer."),
    ("origin", OriginRequest, "Enter or correct how guns left lawful hands, as established."),
):
    blueprint.action(
        f"{SEIZURE}/{name}s",
        schema,
        entries.record,
        RECORD,
        summary,
        name=f"record_seizure_{name}",
        status=201,
    )


@blueprint.posting(
    f"{SEIZURE}/entries/<uuid:entry_id>/withdraw",
    WithdrawalRequest,
    CustodyResponse,
    RECORD,
    status=200,
)
def withdraw_seizure_entry(
    actor: Actor, data: str, seizure_id: UUID, entry_id: UUID
) -> SeizureCustody:
    """Withdraw an entry made in error, with the transfer that it wrote."""
    entries.withdraw(actor=actor, seizure_id=seizure_id, entry_id=entry_id, reason=data)
    return queries.read_custody(actor, seizure_id)
