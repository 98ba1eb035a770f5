"""Answers to trace requests: events from own records, and checks."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, select

from salsa_ext.access.audit import AuditEvent
from salsa_ext.access.release import Statement
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Conflict, FieldLabels, Message, message
from salsa_ext.core.field_checks import Problems, check_date
from salsa_ext.core.ids import new_id
from salsa_ext.database.bulk import is_any_of
from salsa_ext.database.locks import select_current
from salsa_ext.database.session import db
from salsa_ext.disclosure import sharing
from salsa_ext.disclosure.disclosures import answer_disclosure_event
from salsa_ext.documents.models import Report, Seizure, Transfer
from salsa_ext.firearms.marks.distance import can_be_same
from salsa_ext.firearms.marks.keys import is_identifying
from salsa_ext.firearms.records.event_kinds import ALERT
from salsa_ext.firearms.records.models import Record
from salsa_ext.firearms.records.queries import RecordView, find_records, handling_of
from salsa_ext.firearms.search.values import Candidate
from salsa_ext.reference import names
from salsa_ext.reference.calendars import today
from salsa_ext.tracing.chains.identity import NOT_THIS_GUN, THIS_GUN
from salsa_ext.tracing.requests.message_log import EVENT_SHAPE, answer_handling
from salsa_ext.tracing.requests.models import TraceRequest
from salsa_ext.tracing.requests.values import (
    AnswerData,
    CommentData,
    ManualEvent,
    NoRecordData,
    ReferralData,
    next_status,
)
from salsa_ext.trade.permits.models import Permit
from salsa_ext.trade.receipts.models import Receipt
from salsa_ext.trade.shipments.models import Shipment
from salsa_ext.trade.shipments.queries import status_expression

FIELDS_BY_GROUP: Final[Mapping[str, Sequence[str]]] = {
    "firearm": (
        "serial make make_text model calibre calibre_text type country_of_manufacture year"
        " importer_mark handed_in".split()
    ),
    "event": ("shipment_status stolen_from return_due_on counterpart_state linked_record".split()),
    "document": ("document_number",),
}
"""Fields of a chain event by group; parties come on reading."""
FIELDS_WITH_PARTIES: Final = {**FIELDS_BY_GROUP, "parties": ("giver", "receiver")}
"""The same with the parties, by kind and country."""
DEFAULT_HANDLING: Final = "H1"
"""Handling of an answer without a given one."""
DOCUMENTS: Final[Mapping[str, Any]] = {
    "transfer": Transfer,
    "report": Report,
    "seizure": Seizure,
    "shipment": Shipment,
}


class MatchCertainty(NamedTuple):
    """How certain a record is of the requested gun, by its marks.

    `strength` is None where a person assigned it to the gun.
    """

    strength: str | None
    bits: float


CHOSEN_BY_PERSON: Final = MatchCertainty(None, 0.0)


def is_automatic(candidate: Candidate) -> bool:
    """Return whether the service may disclose a record without a person."""
    is_event = candidate.is_open and candidate.mark_hit.event != ALERT
    return is_event and candidate.evidence.is_conclusive


def certainty_by_record(candidates: Iterable[Candidate]) -> dict[UUID, MatchCertainty]:
    """Return how certain the candidates of a search are."""
    return {
        candidate.mark_hit.record_id: MatchCertainty(
            candidate.evidence.strength_in_trace, candidate.evidence.bits
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
    facts = _load_facts(actor, to, views)
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
        "handed_in": record.handed_in or None,
        "handling": handling_of(view),
    }


def _load_facts(actor: Actor, to: str, views: Sequence[RecordView]) -> dict[UUID, dict[str, Any]]:
    """Return by record the facts of its document that another state may be given."""
    documents: dict[str, set[UUID]] = defaultdict(set)
    for view in views:
        documents[view.record.document_kind].add(view.record.document_id)
    by_document = _receipt_facts(actor, to, documents.pop("receipt", set()))
    for kind in documents.keys() & DOCUMENTS.keys():
        model = DOCUMENTS[kind]
        query: Any = select(model.id, model.number.label("document_number"))
        if kind == "shipment":
            now = bindparam("now", actor.now(), type_=Shipment.overdue_at.type)
            status = status_expression(now).label("shipment_status")
            query = _with_return_date(query.add_columns(status))
        if kind == "report":
            query = query.add_columns(Report.stolen_from)
        for row in db.session.execute(query.where(is_any_of(model.id, documents[kind]))).mappings():
            facts = {name: _to_json(value) for name, value in row.items() if name != "id"}
            by_document[row["id"]] = facts
    by_record = {view.record.id: by_document.get(view.record.document_id, {}) for view in views}
    exports = [view.record for view in views if view.record.document_kind == "shipment"]
    for record_id in _arrived_records(exports, by_record):
        by_record[record_id] = by_record[record_id] | {"shipment_status": None}
    return by_record


def _with_return_date(query: Any) -> Any:
    """Add the return date of a temporary export, its permit's last day."""
    temporary = (Permit.id == Shipment.permit_id) & (Permit.regime == "temporary")
    return query.outerjoin(Permit, temporary).add_columns(Permit.last_day.label("return_due_on"))


