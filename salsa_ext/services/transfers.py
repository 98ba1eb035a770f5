"""Domestic transfers, recorded and corrected; each makes one record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from salsa_ext.audit import Action
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.documents import TRANSFERS
from salsa_ext.services import documents, matches
from salsa_ext.services.fields import Problems, check_firearms, check_told, check_when
from salsa_ext.services.parties import Parties
from salsa_ext.values.actor import Actor
from salsa_ext.values.documents import TransferData


def record(*, actor: Actor, data: TransferData) -> UUID:
    """Record one transfer inside the actor's state and match it; raises Invalid or Duplicate."""
    [transfer_id] = record_many(actor=actor, batch=[data])
    matches.of_document(actor, transfer_id)
    return transfer_id


def record_many(*, actor: Actor, batch: Sequence[TransferData]) -> list[UUID]:
    """Record transfers in one transaction, all or none; returns their ids in order."""
    require(actor, Permission.TRANSFER_RECORD)
    return documents.record_many(KIND, actor, batch)


def correct(
    *, actor: Actor, transfer_id: UUID, seen: int | None, data: TransferData, reason: str
) -> UUID:
    """Add a version with other facts, and match it anew; raises NotFound, StaleVersion, Invalid, Duplicate."""
    require(actor, Permission.TRANSFER_RECORD)
    documents.correct(KIND, actor, transfer_id, seen, data, reason)
    matches.of_document(actor, transfer_id)
    return transfer_id


def check(data: TransferData, on: date) -> None:
    """Raise Invalid where the transfer contradicts itself, or says nothing of its gun."""
    problems = Problems()
    check_when(problems, data.when, on)
    check_firearms(problems, "firearm", [data.firearm])
    check_told(problems, "firearm", data.firearm)
    problems.raise_any()


def _columns(data: TransferData, parties: Parties) -> dict[str, Any]:
    return {"receiver_id": parties.add(data.receiver, ()), "licence": data.licence}


KIND: Final = documents.Kind(
    TRANSFERS, Permission.TRANSFER_RECORD, Action.TRANSFER_RECORDED, Action.TRANSFER_CORRECTED,
    check, _columns,
)  # fmt: skip
