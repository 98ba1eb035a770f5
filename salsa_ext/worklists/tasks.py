"""What waits for a person: tasks by kind, and the person's last acts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Select, Text, and_, cast, false, func, select

from salsa_ext.access.audit_actions import Action
from salsa_ext.access.models import Account, AuditEntry
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.alerts.models import Alert, Hit
from salsa_ext.core.actor import Actor
from salsa_ext.core.ids import parse_id
from salsa_ext.database.paging import MAX_COUNTED
from salsa_ext.database.session import db
from salsa_ext.disclosure.models import Consent
from salsa_ext.lookups.models import LookupReview
from salsa_ext.matches.models import Match
from salsa_ext.matches.queries import MATCH_ORDER, WORK_LIST, select_matches
from salsa_ext.reference.calendars import today
from salsa_ext.tracing.requests.models import TraceRequest
from salsa_ext.tracing.requests.values import RUNNING_STATUSES
from salsa_ext.tracing.traces.models import Trace
from salsa_ext.trade.discrepancies.models import Discrepancy
from salsa_ext.trade.discrepancies.queries import select_discrepancies
from salsa_ext.trade.permits.models import Permit
from salsa_ext.trade.shipments.models import Shipment
from salsa_ext.trade.shipments.queries import awaits_receipt
from salsa_ext.worklists.record_lookup import (
    CASE_MODELS,
    NUMBERED_MODELS,
    describe_records,
    find_numbers,
)

MAX_TASKS: Final = 6
"""Tasks of a kind that are listed, most urgent first."""
MAX_ACTS: Final = 6
CONSEQUENCES: Final = (Action.PARTY_DISCLOSED, Action.RECORD_DISCLOSED, Action.RECORD_MATCHED)
"""What an act entails: no act of its own."""
LONG_LATE: Final = timedelta(days=30)
"""A shipment that is late by more and did not arrive comes last: its plan lapsed more often than not."""


class Task(NamedTuple):
    """An object that waits, its number or case, another state, its deadline, since when it waits.

    `detail` is the kind of a discrepancy, `line` that of the document: one may have several.
    """

    subject_kind: str
    subject_id: UUID
    number: str | None
    state: str | None
    due_at: datetime | None
    since: datetime | None
    detail: str | None = None
    line: int | None = None


@dataclass(frozen=True)
class TaskList:
    """Tasks of one kind: how many, at most MAX_COUNTED + 1, how many are late, the first of them."""

    kind: str
    count: int
    late: int
    tasks: Sequence[Task]


@dataclass(frozen=True)
class Waiting:
    """Rows of one kind in the order of urgency; how many there are, and how many are late."""

    count: int
    late: int
    rows: Sequence[Any]


class Act(NamedTuple):
    """An act of the reader: action, object, its number if known."""

    action: str
    subject_kind: str
    subject_id: str
    number: str | None
    at: datetime


class Queue(NamedTuple):
    """How the tasks of a kind are found: who works on them, the query in order, a task of a row."""

    permission: Permission
    select: Callable[[Actor], Select[Any]]
    task: Callable[[Any], Task]


def list_tasks(actor: Actor) -> list[TaskList]:
    """Return what waits for the actor's role, by kind; kinds without tasks are left out."""
    require(actor, Permission.NOTIFICATION_READ)
    if actor.state is None:
        return []
    lists = [
        _task_list(actor, kind, queue)
        for kind, queue in QUEUES.items()
        if queue.permission in actor.permissions
    ]
    return [tasks for tasks in lists if tasks.count]


def _task_list(actor: Actor, kind: str, queue: Queue) -> TaskList:
    waiting = find_waiting(actor, kind, MAX_TASKS)
    tasks = _with_numbers(actor, queue, kind, waiting.rows)
    return TaskList(kind, waiting.count, waiting.late, tasks)


def find_waiting(actor: Actor, kind: str, limit: int) -> Waiting:
    """Return what waits of one kind, without a permission check; counts up to MAX_COUNTED + 1."""
    query, now = QUEUES[kind].select(actor), actor.now()
    rows = db.session.scalars(query.limit(limit)).all()
    some = query.order_by(None).limit(MAX_COUNTED + 1).subquery()
    is_late = some.c.due_at < now if "due_at" in some.c else false()
    counted = select(func.count(), func.count().filter(is_late)).select_from(some)
    return Waiting(*(db.session.execute(counted).one() if rows else (0, 0)), rows)


