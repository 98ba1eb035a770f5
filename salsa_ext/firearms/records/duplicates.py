"""Refuse duplicate traces, alerts and reports of one gun unless confirmed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Uuid, bindparam, or_, select, tuple_

from salsa_ext.alerts.models import Alert
from salsa_ext.alerts.values import AlertData
from salsa_ext.core.actor import Actor
from salsa_ext.core.codes import UNSENT
from salsa_ext.core.dates import first_day, last_day
from salsa_ext.core.errors import Conflict, FieldLabels, message
from salsa_ext.database import locks
from salsa_ext.database.session import db
from salsa_ext.database.version_queries import select_current
from salsa_ext.documents.values import ReportData
from salsa_ext.firearms.marks.keys import Key, normalise, storage_key
from salsa_ext.firearms.marks.values import Firearm
from salsa_ext.firearms.records.models import MarkKey, Record
from salsa_ext.tracing.traces.models import Trace
from salsa_ext.tracing.traces.values import SENT_STATUSES

_OPEN_TRACES: Final = (
    select(
        Trace.id,
        Trace.record_id,
        Trace.case_number,
        Trace.firearm["serial"].as_string().label("serial"),
    )
    .where(
        Trace.owner_state == bindparam("own"),
        Trace.status.in_((*UNSENT, *SENT_STATUSES)),
        Trace.id != bindparam("id"),
        or_(
            Trace.case_number == bindparam("case"),
            Trace.record_id == bindparam("record", type_=Uuid),
        ),
    )
    .order_by(Trace.id)
)
CONFIRM_FIELD: Final = FieldLabels(("confirm_second",))


def lock_trace_keys(actor: Actor, row: Mapping[str, Any]) -> None:
    """Lock the seized gun, or serial and case; before other locks."""
    serial = _comparable_serial(row["firearm"]["serial"])
    guns = [row["record_id"], serial and f"{row['case_number']}:{serial}"]
    locks.lock_guns(f"trace:{actor.own_state()}:{gun}" for gun in guns if gun)


def check_trace(actor: Actor, row: Mapping[str, Any]) -> None:
    """Raise Conflict if the own state has an open trace of this gun.

    The same seized gun, or the same serial and case.
    """
    record, case = row["record_id"], row["case_number"]
    serial = _comparable_serial(row["firearm"]["serial"])
    about = {"own": actor.own_state(), "id": row["id"], "case": case, "record": record}
    for trace in db.session.execute(_OPEN_TRACES, about):
        is_seized = record is not None and trace.record_id == record
        is_marked = serial is not None and _comparable_serial(trace.serial) == serial
        if is_seized or (is_marked and trace.case_number == case):
            text = message(
                "This gun is traced already, in the case {case}: {number}. Go on with that one, or"
                " confirm with {field} that a second one is wanted.",
                case=trace.case_number,
                number=trace.id,
                field=CONFIRM_FIELD,
            )
            raise Conflict(text, existing=trace.id)


def check_alerts(actor: Actor, batch: Sequence[AlertData], guns: Sequence[Firearm]) -> None:
    """Raise Conflict on an active own alert with this serial and case."""
    keys = {
        (data.case_number, _comparable_serial(gun.serial))
        for data, gun in zip(batch, guns, strict=True)
        if gun.serial and not data.confirm_second
    }
    if not keys:
        return
    own = actor.own_state()
    locks.lock_guns(f"alert:{own}:{case}:{serial}" for case, serial in keys)
    active = select(Alert.id, Alert.case_number, Alert.record_id).where(
        Alert.owner_state == own,
        Alert.status == "active",
        Alert.case_number.in_({case for case, _ in keys}),
    )
    alerts = db.session.execute(active.order_by(Alert.id)).all()
    records = select_current(Record).where(Record.id.in_([alert.record_id for alert in alerts]))
    serials = {
        row.id: _comparable_serial(row.serial)
        for row in (db.session.scalars(records) if alerts else ())
    }
    for alert in alerts:
        if (alert.case_number, serials.get(alert.record_id)) in keys:
            text = message(
                "There is an alert on this gun already, in the case {case}: {number}. Go on with that"
                " one, or confirm with {field} that a second one is wanted.",
                case=alert.case_number,
                number=alert.id,
                field=CONFIRM_FIELD,
            )
            raise Conflict(text, existing=alert.id)


def lock_report_keys(actor: Actor, data: ReportData) -> None:
    """Lock the serials of a reported gun; before other locks."""
    if not data.confirm_second:
        locks.lock_guns(f"report:{actor.own_state()}:{key.norm}" for key in _serial_keys(data))


def check_report(actor: Actor, data: ReportData, report_id: UUID) -> None:
    """Raise Conflict on another own report of this kind, day and serial."""
    keys = _serial_keys(data)
    if data.confirm_second or not keys:
        return
    alike = select(MarkKey.record_id).where(
        tuple_(MarkKey.key, MarkKey.serial_norm).in_([(key.value, key.norm) for key in keys]),
        MarkKey.state == actor.own_state(),
        MarkKey.event == data.kind,
        MarkKey.occurred_on.between(first_day(data.occurred_on), last_day(data.occurred_on)),
        ~MarkKey.is_void,
        ~MarkKey.is_superseded,
    )
    records = list(db.session.scalars(alike))  # spread by key, as records are not
    others = select(Record.document_id).where(
        Record.id.in_(records), Record.document_kind == "report", Record.document_id != report_id
    )
    if first := db.session.scalars(others.order_by(Record.document_id).limit(1)).first():
        text = message(
            "This gun is reported already, with the same kind and day: {number}. Go on with that"
            " report, or confirm with {field} that a second one is wanted.",
            number=first,
            field=CONFIRM_FIELD,
        )
        raise Conflict(text, existing=first)


def _serial_keys(data: ReportData) -> list[Key]:
    serials = (mark.text for mark in data.firearm.all_marks() if mark.kind == "manufacture")
    return [key for text in serials if (key := storage_key(text))]


def _comparable_serial(serial: str | None) -> str | None:
    """Return the serial to compare, or None if nothing can be read."""
    return (normalise(serial) or None) if serial else None
