"""Records of the own state by what people know them by: the number of their document, and the serial."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, String, case, cast, literal, select, union, union_all

from salsa_ext.db import db
from salsa_ext.matching import marks
from salsa_ext.models import (
    Alert,
    Hit,
    MarkKey,
    Permit,
    Receipt,
    Record,
    Report,
    Seizure,
    Shipment,
    StandingNumber,
    Trace,
    TraceLeg,
    TraceRequest,
    Transfer,
)
from salsa_ext.models.owned import Versioned
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.finding import spellings
from salsa_ext.readmodels.versions import current
from salsa_ext.values.actor import Actor

MOST: Final = 50
NUMBERED: Final[Mapping[str, Any]] = {
    "permit": Permit, "report": Report, "seizure": Seizure, "shipment": Shipment, "transfer": Transfer,
}  # fmt: skip
CASED: Final[Mapping[str, Any]] = {"alert": Alert, "request": TraceRequest, "trace": Trace}
"""What goes by the number of its case; a hit goes by that of the own state's alert."""
Subject = tuple[str, UUID | None]


@dataclass(frozen=True)
class Known:
    """A record: what happened and when, the number of its document, and the serial of its gun."""

    record: UUID
    event: str
    occurred_on: date
    serial: str | None
    number: str | None


def find(
    actor: Actor, typed: str, permission: Permission = Permission.DISCLOSURE_READ
) -> list[Known]:
    """Return the own state's records of this id, document number or serial, newest first.

    There are MOST of them, and one more where that is not all. For what takes the `permission`. A
    number is exact but for case; so is a serial but for case and separators.
    """
    require(actor, permission)
    one = as_id(typed)
    ids = [one] if one else _records(actor.own_state(), typed)
    query = _known().where(Record.owner_state == actor.own_state(), Record.id.in_(ids))
    return [
        Known(*row) for row in db.session.execute(query.order_by(Record.id.desc()).limit(MOST + 1))
    ]


def answered(actor: Actor, case_number: str, typed: str) -> list[Known]:
    """Return other states' records of this document number or serial that answered the traces of a case."""
    require(actor, Permission.CONSENT_ASK)
    written, serial = {*spellings(typed)}, marks.normalise(typed)
    legs = select(TraceLeg.events).join(Trace, Trace.id == TraceLeg.trace_id).where(
        Trace.owner_state == actor.own_state(), Trace.case_number == case_number,
        TraceLeg.owner_state == actor.own_state(), TraceLeg.state != actor.own_state(),
    )  # fmt: skip
    told = [event for events in db.session.scalars(legs) for event in events]
    return [*{
        event["record"]: Known(
            UUID(event["record"]), event["event"], date.fromisoformat(event["occurred_on"]),
            event["serial"], event["document_number"],
        )
        for event in told
        if event["document_number"] in written or marks.normalise(event["serial"] or "") == serial
    }.values()]  # fmt: skip


def ids_of(actor: Actor, typed: str) -> list[UUID]:
    """Return the ids of all own records of a number or a serial, of their documents, and of a case's traces.

    Of a case also the requests, the alerts and their hits are found.

    All: an audit that left some out would say of what was done to them that it was not.
    """
    require(actor, Permission.AUDIT_READ)
    if actor.state is None or as_id(typed):
        return []
    permits = select(Permit.id).where(
        Permit.owner_state == actor.state, Permit.number.in_(spellings(typed))
    )
    records = _records(actor.state, typed)
    written_in = select(Record.document_id).where(Record.id.in_(records))
    documents = _documents(actor.state, typed)
    found = union(permits, documents, records, written_in, _of_case(actor.state, typed))
    return [*db.session.scalars(found)]


def as_id(text: str) -> UUID | None:
    """Return the id that a text is; None where it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


def of_records(actor: Actor, ids: Collection[UUID]) -> dict[UUID, Known]:
    """Return what records are known by, by record, in one query; of the own state's alone."""
    require(actor, Permission.AUDIT_READ)
    if not ids or actor.state is None:
        return {}
    query = _known().where(Record.owner_state == actor.state, Record.id.in_(ids))
    return {row.id: Known(*row) for row in db.session.execute(query)}