def _to_json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _receipt_facts(actor: Actor, to: str, ids: set[UUID]) -> dict[UUID, dict[str, Any]]:
    """Return the shipment's facts for receipts, where its papers may be disclosed."""
    if not ids:
        return {}
    columns = (
        Receipt.id,
        Receipt.owner_state,
        Shipment.owner_state.label("exporting_state"),
        Shipment.concerned,
        Shipment.number,
        Shipment.importing_state,
    )
    query = select(*columns).join(Shipment, Shipment.id == Receipt.shipment_id)
    facts = {}
    for row in db.session.execute(_with_return_date(query.where(is_any_of(Receipt.id, ids)))):
        paper = Statement(row.exporting_state, concerns=to in row.concerned, is_paper=True)
        if sharing.Sharing(paper, sharing.analyst_reader(actor, to)).may("document"):
            due = row.return_due_on if row.owner_state == row.importing_state else None
            facts[row.id] = {"document_number": row.number, "return_due_on": _to_json(due)}
    return facts


def _arrived_records(
    exports: Sequence[Record], facts: Mapping[UUID, Mapping[str, Any]]
) -> list[UUID]:
    """Return the export records whose gun is in a current receipt."""
    if not exports:
        return []
    receipts = select_current(Record).where(
        is_any_of(Record.linked_record, [record.id for record in exports]),
        Record.document_kind == "receipt",
    )
    receivers: dict[UUID | None, set[str]] = defaultdict(set)
    columns = (Record.linked_record, Record.owner_state)
    for linked, owner in db.session.execute(receipts.with_only_columns(*columns)):
        receivers[linked].add(owner)
    arrived = []
    for record in exports:
        expected = {record.owner_state}
        if facts[record.id].get("shipment_status") != "returned":
            expected.add(record.counterpart_state or "")
        if receivers[record.id] & expected:
            arrived.append(record.id)
    return arrived


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


def manual_event(
    state: str, data: ManualEvent, handling: str, failure_reason: str | None
) -> dict[str, Any]:
    """Return an event entered by a person from a state's registers."""
    entered = asdict(data)
    if failure_reason == "dealer_defunct" and data.event == "domestic_sale":
        entered["receiver"] = entered["receiver"] or {"kind": "dealer", "country": state}
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
    candidates = {each["record"]: each.get("judgement") for each in request.candidates}
    for at, record_id in enumerate(data.records):
        if record_id not in own:
            problems.add(f"records.{at}", message("Your state has no such record."))
        elif candidates.get(str(record_id)) == NOT_THIS_GUN:
            text = message(
                "A person found this record to be of another gun. Compare it again first."
            )
            problems.add(f"records.{at}", text)
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
    """Return the default handling of an answer: that of its strictest record."""
    codes = {str(view.record.id): handling_of(view) for view in views}
    before = answer_handling(request.id)
    earlier = before.strictest(codes) if before else DEFAULT_HANDLING
    return max([earlier, *codes.values()])


def check_no_record(request: TraceRequest, action: str, data: CommentData | ReferralData) -> None:
    """Raise Conflict for an unconfirmed answer despite a strong match."""
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
        if candidate["visibility"] == "open" and is_of_gun(candidate)
    ]


def is_of_gun(candidate: Mapping[str, Any]) -> bool:
    """Return whether a candidate is of the gun: by a person's judgement, else by its marks."""
    judgement = candidate.get("judgement")
    return judgement == THIS_GUN or (judgement is None and candidate["strength"] == "strong")
