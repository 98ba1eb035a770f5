"""Whether an answer by a person can be given: its handling, whom it names, and whether its records fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from salsa_ext.errors import Conflict, Message, Named, say
from salsa_ext.matching.marks import tells_apart
from salsa_ext.matching.nearness import fits
from salsa_ext.matching.requests import after
from salsa_ext.models import TraceRequest
from salsa_ext.readmodels import names
from salsa_ext.readmodels.days import today
from salsa_ext.readmodels.records import RecordView, by_id
from salsa_ext.readmodels.requests import handled
from salsa_ext.readmodels.sides import handling_of
from salsa_ext.services.fields import Problems, check_date
from salsa_ext.values.actor import Actor
from salsa_ext.values.requests import Answering, Forwarding, NothingFound, Telling

LEAST: Final = "H1"
"""How an answer is handled of which nobody says otherwise."""
NO_RECORD: Final = Named(("no_record",))


def check(actor: Actor, request: TraceRequest, data: Answering) -> None:
    """Raise Invalid for what cannot be answered so."""
    problems = Problems()
    if not (data.records or data.events or data.points_to):
        problems.add("records", say("Give records or events, or a state to ask; where there is nothing, say"
                                    " so by {action}.", action=NO_RECORD))  # fmt: skip
    if (data.completeness == "restricted") != bool(data.restriction_reason):
        problems.add("restriction_reason", say("Say why an answer is restricted, and only then."))
    if data.failure_reason and data.completeness != "restricted":
        problems.add(
            "failure_reason",
            say("Only an answer in part, or that there is no record, says why no more is known."),
        )
    _check_records(problems, actor, request, data)
    for at, state in enumerate(data.points_to):
        if wrong := wrong_third(actor, request, state):
            problems.add(f"points_to.{at}", wrong)
    for at, event in enumerate(data.events):
        check_date(problems, f"events.{at}.occurred_on", event.occurred_on, today(actor))
    problems.raise_any()


def handling_for(request: TraceRequest, views: Iterable[RecordView]) -> str:
    """Return how an answer is handled of which nobody says it: as the strictest of its records.

    A renewed answer is handled no looser than the last one, nor than it was given of a record before.
    """
    found = {str(view.record.id): handling_of(view) for view in views}
    before = handled(request.id)
    return max([before.strictest(found) if before else LEAST, *found.values()])


def check_nothing(request: TraceRequest, action: str, data: Telling | Forwarding) -> None:
    """Raise Conflict where an open record of the own state is a strong match, until that is confirmed."""
    is_confirmed = isinstance(data, NothingFound | Forwarding) and data.confirm_other_guns
    found = likely(request)
    if found and not is_confirmed and after(request.status, action):
        raise Conflict(say("Open records of your state are strong matches of this gun ({count}). Answer with"
                           " them, or confirm with {field} that they are of other guns.",
                           count=len(found), field=Named(("confirm_other_guns",))))  # fmt: skip


def likely(request: TraceRequest) -> list[Mapping[str, Any]]:
    """Return the open records of the own state that are most likely of the gun."""
    return [one for one in request.candidates
            if one["strength"] == "strong" and one["visibility"] == "open"]  # fmt: skip


def _check_records(
    problems: Problems, actor: Actor, request: TraceRequest, data: Answering
) -> None:
    own = {view.record.id: view for view in by_id(data.records)
           if view.record.owner_state == actor.state}  # fmt: skip
    found = {one["record"] for one in request.candidates}
    for at, record_id in enumerate(data.records):
        if record_id not in own:
            problems.add(f"records.{at}", say("Your state has no such record."))
        elif str(record_id) in found or data.confirm_other_marks:
            continue
        elif wrong := _of_another(request, own[record_id]):
            problems.add(f"records.{at}", wrong)
    strictest = max(map(handling_of, own.values()), default=LEAST)
    if own and data.handling and data.handling < strictest:
        problems.add("handling", say("A record of this answer is handled as {handling}; an answer cannot allow"
                                     " more. Choose that, or what is stricter.",
                                     handling=strictest))  # fmt: skip


def _of_another(request: TraceRequest, view: RecordView) -> Message | None:
    """Return that a record, which no search found, bears other marks than what is asked for."""
    gun, record = request.asked["firearm"], view.record
    asked = _telling(gun["serial"], ((mark["kind"], mark["text"]) for mark in gun["marks"]))
    borne = _telling(record.serial, ((mark.kind, mark.text) for mark in view.marks))
    if not (asked and borne) or any(fits(one, other) for one in asked for other in borne):
        return None
    return say("This record bears {borne}; asked for is {asked}. If it is of this gun all the same, confirm"
               " it with {field}.", borne=", ".join(borne), asked=", ".join(asked),
               field=Named(("confirm_other_marks",)))  # fmt: skip


def _telling(serial: str | None, marks: Iterable[tuple[str, str]]) -> Sequence[str]:
    """Return the serial and the other marks that tell a gun from others, each once."""
    others = (text for kind, text in marks if tells_apart(kind, text))
    return list(dict.fromkeys(filter(None, (serial, *others))))


def wrong_third(actor: Actor, request: TraceRequest, state: str) -> Message | None:
    """Return why a state cannot be asked instead; None where it can."""
    if state in (actor.own_state(), request.asking_state):
        return say("Name a third state: {state} knows of this already.", state=state)
    if names.is_state(state):
        return None
    return say("There is no country {code}, today or in the past.", code=state)
