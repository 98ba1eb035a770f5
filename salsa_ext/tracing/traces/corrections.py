"""Send corrected records to the states that were given them.

Commands that correct or void a record, or change the status of a shipment, mark the records as
changed. At the end of their transaction each state that had answered a trace with such a record
sends it again, and own traces that show it are updated.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Final
from uuid import UUID

from sqlalchemy import String, Uuid, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from salsa_ext.access.audit import Action, related_traces
from salsa_ext.access.models import AuditEntry
from salsa_ext.access.rules import service
from salsa_ext.core.actor import Actor, Purpose
from salsa_ext.database.bulk import is_any_of
from salsa_ext.database.session import acting_as, db
from salsa_ext.exchange import delivery, pair_locks
from salsa_ext.firearms.records import changes as record_changes
from salsa_ext.firearms.records.models import MarkKey
from salsa_ext.tracing.chains.chain import correct_events
from salsa_ext.tracing.requests import answers, workflow
from salsa_ext.tracing.requests.answers import CHOSEN_BY_PERSON
from salsa_ext.tracing.requests.message_log import answer_handling
from salsa_ext.tracing.requests.models import TraceRequest
from salsa_ext.tracing.traces import legs
from salsa_ext.tracing.traces.models import Trace, TraceLeg
from salsa_ext.tracing.traces.values import AnsweredRecords, CorrectionRecipients


def send_corrections(actor: Actor) -> int:
    """Send the corrections marked in the transaction; returns how many requests.

    Called last, as messages are. Each state sends its own records alone, also those restricted for
    the agency that corrected them. The pairs of all recipients are locked before any trace or
    request.
    """
    found = _load_recipients(actor)
    record_changes.discard_changes()
    pair_locks.lock_pairs(pair for audience in found for pair in audience.pairs)
    told = 0
    for audience in found:
        with acting_as(actor, audience.state):
            told += _send_to_recipients(_sender(actor, audience.state), audience)
    return told


def pairs_to_lock(actor: Actor) -> set[tuple[str, str]]:
    """Return the pairs of states that the marked corrections will lock.

    A command that locks other pairs before locks these with them, in one order; the recipients are
    fixed from then on.
    """
    return {pair for audience in _load_recipients(actor) for pair in audience.pairs}


def _load_recipients(actor: Actor) -> list[CorrectionRecipients]:
    """Return the recipients, read once before any lock.

    A pair found later could not be waited for.
    """
    found = []
    for state, news in sorted(record_changes.changes_by_state().items()):
        if news.audience is None:
            with acting_as(actor, state):
                news.audience = find_recipients(state, news.records, news.shipments)
        found.append(news.audience)
    return found


def _sender(actor: Actor, state: str) -> Actor:
    """Return the sender: the actor for its own state, otherwise the service."""
    if state == actor.state:
        return replace(actor, agency=None)
    return service(state, actor.clock, actor.vault)


def _send_to_recipients(actor: Actor, audience: CorrectionRecipients) -> int:
    if not audience.given and not audience.traces:
        return 0
    gone = _void_records(audience.records)
    _update_own_legs(actor, audience, gone)
    for request_id, given in audience.given.items():
        _send_correction(actor, workflow.lock_request(actor, request_id), given, gone)
    if audience.given:
        delivery.deliver_now(actor)
    return len(audience.given)


def _void_records(records: Collection[UUID]) -> set[UUID]:
    """Return the records that are void: no search finds them."""
    query = select(MarkKey.record_id).where(
        MarkKey.record_id.in_(records), MarkKey.is_void, ~MarkKey.is_superseded
    )
    return {*db.session.scalars(query)}


def _send_correction(
    actor: Actor, request: TraceRequest, given: AnsweredRecords, gone: set[UUID]
) -> None:
    trace = (str(request.trace_id),)
    actor = actor.for_purpose(Purpose("investigation", request.case_number, about=trace))
    before = answer_handling(request.id)
    handling = before.by_record if before else None
    events, acts = [], []
    for records, by_person in ((given.by_person, True), (given.by_service, False)):
        current = dict.fromkeys(records - gone, CHOSEN_BY_PERSON)
        released, disclosures = answers.answer_events(
            actor, request.asking_state, current, handling, by_person=by_person
        )
        events += released
        acts += disclosures
    removed = (given.by_person | given.by_service) & gone
    if events or removed:
        body = {"events": events, "gone": sorted(map(str, removed))}
        workflow.send_message(actor, request, "trace.corrected", body, acts=acts)


def _update_own_legs(actor: Actor, audience: CorrectionRecipients, gone: set[UUID]) -> None:
    """Update the own legs of own traces with the current records."""
    own = actor.own_state()
    mine = (is_any_of(Trace.id, audience.traces), TraceLeg.state == own)
    query = select(Trace, TraceLeg).join(TraceLeg, TraceLeg.trace_id == Trace.id).where(*mine)
    fresh = query.with_for_update().execution_options(populate_existing=True)
    for trace, leg in db.session.execute(fresh.order_by(Trace.id)).all():
        corrected = {UUID(event["record"]) for event in leg.events} & audience.records - gone
        said, _ = answers.answer_events(
            actor, own, dict.fromkeys(corrected, CHOSEN_BY_PERSON), by_person=True
        )
        with legs.updating_status(trace):
            leg.events = correct_events(leg.events, said, map(str, gone), actor.now().isoformat())


_DISCLOSED_OF_SHIPMENTS: Final = text(
    "SELECT record.id FROM record JOIN audit_entry told ON told.subject_id = record.id::text"
    " WHERE record.document_id = ANY(:shipments) AND record.owner_state = :state"
    " AND told.owner_state = :state AND told.action = 'record:disclosed'"
    " UNION SELECT record.id FROM record JOIN trace_leg leg ON leg.owner_state = :state"
    " AND leg.state = :state JOIN LATERAL jsonb_array_elements(leg.events) AS shown (said)"
    " ON shown.said ->> 'record' = record.id::text"
    " WHERE record.document_id = ANY(:shipments) AND record.owner_state = :state"
).bindparams(bindparam("shipments", type_=ARRAY(Uuid)))
"""The guns of shipments that were disclosed: mostly none."""
_HAS_RECORD: Final = text(
    "EXISTS (SELECT FROM jsonb_array_elements(trace_leg.events) AS event"
    " WHERE event ->> 'record' = ANY(:records))"
)
_GIVEN: Final = text(
    "SELECT request.id, request.asking_state, event ->> 'record' AS record,"
    " bool_or(NOT coalesce((said.data ->> 'is_automatic')::boolean, false)) AS by_person"
    " FROM trace_request request JOIN trace_message said"
    " ON said.owner_state = request.owner_state AND said.subject_id = request.id"
    " AND said.kind = 'answer' AND said.sender = request.owner_state"
    " JOIN LATERAL jsonb_array_elements(said.data -> 'events') AS event"
    " ON event ->> 'record' = ANY(:records)"
    " WHERE request.owner_state = :state AND request.trace_id = ANY(:traces)"
    " AND NOT EXISTS (SELECT FROM trace_message nothing WHERE nothing.owner_state = said.owner_state"
    " AND nothing.subject_id = said.subject_id AND nothing.kind = 'no_record' AND nothing.id > said.id)"
    " GROUP BY request.id, request.asking_state, event ->> 'record' ORDER BY request.id"
).bindparams(bindparam("records", type_=ARRAY(String)), bindparam("traces", type_=ARRAY(Uuid)))
"""Records in the answers to requests, whatever their current status.

