"""Drafts of traces: checked input, and the stored row."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid, message
from salsa_ext.core.field_checks import Problems, check_date
from salsa_ext.core.ids import new_id
from salsa_ext.database.session import db
from salsa_ext.database.version_queries import select_current
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
from salsa_ext.tracing.traces.values import TraceData, missing_fields


def draft_row(actor: Actor, data: TraceData) -> dict[str, Any]:
    """Return the row of a new draft; raises Invalid with all problems."""
    problems, on = Problems(), today(actor)
    seizure, item = _seizure_and_item(problems, actor, data)
    found_on = seizure.occurred_on if seizure else data.found_on
    for path, problem in missing_fields(vars(data)).items():
        problems.add(path, problem)
    if found_on is not None:
        check_date(problems, "found_on", found_on, on)
    if data.needed_by and data.needed_by < on:
        problems.add("needed_by", message("This day is past."))
    if not is_case_number(data.case_number):  # each message has it
        problems.add("case_number", message("A case number has 1 to 100 printable characters."))
    restrictions.validate_into(problems, actor, data.hidden_from)
    problems.raise_any()
    if item is not None:
        firearm = recorded_firearm(item)
    else:
        assert data.firearm is not None
        marks = reading.with_marks_of_serial(data.firearm).marks
        firearm = _firearm_row(record_commands.firearm_columns(data.firearm), marks)
    # A description can be completed; a seized gun has only its own marks, and the result explains
    # if they were not enough.
    if data.firearm and (wrong := bracket_problem(firearm["serial"] or "")):
        raise Invalid({"firearm.serial": [wrong]})
    if data.firearm and firearm["serial"] and keys.whole_key(firearm["serial"]):
        marks_to_search(record_search.description_query(firearm), "firearm.serial")
    given = (
        "case_number priority priority_reason legal_basis illicit_reason circumstances"
        " intended_use needed_by confidentiality_requested"
    )
    return {name: getattr(data, name) for name in given.split()} | {
        "id": new_id(),
        "version": 1,
        "owner_state": actor.own_state(),
        "concerned": [actor.own_state()],
        "status": "draft",
        "seizure_id": data.seizure,
        "record_id": item.record.id if item else None,
        "firearm": dict(json.loads(json.dumps(firearm, default=str))),  # as the database stores it
        "found_on": found_on,
        "requested_by": actor.account_id,
        "created_at": actor.now(),
    }


def recorded_firearm(item: RecordView) -> dict[str, Any]:
    """Return the description of a seized gun by its record."""
    columns = {name: getattr(item.record, name) for name in record_commands.FIREARM_FIELDS}
    return _firearm_row(columns, item.marks)


def _firearm_row(columns: Mapping[str, Any], marks: Iterable[Any]) -> dict[str, Any]:
    fields = ("kind", "text", "state", "year", "location", "condition", "method")
    return {**columns, "marks": [{name: getattr(mark, name) for name in fields} for mark in marks]}


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
