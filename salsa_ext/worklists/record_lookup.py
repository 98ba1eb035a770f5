"""Lookup of own records by id, document number, case number or serial."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    CTE,
    Select,
    String,
    bindparam,
    case,
    cast,
    func,
    literal,
    select,
    union,
    union_all,
)

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.alerts.models import Alert, Hit
from salsa_ext.checks.models import Check
from salsa_ext.core import ids as core_ids
from salsa_ext.core.actor import Actor
from salsa_ext.core.dates import parse_date, rough_date
from salsa_ext.core.text import number_spellings
from salsa_ext.database.bulk import is_any_of_param
from salsa_ext.database.locks import select_current
from salsa_ext.database.models import Versioned
from salsa_ext.database.session import db
from salsa_ext.documents.models import DocumentNumber, Report, Seizure, Transfer
from salsa_ext.firearms.marks import keys
from salsa_ext.firearms.records.models import Record
from salsa_ext.firearms.records.queries import records_with_mark
from salsa_ext.tracing.requests.models import TraceRequest
from salsa_ext.tracing.traces.models import Trace, TraceLeg
from salsa_ext.trade.permits.models import Permit
from salsa_ext.trade.receipts.models import Receipt
from salsa_ext.trade.shipments.models import Shipment

MAX_FOUND: Final = 50
NUMBERED_MODELS: Final[Mapping[str, Any]] = {
    "permit": Permit,
    "report": Report,
    "seizure": Seizure,
    "shipment": Shipment,
    "transfer": Transfer,
}
CASE_MODELS: Final[Mapping[str, Any]] = {"alert": Alert, "request": TraceRequest, "trace": Trace}
"""Models with a case number; hits use that of the own alert."""
SubjectKey = tuple[str, UUID | None]


@dataclass(frozen=True)
class RecordReference:
    """Record with event, date, serial, and document number."""

    record: UUID
    event: str
    occurred_on: date
    serial: str | None
    number: str | None


def find_records(
    actor: Actor, text: str, permission: Permission = Permission.DISCLOSURE_READ
) -> list[RecordReference]:
    """Return own records by id, document number or serial, newest first.

    At most MAX_FOUND, plus one if there are more. Numbers match exactly except for case, serials
    except for case, separators and alternatives. Requires `permission`.
    """
    require(actor, permission)
    parsed = core_ids.parse_id(text)
    ids = [parsed] if parsed else _find_record_ids(actor.own_state(), text)
    return _read_references(actor.own_state(), ids)


def _read_references(state: str, ids: Collection[UUID]) -> list[RecordReference]:
    rows = db.session.execute(_select_references(), {"state": state, "ids": [*ids]})
    return [
        RecordReference(record, event, rough_date(on, within), serial, number)
        for record, event, on, within, serial, number in rows
    ]


def find_answer_records(actor: Actor, case_number: str, text: str) -> list[RecordReference]:
    """Return other states' records that answered traces of a case."""
    require(actor, Permission.CONSENT_ASK)
    written, serial = {*number_spellings(text)}, keys.normalise(text)
    legs = (
        select(TraceLeg.events)
        .join(Trace, Trace.id == TraceLeg.trace_id)
        .where(
            Trace.owner_state == actor.own_state(),
            Trace.case_number == case_number,
            TraceLeg.owner_state == actor.own_state(),
            TraceLeg.state != actor.own_state(),
        )
    )
    leg_events = [event for events in db.session.scalars(legs) for event in events]
    return [
        *{
            event["record"]: RecordReference(
                UUID(event["record"]),
                event["event"],
                parse_date(event["occurred_on"]),
                event["serial"],
                event["document_number"],
            )
            for event in leg_events
            if event["document_number"] in written
            or keys.normalise(event["serial"] or "") == serial
        }.values()
    ]


def find_subject_ids(
    actor: Actor,
    text: str,
    permission: Permission = Permission.AUDIT_READ,
    limit: int | None = None,
) -> list[UUID]:
    """Return ids of all own records with a number, serial, lot or case, newest first.

    Includes permits and shipments that concern the state, the documents of records, checks of the
    serial or lot, and the checks, traces, requests, alerts and hits of a case. An audit must be
    complete, without a limit. Requires `permission`.
    """
    require(actor, permission)
    if actor.state is None or core_ids.parse_id(text):
        return []
    permits, shipments = (
        select(model.id).where(model.number.in_(number_spellings(text)))
        for model in (Permit, Shipment)
    )
    records = _select_record_ids(actor.state, text)
    written_in = select(Record.document_id).where(Record.id.in_(records))
    documents = _select_document_ids(actor.state, text)
    mark = keys.normalise(text.replace("\0", ""))
    own_checks = select(Check.id).where(Check.owner_state == actor.state)
    checks = own_checks.where(Check.mark == mark)
    of_case = own_checks.where(Check.case_number.in_(number_spellings(text)))
    of_cases = _select_case_ids(actor.state, text)
    subject_ids = union(
        permits, shipments, documents, records, written_in, checks, of_case, of_cases
    )
    return [
        *db.session.scalars(
            subject_ids.order_by(subject_ids.selected_columns[0].desc()).limit(limit)
        )
    ]


def describe_records(
    actor: Actor, ids: Collection[UUID], permission: Permission = Permission.AUDIT_READ
) -> dict[UUID, RecordReference]:
    """Return references of own records by id, in one query; requires `permission`."""
    require(actor, permission)
    if not ids or actor.state is None:
        return {}
    return {each.record: each for each in _read_references(actor.state, ids)}