def _with_numbers(actor: Actor, queue: Queue, kind: str, rows: Sequence[Any]) -> list[Task]:
    """Return tasks; matches named by the serial of the own record, hits by their alert's case."""
    tasks = [queue.task(row) for row in rows]
    if kind == "match":
        records = describe_records(actor, {row.record_id for row in rows}, queue.permission)
        serials = {
            row.id: records[row.record_id].serial for row in rows if row.record_id in records
        }
        return [task._replace(number=serials.get(task.subject_id)) for task in tasks]
    if kind == "hit":
        cases = find_numbers(actor, [("hit", task.subject_id) for task in tasks], queue.permission)
        return [task._replace(number=cases.get(("hit", task.subject_id))) for task in tasks]
    return tasks


def next_tasks(lists: Sequence[TaskList], limit: int, now: datetime) -> list[tuple[str, Task]]:
    """Return the most urgent tasks: by deadline, those of each kind in turn, lapsed plans."""
    placed = [
        (place, tasks.kind, task) for tasks in lists for place, task in enumerate(tasks.tasks)
    ]

    def urgency(item: tuple[int, str, Task]) -> tuple[int, float]:
        place, _, task = item
        if task.due_at is None:
            return 1, place
        is_lapsed = task.since is None and task.due_at < now - LONG_LATE
        return 2 if is_lapsed else 0, task.due_at.timestamp()

    return [(kind, task) for _, kind, task in sorted(placed, key=urgency)[:limit]]


def list_recent_acts(actor: Actor) -> list[Act]:
    """Return the last acts of the actor's account on objects with a page, newest first."""
    require(actor, Permission.NOTIFICATION_READ)
    if actor.account_id is None:
        return []
    own = (AuditEntry.owner_state == actor.state, AuditEntry.account_id == actor.account_id)
    subject = AuditEntry.subject_kind.in_((*NUMBERED_MODELS, *CASE_MODELS, "hit"))
    is_own_act = AuditEntry.action.not_in(CONSEQUENCES)
    query = (
        select(AuditEntry)
        .where(*own, subject, is_own_act)
        .order_by(AuditEntry.id.desc())
        .limit(MAX_ACTS)
    )
    entries = db.session.scalars(query).all()
    subjects = [(entry.subject_kind, parse_id(entry.subject_id)) for entry in entries]
    numbers = find_numbers(actor, subjects, Permission.NOTIFICATION_READ)
    return [
        Act(entry.action, entry.subject_kind, entry.subject_id, numbers.get(subject), entry.at)
        for entry, subject in zip(entries, subjects, strict=True)
    ]


def _requests(actor: Actor) -> Select[Any]:
    return (
        select(TraceRequest)
        .where(TraceRequest.status.in_(RUNNING_STATUSES))
        .order_by(TraceRequest.due_at, TraceRequest.id)
    )


def _approvals(actor: Actor) -> Select[Any]:
    waiting = Trace.status == "draft", Trace.approval_requested_at.is_not(None)
    own = Trace.owner_state == actor.state
    return select(Trace).where(own, *waiting).order_by(Trace.approval_requested_at, Trace.id)


def _proposals(actor: Actor) -> Select[Any]:
    """Select permits that another person proposed."""
    own = AuditEntry.owner_state == actor.state, AuditEntry.account_id == actor.account_id
    proposed = AuditEntry.action == Action.PERMIT_PROPOSED
    mine = select(AuditEntry.id).where(
        *own, proposed, AuditEntry.subject_id == cast(Permit.id, Text)
    )
    waiting = Permit.owner_state == actor.state, Permit.status == "proposed", ~mine.exists()
    return select(Permit).where(*waiting).order_by(Permit.id)


def _completed_traces(actor: Actor) -> Select[Any]:
    own = Trace.owner_state == actor.state, Trace.status == "completed"
    return select(Trace).where(*own).order_by(Trace.id.desc())


def _hits(actor: Actor) -> Select[Any]:
    own = Hit.owner_state == actor.state, Hit.alert_state == actor.state
    waiting = Hit.status.in_(("open", "extended"))
    return select(Hit).where(*own, waiting).order_by(Hit.due_at, Hit.id)


def _alerts(actor: Actor) -> Select[Any]:
    own = Alert.owner_state == actor.state, Alert.status == "active"
    waiting = Alert.second_check == "waiting", Alert.entered_by != actor.account_id
    return select(Alert).where(*own, *waiting).order_by(Alert.id)


def _matches(actor: Actor) -> Select[Any]:
    return select_matches(actor, WORK_LIST).order_by(
        *(each.desc() for each in (*MATCH_ORDER, Match.id))
    )


