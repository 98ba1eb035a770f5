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
from salsa_ext.core.actor import Actor
from salsa_ext.database.bulk import is_any_of
from salsa_ext.database.session import acting_as, db
from salsa_ext.exchange import delivery, pair_locks
from salsa_ext.firearms.records import changed_records
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
    all_recipients = _load_recipients(actor)
    changed_records.discard_changes()
    pair_locks.lock_pairs(pair for recipients in all_recipients for pair in recipients.pairs)
    count = 0
    for recipients in all_recipients:
        is_own = recipients.state == actor.state
        with acting_as(actor, recipients.state):
            sender = (
                replace(actor, agency=None)
                if is_own
                else service(recipients.state, actor.clock, actor.vault)
            )
            count += _send_to_recipients(sender, recipients)
    return count


def pairs_to_lock(actor: Actor) -> set[tuple[str, str]]:
    """Return the pairs of states that the marked corrections will lock.

    A command that locks other pairs before locks these with them, in one order; the recipients are
    fixed from then on.
    """
    return {pair for recipients in _load_recipients(actor) for pair in recipients.pairs}


def _load_recipients(actor: Actor) -> list[CorrectionRecipients]:
    """Return the recipients, read once before any lock.

    A pair found later could not be waited for.
    """
    all_recipients = []
    for state, changes in sorted(changed_records.changes_by_state().items()):
        if changes.recipients is None:
            with acting_as(actor, state):
                changes.recipients = _find_recipients(state, changes.records, changes.shipments)
        all_recipients.append(changes.recipients)
    return all_recipients


def _send_to_recipients(actor: Actor, recipients: CorrectionRecipients) -> int:
    """Send corrections as one state, and update its own legs; returns how many requests."""
    if not recipients.given and not recipients.traces:
        return 0
    void = select(MarkKey.record_id).where(  # no search finds them
        MarkKey.record_id.in_(recipients.records), MarkKey.is_void, ~MarkKey.is_superseded
    )
    gone = {*db.session.scalars(void)}
    own = actor.own_state()
    own_legs = (
        select(Trace, TraceLeg)
        .join(TraceLeg, TraceLeg.trace_id == Trace.id)
        .where(is_any_of(Trace.id, recipients.traces), TraceLeg.state == own)
        .order_by(Trace.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    for trace, leg in db.session.execute(own_legs).all():
        corrected = {UUID(event["record"]) for event in leg.events} & recipients.records - gone
        events, _ = answers.answer_events(
            actor, own, dict.fromkeys(corrected, CHOSEN_BY_PERSON), by_person=True
        )
        with legs.updating_status(trace):
            leg.events = correct_events(leg.events, events, map(str, gone), actor.now().isoformat())
    for request_id, given in recipients.given.items():
        _send_correction(actor, workflow.lock_request(actor, request_id), given, gone)
    if recipients.given:
        delivery.deliver_now(actor)
    return len(recipients.given)


def _send_correction(
    actor: Actor, request: TraceRequest, given: AnsweredRecords, gone: set[UUID]
) -> None:
    actor = actor.for_trace(request.case_number, request.trace_id)
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


_DISCLOSED_OF_SHIPMENTS: Final = text(
    "SELECT record.id FROM record JOIN audit_entry entry ON entry.subject_id = record.id::text"
    " WHERE record.document_id = ANY(:shipments) AND record.owner_state = :state"
    " AND entry.owner_state = :state AND entry.action = 'record:disclosed'"
    " UNION SELECT record.id FROM record JOIN trace_leg leg ON leg.owner_state = :state"
    " AND leg.state = :state JOIN LATERAL jsonb_array_elements(leg.events) AS given (event)"
    " ON given.event ->> 'record' = record.id::text"
    " WHERE record.document_id = ANY(:shipments) AND record.owner_state = :state"
).bindparams(bindparam("shipments", type_=ARRAY(Uuid)))
"""The guns of shipments that were disclosed: mostly none."""
_HAS_RECORD: Final = text(
    "EXISTS (SELECT FROM jsonb_array_elements(trace_leg.events) AS event"
    " WHERE event ->> 'record' = ANY(:records))"
)
_GIVEN: Final = text(
    "SELECT request.id, request.asking_state, event ->> 'record' AS record,"
    " bool_or(NOT coalesce((answer.data ->> 'is_automatic')::boolean, false)) AS by_person"
    " FROM trace_request request JOIN trace_message answer"
    " ON answer.owner_state = request.owner_state AND answer.subject_id = request.id"
    " AND answer.kind = 'answer' AND answer.sender = request.owner_state"
    " JOIN LATERAL jsonb_array_elements(answer.data -> 'events') AS event"
    " ON event ->> 'record' = ANY(:records)"
    " WHERE request.owner_state = :state AND request.trace_id = ANY(:traces)"
    " AND NOT EXISTS (SELECT FROM trace_message nothing WHERE nothing.owner_state = answer.owner_state"
    " AND nothing.subject_id = answer.subject_id AND nothing.kind = 'no_record' AND nothing.id > answer.id)"
    " GROUP BY request.id, request.asking_state, event ->> 'record' ORDER BY request.id"
).bindparams(bindparam("records", type_=ARRAY(String)), bindparam("traces", type_=ARRAY(Uuid)))
"""Records in the answers to requests, whatever their current status.

`no_record` after a partial answer revokes it.
"""


def _find_recipients(
    state: str, records: Iterable[UUID], shipments: Collection[UUID]
) -> CorrectionRecipients:
    """Return the recipients of corrected records and shipments of a state.

    Read as that state, before anything is locked.
    """
    corrected = {*records}
    if shipments:
        of_state = {"state": state, "shipments": list(shipments)}
        corrected |= {*db.session.scalars(_DISCLOSED_OF_SHIPMENTS, of_state)}
    given: dict[UUID, AnsweredRecords] = {}
    if not corrected:
        return CorrectionRecipients(state, frozenset(), given, [], set())
    keys = [str(key) for key in corrected]
    disclosures = select(AuditEntry.data).where(
        AuditEntry.action == Action.RECORD_DISCLOSED,
        AuditEntry.owner_state == state,
        AuditEntry.subject_id.in_(keys),
        AuditEntry.data.has_key("about"),
    )
    asking = {
        UUID(trace) for data in db.session.scalars(disclosures) for trace in related_traces(data)
    }
    if asking:
        of_state = {"state": state, "records": keys, "traces": list(asking)}
        for request, other, record, by_person in db.session.execute(_GIVEN, of_state):
            answered = given.setdefault(request, AnsweredRecords(other))
            (answered.by_person if by_person else answered.by_service).add(UUID(record))
    has_record = _HAS_RECORD.bindparams(bindparam("records", keys, type_=ARRAY(String)))
    own = select(TraceLeg.trace_id).where(
        TraceLeg.owner_state == state, TraceLeg.state == state, has_record
    )
    traces = list(db.session.scalars(own.order_by("trace_id")))
    asked_states = select(TraceLeg.state).where(
        is_any_of(TraceLeg.trace_id, traces), TraceLeg.channel == "salsa", TraceLeg.state != state
    )
    others = {*db.session.scalars(asked_states.distinct())} if traces else set()
    return CorrectionRecipients(state, frozenset(corrected), given, traces, others)