def find_numbers(
    actor: Actor, subjects: Iterable[SubjectKey], permission: Permission = Permission.AUDIT_READ
) -> dict[SubjectKey, str]:
    """Return document or case numbers of own subjects, in one query; requires `permission`."""
    require(actor, permission)
    ids_by_kind: dict[str, list[UUID]] = {}
    for kind, subject in subjects:
        if subject and kind in (*NUMBERED_MODELS, *CASE_MODELS, "hit", "check"):
            ids_by_kind.setdefault(kind, []).append(subject)
    if not ids_by_kind or actor.state is None:
        return {}
    queries = [_select_numbers(actor.state, kind, ids) for kind, ids in ids_by_kind.items()]
    return {(kind, key): number for kind, key, number in db.session.execute(union_all(*queries))}


def _select_numbers(state: str, kind: str, ids: Collection[UUID]) -> Any:
    named = cast(literal(kind), String)
    if kind == "hit":
        return (
            _select_own_hits(state)
            .where(Hit.id.in_(ids))
            .with_only_columns(named, Hit.id, Alert.case_number)
        )
    if kind == "check":
        number = func.coalesce(
            func.nullif(Check.query["serial"].astext, ""), Check.query["lot"].astext
        )
        return select(named, Check.id, number).where(Check.owner_state == state, Check.id.in_(ids))
    model = NUMBERED_MODELS.get(kind) or CASE_MODELS[kind]
    columns = (named, model.id, model.number if kind in NUMBERED_MODELS else model.case_number)
    query = select_current(model) if issubclass(model, Versioned) else select(model)
    if model not in (Permit, Shipment):  # those that the reader sees concern the own state
        query = query.where(model.owner_state == state)
    return query.with_only_columns(*columns).where(model.id.in_(ids))


def _select_own_hits(state: str) -> Select[Any]:
    """Select own hits on own alerts."""
    query = select(Hit).join(Alert, Alert.id == Hit.alert_id)
    return query.where(Hit.owner_state == state, Alert.owner_state == state)


def _select_case_ids(state: str, typed: str) -> Any:
    """Select ids of a case's traces, requests, alerts and hits."""
    written = number_spellings(typed)
    ids = [
        select(model.id).where(model.owner_state == state, model.case_number.in_(written))
        for model in CASE_MODELS.values()
    ]
    hit_ids = (
        _select_own_hits(state).where(Alert.case_number.in_(written)).with_only_columns(Hit.id)
    )
    return union_all(*ids, hit_ids)


def _select_document_ids(state: str, typed: str) -> Any:
    """Select ids of documents by number; receipts use their shipment's."""
    written = number_spellings(typed)
    shipped = Shipment.number.in_(written)
    return union_all(
        select(DocumentNumber.id).where(
            DocumentNumber.owner_state == state, DocumentNumber.number.in_(written)
        ),
        select(Shipment.id).where(Shipment.owner_state == state, shipped),
        select(Receipt.id)
        .join(Shipment, Shipment.id == Receipt.shipment_id)
        .where(Receipt.owner_state == state, shipped),
    )


def _select_record_ids(state: str, typed: str) -> Any:
    """Select ids of records by document number, serial or lot."""
    queries = [
        select(Record.id).where(
            Record.document_id.in_(_select_document_ids(state, typed)), Record.owner_state == state
        )
    ]
    bearing = records_with_mark(
        state, typed.replace("\0", "")
    )  # which no text of the database holds
    return union(*queries, *(() if bearing is None else (bearing,)))


def _find_record_ids(state: str, typed: str) -> Sequence[UUID]:
    """Return the newest ids of records by document number, serial or lot."""
    ids = _select_record_ids(state, typed)
    newest = ids.order_by(ids.selected_columns[0].desc())
    return db.session.scalars(newest.limit(MAX_FOUND + 1)).all()


@cache
def _select_references() -> Select[Any]:
    """Build the query once: current records of `state` by `ids`, newest first, with their numbers.

    The records by themselves: in a cluster they are elsewhere than their documents.
    """
    of_record = (Record.owner_state == bindparam("state"), is_any_of_param(Record.id))
    columns = (
        *(Record.id, Record.event, Record.first_day.label("on"), Record.occurred_within),
        *(Record.serial, Record.document_kind, Record.document_id),
    )
    query = select_current(Record).with_only_columns(*columns).where(*of_record)
    records = query.cte("current").prefix_with("MATERIALIZED")
    reference_columns = [column for column in records.c if not column.name.startswith("document_")]
    return select(*reference_columns, _document_number(records)).order_by(records.c.id.desc())


def _document_number(records: CTE) -> Any:
    """Return the current number of a record's document; receipts use their shipment's."""
    received = select(Shipment.number).join(Receipt, Receipt.shipment_id == Shipment.id)
    numbers = {
        kind: _current_number(model, records)
        for kind, model in NUMBERED_MODELS.items()
        if kind != "permit"
    }
    numbers["receipt"] = received.where(Receipt.id == records.c.document_id).limit(1)
    return case(
        *(
            (records.c.document_kind == kind, query.correlate(records).scalar_subquery())
            for kind, query in numbers.items()
        )
    )


def _current_number(model: Any, records: CTE) -> Select[Any]:
    query = select(model.number).where(model.id == records.c.document_id).limit(1)
    return query.order_by(model.version.desc()) if issubclass(model, Versioned) else query
