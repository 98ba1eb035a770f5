"""Jobs of traces: remind of urgent unsent ones, and send records that changed again.

Trace analysts are reminded of an approved and unsent trace, approvers too of a waiting draft: once
for each approval or request of approval, of a flash trace after five minutes, of an urgent one
after an hour.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    SQLColumnExpression,
    String,
    Uuid,
    and_,
    bindparam,
    exists,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from salsa_ext.access.audit import related_traces
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.models import AuditEntry
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.database.bulk import is_any_of
from salsa_ext.database.session import db
from salsa_ext.firearms.records.models import MarkKey
from salsa_ext.jobs.changes import Change, append_changes
from salsa_ext.jobs.runner import ChangeJob, DueJob
from salsa_ext.notifications.commands import notify_many
from salsa_ext.notifications.models import Notification
from salsa_ext.notifications.notice_rules import Notice
from salsa_ext.tracing.chains.chain import UNCORRECTED_FIELDS, correct_events
from salsa_ext.tracing.requests import answers, workflow
from salsa_ext.tracing.requests.answers import CHOSEN_BY_PERSON
from salsa_ext.tracing.requests.message_log import answer_handling
from salsa_ext.tracing.requests.models import TraceRequest
from salsa_ext.tracing.traces import legs
from salsa_ext.tracing.traces.models import Trace, TraceLeg
from salsa_ext.trade.discrepancies.models import Discrepancy
from salsa_ext.trade.receipts.models import Receipt

KINDS: Final = ("transfer", "report", "seizure", "shipment", "discrepancy")
"""Kinds of subjects whose changes may change what a record says."""
FIRST_ACTIONS: Final = (
    Action.TRANSFER_RECORDED,
    Action.REPORT_RECORDED,
    Action.SEIZURE_RECORDED,
    Action.SHIPMENT_RECORDED,
)
"""Actions that make records, which nobody was given before."""
LOCATING_STATUSES: Final = frozenset(
    ("overdue", "lost", "returned", "received", "received_short", "received_over")
)
"""Statuses of a shipment that say where its guns are; other changes of it are no correction."""


@dataclass
class GivenRecords:
    """Records in the answers to one request, as sent last: by a person, and by the service."""

    by_person: dict[UUID, Mapping[str, Any]] = field(default_factory=dict)
    by_service: dict[UUID, Mapping[str, Any]] = field(default_factory=dict)


def send_corrections(actor: Actor, changes: Sequence[Change]) -> None:
    """Send again the own records that changed, to the states that were given them."""
    for change, records in _given_records(actor, changes):
        sender = change.follow_as(actor)
        void = select(MarkKey.record_id).where(  # no search finds them
            is_any_of(MarkKey.record_id, records), MarkKey.is_void, ~MarkKey.is_superseded
        )
        gone = {*db.session.scalars(void)}
        _update_own_traces(sender, records, gone)
        for request_id, given in _given_by_request(actor.own_state(), records).items():
            _send_correction(sender, workflow.lock_request(request_id), given, gone)


_GIVEN_RECORDS: Final = text(
    "WITH own AS MATERIALIZED (SELECT document_id, id, id::text AS key FROM record"
    " WHERE document_id = ANY(:documents) AND owner_state = :state),"
    " given AS MATERIALIZED (SELECT subject_id AS key FROM audit_entry"
    " WHERE subject_id = ANY(ARRAY(SELECT key FROM own)) AND owner_state = :state"
    " AND action = 'record:disclosed' UNION SELECT event ->> 'record'"
    " FROM trace_leg, jsonb_array_elements(events) AS event"
    " WHERE owner_state = :state AND state = :state)"
    " SELECT document_id, id FROM own WHERE key IN (SELECT key FROM given)"
).bindparams(bindparam("documents", type_=ARRAY(Uuid)))
"""The records of documents that left in answers, or are in own traces: mostly none."""
_HAS_RECORD: Final = text(
    "EXISTS (SELECT FROM jsonb_array_elements(trace_leg.events) AS event"
    " WHERE event ->> 'record' = ANY(:records))"
)
_GIVEN: Final = text(
    "SELECT request.id, event ->> 'record', (array_agg(event ORDER BY message.id DESC))[1],"
    " bool_or(NOT coalesce((message.data ->> 'is_automatic')::boolean, false))"
    " FILTER (WHERE message.kind = 'answer')"
    " FROM trace_request request JOIN trace_message message"
    " ON message.owner_state = request.owner_state AND message.subject_id = request.id"
    " AND message.kind IN ('answer', 'corrected') AND message.sender = request.owner_state"
    " JOIN LATERAL jsonb_array_elements(message.data -> 'events') AS event"
    " ON event ->> 'record' = ANY(:records)"
    " WHERE request.owner_state = :state AND request.trace_id = ANY(:traces)"
    " AND NOT EXISTS (SELECT FROM trace_message later WHERE later.owner_state = message.owner_state"
    " AND later.subject_id = message.subject_id AND (later.kind = 'no_record'"
    " AND later.id > message.id"
    " OR later.kind = 'corrected' AND later.data -> 'gone' @> to_jsonb(event ->> 'record')))"
    " GROUP BY request.id, event ->> 'record' ORDER BY request.id"
).bindparams(bindparam("records", type_=ARRAY(String)), bindparam("traces", type_=ARRAY(Uuid)))
"""Records in the answers to requests, whatever their current status, as sent last.

