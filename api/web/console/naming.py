"""Which record is meant on a form: by its id, the number of its document, or the serial of its gun."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from api.web import shown
from api.web.desk import choices
from api.web.typed import Form
from salsa_ext.errors import Invalid, Message, say
from salsa_ext.readmodels.known import MOST, Known, as_id

NONE: Final = say("Your state has no such record.")
SEVERAL: Final = say("Several records are meant by this: choose one.")
MORE: Final = say("More records are meant by this than can be listed: choose one of the newest {count}, or give"
                  " the serial of its gun or its id.", count=MOST)  # fmt: skip
FEW: Final = 10
"""Records that one sentence lists."""
Find = Callable[[str], Sequence[Known]]


def put(body: dict[str, Any], find: Find, none: Message = NONE) -> None:
    """Put the id of the record that was typed into the body of a form.

    Raises Invalid, told at the field, where what was typed finds none, or several.
    """
    typed = body.get("record")
    if not typed or as_id(typed):
        return
    found = find(typed)
    if len(found) != 1:
        raise Invalid({"record": [several_of(found) if found else none]})
    body["record"] = str(found[0].record)


def one_of(typed: str, find: Find) -> str:
    """Return the id of the one record that a line of a list names; an id as it was typed.

    Raises Invalid at `records`, with what each is known by where several are meant.
    """
    if as_id(typed):
        return typed
    found = find(typed)
    if len(found) == 1:
        return str(found[0].record)
    raise Invalid({"records": [_not_one(typed, found)]})


def _not_one(typed: str, found: Sequence[Known]) -> Message:
    if not found:
        return say("Your state has no record that is known by “{typed}”.", typed=typed)
    told = "; ".join(f"{one.record}: {line(one)}" for one in found[:FEW])
    return say("{count} records are known by “{typed}”; name those that are meant by their ids: {records}.",
               count=len(found), typed=typed, records=told)  # fmt: skip


def several_of(found: Sequence[Known]) -> Message:
    """Return what is said of several records, which may be more than are listed."""
    return MORE if len(found) > MOST else SEVERAL


def meant(form: Form, find: Find) -> Mapping[str, Any]:
    """Return what the page shows to choose from, where what was typed finds several records."""
    typed = form.get("record")
    found = find(typed) if form.said("record") and not as_id(typed) else ()
    several = found[:MOST] if len(found) > 1 else ()
    return {"several": several, "meant": options(several)}


def options(found: Sequence[Known]) -> choices.Options:
    """Return records to choose from, each by what people know it by."""
    return [(str(one.record), line(one)) for one in found]


def line(one: Known) -> str:
    """Return what a record is known by: number, serial, what happened, and when."""
    said = (
        one.number,
        one.serial,
        shown.event_name(one.event),
        shown.iso_day(one.occurred_on.isoformat()),
    )
    return " · ".join(filter(None, said))
