"""Selection of a record by id, document number or serial."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from api.web import choices, formatting
from api.web.forms import Form
from salsa_ext.core.errors import Invalid, Message, message
from salsa_ext.core.ids import parse_id
from salsa_ext.worklists.record_lookup import MAX_FOUND, RecordReference

NO_SUCH_RECORD: Final = message("Your state has no such record.")
SEVERAL_RECORDS: Final = message("Several records are meant by this: choose one.")
TOO_MANY_RECORDS: Final = message(
    "More records are meant by this than can be listed: choose one of the newest {count}, or give"
    " the serial of its gun or its id.",
    count=MAX_FOUND,
)
MAX_IN_SENTENCE: Final = 10
"""Records that one sentence lists."""
FindRecords = Callable[[str], Sequence[RecordReference]]


def fill_record_id(
    body: dict[str, Any], find: FindRecords, not_found: Message = NO_SUCH_RECORD
) -> None:
    """Replace the typed record by its id in a form's JSON.

    Raises Invalid at `record` if none or several match.
    """
    typed = body.get("record")
    if not typed or parse_id(typed):
        return
    records = find(typed)
    if len(records) != 1:
        raise Invalid({"record": [several_message(records) if records else not_found]})
    body["record"] = str(records[0].record)


def find_record_id(text: str, find: FindRecords) -> str:
    """Return the record id for a typed line; ids are returned unchanged.

    Raises Invalid at `records` if none or several match, and lists them.
    """
    if parse_id(text):
        return text
    records = find(text)
    if not records:
        reason = message("Your state has no record that is known by “{typed}”.", typed=text)
        raise Invalid({"records": [reason]})
    if len(records) > 1:
        listed = (f"{row.record}: {record_label(row)}" for row in records[:MAX_IN_SENTENCE])
        reason = message(
            "{count} records are known by “{typed}”; name those that are meant by their ids: {records}.",
            count=len(records),
            typed=text,
            records="; ".join(listed),
        )
        raise Invalid({"records": [reason]})
    return str(records[0].record)


def several_message(records: Sequence[RecordReference]) -> Message:
    """Return the message for several matching records."""
    return TOO_MANY_RECORDS if len(records) > MAX_FOUND else SEVERAL_RECORDS


def picker_context(form: Form, find: FindRecords) -> Mapping[str, Any]:
    """Return several matching records as options of a choice, for the template."""
    typed = form.get("record")
    records = find(typed) if form.errors_of("record") and not parse_id(typed) else ()
    several = records[:MAX_FOUND] if len(records) > 1 else ()
    options: choices.Options = [(str(row.record), record_label(row)) for row in several]
    return {"record_options": options}


def record_label(candidate: RecordReference) -> str:
    """Return number, serial, event and date of a record."""
    parts = (
        candidate.number,
        candidate.serial,
        formatting.event_name(candidate.event),
        formatting.iso_day(candidate.occurred_on.isoformat()),
    )
    return " · ".join(filter(None, parts))
