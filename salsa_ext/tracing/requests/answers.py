"""Answers to trace requests: events from own records, and checks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final, NamedTuple
from uuid import UUID

from salsa_ext.access.audit import AuditEvent
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Conflict, FieldLabels, Message, message
from salsa_ext.core.field_checks import Problems, check_date
from salsa_ext.core.ids import new_id
from salsa_ext.disclosure import sharing
from salsa_ext.disclosure.disclosures import answer_disclosure_event
from salsa_ext.firearms.marks.distance import can_be_same
from salsa_ext.firearms.marks.keys import is_identifying
from salsa_ext.firearms.records.queries import RecordView, find_records, handling_of
from salsa_ext.firearms.records.values import ALERT
from salsa_ext.firearms.search.values import Candidate
from salsa_ext.reference import names
from salsa_ext.reference.calendars import today
from salsa_ext.tracing.requests import document_facts
from salsa_ext.tracing.requests.lifecycle import next_status
from salsa_ext.tracing.requests.message_log import answer_handling
from salsa_ext.tracing.requests.models import TraceRequest
from salsa_ext.tracing.requests.schemas import EVENT_SHAPE
from salsa_ext.tracing.requests.values import (
    AnswerData,
    CommentData,
    ManualEvent,
    NoRecordData,
    ReferralData,
)

FIELDS_BY_GROUP: Final[Mapping[str, Sequence[str]]] = {
    "firearm": (
        "serial make make_text model calibre calibre_text type country_of_manufacture year".split()
    ),
    "event": ("shipment_status stolen_from return_due_on counterpart_state linked_record".split()),
    "document": ("document_number",),
}
"""Fields of a chain event by group; parties come on reading."""
FIELDS_WITH_PARTIES: Final = {**FIELDS_BY_GROUP, "parties": ("giver", "receiver")}
"""The same with the parties, by kind and country."""
DEFAULT_HANDLING: Final = "H1"
"""Handling of an answer without a given one."""


class MatchCertainty(NamedTuple):
    """How certain a record is of the requested gun, by its marks.

    `strength` is None where a person chose it without a comparison.
    """

    strength: str | None
    bits: float


CHOSEN_BY_PERSON: Final = MatchCertainty(None, 0.0)


def is_automatic(candidate: Candidate) -> bool:
    """Return whether the service may disclose a record without a person."""
    return candidate.is_open and candidate.mark_hit.event != ALERT


def certainty_by_record(candidates: Iterable[Candidate]) -> dict[UUID, MatchCertainty]:
    """Return how certain the candidates of a search are."""
    return {
        candidate.mark_hit.record_id: MatchCertainty(
            candidate.evidence.strength, candidate.evidence.bits
        )
        for candidate in candidates
    }


def answer_events(
    actor: Actor,
    to: str,
    records: Mapping[UUID, MatchCertainty],
    handling: Mapping[str, str] | None = None,
    *,
    by_person: bool,
) -> tuple[list[dict[str, Any]], list[AuditEvent]]:
    """Return own records as events of an answer, with their audit entries.

    Records chosen by a person are complete; those given by the service are limited to what the
    asking state may have. `handling` is by record, as the answer has it; a record's own code counts
    where that is stricter. One entry for each record that leaves for another state; the caller
    appends them.
    """
    views = [  # no answer gives marks
        view
        for view in find_records(records, with_marks=False)
        if view.record.owner_state == actor.state
    ]
    shared = sharing.share_with_state(actor, to, views)
    views = [view for view in views if by_person or shared[view.record.id].may("event")]
    facts = document_facts.load_facts(actor, to, views)
    events, acts = [], []
    for view in views:
        event = _record_event(view) | facts.get(view.record.id, {})
        event |= records[view.record.id]._asdict()
        if not by_person:
            hidden = [group for group in FIELDS_BY_GROUP if not shared[view.record.id].may(group)]
            event |= {name: None for group in hidden for name in FIELDS_BY_GROUP[group]}
        event["handling"] = max(event["handling"], (handling or {}).get(event["record"], ""))
        events.append(event)
        if to != actor.state:
            groups, code = groups_in(event), event["handling"]
            acts.append(answer_disclosure_event(view, to, groups, code, is_automatic=not by_person))
    return events, acts


def _record_event(view: RecordView) -> dict[str, Any]:
    """Return a record as an event, without the facts of its document."""
    record = view.record
    event = {name: getattr(record, name, None) for name in EVENT_SHAPE}
    return event | {
        "state": record.owner_state,
        "record": str(record.id),
        "occurred_on": record.occurred_on.isoformat(),
        "giver": _party(view, record.giver_id),
        "receiver": _party(view, record.receiver_id),
        "linked_record": str(record.linked_record) if record.linked_record else None,
        "handling": handling_of(view),
    }


def _party(view: RecordView, party_id: UUID | None) -> dict[str, Any] | None:
    """Return a party without personal values."""
    party = view.parties.get(party_id) if party_id else None
    return {"id": str(party.id), "kind": party.kind, "country": party.country} if party else None


def groups_in(
    event: Mapping[str, Any], fields: Mapping[str, Sequence[str]] = FIELDS_WITH_PARTIES
) -> list[str]:
    """Return the field groups with a value in an event; always `event`."""
    return [
        group
        for group, names in fields.items()
        if group == "event" or any(event[name] is not None for name in names)
    ]


def manual_event(state: str, data: ManualEvent, handling: str) -> dict[str, Any]:
    """Return an event entered by a person from a state's registers."""
    entered = asdict(data)
    for name in ("giver", "receiver"):
        entered[name] = entered[name] and {"id": str(new_id())} | entered[name]
    return dict.fromkeys(EVENT_SHAPE) | {
        **entered,
        **CHOSEN_BY_PERSON._asdict(),
        "state": state,
        "record": str(new_id()),
        "occurred_on": data.occurred_on.isoformat(),
        "make": names.resolve("make", data.make),
        "make_text": data.make,
        "calibre": names.resolve("calibre", data.calibre),
        "calibre_text": data.calibre,
        "handling": handling,
    }


