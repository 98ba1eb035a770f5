"""Drafts of traces: checked input, the stored row, advice before sending."""

from __future__ import annotations

import json
from datetime import date
from typing import Any
from uuid import UUID

from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid, message
from salsa_ext.core.field_checks import Problems, check_date
from salsa_ext.core.ids import new_id
from salsa_ext.database.session import db
from salsa_ext.database.versions import select_current
from salsa_ext.disclosure import restrictions
from salsa_ext.documents.models import Seizure
from salsa_ext.exchange.envelopes import is_case_number
from salsa_ext.firearms.marks import keys, reading
from salsa_ext.firearms.records import commands as record_commands
from salsa_ext.firearms.records.queries import RecordView, records_of_documents
from salsa_ext.firearms.records.validation import bracket_problem
from salsa_ext.firearms.search.criteria import marks_to_search
from salsa_ext.reference.calendars import today
from salsa_ext.tracing.requests import record_search
from salsa_ext.tracing.traces import values as trace_values
from salsa_ext.tracing.traces.values import TraceData


def draft_row(actor: Actor, data: TraceData) -> dict[str, Any]:
    """Return the row of a new draft; raises Invalid with all problems."""
    problems, on = Problems(), today(actor)
    seizure, item = _seizure_and_item(problems, actor, data)
    found_on = seizure.occurred_on if seizure else data.found_on
    _check_fields(problems, data, found_on, on)
    restrictions.validate_into(problems, actor, data.hidden_from)
    problems.raise_any()
    firearm = _describe_firearm(item, data)
    _check_marks(data, firearm)
    return {
        "id": new_id(),
        "version": 1,
        "owner_state": actor.own_state(),
        "concerned": [actor.own_state()],
        "status": "draft",
        "case_number": data.case_number,
        "seizure_id": data.seizure,
        "record_id": item.record.id if item else None,
        "firearm": _to_json(firearm),
        "found_on": found_on,
        "priority": data.priority,
        "priority_reason": data.priority_reason,
        "legal_basis": data.legal_basis,
        "illicit_reason": data.illicit_reason,
        "circumstances": data.circumstances,
        "intended_use": data.intended_use,
        "needed_by": data.needed_by,
        "confidentiality_requested": data.confidentiality_requested,
        "requested_by": actor.account_id,
        "created_at": actor.now(),
    }


def recorded_firearm(item: RecordView) -> dict[str, Any]:
    """Return the description of a seized gun by its record."""
    fields = {name: getattr(item.record, name) for name in record_commands.FIREARM_FIELDS}
    return fields | {"marks": [*map(_mark_row, item.marks)]}


def seizure_line(seizure_id: UUID, record_id: UUID | None) -> int:
    """Return the line of a gun in its seizure."""
    items = records_of_documents([seizure_id])[seizure_id]
    return next(view.record.line for view in items if view.record.id == record_id)


def _seizure_and_item(
    problems: Problems, actor: Actor, data: TraceData
) -> tuple[Seizure | None, RecordView | None]:
    if data.seizure is None or data.firearm is not None:
        return None, None
    own = select_current(Seizure).where(
        Seizure.id == data.seizure, Seizure.owner_state == actor.state
    )
    seizure = db.session.scalars(own).first()
    if seizure is None:
        problems.add("seizure", message("There is no such seizure."))
        return None, None
    items = {view.record.line: view for view in records_of_documents([seizure.id])[seizure.id]}
    if data.item not in items:
        problems.add("item", message("The seizure has no line {line}.", line=data.item))
    return seizure, items.get(data.item)


def _check_fields(problems: Problems, data: TraceData, found_on: date | None, on: date) -> None:
    for path, said in trace_values.missing_fields(vars(data)).items():
        problems.add(path, said)
    if found_on is not None:
        check_date(problems, "found_on", found_on, on)
    if data.needed_by and data.needed_by < on:
        problems.add("needed_by", message("This day is past."))
    if not is_case_number(data.case_number):  # every envelope bears it
        problems.add("case_number", message("A case number has 1 to 100 printable characters."))


def _check_marks(data: TraceData, firearm: dict[str, Any]) -> None:
    """Raise Invalid for a described gun whose serial cannot be searched.

    A description can be completed; a seized gun has only its own marks, and the result explains if
    they were not enough.
    """
    if data.firearm and (wrong := bracket_problem(firearm["serial"] or "")):
        raise Invalid({"firearm.serial": [wrong]})
    if data.firearm and firearm["serial"] and keys.whole_key(firearm["serial"]):
        marks_to_search(record_search.description_query(firearm), "firearm.serial")


def _describe_firearm(item: RecordView | None, data: TraceData) -> dict[str, Any]:
    if item is not None:
        return recorded_firearm(item)
    assert data.firearm is not None
    borne = reading.with_marks_of_serial(data.firearm).marks
    return record_commands.firearm_columns(data.firearm) | {"marks": [*map(_mark_row, borne)]}


def _to_json(firearm: dict[str, Any]) -> dict[str, Any]:
    """Return a description with JSON values only, as the database does."""
    return dict(json.loads(json.dumps(firearm, default=str)))


def _mark_row(mark: Any) -> dict[str, Any]:
    names = ("kind", "text", "state", "year", "location", "condition", "method")
    return {name: getattr(mark, name) for name in names}
