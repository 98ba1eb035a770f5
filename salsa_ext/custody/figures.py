"""Figures of seized guns, with what became of them."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.core import codes
from salsa_ext.custody.models import CustodyEntry
from salsa_ext.database.bulk import is_any_of
from salsa_ext.database.locks import select_current
from salsa_ext.database.session import db
from salsa_ext.documents.models import Seizure
from salsa_ext.firearms.records.frequencies import count_documents, select_counted
from salsa_ext.firearms.records.models import Record, RecordSetting
from salsa_ext.reference import names
from salsa_ext.statistics.dataset_types import CountedKind, Dataset, Dimension, Fact
from salsa_ext.tracing.traces.models import Trace

UNKNOWN: Final = "unknown"
SEIZURES: Final = Dataset(
    "seizures",
    base=(
        Dimension("kind", "seizure_kind"),
        Dimension("category", "category"),
        Dimension("class", "type"),
    ),
    finer=(
        Dimension("established_by", "established_by", is_total=True),
        Dimension("exported_by", "state", is_total=True),
        Dimension("type", "type"),
        Dimension("calibre", "calibre"),
        Dimension("marking", "marking"),
        Dimension("owner", "owner_kind"),
        Dimension("country_of_manufacture", "state"),
        Dimension("division", ""),
        Dimension("legal_ground", "legal_ground", is_several=True),
        Dimension("crime_context", "crime_context", is_several=True),
        Dimension("context_group", "crime_context_group", is_several=True),
        Dimension("organized_crime", "organized_crime_link"),
        Dimension("transport", "transport"),
        Dimension("departure", "state"),
        Dimension("destination", "state"),
        Dimension("disposition", "disposition_kind", is_total=True),
        Dimension("diverted_in", "state"),
    ),
    counted={"category": "firearm"},
    silent="silent_seizures",
    registers={"seizures": ""},
)
"""Items seized, found and surrendered, by the day of the event; `class` is that of the UNODC
questionnaire. `established_by` and `diverted_in` are set once the origin is established (SDG 16.4.2),
`exported_by` by the last lawful export that a trace found."""
FLOWS: Final = Dataset(
    "flows",
    base=(
        Dimension("country_of_manufacture", "state"),
        Dimension("diverted_in", "state"),
        Dimension("established_by", "established_by"),
    ),
    finer=(Dimension("class", "type"), Dimension("departure", "state")),
    readers="owner",
    registers={"seizures": ""},
)
"""Where firearms were made and left lawful hands, and who established it, by the day of seizure.

