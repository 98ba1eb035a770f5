"""Seizures, recorded and corrected; each item makes a record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from salsa_ext.audit import Act, Action, append_many, append_with
from salsa_ext.db import insert_many
from salsa_ext.errors import say
from salsa_ext.models import Seizure
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.contacts import agency_codes
from salsa_ext.readmodels.days import today
from salsa_ext.readmodels.records import RecordView, of_documents
from salsa_ext.services import corrections, marks, numbers, records, retellings, rollups, traces
from salsa_ext.services.fields import (
    Problems,
    check_agency,
    check_firearms,
    check_unique_lines,
    check_when,
)
from salsa_ext.services.sealing import Vault
from salsa_ext.values.actor import Actor
from salsa_ext.values.documents import SeizureData
from salsa_ext.values.ids import new_id


def record(*, actor: Actor, data: SeizureData) -> UUID:
    """Record one seizure of the actor's state; raises Invalid or Duplicate."""
    return record_many(actor=actor, batch=[data])[0]


def record_many(*, actor: Actor, batch: Sequence[SeizureData]) -> list[UUID]:
    """Record seizures in one transaction, all or none; returns their ids in order."""
    require(actor, Permission.SEIZURE_RECORD)
    owner, now, on = actor.own_state(), actor.now(), today(actor)
    agencies = agency_codes(owner)
    for data in batch:
        check(data, owner, on, agencies)
    rows = [_row(owner, data, now) for data in batch]
    numbers.claim("seizure", rows)
    pairs = list(zip(rows, batch, strict=True))
    entries = [entry for row, data in pairs for entry in _entries(row, data)]
    records.write(entries, now, _cells(pairs))
    append_with(actor, [_act(Action.SEIZURE_RECORDED, row) for row in rows], {Seizure: rows})
    return [row["id"] for row in rows]


def correct(
    *, actor: Actor, vault: Vault, seizure_id: UUID, seen: int | None, data: SeizureData, reason: str
) -> UUID:  # fmt: skip
    """Add a version with other facts and all items, which traces that were not sent follow.

    Raises NotFound, StaleVersion, Invalid, Duplicate.
    """
    require(actor, Permission.SEIZURE_RECORD)
    now = actor.now()
    old = corrections.take(Seizure, "seizure", seizure_id, seen)
    require(actor, Permission.SEIZURE_RECORD, old.owner_state)
    # what stands may stay, though its agency was never registered
    check(data, old.owner_state, today(actor), agency_codes(old.owner_state) | {old.agency})
    standing = corrections.lines_kept(seizure_id, data.items)
    data = corrections.settled(data, standing)
    data = replace(data, items=marks.with_readers(data.items, standing))
    row = _row(old.owner_state, data, now, old, reason)
    numbers.claim("seizure", [row], old)
    insert_many(Seizure, [row])
    kept = {line: view.record.id for line, view in standing.items()}
    records.write(_entries(row, data, kept), now)
    after = _cells([(row, data)])
    after.subtract(_standing_cells(old, list(standing.values())))
    rollups.add(after)
    told = corrections.finish(actor, list(standing.values()), row, data)
    append_many(actor, [_act(Action.SEIZURE_CORRECTED, row), *told])
    retellings.note(old.owner_state, kept.values())
    traces.redescribe(actor=actor, vault=vault, items=of_documents([seizure_id])[seizure_id])
    return seizure_id


def check(data: SeizureData, owner: str, on: date, agencies: frozenset[str]) -> None:
    """Raise Invalid where the seizure contradicts itself; `agencies` are those of the owner."""
    problems = Problems()
    check_agency(problems, "agency", data.agency, agencies)
    check_when(problems, data.when, on)
    if data.place.country != owner:
        problems.add("place.country", say("Your state records its own seizures; this must be {state}.",
                                          state=owner))  # fmt: skip
    if (data.place.latitude is None) != (data.place.longitude is None):
        problems.add("place", say("Give both latitude and longitude."))
    if not data.items:
        problems.add("items", say("A seizure has at least one item."))
    check_firearms(problems, "items", data.items)
    check_unique_lines(problems, "items", data.items)
    problems.raise_any()


def _row(
    owner: str, data: SeizureData, now: datetime,
    old: Seizure | None = None, reason: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    place = vars(data.place)
    return (
        {
            "id": old.id if old else new_id(),
            "version": old.version + 1 if old else 1,
            "owner_state": owner,
            "concerned": sorted({*_concerned(owner, data), *(old.concerned if old else ())}),
            "number": data.number,
            "kind": data.kind,
            "agency": data.agency,
            "post": data.post,
            "place_name": place["name"],
            "legal_grounds": list(data.legal_grounds),
            "crime_context": list(data.crime_context),
            "details": dict(data.details or {}),
            "recorded_at": now,
            "reason": reason,
        }
        | vars(data.when)
        | {
            name: place[name]
            for name in ("country", "admin1", "latitude", "longitude", "precision")
        }
    )


def _concerned(owner: str, data: SeizureData) -> list[str]:
    """A joint seizure is seen by both sides."""
    joint = (data.details or {}).get("joint_with") or {}
    return sorted({owner, *([joint["state"]] if joint else [])})


def _entries(
    row: dict[str, Any], data: SeizureData, kept: dict[int, UUID] | None = None
) -> list[records.Entry]:
    kept = kept or {}
    return [
        records.Entry(
            firearm=item, event=data.kind, when=data.when,
            document_kind="seizure", document_id=row["id"],
            owner=row["owner_state"], concerned=row["concerned"],
            visibility=data.visibility, handling=data.handling, source=data.source,
            record_id=kept.get(item.line), reason=row["reason"],
            version=row["version"] if item.line in kept else 1,
        )
        for item in data.items
    ]  # fmt: skip


def _cells(pairs: Sequence[tuple[dict[str, Any], SeizureData]]) -> Counter[rollups.Cell]:
    """Count firearms; a `silent` seizure is left out, or the figures would give it away."""
    cells: Counter[rollups.Cell] = Counter()
    for row, data in pairs:
        for item in data.items if data.visibility != "silent" else ():
            if item.category == "firearm":
                subject, on = records.subject(item), data.when.occurred_on
                cells[rollups.Cell("seizures", row["owner_state"], subject, on)] += int(
                    item.quantity
                )
    return cells


def _standing_cells(old: Seizure, views: Sequence[RecordView]) -> Counter[rollups.Cell]:
    cells: Counter[rollups.Cell] = Counter()
    for view in views:
        record, setting = view.record, view.setting
        if record.category == "firearm" and setting and setting.visibility != "silent":
            subject = record.type or "unknown"
            cell = rollups.Cell("seizures", old.owner_state, subject, old.occurred_on)
            cells[cell] += int(record.quantity)
    return cells


def _act(action: Action, row: dict[str, Any]) -> Act:
    data = {"kind": row["kind"], "version": row["version"]}
    return Act(action, "seizure", row["id"], concerned=row["concerned"], data=data)
