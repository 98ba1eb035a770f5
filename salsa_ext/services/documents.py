"""What recording and correcting a transfer or a report have in common: each makes one record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from salsa_ext.audit import Act, Action, append_many
from salsa_ext.db import insert_many
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.days import today
from salsa_ext.readmodels.documents import Kind as Read
from salsa_ext.services import corrections, numbers, records, retellings
from salsa_ext.services.parties import Parties
from salsa_ext.values.actor import Actor
from salsa_ext.values.documents import ReportData, TransferData
from salsa_ext.values.ids import new_id

Data = TypeVar("Data", TransferData, ReportData)
Row = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """A kind of document of one gun, and what is its own.

    `check(data, today)` raises Invalid; `columns(data, parties)` returns the columns that the
    other kind has not.
    """

    read: Read
    permission: Permission
    recorded: Action
    corrected: Action
    check: Callable[[Any, date], None]
    columns: Callable[[Any, Parties], Row]


@dataclass(frozen=True)
class Correction:
    """What a correction follows: the version that stood, the record that it made, and why."""

    old: Any
    record_id: UUID
    reason: str


def record_many(kind: Kind, actor: Actor, batch: Sequence[Data]) -> list[UUID]:
    """Record documents of the actor's state, all or none; raises Invalid or Duplicate."""
    on = today(actor)
    for data in batch:
        kind.check(data, on)
    rows = _write(kind, actor, actor.own_state(), batch)
    append_many(actor, [_act(kind, kind.recorded, row) for row in rows])
    return [row["id"] for row in rows]


def correct(
    kind: Kind, actor: Actor, document_id: UUID, seen: int | None, data: Data, reason: str
) -> UUID:
    """Add a version with other facts; raises NotFound, StaleVersion, Invalid, Duplicate."""
    old = corrections.take(kind.read.model, kind.read.name, document_id, seen)
    require(actor, kind.permission, old.owner_state)
    kind.check(data, today(actor))
    standing = corrections.lines_kept(document_id, [data.firearm], "firearm.line")
    data = corrections.settled(data, standing)
    follows = Correction(old, standing[data.firearm.line].record.id, reason)
    [row] = _write(kind, actor, old.owner_state, [data], follows)
    told: list[Act] = corrections.finish(actor, list(standing.values()), row, data)
    append_many(actor, [_act(kind, kind.corrected, row), *told])
    retellings.note(old.owner_state, [view.record.id for view in standing.values()])
    return document_id


def _write(
    kind: Kind, actor: Actor, owner: str, batch: Sequence[Data], follows: Correction | None = None
) -> list[Row]:
    parties, now = Parties(owner), actor.now()
    shared = {"owner_state": owner, "concerned": [owner], "recorded_at": now}
    rows = [shared | _row(kind, data, parties, follows) for data in batch]
    numbers.claim(kind.read.name, rows, follows.old if follows else None)
    parties.write()
    insert_many(kind.read.model, rows)
    pairs = zip(rows, batch, strict=True)
    records.write([_entry(kind, row, data, follows) for row, data in pairs], now)
    return rows


def _row(kind: Kind, data: Data, parties: Parties, follows: Correction | None) -> Row:
    return {
        "id": follows.old.id if follows else new_id(),
        "version": follows.old.version + 1 if follows else 1,
        "kind": data.kind, "number": data.number,
        "giver_id": parties.add(data.giver, ()),
        "reason": follows.reason if follows else None,
    } | vars(data.when) | kind.columns(data, parties)  # fmt: skip


def _entry(kind: Kind, row: Row, data: Data, follows: Correction | None) -> records.Entry:
    return records.Entry(
        firearm=data.firearm, event=data.kind, when=data.when,
        document_kind=kind.read.name, document_id=row["id"],
        owner=row["owner_state"], concerned=row["concerned"],
        giver_id=row["giver_id"], receiver_id=row.get("receiver_id"),
        visibility=data.visibility, handling=data.handling, source=data.source,
        record_id=follows.record_id if follows else None,
        version=row["version"], reason=row["reason"],
    )  # fmt: skip


def _act(kind: Kind, action: Action, row: Row) -> Act:
    said = {"kind": row["kind"], "version": row["version"]}
    return Act(action, kind.read.name, row["id"], data=said)
