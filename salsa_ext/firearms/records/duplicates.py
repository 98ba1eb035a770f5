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
from salsa_ext.core.errors import Conflict, FieldLabels, message
from salsa_ext.database import locks
from salsa_ext.database.session import db
from salsa_ext.database.versions import select_current
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
    record, case, serial = (
        row["record_id"],
        row["case_number"],
        _comparable_serial(row["firearm"]["serial"]),
    )
    about = {"own": actor.own_state(), "id": row["id"], "case": case, "record": record}
    for open_ in db.session.execute(_OPEN_TRACES, about):
        is_seized = record is not None and open_.record_id == record
        is_marked = serial is not None and _comparable_serial(open_.serial) == serial
        if is_seized or (is_marked and open_.case_number == case):
            raise Conflict(
                message(
                    "This gun is traced already, in the case {case}: {number}. Go on"
                    " with that one, or confirm with {field} that a second one is wanted.",
                    case=open_.case_number,
                    number=open_.id,
                    field=CONFIRM_FIELD,
                ),
                existing=open_.id,
            )


def check_alerts(actor: Actor, batch: Sequence[AlertData], guns: Sequence[Firearm]) -> None:
    """Raise Conflict on an active own alert with this serial and case."""
    asked = {
        (data.case_number, _comparable_serial(gun.serial))
        for data, gun in zip(batch, guns, strict=True)
        if gun.serial and not data.confirm_second
    }
    if not asked:
        return
    own = actor.own_state()
    locks.lock_guns(f"alert:{own}:{case}:{serial}" for case, serial in asked)
    active = select(Alert.id, Alert.case_number, Alert.record_id).where(
        Alert.owner_state == own,
        Alert.status == "active",
        Alert.case_number.in_({case for case, _ in asked}),
    )
    found = db.session.execute(active.order_by(Alert.id)).all()
    serials = _serials_by_record([one.record_id for one in found])
    for one in found:
        if (one.case_number, serials.get(one.record_id)) in asked:
            raise Conflict(
                message(
                    "There is an alert on this gun already, in the case {case}: {number}. Go on with"
                    " that one, or confirm with {field} that a second one is wanted.",
                    case=one.case_number,
                    number=one.id,
                    field=CONFIRM_FIELD,
                ),
                existing=one.id,
            )


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
        MarkKey.occurred_on == data.when.occurred_on,
        ~MarkKey.is_void,
        ~MarkKey.is_superseded,
    )
    records = list(db.session.scalars(alike))  # spread by key, as records are not
    others = select(Record.document_id).where(
        Record.id.in_(records), Record.document_kind == "report", Record.document_id != report_id
    )
    if first := db.session.scalars(others.order_by(Record.document_id).limit(1)).first():
        raise Conflict(
            message(
                "This gun is reported already, with the same kind and day: {number}. Go on with that"
                " report, or confirm with {field} that a second one is wanted.",
                number=first,
                field=CONFIRM_FIELD,
            ),
            existing=first,
        )


def _serial_keys(data: ReportData) -> list[Key]:
    borne = (mark.text for mark in data.firearm.all_marks() if mark.kind == "manufacture")
    return [key for text in borne if (key := storage_key(text))]


def _serials_by_record(record_ids: Sequence[UUID]) -> dict[UUID, str | None]:
    if not record_ids:
        return {}
    rows = db.session.scalars(select_current(Record).where(Record.id.in_(record_ids)))
    return {row.id: _comparable_serial(row.serial) for row in rows}


def _comparable_serial(serial: str | None) -> str | None:
    """Return the serial to compare, or None if nothing can be read."""
    return (normalise(serial) or None) if serial else None
