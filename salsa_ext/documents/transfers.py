"""Record and correct domestic transfers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from salsa_ext.access.audit import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.field_checks import Problems, check_date, check_declared
from salsa_ext.documents import single_gun
from salsa_ext.documents.queries import TRANSFERS
from salsa_ext.documents.values import TransferData
from salsa_ext.firearms.records.record_writing import PartyCollector
from salsa_ext.firearms.records.validation import check_firearms, check_identified


def record(*, actor: Actor, data: TransferData) -> UUID:
    """Record one transfer; raises Invalid or Duplicate."""
    return record_many(actor=actor, batch=[data])[0]


def record_many(*, actor: Actor, batch: Sequence[TransferData]) -> list[UUID]:
    """Record transfers in one transaction; return their ids in order.

    Raises Invalid or Duplicate; then none is recorded.
    """
    require(actor, Permission.TRANSFER_RECORD)
    return single_gun.record_many(TRANSFER_KIND, actor, batch)


def correct(
    *,
    actor: Actor,
    transfer_id: UUID,
    expected_version: int | None,
    data: TransferData,
    reason: str,
) -> UUID:
    """Add a corrected version.

    Raises NotFound, StaleVersion, Invalid, Duplicate.
    """
    require(actor, Permission.TRANSFER_RECORD)
    single_gun.correct(TRANSFER_KIND, actor, transfer_id, expected_version, data, reason)
    return transfer_id


def check(data: TransferData, day: date) -> None:
    """Raise Invalid if a transfer contradicts itself or describes no gun."""
    problems = Problems()
    check_date(problems, "occurred_on", data.occurred_on, day)
    check_declared(problems, data)
    check_firearms(problems, "firearm", [data.firearm])
    check_identified(problems, "firearm", data.firearm)
    problems.raise_any()


def _columns(data: TransferData, parties: PartyCollector) -> dict[str, Any]:
    return {"receiver_id": parties.add(data.receiver, ())}


TRANSFER_KIND: Final = single_gun.SingleGunKind(
    TRANSFERS,
    Permission.TRANSFER_RECORD,
    Action.TRANSFER_RECORDED,
    Action.TRANSFER_CORRECTED,
    check,
    _columns,
)
