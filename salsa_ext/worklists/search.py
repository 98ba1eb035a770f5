"""Search of the own state's documents by number, case, serial, plate or party."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Date, String, cast, func, literal, null, or_, select, union_all

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.alerts.models import Alert
from salsa_ext.core.actor import Actor
from salsa_ext.core.dates import rough_date
from salsa_ext.database.locks import select_current
from salsa_ext.database.models import Versioned
from salsa_ext.database.session import db
from salsa_ext.documents.models import Report, Seizure, Transfer
from salsa_ext.firearms.marks import keys
from salsa_ext.firearms.records.models import Record
from salsa_ext.firearms.records.queries import records_with_mark
from salsa_ext.tracing.requests.models import TraceRequest
from salsa_ext.tracing.traces.models import Trace
from salsa_ext.trade import lookup
from salsa_ext.trade.shipments.queries import list_shipments
from salsa_ext.worklists.record_lookup import find_subject_ids

MAX_FOUND: Final = 20
"""Objects of each kind, the newest."""
MAX_READ: Final = 2_000
"""Ids of a number or serial that are looked up, the newest: a lot may be of a million rounds."""
MAX_SERIAL_GLYPHS: Final = 20


class FoundObject(NamedTuple):
    """Document or trace with its date and status; `number` is its number or case, if it has one."""

    kind: str
    id: UUID
    number: str | None
    day: date
    status: str


class _Searched(NamedTuple):
    permission: Permission
    model: Any
    number: str
    day: str


SEARCHED: Final[Mapping[str, _Searched]] = {
    "seizure": _Searched(Permission.SEIZURE_READ, Seizure, "number", "occurred_on"),
    "report": _Searched(Permission.REPORT_READ, Report, "number", "occurred_on"),
    "transfer": _Searched(Permission.TRANSFER_READ, Transfer, "number", "occurred_on"),
    "trace": _Searched(Permission.TRACE_READ, Trace, "case_number", "found_on"),
    "request": _Searched(Permission.REQUEST_READ, TraceRequest, "case_number", "received_at"),
    "alert": _Searched(Permission.ALERT_READ, Alert, "case_number", "entered_at"),
}
FOUND_KINDS: Final = ("permit", "shipment", *SEARCHED)


def find_objects(actor: Actor, text: str) -> list[FoundObject]:
    """Return what bears a number, case, serial, plate or party, by kind, newest first.

    As far as the actor may read it: permits and shipments that concern the own state, and what it
    recorded itself. Numbers match exactly but for case, serials as in `records_with_mark`.
    """
    require(actor, Permission.NOTIFICATION_READ)
    if not text or actor.state is None:
        return []
    return [*_find_trade(actor, text), *_find_own(actor, text)]


def find_guns(actor: Actor, text: str, objects: Sequence[FoundObject]) -> dict[UUID, Record]:
    """Return the first gun with a serial of each found document of the own state."""
    require(actor, Permission.NOTIFICATION_READ)
    bearing = records_with_mark(actor.own_state(), text) if objects else None
    if bearing is None:
        return {}
    guns = select_current(Record).where(
        Record.owner_state == actor.state,
        Record.id.in_(bearing),
        Record.document_id.in_([each.id for each in objects]),
    )
    by_line = db.session.scalars(guns.order_by(Record.line.desc()))
    return {gun.document_id: gun for gun in by_line}


def reads_as_serial(text: str, objects: Sequence[FoundObject]) -> bool:
    """Return whether a text may be a serial: it has some digits and is no number of `objects`."""
    norm = keys.normalise(text)
    numbers = {keys.normalise(each.number) for each in objects if each.number}
    is_mark = len(norm) <= MAX_SERIAL_GLYPHS and keys.specificity(norm) != "words"
    return is_mark and norm not in numbers


def _find_trade(actor: Actor, text: str) -> Iterator[FoundObject]:
    if Permission.PERMIT_READ not in actor.permissions:
        return
    documents = lookup.find_documents(actor, text)
    for permit_view in documents.permits:
        permit = permit_view.permit
        yield FoundObject("permit", permit.id, permit.number, permit.issued_on, permit_view.status)
    shipment_views = {view.shipment.id: view for view in documents.shipments}
    if Permission.SHIPMENT_READ in actor.permissions:
        bearing = list_shipments(actor, {"serial": text}, MAX_FOUND, None).items
        shipment_views |= {view.shipment.id: view for view in bearing}
    for shipment_view in shipment_views.values():
        shipment = shipment_view.shipment
        yield FoundObject(
            "shipment", shipment.id, shipment.number, shipment.ships_on, shipment_view.status
        )


def _find_own(actor: Actor, text: str) -> Sequence[FoundObject]:
    ids = find_subject_ids(actor, text, Permission.NOTIFICATION_READ, MAX_READ)
    queries = [
        _select_found(actor, kind, searched, ids, text)
        for kind, searched in SEARCHED.items()
        if searched.permission in actor.permissions
    ]
    rows = db.session.execute(union_all(*queries)) if queries else ()
    return [
        FoundObject(kind, key, number, rough_date(on, within), status)
        for kind, key, number, on, within, status in rows
    ]


def _select_found(
    actor: Actor, kind: str, searched: _Searched, ids: Sequence[UUID], text: str
) -> Any:
    model = searched.model
    query = select_current(model) if issubclass(model, Versioned) else select(model)
    is_found = model.id.in_(ids)
    if kind == "trace":
        is_found = or_(is_found, func.upper(Trace.firearm["serial"].astext) == text.upper())
    columns = (
        cast(literal(kind), String),
        model.id,
        getattr(model, searched.number),
        cast(getattr(model, searched.day), Date),
        getattr(model, f"{searched.day.removesuffix('_on')}_within", cast(null(), String)),
        model.status,
    )
    query = query.with_only_columns(*columns).where(model.owner_state == actor.state, is_found)
    newest = query.order_by(model.id.desc()).limit(MAX_FOUND).subquery()
    return select(newest)
