"""Domestic transfers, recorded and corrected; each makes one record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from salsa_ext.audit import Act, Action, append_many
from salsa_ext.db import insert_many
from salsa_ext.models import Transfer
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.days import today
from salsa_ext.services import corrections, numbers, records
from salsa_ext.services.fields import Problems, check_firearms, check_when
from salsa_ext.services.parties import Parties
from salsa_ext.values.actor import Actor
from salsa_ext.values.documents import TransferData
from salsa_ext.values.ids import new_id


def record(*, actor: Actor, data: TransferData) -> UUID:
    """Record one transfer inside the actor's state; raises Invalid or Duplicate."""
    return record_many(actor=actor, batch=[data])[0]


def record_many(*, actor: Actor, batch: Sequence[TransferData]) -> list[UUID]:
    """Record transfers in one transaction, all or none; returns their ids in order."""
    require(actor, Permission.TRANSFER_RECORD)
    on = today(actor)
    for data in batch:
        check(data, on)
    rows = _write(actor.own_state(), batch, actor.now())
    append_many(actor, [_act(Action.TRANSFER_RECORDED, row) for row in rows])
    return [row["id"] for row in rows]


def correct(
    *, actor: Actor, transfer_id: UUID, seen: int | None, data: TransferData, reason: str
) -> UUID:
    """Add a version with other facts; raises NotFound, StaleVersion, Invalid, Duplicate."""
    require(actor, Permission.TRANSFER_RECORD)
    old = corrections.take(Transfer, "transfer", transfer_id, seen)
    require(actor, Permission.TRANSFER_RECORD, old.owner_state)
    check(data, today(actor))
    standing = corrections.lines_kept(transfer_id, [data.firearm], "firearm.line")
    data = corrections.settled(data, standing)
    [row] = _write(old.owner_state, [data], actor.now(), old=old, reason=reason,
                   record_id=standing[data.firearm.line].record.id)  # fmt: skip
    told = corrections.finish(list(standing.values()), row, data)
    append_many(actor, [_act(Action.TRANSFER_CORRECTED, row), *told])
    return transfer_id


def check(data: TransferData, on: date) -> None:
    """Raise Invalid where the transfer contradicts itself."""
    problems = Problems()
    check_when(problems, data.when, on)
    check_firearms(problems, "firearm", [data.firearm])
    problems.raise_any()


def _write(
    owner: str, batch: Sequence[TransferData], now: datetime,
    old: Transfer | None = None, reason: str | None = None, record_id: UUID | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    parties = Parties(owner)
    rows = [_row(owner, data, parties, now, old, reason) for data in batch]
    numbers.claim("transfer", rows, old)
    parties.write()
    insert_many(Transfer, rows)
    pairs = zip(rows, batch, strict=True)
    records.write([_entry(row, data, record_id) for row, data in pairs], now)
    return rows


def _row(
    owner: str, data: TransferData, parties: Parties, now: datetime,
    old: Transfer | None, reason: str | None,
) -> dict[str, Any]:  # fmt: skip
    return {
        "id": old.id if old else new_id(), "version": old.version + 1 if old else 1,
        "owner_state": owner, "concerned": [owner],
        "kind": data.kind, "number": data.number,
        "giver_id": parties.add(data.giver, ()), "receiver_id": parties.add(data.receiver, ()),
        "recorded_at": now, "reason": reason,
    } | vars(data.when)  # fmt: skip


def _entry(row: dict[str, Any], data: TransferData, record_id: UUID | None) -> records.Entry:
    return records.Entry(
        firearm=data.firearm, event=data.kind, when=data.when,
        document_kind="transfer", document_id=row["id"],
        owner=row["owner_state"], concerned=row["concerned"],
        giver_id=row["giver_id"], receiver_id=row["receiver_id"],
        visibility=data.visibility, handling=data.handling, source=data.source,
        record_id=record_id, version=row["version"], reason=row["reason"],
    )  # fmt: skip


def _act(action: Action, row: dict[str, Any]) -> Act:
    return Act(action, "transfer", row["id"], data={"kind": row["kind"], "version": row["version"]})
