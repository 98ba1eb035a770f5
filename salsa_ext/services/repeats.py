"""What is asked or reported of the same gun twice: refused until somebody confirms that he wants both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Uuid, bindparam, or_, select, tuple_

from salsa_ext.db import db
from salsa_ext.errors import Conflict, Named, say
from salsa_ext.matching.marks import Key, kept_key, normalise
from salsa_ext.models import Alert, MarkKey, Record, Trace
from salsa_ext.readmodels.versions import current
from salsa_ext.services import locks
from salsa_ext.services.legs import SENT
from salsa_ext.values.actor import Actor
from salsa_ext.values.alerts import AlertData
from salsa_ext.values.codes import UNSENT
from salsa_ext.values.documents import ReportData
from salsa_ext.values.firearms import Firearm

_OPEN: Final = select(
    Trace.id, Trace.record_id, Trace.case_number, Trace.firearm["serial"].as_string().label("serial"),
).where(
    Trace.owner_state == bindparam("own"), Trace.status.in_((*UNSENT, *SENT)),
    Trace.id != bindparam("id"),
    or_(Trace.case_number == bindparam("case"), Trace.record_id == bindparam("record", type_=Uuid)),
).order_by(Trace.id)  # fmt: skip
CONFIRM: Final = Named(("confirm_second",))


def await_trace(actor: Actor, row: Mapping[str, Any]) -> None:
    """Wait until nobody else asks of the same seized gun, or serial and case; before all other locks."""
    serial = _of(row["firearm"]["serial"])
    guns = [row["record_id"], serial and f"{row['case_number']}:{serial}"]
    locks.seconds_of(f"trace:{actor.own_state()}:{gun}" for gun in guns if gun)


def check_trace(actor: Actor, row: Mapping[str, Any]) -> None:
    """Raise Conflict where a trace of the own state is open of the same seized gun, or serial and case."""
    record, case, serial = row["record_id"], row["case_number"], _of(row["firearm"]["serial"])
    about = {"own": actor.own_state(), "id": row["id"], "case": case, "record": record}
    for open_ in db.session.execute(_OPEN, about):
        is_seized = record is not None and open_.record_id == record
        is_marked = serial is not None and _of(open_.serial) == serial
        if is_seized or (is_marked and open_.case_number == case):
            raise Conflict(say("This gun is traced already, in the case {case}: {number}. Go on"
                               " with that one, or confirm with {field} that a second one is wanted.",
                               case=open_.case_number, number=open_.id, field=CONFIRM),
                           existing=open_.id)  # fmt: skip


def check_alerts(actor: Actor, batch: Sequence[AlertData], guns: Sequence[Firearm]) -> None:
    """Raise Conflict where an alert of the own state is active on the same serial in the same case."""
    asked = {(data.case_number, _of(gun.serial)) for data, gun in zip(batch, guns, strict=True)
             if gun.serial and not data.confirm_second}  # fmt: skip
    if not asked:
        return
    own = actor.own_state()
    locks.seconds_of(f"alert:{own}:{case}:{serial}" for case, serial in asked)
    active = select(Alert.id, Alert.case_number, Alert.record_id).where(
        Alert.owner_state == own, Alert.status == "active",
        Alert.case_number.in_({case for case, _ in asked}),
    )  # fmt: skip
    found = db.session.execute(active.order_by(Alert.id)).all()
    serials = _serials([one.record_id for one in found])
    for one in found:
        if (one.case_number, serials.get(one.record_id)) in asked:
            raise Conflict(say("There is an alert on this gun already, in the case {case}: {number}. Go on with"
                               " that one, or confirm with {field} that a second one is wanted.",
                               case=one.case_number, number=one.id, field=CONFIRM),
                           existing=one.id)  # fmt: skip


def await_report(actor: Actor, data: ReportData) -> None:
    """Wait until nobody else reports the same gun; before all other locks."""
    if not data.confirm_second:
        locks.seconds_of(f"report:{actor.own_state()}:{key.norm}" for key in _keys(data))


def check_report(actor: Actor, data: ReportData, report_id: UUID) -> None:
    """Raise Conflict where a report of the own state besides this one has its kind, day and serial."""
    keys = _keys(data)
    if data.confirm_second or not keys:
        return
    alike = select(MarkKey.record_id).where(
        tuple_(MarkKey.key, MarkKey.serial_norm).in_([(key.value, key.norm) for key in keys]),
        MarkKey.state == actor.own_state(), MarkKey.event == data.kind,
        MarkKey.occurred_on == data.when.occurred_on, ~MarkKey.is_void, ~MarkKey.is_superseded,
    )  # fmt: skip
    records = list(db.session.scalars(alike))  # spread by key, as records are not
    others = select(Record.document_id).where(
        Record.id.in_(records), Record.document_kind == "report", Record.document_id != report_id
    )
    if first := db.session.scalars(others.order_by(Record.document_id).limit(1)).first():
        raise Conflict(say("This gun is reported already, with the same kind and day: {number}. Go on with that"
                           " report, or confirm with {field} that a second one is wanted.",
                           number=first, field=CONFIRM), existing=first)  # fmt: skip


def _keys(data: ReportData) -> list[Key]:
    borne = (mark.text for mark in data.firearm.all_marks() if mark.kind == "manufacture")
    return [key for text in borne if (key := kept_key(text))]


def _serials(record_ids: Sequence[UUID]) -> dict[UUID, str | None]:
    if not record_ids:
        return {}
    rows = db.session.scalars(current(Record).where(Record.id.in_(record_ids)))
    return {row.id: _of(row.serial) for row in rows}


def _of(serial: str | None) -> str | None:
    """Return a serial as it is compared; one that nobody can read is of no gun in particular."""
    return (normalise(serial) or None) if serial else None