def numbers_of(actor: Actor, subjects: Iterable[Subject]) -> dict[Subject, str]:
    """Return the numbers of the own state's documents, or of their cases, by kind and id, in one query."""
    require(actor, Permission.AUDIT_READ)
    wanted: dict[str, list[UUID]] = {}
    for kind, subject in subjects:
        if subject and kind in (*NUMBERED, *CASED, "hit"):
            wanted.setdefault(kind, []).append(subject)
    if not wanted or actor.state is None:
        return {}
    asked = [_numbers(actor.state, kind, ids) for kind, ids in wanted.items()]
    return {(kind, key): number for kind, key, number in db.session.execute(union_all(*asked))}


def _numbers(state: str, kind: str, ids: Collection[UUID]) -> Any:
    named = cast(literal(kind), String)
    if kind == "hit":
        return (
            _hits(state).where(Hit.id.in_(ids)).with_only_columns(named, Hit.id, Alert.case_number)
        )
    model = NUMBERED.get(kind) or CASED[kind]
    columns = (named, model.id, model.number if kind in NUMBERED else model.case_number)
    query = current(model) if issubclass(model, Versioned) else select(model)
    return query.with_only_columns(*columns).where(model.owner_state == state, model.id.in_(ids))


def _hits(state: str) -> Select[Any]:
    """Select the own state's hits on its own alerts."""
    met = select(Hit).join(Alert, Alert.id == Hit.alert_id)
    return met.where(Hit.owner_state == state, Alert.owner_state == state)


def _of_case(state: str, typed: str) -> Any:
    """Select the ids of what was done in a case: traces, requests, alerts, and the hits of these."""
    written = spellings(typed)
    ids = [
        select(model.id).where(model.owner_state == state, model.case_number.in_(written))
        for model in CASED.values()
    ]
    met = _hits(state).where(Alert.case_number.in_(written)).with_only_columns(Hit.id)
    return union_all(*ids, met)


def _documents(state: str, typed: str) -> Any:
    """Select the ids of the documents of a number; receipts go by that of their shipment."""
    written = spellings(typed)
    shipped = Shipment.number.in_(written)
    return union_all(
        select(StandingNumber.id).where(
            StandingNumber.owner_state == state, StandingNumber.number.in_(written)
        ),
        select(Shipment.id).where(Shipment.owner_state == state, shipped),
        select(Receipt.id).join(Shipment, Shipment.id == Receipt.shipment_id)
        .where(Receipt.owner_state == state, shipped),
    )  # fmt: skip


def _records(state: str, typed: str) -> Any:
    """Select the ids of the records of documents of a number, and of those of a serial."""
    found = [select(Record.id).where(Record.document_id.in_(_documents(state, typed)),
                                     Record.owner_state == state)]  # fmt: skip
    if key := marks.key(typed.replace("\0", "")):  # which no text of the database holds
        found.append(select(MarkKey.record_id).where(
            MarkKey.key == key.value, MarkKey.state == state, MarkKey.serial_norm == key.norm
        ))  # fmt: skip
    return union(*found)


@cache
def _known() -> Select[Any]:
    """Make the query once: records as they stand, each with the number that its document has."""
    columns = (
        Record.id,
        Record.event,
        Record.occurred_on,
        Record.serial,
        _number().label("number"),
    )
    return current(Record).with_only_columns(*columns)


def _number() -> Any:
    """Return the number of a record's document as it stands; a receipt goes by that of its shipment."""
    received = select(Shipment.number).join(Receipt, Receipt.shipment_id == Shipment.id)
    numbers = {kind: _standing(model) for kind, model in NUMBERED.items() if kind != "permit"}
    numbers["receipt"] = received.where(Receipt.id == Record.document_id).limit(1)
    return case(*(
        (Record.document_kind == kind, query.correlate(Record).scalar_subquery())
        for kind, query in numbers.items()
    ))  # fmt: skip


def _standing(model: Any) -> Select[Any]:
    query = select(model.number).where(model.id == Record.document_id).limit(1)
    return query.order_by(model.version.desc()) if issubclass(model, Versioned) else query