def _consents(actor: Actor) -> Select[Any]:
    own = Consent.owner_state == actor.state, Consent.origin_state == actor.state
    return select(Consent).where(*own, Consent.status == "asked").order_by(Consent.asked_at)


def _discrepancies(actor: Actor) -> Select[Any]:
    query = select_discrepancies(actor, {"unexplained": True})
    return query.order_by(Discrepancy.raised_at, Discrepancy.id)


def _receipts(actor: Actor) -> Select[Any]:
    query = select(Shipment).where(awaits_receipt(actor.own_state(), actor.now()))
    is_lapsed = and_(Shipment.due_at < actor.now() - LONG_LATE, Shipment.status != "arrived")
    return query.order_by(is_lapsed, Shipment.due_at, Shipment.id)


def _permits(actor: Actor) -> Select[Any]:
    """Select permits of other states for which the own state has not posted its own."""
    current = Permit.status == "issued", Permit.last_day >= today(actor)
    waiting = Permit.counterpart_status == "awaiting_counterpart"
    query = select(Permit).where(Permit.owner_state != actor.state, *current, waiting)
    return query.order_by(Permit.id.desc())


def _accounts(actor: Actor) -> Select[Any]:
    """Select accounts that another person opened and nobody has confirmed yet."""
    opened = Account.opened_by.is_not(None), Account.opened_by != actor.account_id
    own = Account.owner_state == actor.state
    return select(Account).where(own, *opened).order_by(Account.id)


def _lookups(actor: Actor) -> Select[Any]:
    own = LookupReview.owner_state == actor.state, LookupReview.agency == actor.agency
    query = select(LookupReview).where(*own, LookupReview.status == "open")
    return query.order_by(LookupReview.is_flagged.desc(), LookupReview.id)


QUEUES: Final[Mapping[str, Queue]] = {
    "request": Queue(
        Permission.REQUEST_ANSWER,
        _requests,
        lambda row: Task(
            "request", row.id, row.case_number, row.asking_state, row.due_at, row.received_at
        ),
    ),
    "hit": Queue(
        Permission.HIT_DECIDE,
        _hits,
        lambda row: Task("hit", row.id, None, row.finding_state, row.due_at, row.created_at),
    ),
    "approval": Queue(
        Permission.TRACE_APPROVE,
        _approvals,
        lambda row: Task("trace", row.id, row.case_number, None, None, row.approval_requested_at),
    ),
    "proposal": Queue(
        Permission.PERMIT_APPROVE,
        _proposals,
        lambda row: Task("permit", row.id, row.number, None, None, row.recorded_at),
    ),
    "receipt": Queue(
        Permission.RECEIPT_RECORD,
        _receipts,
        lambda row: Task(
            "shipment",
            row.id,
            row.number,
            row.exporting_state,
            row.due_at,
            row.due_at if row.status == "arrived" else None,
        ),
    ),
    "discrepancy": Queue(
        Permission.DISCREPANCY_WORK,
        _discrepancies,
        lambda row: Task(
            "discrepancy",
            row.id,
            row.subject_number,
            row.owner_state,
            None,
            row.raised_at,
            row.kind,
            row.data.get("line"),
        ),
    ),
    "permit": Queue(
        Permission.PERMIT_RECORD,
        _permits,
        lambda row: Task("permit", row.id, row.number, row.owner_state, None, row.recorded_at),
    ),
    "alert": Queue(
        Permission.ALERT_RECORD,
        _alerts,
        lambda row: Task("alert", row.id, row.case_number, None, None, row.entered_at),
    ),
    "consent": Queue(
        Permission.CONSENT_DECIDE,
        _consents,
        lambda row: Task("consent", row.id, row.case_number, row.asking_state, None, row.asked_at),
    ),
    "match": Queue(
        Permission.MATCH_DECIDE,
        _matches,
        lambda row: Task("match", row.id, None, row.other_state, None, row.proposed_at),
    ),
    "trace": Queue(
        Permission.TRACE_REQUEST,
        _completed_traces,
        lambda row: Task("trace", row.id, row.case_number, None, None, row.sent_at),
    ),
    "lookup": Queue(
        Permission.LOOKUP_REVIEW,
        _lookups,
        lambda row: Task("lookup", row.id, row.case_number, None, None, row.looked_up_at),
    ),
    "account": Queue(
        Permission.ACCOUNT_CONFIRM,
        _accounts,
        lambda row: Task("account", row.id, row.username, None, None, row.created_at),
    ),
}
"""By the kinds of TASK_KINDS, in their order."""