def check_answer(actor: Actor, request: TraceRequest, data: AnswerData) -> None:
    """Raise Invalid for an answer that cannot be given."""
    problems = Problems()
    if not (data.records or data.events or data.points_to):
        text = message(
            "Give records or events, or a state to ask; where there is nothing, say so by {action}.",
            action=FieldLabels(("no_record",)),
        )
        problems.add("records", text)
    if (data.completeness == "restricted") != bool(data.restriction_reason):
        text = message("Say why an answer is restricted, and only then.")
        problems.add("restriction_reason", text)
    if data.failure_reason and data.completeness != "restricted":
        text = message(
            "Only an answer in part, or that there is no record, says why no more is known."
        )
        problems.add("failure_reason", text)
    _check_records(problems, actor, request, data)
    for at, state in enumerate(data.points_to):
        if wrong := wrong_referral(actor, request, state):
            problems.add(f"points_to.{at}", wrong)
    for at, event in enumerate(data.events):
        check_date(problems, f"events.{at}.occurred_on", event.occurred_on, today(actor))
    problems.raise_any()


def _check_records(
    problems: Problems, actor: Actor, request: TraceRequest, data: AnswerData
) -> None:
    views = find_records(data.records)
    own = {view.record.id: view for view in views if view.record.owner_state == actor.state}
    candidates = {candidate["record"] for candidate in request.candidates}
    for at, record_id in enumerate(data.records):
        if record_id not in own:
            problems.add(f"records.{at}", message("Your state has no such record."))
        elif str(record_id) in candidates or data.confirm_other_marks:
            continue
        elif wrong := _other_marks(request, own[record_id]):
            problems.add(f"records.{at}", wrong)
    strictest = max(map(handling_of, own.values()), default=DEFAULT_HANDLING)
    if own and data.handling and data.handling < strictest:
        text = message(
            "A record of this answer is handled as {handling}; an answer cannot allow more. Choose"
            " that, or what is stricter.",
            handling=strictest,
        )
        problems.add("handling", text)


def _other_marks(request: TraceRequest, view: RecordView) -> Message | None:
    """Return the problem of a record with other marks, or None."""
    gun = request.body["firearm"]
    marks = ((mark["kind"], mark["text"]) for mark in gun["marks"])
    requested = _distinctive_marks(gun["serial"], marks)
    marks = ((mark.kind, mark.text) for mark in view.marks)
    borne = _distinctive_marks(view.record.serial, marks)
    if not (requested and borne) or any(can_be_same(a, b) for a in requested for b in borne):
        return None
    return message(
        "This record bears {borne}; asked for is {asked}. If it is of this gun all the same,"
        " confirm it with {field}.",
        borne=", ".join(borne),
        asked=", ".join(requested),
        field=FieldLabels(("confirm_other_marks",)),
    )


def _distinctive_marks(serial: str | None, marks: Iterable[tuple[str, str]]) -> Sequence[str]:
    """Return the serial and the other distinctive marks, each once."""
    others = (text for kind, text in marks if is_identifying(kind, text))
    return list(dict.fromkeys(filter(None, (serial, *others))))


def wrong_referral(actor: Actor, request: TraceRequest, state: str) -> Message | None:
    """Return why a state cannot be asked instead; None if it can."""
    if state in (actor.own_state(), request.asking_state):
        return message("Name a third state: {state} knows of this already.", state=state)
    if names.is_state(state):
        return None
    return message("There is no country {code}, today or in the past.", code=state)


def handling_for(request: TraceRequest, views: Iterable[RecordView]) -> str:
    """Return the default handling of an answer: that of its strictest record.

    No looser than the last answer, nor than a record was given before.
    """
    codes = {str(view.record.id): handling_of(view) for view in views}
    before = answer_handling(request.id)
    earlier = before.strictest(codes) if before else DEFAULT_HANDLING
    return max([earlier, *codes.values()])


def check_no_record(request: TraceRequest, action: str, data: CommentData | ReferralData) -> None:
    """Raise Conflict for an unconfirmed answer despite a strong match.

    That is an open record of the own state.
    """
    is_confirmed = isinstance(data, NoRecordData | ReferralData) and data.confirm_other_guns
    likely = likely_records(request)
    if likely and not is_confirmed and next_status(request.status, action):
        raise Conflict(
            message(
                "Open records of your state are strong matches of this gun ({count}). Answer with"
                " them, or confirm with {field} that they are of other guns.",
                count=len(likely),
                field=FieldLabels(("confirm_other_guns",)),
            )
        )


def likely_records(request: TraceRequest) -> list[Mapping[str, Any]]:
    """Return the open own records that are most likely of the gun."""
    return [
        candidate
        for candidate in request.candidates
        if candidate["strength"] == "strong" and candidate["visibility"] == "open"
    ]
