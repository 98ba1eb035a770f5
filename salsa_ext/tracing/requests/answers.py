"""Answers to trace requests: events from own records, and checks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final
from uuid import UUID

from salsa_ext.access.audit import AuditEvent, append_many
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Conflict, FieldLabels, Message, message
from salsa_ext.core.field_checks import Problems, check_date
from salsa_ext.core.ids import new_id
from salsa_ext.disclosure import sharing
from salsa_ext.disclosure.disclosures import answer_disclosure_event
from salsa_ext.disclosure.sharing import Sharing
from salsa_ext.firearms.marks.distance import can_be_same
from salsa_ext.firearms.marks.keys import is_identifying
from salsa_ext.firearms.records.models import Party
from salsa_ext.firearms.records.queries import RecordView, find_records, handling_of
from salsa_ext.firearms.records.values import ALERT
from salsa_ext.firearms.search.values import Candidate
from salsa_ext.reference import names
from salsa_ext.reference.calendars import today
from salsa_ext.tracing.requests import document_facts
from salsa_ext.tracing.requests.document_facts import DocumentFacts
from salsa_ext.tracing.requests.lifecycle import next_status
from salsa_ext.tracing.requests.message_log import answer_handling
from salsa_ext.tracing.requests.models import TraceRequest
from salsa_ext.tracing.requests.values import (
    AnswerData,
    CommentData,
    ManualEvent,
    NoRecordData,
    ReferralData,
)

FIELDS_BY_GROUP: dict[str, tuple[str, ...]] = {
    "firearm": (
        "serial",
        "make",
        "make_text",
        "model",
        "calibre",
        "calibre_text",
        "type",
        "country_of_manufacture",
        "year",
    ),
    "event": (
        "shipment_status",
        "stolen_from",
        "return_due_on",
        "counterpart_state",
        "linked_record",
    ),
    "document": ("document_number",),
}
"""Fields of a chain event by group; parties come on reading."""
FIELDS_WITH_PARTIES: Final = FIELDS_BY_GROUP | {"parties": ("giver", "receiver")}
"""The same with the parties, by kind and country."""


@dataclass(frozen=True)
class MatchCertainty:
    """How certain a record is of the requested gun, by its marks.

    `strength` is None where a person chose it without a comparison.
    """

    strength: str | None
    bits: float


NO_HANDLING: Final[Mapping[str, str]] = {}
CHOSEN_BY_PERSON: Final = MatchCertainty(None, 0.0)


def is_automatic(candidate: Candidate) -> bool:
    """Return whether the service may disclose a record without a person."""
    return candidate.is_open and candidate.held.event != ALERT


def build_answer(
    actor: Actor, to: str, candidates: Sequence[Candidate]
) -> tuple[list[dict[str, Any]], list[AuditEvent]]:
    """Return own candidate records as events, with their audit entries.

    One entry for each record that leaves for another state; the caller appends them.
    """
    sure = {
        hit.held.record_id: MatchCertainty(hit.evidence.strength, hit.evidence.bits)
        for hit in candidates
    }
    views = _own_records(actor, sure)
    shared = sharing.share_with_state(actor, to, views)
    facts = document_facts.load_facts(actor, to, views)
    events = [
        _without_withheld(_record_event(view, sure[view.record.id], facts), shared[view.record.id])
        for view in views
    ]
    return events, _disclosure_entries(actor, to, views, events, by_itself=True)


def release(
    actor: Actor, to: str, records: Mapping[UUID, MatchCertainty], handling: str
) -> list[dict[str, Any]]:
    """Return own records chosen by a person as events; audits them.

    Handled by `handling`, or by their own code where that is stricter.
    """
    views = _own_records(actor, records)
    facts = document_facts.load_facts(actor, to, views)
    events = [
        _with_handling(_record_event(view, records[view.record.id], facts), handling)
        for view in views
    ]
    _audit_disclosures(actor, to, views, events, by_itself=False)
    return events


def release_again(
    actor: Actor,
    to: str,
    records: Iterable[UUID],
    *,
    by_person: bool,
    handled: Mapping[str, str] = NO_HANDLING,
) -> list[dict[str, Any]]:
    """Return the current events of records given before, without certainty.

    Records given by a person are complete; those given by the service are limited to what the
    asking state may have now. Handled as when given, or by their own code where that is stricter.
    """
    views = _own_records(actor, records)
    shared = sharing.share_with_state(actor, to, views)
    views = [view for view in views if by_person or shared[view.record.id].may("event")]
    facts = document_facts.load_facts(actor, to, views)
    said = [
        (_record_event(view, CHOSEN_BY_PERSON, facts), shared[view.record.id]) for view in views
    ]
    events = [
        _with_handling(
            event if by_person else _without_withheld(event, held),
            handled.get(event["record"], event["handling"]),
        )
        for event, held in said
    ]
    _audit_disclosures(actor, to, views, events, by_itself=not by_person)
    return events


def _with_handling(event: dict[str, Any], handling: str) -> dict[str, Any]:
    return event | {"handling": max(event["handling"], handling)}


def _own_records(actor: Actor, ids: Iterable[UUID]) -> list[RecordView]:
    found = find_records(ids, with_marks=False)  # no answer gives them
    return [view for view in found if view.record.owner_state == actor.state]


def _audit_disclosures(
    actor: Actor,
    to: str,
    views: Sequence[RecordView],
    events: Sequence[Mapping[str, Any]],
    *,
    by_itself: bool,
) -> None:
    append_many(actor, _disclosure_entries(actor, to, views, events, by_itself=by_itself))


def _disclosure_entries(
    actor: Actor,
    to: str,
    views: Sequence[RecordView],
    events: Sequence[Mapping[str, Any]],
    *,
    by_itself: bool,
) -> list[AuditEvent]:
    if to == actor.state:
        return []
    return [
        answer_disclosure_event(
            view, to, groups_in(event), event["handling"], is_automatic=by_itself
        )
        for view, event in zip(views, events, strict=True)
    ]


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
    said = asdict(data)
    return {
        "state": state,
        "record": str(new_id()),
        "version": None,
        "event": data.event,
        "occurred_on": data.occurred_on.isoformat(),
        "document_kind": None,
        "document_number": data.document_number,
        "shipment_status": None,
        "stolen_from": None,
        "return_due_on": None,
        "counterpart_state": data.counterpart_state,
        "giver": _manual_party(said["giver"]),
        "receiver": _manual_party(said["receiver"]),
        "serial": data.serial,
        "make": names.resolve("make", data.make),
        "make_text": data.make,
        "model": data.model,
        "calibre": names.resolve("calibre", data.calibre),
        "calibre_text": data.calibre,
        "type": None,
        "country_of_manufacture": None,
        "year": None,
        "linked_record": None,
        "handling": handling,
    } | asdict(CHOSEN_BY_PERSON)


def _manual_party(side: dict[str, Any] | None) -> dict[str, Any] | None:
    return {"id": str(new_id())} | side if side else None


def _without_withheld(event: dict[str, Any], shared: Sharing) -> dict[str, Any]:
    """Return an event without the field groups withheld from the asking state."""
    kept = {
        name
        for group in FIELDS_BY_GROUP
        if not shared.may(group)
        for name in FIELDS_BY_GROUP[group]
    }
    return {name: None if name in kept else value for name, value in event.items()}


def _record_event(
    view: RecordView, sureness: MatchCertainty, facts: DocumentFacts
) -> dict[str, Any]:
    record = view.record
    fact = facts.of(record)
    return {
        "state": record.owner_state,
        "record": str(record.id),
        "version": record.version,
        "event": record.event,
        "occurred_on": record.occurred_on.isoformat(),
        "document_kind": record.document_kind,
        "document_number": fact.get("number"),
        "shipment_status": fact.get("shipment_status"),
        "stolen_from": fact.get("stolen_from"),
        "return_due_on": fact.get("return_due_on"),
        "counterpart_state": record.counterpart_state,
        "giver": _party(view, record.giver_id),
        "receiver": _party(view, record.receiver_id),
        "serial": record.serial,
        "make": record.make,
        "make_text": record.make_text,
        "model": record.model,
        "calibre": record.calibre,
        "calibre_text": record.calibre_text,
        "type": record.type,
        "country_of_manufacture": record.country_of_manufacture,
        "year": record.year,
        "linked_record": str(record.linked_record) if record.linked_record else None,
        "handling": handling_of(view),
    } | asdict(sureness)


def _party(view: RecordView, party_id: UUID | None) -> dict[str, Any] | None:
    """Return a party without personal values."""
    party: Party | None = view.parties.get(party_id) if party_id else None
    if party is None:
        return None
    return {"id": str(party.id), "kind": party.kind, "country": party.country}


DEFAULT_HANDLING: Final = "H1"
"""Handling of an answer without a given one."""
NO_RECORD: Final = FieldLabels(("no_record",))


def check_answer(actor: Actor, request: TraceRequest, data: AnswerData) -> None:
    """Raise Invalid for an answer that cannot be given."""
    problems = Problems()
    if not (data.records or data.events or data.points_to):
        problems.add(
            "records",
            message(
                "Give records or events, or a state to ask; where there is nothing, say"
                " so by {action}.",
                action=NO_RECORD,
            ),
        )
    if (data.completeness == "restricted") != bool(data.restriction_reason):
        problems.add(
            "restriction_reason", message("Say why an answer is restricted, and only then.")
        )
    if data.failure_reason and data.completeness != "restricted":
        problems.add(
            "failure_reason",
            message(
                "Only an answer in part, or that there is no record, says why no more is known."
            ),
        )
    _check_records(problems, actor, request, data)
    for at, state in enumerate(data.points_to):
        if wrong := wrong_referral(actor, request, state):
            problems.add(f"points_to.{at}", wrong)
    for at, event in enumerate(data.events):
        check_date(problems, f"events.{at}.occurred_on", event.occurred_on, today(actor))
    problems.raise_any()


def handling_for(request: TraceRequest, views: Iterable[RecordView]) -> str:
    """Return the default handling of an answer: that of its strictest record.

    No looser than the last answer, nor than a record was given before.
    """
    found = {str(view.record.id): handling_of(view) for view in views}
    before = answer_handling(request.id)
    return max([before.strictest(found) if before else DEFAULT_HANDLING, *found.values()])


def check_no_record(request: TraceRequest, action: str, data: CommentData | ReferralData) -> None:
    """Raise Conflict for an unconfirmed answer despite a strong match.

    That is an open record of the own state.
    """
    is_confirmed = isinstance(data, NoRecordData | ReferralData) and data.confirm_other_guns
    found = likely_records(request)
    if found and not is_confirmed and next_status(request.status, action):
        raise Conflict(
            message(
                "Open records of your state are strong matches of this gun ({count}). Answer with"
                " them, or confirm with {field} that they are of other guns.",
                count=len(found),
                field=FieldLabels(("confirm_other_guns",)),
            )
        )


def likely_records(request: TraceRequest) -> list[Mapping[str, Any]]:
    """Return the open own records that are most likely of the gun."""
    return [
        one
        for one in request.candidates
        if one["strength"] == "strong" and one["visibility"] == "open"
    ]


def _check_records(
    problems: Problems, actor: Actor, request: TraceRequest, data: AnswerData
) -> None:
    own = {
        view.record.id: view
        for view in find_records(data.records)
        if view.record.owner_state == actor.state
    }
    found = {one["record"] for one in request.candidates}
    for at, record_id in enumerate(data.records):
        if record_id not in own:
            problems.add(f"records.{at}", message("Your state has no such record."))
        elif str(record_id) in found or data.confirm_other_marks:
            continue
        elif wrong := _other_marks(request, own[record_id]):
            problems.add(f"records.{at}", wrong)
    strictest = max(map(handling_of, own.values()), default=DEFAULT_HANDLING)
    if own and data.handling and data.handling < strictest:
        problems.add(
            "handling",
            message(
                "A record of this answer is handled as {handling}; an answer cannot allow"
                " more. Choose that, or what is stricter.",
                handling=strictest,
            ),
        )


def _other_marks(request: TraceRequest, view: RecordView) -> Message | None:
    """Return the problem of a record with other marks, or None."""
    gun, record = request.body["firearm"], view.record
    asked = _distinctive_marks(
        gun["serial"], ((mark["kind"], mark["text"]) for mark in gun["marks"])
    )
    borne = _distinctive_marks(record.serial, ((mark.kind, mark.text) for mark in view.marks))
    if not (asked and borne) or any(can_be_same(one, other) for one in asked for other in borne):
        return None
    return message(
        "This record bears {borne}; asked for is {asked}. If it is of this gun all the same, confirm"
        " it with {field}.",
        borne=", ".join(borne),
        asked=", ".join(asked),
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
