"""Checks of the guns in documents, and whether they were recorded before."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Uuid, bindparam, or_, select, tuple_

from salsa_ext.alerts.models import Alert
from salsa_ext.alerts.values import AlertData
from salsa_ext.core.actor import Actor
from salsa_ext.core.batches import group_by
from salsa_ext.core.codes import UNSENT
from salsa_ext.core.dates import first_day, last_day
from salsa_ext.core.errors import CodeLabel, Conflict, FieldLabels, Message, message
from salsa_ext.core.field_checks import Problems
from salsa_ext.database import locks
from salsa_ext.database.locks import select_current
from salsa_ext.database.session import db
from salsa_ext.documents.values import ReportData
from salsa_ext.firearms.marks import cell_reading
from salsa_ext.firearms.marks.keys import IDENTIFYING_KINDS, Key, normalise, storage_key
from salsa_ext.firearms.marks.values import Firearm
from salsa_ext.firearms.records.models import MarkKey, Record
from salsa_ext.reference import names
from salsa_ext.tracing.traces.models import Trace
from salsa_ext.tracing.traces.values import SENT_STATUSES

UNKNOWN_TYPE: Final = "unknown"
"""The code of the type that says nothing."""
IDENTIFYING_FIELDS: Final = ("serial", "marks", "type", "make", "model", "calibre", "importer_mark")


def check_firearms(problems: Problems, path: str, firearms: Sequence[Firearm]) -> None:
    """Check each firearm of a document."""
    for index, firearm in enumerate(firearms):
        check_firearm(problems, f"{path}.{index}" if path.endswith("s") else path, firearm)


def check_firearm(problems: Problems, at: str, firearm: Firearm) -> None:
    """Check one firearm: quantity, brackets, HS code, category of its type."""
    if firearm.serial and firearm.quantity != 1:
        problem = message("One serial is one piece: the quantity must be 1; write a line for each.")
        problems.add(f"{at}.quantity", problem)
    # no other mark would ever agree with one that has a stray bracket
    identifying = [(f"{at}.serial", firearm.serial)] + [
        (f"{at}.marks.{index}.text", mark.text)
        for index, mark in enumerate(firearm.marks)
        if mark.kind in IDENTIFYING_KINDS
    ]
    for path, text in identifying:
        if text and (wrong := bracket_problem(text)):
            problems.add(path, wrong)
    if firearm.quantity <= 0:
        problems.add(f"{at}.quantity", message("The quantity must be above zero."))
    headings = () if firearm.hs_code is None else hs_headings(firearm.category)
    if firearm.hs_code is not None and hs_heading(firearm.hs_code) not in headings:
        problem = message(
            "{code} is no code of the Harmonized System for these goods; theirs begin with"
            " {headings}, as in 9302.00.",
            code=firearm.hs_code,
            headings=", ".join(headings),
        )
        problems.add(f"{at}.hs_code", problem)
    expected = names.type_category(names.resolve("type", firearm.type))
    is_part_of = firearm.category == "part" and firearm.part_kind  # the type is of its gun
    if expected and expected != firearm.category and not is_part_of:
        category = CodeLabel("category", expected)
        problem = message(
            "A {type} is of the category {category}.", type=firearm.type, category=category
        )
        problems.add(f"{at}.category", problem)


def bracket_problem(text: str) -> Message | None:
    """Return a message for a stray bracket in a mark, or None."""
    place = cell_reading.find_stray_bracket(text)
    if place is None:
        return None
    return message(
        "The bracket at character {place} has no partner: write [8B] for a character that may be 8 or B,"
        " and ? for one that cannot be read.",
        place=place,
    )


def check_identified(problems: Problems, at: str, firearm: Firearm) -> None:
    """Check that a firearm has a mark, or at least type or make."""
    known = {name: getattr(firearm, name) for name in IDENTIFYING_FIELDS}
    if names.resolve("type", firearm.type) == UNKNOWN_TYPE:
        known["type"] = None
    if firearm.category == "firearm" and not any(known.values()):
        problem = message(
            "Say which gun it is: by its serial number, or at least by its type or make."
        )
        problems.add(f"{at}.serial", problem)


def check_unique_lines(problems: Problems, path: str, firearms: Sequence[Firearm]) -> None:
    """Check that each line number is used once."""
    lines: set[int] = set()
    for index, firearm in enumerate(firearms):
        if firearm.line in lines:
            problem = message("Line {line} appears twice.", line=firearm.line)
            problems.add(f"{path}.{index}.line", problem)
        lines.add(firearm.line)


HS_CODE: Final = re.compile(r"(\d{4})(\.?\d{2}){0,3}")
HS_HEADINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "firearm": ("9301", "9302", "9303", "9304"),
    "destructive_device": ("9301", "9306"),
    "part": ("9305", "9306"),
    "ammunition": ("9306",),
    "explosive": ("3601", "3602", "3603", "9306"),
    "other": ("3604", "9304", "9305", "9306", "9307"),
}


def hs_heading(code: str) -> str | None:
    """Return the heading of a code of four to ten digits, or None."""
    match = HS_CODE.fullmatch(code)
    return match[1] if match else None


def hs_headings(category: str | None) -> tuple[str, ...]:
    """Return the HS headings of a category (Model Regulations 2.2.1); chapter 93 if unknown."""
    everywhere = tuple(f"93{number:02}" for number in range(1, 8))
    return HS_HEADINGS.get(category or "", everywhere)


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
    """Raise Conflict if the own state has an open trace of this gun."""
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


def lock_report_keys(actor: Actor, batch: Sequence[ReportData]) -> None:
    """Lock the serials of reported guns; before other locks."""
    keys = {key.norm for data in batch if not data.confirm_second for key in _serial_keys(data)}
    locks.lock_guns(f"report:{actor.own_state()}:{key}" for key in keys)


def check_reports(actor: Actor, batch: Sequence[ReportData], ids: Sequence[UUID]) -> None:
    """Raise Conflict if another own report has the kind, day and serial of one of these."""
    new = [(data, i) for data, i in zip(batch, ids, strict=True) if not data.confirm_second]
    keys = {(key.value, key.norm): key for data, _ in new for key in _serial_keys(data)}
    if not keys:
        return
    columns = (
        MarkKey.key,
        MarkKey.serial_norm,
        MarkKey.record_id,
        MarkKey.event,
        MarkKey.occurred_on,
    )
    alike = select(*columns).where(
        tuple_(MarkKey.key, MarkKey.serial_norm).in_(keys),
        MarkKey.state == actor.own_state(),
        MarkKey.event.in_({data.kind for data, _ in new}),
        ~MarkKey.is_void,
        ~MarkKey.is_superseded,
    )
    marks = db.session.execute(alike).all()  # spread by key, as records are not
    records = select(Record.id, Record.document_id).where(
        Record.id.in_([mark.record_id for mark in marks]), Record.document_kind == "report"
    )
    reports = dict(db.session.execute(records).all())
    by_key = group_by(marks, lambda mark: (mark.key, mark.serial_norm))
    for data, report_id in new:
        days = first_day(data.occurred_on), last_day(data.occurred_on)
        others = {
            reports[mark.record_id]
            for key in _serial_keys(data)
            for mark in by_key.get((key.value, key.norm), ())
            if mark.event == data.kind
            and days[0] <= mark.occurred_on <= days[1]
            and mark.record_id in reports
        } - {report_id}
        if others:
            text = message(
                "This gun is reported already, with the same kind and day: {number}. Go on with that"
                " report, or confirm with {field} that a second one is wanted.",
                number=min(others),
                field=CONFIRM_FIELD,
            )
            raise Conflict(text, existing=min(others))


def _serial_keys(data: ReportData) -> list[Key]:
    serials = (mark.text for mark in data.firearm.all_marks() if mark.kind == "manufacture")
    return [key for text in serials if (key := storage_key(text))]


def _comparable_serial(serial: str | None) -> str | None:
    """Return the serial to compare, or None if nothing can be read."""
    return (normalise(serial) or None) if serial else None
