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
    found = find(typed)
    if len(found) != 1:
        raise Invalid({"record": [several_message(found) if found else not_found]})
    body["record"] = str(found[0].record)


def find_record_id(text: str, find: FindRecords) -> str:
    """Return the record id for a typed line; ids are returned unchanged.

    Raises Invalid at `records` if none or several match, and lists them.
    """
    if parse_id(text):
        return text
    found = find(text)
    if len(found) == 1:
        return str(found[0].record)
    raise Invalid({"records": [_not_one_record(text, found)]})


def _not_one_record(typed: str, found: Sequence[RecordReference]) -> Message:
    if not found:
        return message("Your state has no record that is known by “{typed}”.", typed=typed)
    told = "; ".join(f"{one.record}: {record_label(one)}" for one in found[:MAX_IN_SENTENCE])
    return message(
        "{count} records are known by “{typed}”; name those that are meant by their ids: {records}.",
        count=len(found),
        typed=typed,
        records=told,
    )


def several_message(found: Sequence[RecordReference]) -> Message:
    """Return the message for several matching records."""
    return TOO_MANY_RECORDS if len(found) > MAX_FOUND else SEVERAL_RECORDS


def picker_context(form: Form, find: FindRecords) -> Mapping[str, Any]:
    """Return the template context of several matching records."""
    typed = form.get("record")
    found = find(typed) if form.said("record") and not parse_id(typed) else ()
    several = found[:MAX_FOUND] if len(found) > 1 else ()
    return {"several": several, "meant": record_options(several)}


def record_options(found: Sequence[RecordReference]) -> choices.Options:
    """Return records as options of a choice."""
    return [(str(one.record), record_label(one)) for one in found]


def record_label(candidate: RecordReference) -> str:
    """Return number, serial, event and date of a record."""
    said = (
        candidate.number,
        candidate.serial,
        formatting.event_name(candidate.event),
        formatting.iso_day(candidate.occurred_on.isoformat()),
    )
    return " · ".join(filter(None, said))
