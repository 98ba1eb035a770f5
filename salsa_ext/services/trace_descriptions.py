"""What a trace asks, as a person gave it: checked whole, and as it is kept."""

from __future__ import annotations

import json
from datetime import date
from typing import Any
from uuid import UUID

from salsa_ext.db import db
from salsa_ext.errors import Invalid, say
from salsa_ext.matching import marks
from salsa_ext.messages.strictness import is_case_number
from salsa_ext.models import Seizure
from salsa_ext.readmodels.days import today
from salsa_ext.readmodels.records import RecordView, of_documents
from salsa_ext.readmodels.search import searched_by
from salsa_ext.readmodels.versions import current
from salsa_ext.services import candidates, hidings, readings, records
from salsa_ext.services.fields import Problems, check_date, wrong_bracket
from salsa_ext.values import inquiries
from salsa_ext.values.actor import Actor
from salsa_ext.values.ids import new_id
from salsa_ext.values.inquiries import TraceData


def row_of(actor: Actor, data: TraceData) -> dict[str, Any]:
    """Return the row of a new draft; raises Invalid with all that is wrong of what it asks."""
    problems, on = Problems(), today(actor)
    seizure, item = _seized(problems, actor, data)
    found_on = seizure.occurred_on if seizure else data.found_on
    _check(problems, data, found_on, on)
    hidings.note(problems, actor, data.hidden_from)
    problems.raise_any()
    firearm = _description(item, data)
    _check_marks(data, firearm)
    return {
        "id": new_id(), "version": 1,
        "owner_state": actor.own_state(), "concerned": [actor.own_state()],
        "status": "draft", "case_number": data.case_number,
        "seizure_id": data.seizure, "record_id": item.record.id if item else None,
        "firearm": _as_kept(firearm), "found_on": found_on,
        "priority": data.priority, "priority_reason": data.priority_reason,
        "legal_basis": data.legal_basis, "illicit_reason": data.illicit_reason,
        "circumstances": data.circumstances, "intended_use": data.intended_use,
        "needed_by": data.needed_by, "confidentiality_requested": data.confidentiality_requested,
        "requested_by": actor.account_id, "created_at": actor.now(), "sent_at": None,
        "assignee_id": None, "approval": None, "approval_asked_at": None,
        "approved_at": None, "approved_by": None,
        "approval_shown": None, "declined_shown": None,
    }  # fmt: skip


def as_recorded(item: RecordView) -> dict[str, Any]:
    """Return a seized gun as it is recorded, with every mark."""
    fields = {name: getattr(item.record, name) for name in records.FIELDS}
    return fields | {"marks": [*map(_as_sent, item.marks)]}


def line_of(seizure_id: UUID, record_id: UUID | None) -> int:
    """Return the line of a seizure at which a gun stands."""
    items = of_documents([seizure_id])[seizure_id]
    return next(view.record.line for view in items if view.record.id == record_id)


def _seized(
    problems: Problems, actor: Actor, data: TraceData
) -> tuple[Seizure | None, RecordView | None]:
    if data.seizure is None or data.firearm is not None:
        return None, None
    own = current(Seizure).where(Seizure.id == data.seizure, Seizure.owner_state == actor.state)
    seizure = db.session.scalars(own).first()
    if seizure is None:
        problems.add("seizure", say("There is no such seizure."))
        return None, None
    items = {view.record.line: view for view in of_documents([seizure.id])[seizure.id]}
    if data.item not in items:
        problems.add("item", say("The seizure has no line {line}.", line=data.item))
    return seizure, items.get(data.item)


def _check(problems: Problems, data: TraceData, found_on: date | None, on: date) -> None:
    for path, said in inquiries.lacking(vars(data)).items():
        problems.add(path, said)
    if found_on is not None:
        check_date(problems, "found_on", found_on, on)
    if data.needed_by and data.needed_by < on:
        problems.add("needed_by", say("This day is past."))
    if not is_case_number(data.case_number):  # it stands on every letter
        problems.add("case_number", say("A case number has 1 to 100 printable characters."))


def _check_marks(data: TraceData, firearm: dict[str, Any]) -> None:
    """Raise Invalid where a described gun has a serial by which nothing can be searched.

    A description can be completed; a seized gun bears what it bears, and the result says why that
    was not enough.
    """
    if data.firearm and (wrong := wrong_bracket(firearm["serial"] or "")):
        raise Invalid({"firearm.serial": [wrong]})
    if data.firearm and firearm["serial"] and marks.key(firearm["serial"]):
        searched_by(candidates.as_query(firearm), "firearm.serial")


def _description(item: RecordView | None, data: TraceData) -> dict[str, Any]:
    """Return the gun as it will be sent: the firearm fields and every mark."""
    if item is not None:
        return as_recorded(item)
    assert data.firearm is not None
    borne = readings.with_further(data.firearm).marks
    return records.describe(data.firearm) | {"marks": [*map(_as_sent, borne)]}


def _as_kept(firearm: dict[str, Any]) -> dict[str, Any]:
    """Return a description as it is read again: letters hold no value that JSON has not."""
    return dict(json.loads(json.dumps(firearm, default=str)))


def _as_sent(mark: Any) -> dict[str, Any]:
    names = ("kind", "text", "state", "year", "location", "condition", "method")
    return {name: getattr(mark, name) for name in names}
