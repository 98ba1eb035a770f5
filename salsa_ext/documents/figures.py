"""Figures of seizures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from salsa_ext.core.batches import CHUNK_SIZE
from salsa_ext.database.session import db
from salsa_ext.database.version_queries import select_current
from salsa_ext.documents.models import Seizure
from salsa_ext.firearms.marks.values import Firearm
from salsa_ext.firearms.records.models import Record
from salsa_ext.firearms.records.queries import RecordView, records_of_documents
from salsa_ext.reference import names
from salsa_ext.statistics.dataset_types import Cells, CountKey, Dataset


def count_seizure(
    seizure: Mapping[str, Any], guns: Iterable[Firearm | Record]
) -> Counter[CountKey]:
    """Return the cells in which the firearms of a seizure count.

    `seizure` has the columns of its table. The caller leaves out silent records, since figures
    would reveal them.
    """
    cells: Counter[CountKey] = Counter()
    state, on = seizure["owner_state"], seizure["occurred_on"]
    for gun in guns:
        if gun.category == "firearm":
            subject = names.resolve("type", gun.type) or "unknown"
            cells[SEIZURES.key(state, subject, on)] += int(gun.quantity)
    return cells


def count_stored(seizure: Seizure, views: Iterable[RecordView]) -> Counter[CountKey]:
    """Return the cells of a stored seizure and its records."""
    visible = [
        view.record for view in views if view.setting and view.setting.visibility != "silent"
    ]
    return count_seizure(vars(seizure), visible)


def recount_seizures(state: str) -> Iterator[Cells]:
    """Yield the cells of the state's seizures, one by one."""
    query = select_current(Seizure).where(Seizure.owner_state == state)
    rows = db.session.scalars(query.execution_options(yield_per=CHUNK_SIZE))
    for seizures in rows.partitions():
        views = records_of_documents([seizure.id for seizure in seizures])
        yield from (count_stored(seizure, views[seizure.id]) for seizure in seizures)


SEIZURES = Dataset(
    "seizures",
    subject="type",
    subjects=lambda: (*names.type_codes(), "unknown"),
    recount=recount_seizures,
)