`no_record` after a partial answer revokes it; what was reported as gone is gone.
"""


def _given_records(actor: Actor, changes: Sequence[Change]) -> list[tuple[Change, set[UUID]]]:
    """Return the own records that others or own traces have, by the change that concerns them."""
    later = [change for change in changes if change.action not in FIRST_ACTIONS]
    by_document = {change.object_id: change for change in later}
    shipments = [change.object_id for change in later if change.kind == "shipment"]
    if raised := [change.object_id for change in later if change.kind == "discrepancy"]:
        subjects = select(Discrepancy.id, Discrepancy.subject_id)
        for key, subject_id in db.session.execute(
            subjects.where(is_any_of(Discrepancy.id, raised))
        ):
            by_document.setdefault(subject_id, by_document[key])
            shipments.append(subject_id)
    if shipments:
        receipts = select(Receipt.id, Receipt.shipment_id)
        receipts = receipts.where(is_any_of(Receipt.shipment_id, shipments))
        for receipt_id, shipment_id in db.session.execute(receipts):
            by_document[receipt_id] = by_document[shipment_id]
    records: dict[UUID, set[UUID]] = defaultdict(set)
    if by_document:
        values = {"state": actor.own_state(), "documents": [*by_document]}
        for document_id, record_id in db.session.execute(_GIVEN_RECORDS, values):
            records[document_id].add(record_id)
    return [(by_document[document_id], ids) for document_id, ids in sorted(records.items())]


def _given_by_request(state: str, records: Collection[UUID]) -> dict[UUID, GivenRecords]:
    """Return what was given of some records, by request."""
    keys = [str(key) for key in records]
    disclosures = select(AuditEntry.data).where(
        AuditEntry.action == Action.RECORD_DISCLOSED,
        AuditEntry.owner_state == state,
        AuditEntry.subject_id.in_(keys),
        AuditEntry.data.has_key("about"),
    )
    traces = {
        UUID(trace) for data in db.session.scalars(disclosures) for trace in related_traces(data)
    }
    given: dict[UUID, GivenRecords] = defaultdict(GivenRecords)
    values = {"state": state, "records": keys, "traces": list(traces)}
    for request_id, record, event, by_person in db.session.execute(_GIVEN, values):
        answered = given[request_id]
        (answered.by_person if by_person else answered.by_service)[UUID(record)] = event
    return given


def _update_own_traces(actor: Actor, records: Collection[UUID], gone: set[UUID]) -> None:
    own = actor.own_state()
    has_record = _HAS_RECORD.bindparams(
        bindparam("records", [str(key) for key in records], type_=ARRAY(String))
    )
    query = (
        select(Trace, TraceLeg)
        .join(TraceLeg, TraceLeg.trace_id == Trace.id)
        .where(TraceLeg.owner_state == own, TraceLeg.state == own, has_record)
        .order_by(Trace.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    for trace, leg in db.session.execute(query).all():
        before = {UUID(event["record"]): event for event in leg.events}
        current = dict.fromkeys(before.keys() & {*records} - {*gone}, CHOSEN_BY_PERSON)
        events, _ = answers.answer_events(actor, own, current, by_person=True)
        changed = [event for event in events if is_changed(before[UUID(event["record"])], event)]
        if changed or before.keys() & gone:
            now = actor.now().isoformat()
            leg.events = correct_events(leg.events, changed, map(str, gone), now)
            legs.update_status(trace)
            append_changes(actor, [own], "trace", [trace.id], Action.TRACE_REPLIED)


def _send_correction(
    actor: Actor, request: TraceRequest, given: GivenRecords, gone: set[UUID]
) -> None:
    actor = actor.for_trace(request.case_number, request.trace_id)
    handling = answer_handling(request.id)
    changed, acts = [], []
    for before, by_person in ((given.by_person, True), (given.by_service, False)):
        current = dict.fromkeys(before.keys() - gone, CHOSEN_BY_PERSON)
        events, disclosures = answers.answer_events(
            actor,
            request.asking_state,
            current,
            handling.by_record if handling else None,
            by_person=by_person,
        )
        for event, disclosure in zip(events, disclosures, strict=True):
            if is_changed(before[UUID(event["record"])], event):
                changed.append(event)
                acts.append(disclosure)
    removed = (given.by_person.keys() | given.by_service.keys()) & gone
    if changed or removed:
        body = {"events": changed, "gone": sorted(map(str, removed))}
        workflow.send_message(actor, request, "trace.corrected", body, acts=acts)


def is_changed(before: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Return whether an event says something else than before, to be sent as a correction."""
    names = {
        name
        for name, value in event.items()
        if name not in UNCORRECTED_FIELDS and before.get(name) != value
    }
    status = "shipment_status"
    is_elsewhere = not LOCATING_STATUSES.isdisjoint((before.get(status), event.get(status)))
    return bool(names - {status}) or (status in names and is_elsewhere)


