"""Figures of seizures, and of the records of all documents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from uuid import UUID

from sqlalchemy import func

from salsa_ext.database.session import db
from salsa_ext.documents.models import Report, Seizure, Transfer
from salsa_ext.firearms.records.frequencies import count_documents, counted_records
from salsa_ext.firearms.records.models import Record
from salsa_ext.reference import names
from salsa_ext.statistics.dataset_types import CountedKind, CountKey, Dataset

SEIZURES = Dataset("seizures", subject="type", subjects=lambda: (*names.type_codes(), "unknown"))


def count_seizures(state: str, ids: Collection[UUID]) -> dict[UUID, Counter[CountKey]]:
    """Return the cells in which seizures and their records count."""
    cells = count_documents(state, ids)
    keys = (Record.document_id, Record.type, Record.occurred_on)
    guns = counted_records(state, ids).where(Record.category == "firearm")
    sums = guns.with_only_columns(*keys, func.sum(Record.quantity)).group_by(*keys)
    for seizure, gun_type, on, quantity in db.session.execute(sums):
        cells[seizure][SEIZURES.key(state, gun_type or "unknown", on)] += int(quantity)
    return cells


COUNTED = (
    CountedKind("seizure", Seizure, count_seizures),
    CountedKind("report", Report, count_documents),
    CountedKind("transfer", Transfer, count_documents),
)