Silent ones count too, since nobody but their state reads it.
"""
DISPOSITIONS: Final = Dataset(
    "dispositions",
    base=(
        Dimension("disposition", "disposition_kind"),
        Dimension("category", "category"),
        Dimension("class", "type"),
    ),
    counted={"category": "firearm"},
)
"""Items by their last disposition and its day, whenever they were seized; silent ones count too."""
SILENT_SEIZURES: Final = replace(SEIZURES, code=SEIZURES.silent, readers="service", silent="")
NOT_ESTABLISHED = NO_EXPORT = "none"
PIECES: Final = (None, "piece")


def count_seizures(state: str, ids: Collection[UUID]) -> dict[UUID, Counter[Fact]]:
    """Return what seizures and their records count; goods by weight count nothing."""
    facts = count_documents(state, ids)
    query = select_current(Seizure).where(is_any_of(Seizure.id, ids), Seizure.owner_state == state)
    seizures = {seizure.id: seizure for seizure in db.session.scalars(query)}
    ends, exporters = _entries_by_item(state, seizures), _exporters_by_record(state, seizures)
    is_silent = RecordSetting.visibility == "silent"
    records = select_counted(state, seizures).add_columns(is_silent)
    for record, is_hidden in db.session.execute(records):
        if record.unit in PIECES:
            seizure = seizures[record.document_id]
            entries = ends.get((seizure.id, record.line), {})
            iafq_class = names.questionnaire_class(record.type)
            subject = (seizure.kind, record.category, iafq_class)
            exported_by = exporters.get(record.id, UNKNOWN)
            values = [
                *_values(seizure, record),
                *_outcome_values(entries),
                ("exported_by", exported_by),
            ]
            dataset = SILENT_SEIZURES if is_hidden else SEIZURES
            fact = dataset.fact(state, subject, record.first_day, values=values)
            facts[seizure.id][fact] += int(record.quantity)
            if end := entries.get("disposition"):
                values_of = (end.details["kind"], record.category, iafq_class)
                fact = DISPOSITIONS.fact(state, values_of, end.first_day)
                facts[seizure.id][fact] += int(record.quantity)
            if record.category == "firearm":
                single = dict(values) | {"class": iafq_class}
                flow = [single[each.code] for each in FLOWS.base]
                values = [(each.code, single[each.code]) for each in FLOWS.finer]
                fact = FLOWS.fact(state, flow, record.first_day, values=values)
                facts[seizure.id][fact] += int(record.quantity)
    return facts


def _entries_by_item(
    state: str, seizures: Collection[UUID]
) -> Mapping[tuple[UUID, int], dict[str, CustodyEntry]]:
    """Return the last disposition and origin of items, by seizure and line."""
    query = select_current(CustodyEntry).where(
        is_any_of(CustodyEntry.seizure_id, seizures),
        CustodyEntry.owner_state == state,
        CustodyEntry.kind != "handover",
        CustodyEntry.status == "standing",
    )
    entries: dict[tuple[UUID, int], dict[str, CustodyEntry]] = {}
    for entry in db.session.scalars(query.order_by(CustodyEntry.id)):
        entries.setdefault((entry.seizure_id, entry.line), {})[entry.kind] = entry
    return entries


def _details(entries: Mapping[str, CustodyEntry], kind: str) -> Mapping[str, Any]:
    return entries[kind].details if kind in entries else {}


def _exporters_by_record(state: str, seizures: Collection[UUID]) -> dict[UUID, str]:
    """Return the state that exported each traced gun last; `none` where no export was found."""
    query = select(Trace.record_id, Trace.exported_by).where(
        Trace.owner_state == state,
        is_any_of(Trace.seizure_id, seizures),
        Trace.record_id.is_not(None),
        Trace.outcome.in_(("traced", "partly")),
    )
    rows = db.session.execute(query.order_by(Trace.exported_by.is_not(None), Trace.id))
    return {record: exporter or NO_EXPORT for record, exporter in rows if record}


def _values(seizure: Seizure, record: Record) -> Iterator[tuple[str, str]]:
    route = seizure.details.get("route") or {}
    crime = seizure.details.get("organized_crime") or {}
    single = {
        "type": record.type,
        "calibre": names.calibre_family(record.calibre) or record.calibre,
        "marking": record.marking,
        "owner": record.owner_kind,
        "country_of_manufacture": record.country_of_manufacture,
        "division": seizure.admin1,
        "organized_crime": crime.get("linked"),
        "transport": seizure.details.get("transport"),
        "departure": route.get("departure"),
        "destination": route.get("destination"),
    }
    yield from ((name, value or UNKNOWN) for name, value in single.items())
    yield from (("legal_ground", ground) for ground in {*seizure.legal_grounds} or {UNKNOWN})
    contexts = {*seizure.crime_context} or {UNKNOWN}
    yield from (("crime_context", context) for context in contexts)
    groups = {codes.GROUP_BY_CONTEXT[context] for context in contexts}
    yield from (("context_group", group) for group in groups)


def _outcome_values(entries: Mapping[str, CustodyEntry]) -> Iterator[tuple[str, str]]:
    origin = _details(entries, "origin")
    yield "established_by", origin.get("established_by", NOT_ESTABLISHED)
    yield "disposition", _details(entries, "disposition").get("kind", NOT_ESTABLISHED)
    yield "diverted_in", origin.get("state") or (UNKNOWN if origin else NOT_ESTABLISHED)


COUNTED: Final = CountedKind("seizure", Seizure, count_seizures)