REMINDER_BATCH: Final = 200
REMIND_AFTER: Final = {"flash": timedelta(minutes=5), "urgent": timedelta(hours=1)}


@dataclass(frozen=True)
class StalledStep:
    """A step at which traces stall: since when, and the notice code."""

    code: str
    condition: ColumnElement[bool]
    since: SQLColumnExpression[Any]

    def is_reminded(self) -> ColumnElement[bool]:
        """Return the condition that a reminder was sent since."""
        return exists().where(
            Notification.owner_state == Trace.owner_state,
            Notification.subject_id == Trace.id,
            Notification.code == self.code,
            Notification.raised_at >= self.since,
        )


STALLED_STEPS: Final = (
    StalledStep("trace_unsent", Trace.status == "approved", Trace.approved_at),
    StalledStep("trace_waiting", Trace.status == "draft", Trace.approval_requested_at),
)


def remind_of_unsent(*, actor: Actor, limit: int = REMINDER_BATCH) -> int:
    """Remind of up to `limit` stalled traces a step; returns how many."""
    require(actor, Permission.TRACE_REQUEST)
    notices = []
    for step in STALLED_STEPS:
        is_overdue = or_(
            *(
                and_(Trace.priority == priority, step.since <= actor.now() - wait)
                for priority, wait in REMIND_AFTER.items()
            )
        )
        stalled = select(Trace.id).where(
            Trace.owner_state == actor.own_state(), step.condition, is_overdue, ~step.is_reminded()
        )
        stalled = stalled.order_by(Trace.id).limit(limit).with_for_update(skip_locked=True)
        if ids := db.session.scalars(stalled).all():
            # some may have been reminded of before they were locked
            left = select(Trace).where(Trace.id.in_(ids), ~step.is_reminded())
            for trace in db.session.scalars(left):
                data = {"by": trace.owner_state, "priority": trace.priority}
                notices.append(Notice(trace.owner_state, step.code, trace, data))
    notify_many(actor, notices)
    return len(notices)


JOBS: Final = (DueJob("trace_reminders", timedelta(minutes=1), remind_of_unsent),)
CORRECTED_ANSWERS: Final = ChangeJob("corrected_answers", KINDS, send_corrections, 500)