`no_record` after a partial answer revokes it.
"""


def find_recipients(
    state: str, records: Iterable[UUID], shipments: Collection[UUID]
) -> CorrectionRecipients:
    """Return the recipients of corrected records and shipments of a state.

    Read as that state, before anything is locked.
    """
    found = frozenset(records) | _disclosed_of_shipments(state, shipments)
    if not found:
        return CorrectionRecipients(state, found, {}, [], set())
    traces = _traces_showing(state, found)
    return CorrectionRecipients(
        state, found, _records_by_request(state, found), traces, _asked_states(state, traces)
    )


def _disclosed_of_shipments(state: str, shipments: Collection[UUID]) -> set[UUID]:
    if not shipments:
        return set()
    of_state = {"state": state, "shipments": list(shipments)}
    return {*db.session.scalars(_DISCLOSED_OF_SHIPMENTS, of_state)}


def _records_by_request(state: str, records: Collection[UUID]) -> dict[UUID, AnsweredRecords]:
    """Return the answered records by request, in order."""
    keys = [str(key) for key in records]
    found: dict[UUID, AnsweredRecords] = {}
    if traces := _traces_with_disclosure(state, keys):
        of_state = {"state": state, "records": keys, "traces": list(traces)}
        for request, asking, record, by_person in db.session.execute(_GIVEN, of_state):
            given = found.setdefault(request, AnsweredRecords(asking))
            (given.by_person if by_person else given.by_service).add(UUID(record))
    return found


def _traces_with_disclosure(state: str, keys: Collection[str]) -> set[UUID]:
    """Return the traces for which records were disclosed, by the own audit."""
    query = select(AuditEntry.data).where(
        AuditEntry.action == Action.RECORD_DISCLOSED,
        AuditEntry.owner_state == state,
        AuditEntry.subject_id.in_(keys),
        AuditEntry.data.has_key("about"),
    )
    return {UUID(trace) for data in db.session.scalars(query) for trace in related_traces(data)}


def _traces_showing(state: str, records: Collection[UUID]) -> list[UUID]:
    """Return own traces whose own leg has one of the records."""
    keys = bindparam("records", [str(key) for key in records], type_=ARRAY(String))
    mine = (TraceLeg.owner_state == state, TraceLeg.state == state, _HAS_RECORD.bindparams(keys))
    return list(db.session.scalars(select(TraceLeg.trace_id).where(*mine).order_by("trace_id")))


def _asked_states(state: str, traces: Collection[UUID]) -> set[str]:
    if not traces:
        return set()
    mine = (
        is_any_of(TraceLeg.trace_id, traces),
        TraceLeg.channel == "salsa",
        TraceLeg.state != state,
    )
    return {*db.session.scalars(select(TraceLeg.state).where(*mine).distinct())}
