"""Correcting how one gun of a seizure is described, by who has it before him; all else stays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from salsa_ext.db import db
from salsa_ext.errors import NotFound
from salsa_ext.models import Seizure
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.records import RecordView, of_documents
from salsa_ext.readmodels.versions import current
from salsa_ext.services import readings, records, seizures
from salsa_ext.services.marks import as_value
from salsa_ext.services.sealing import Vault
from salsa_ext.values.actor import Actor
from salsa_ext.values.documents import SeizureData
from salsa_ext.values.events import Place, When
from salsa_ext.values.firearms import Firearm, Mark

DESCRIBING: Final = ("category", "serial", "type", "marking", "make", "model", "calibre",
                     "country_of_manufacture", "year", "importer_mark")  # fmt: skip
"""What is said anew of a gun; further marks are added by a reader, and stay."""


def correct_gun(
    *, actor: Actor, vault: Vault, seizure_id: UUID, seen: int | None, line: int, gun: Firearm,
    reason: str,
) -> UUID:  # fmt: skip
    """Add a version of a seizure in which one gun is described so; raises NotFound, and as `correct`."""
    require(actor, Permission.SEIZURE_RECORD)
    row = own(actor, seizure_id)
    items = {view.record.line: as_told(view) for view in of_documents([seizure_id])[seizure_id]}
    if line not in items:
        raise NotFound("line", line)
    items[line] = replace(items[line], **{name: getattr(gun, name) for name in DESCRIBING})
    data = as_data(row, items.values())
    return seizures.correct(
        actor=actor, vault=vault, seizure_id=seizure_id, seen=seen, data=data, reason=reason
    )


def own(actor: Actor, seizure_id: UUID) -> Seizure:
    """Return the current version of a seizure of the own state; raises NotFound."""
    row: Seizure | None = db.session.scalars(
        current(Seizure).where(Seizure.id == seizure_id)
    ).first()
    if row is None or row.owner_state != actor.state:
        raise NotFound("seizure", seizure_id)
    return row


def as_data(row: Seizure, items: Iterable[Firearm]) -> SeizureData:
    """Return a seizure as it was told, with these items."""
    return SeizureData(
        number=row.number, kind=row.kind, agency=row.agency, post=row.post, details=row.details,
        when=When(row.occurred_on, row.occurred_at, row.time_zone),
        place=Place(row.country, row.place_name, row.admin1, row.latitude, row.longitude,
                    row.precision),
        legal_grounds=tuple(row.legal_grounds), crime_context=tuple(row.crime_context),
        items=tuple(items),
    )  # fmt: skip


def as_told(view: RecordView) -> Firearm:
    """Return a recorded gun as a document would tell it: its words, and the marks beside its serial."""
    row = view.record
    words: dict[str, Any] = {
        "type": row.type_text or row.type,
        "make": row.make_text,
        "calibre": row.calibre_text,
    }
    same: dict[str, Any] = {name: getattr(row, name) for name in records.FIELDS
            if name in Firearm.__dataclass_fields__ and name not in words}  # fmt: skip
    bare = Firearm(**same, **words)
    implied = {_told(mark) for mark in readings.with_further(bare).all_marks()}
    marks = tuple(mark for mark in map(as_value, view.marks)
                  if mark.read_at is not None or _told(mark) not in implied)  # fmt: skip
    return replace(bare, marks=marks)


def _told(mark: Mark) -> tuple[str, str, str | None]:
    return mark.kind, mark.text, mark.location
