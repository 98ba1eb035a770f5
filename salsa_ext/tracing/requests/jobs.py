"""Remind the asked state of unanswered requests, and count overdue ones.

At 50 % of the time the assignee is reminded, or all analysts without one; at 80 and 100 % all
analysts; at 100 % the supervisors too, with the second contact to call, and figures count the
request as overdue; at 200 % one is added to the secretariat's statistics: by state, without the
case. Restricted agencies are left out; a request that no analyst may see is reminded of to the
supervisors.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.models import Account
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.database.session import db
from salsa_ext.disclosure.restrictions import restricted_by_subject
from salsa_ext.jobs.runner import DueJob
from salsa_ext.notifications.commands import ANALYST_ROLES, notify_many, request_roles
from salsa_ext.notifications.notice_rules import Notice
from salsa_ext.reference import agencies, calendars
from salsa_ext.statistics import rollups
from salsa_ext.tracing.requests import workflow
from salsa_ext.tracing.requests.figures import COUNTED, OVERDUE
from salsa_ext.tracing.requests.models import TraceRequest
from salsa_ext.tracing.requests.values import REMINDER_PERCENTS, RUNNING_STATUSES, time_at_percent

BATCH: Final = 200
ASSIGNEE_PERCENT: Final = 50
DUE_PERCENT, COUNTED_PERCENT = 100, 200


def send_reminders(*, actor: Actor, limit: int = BATCH) -> int:
    """Send due reminders of up to `limit` requests, the last step of each; returns how many."""
    require(actor, Permission.REQUEST_ANSWER)
    due = (
        TraceRequest.owner_state == actor.own_state(),
        TraceRequest.status.in_(RUNNING_STATUSES),
        TraceRequest.remind_at <= actor.now(),
    )
    query = select(TraceRequest).where(*due).order_by(TraceRequest.remind_at, TraceRequest.id)
    locked = query.limit(limit).with_for_update(skip_locked=True)
    requests = db.session.scalars(locked.execution_options(populate_existing=True)).all()
    if not requests:
        return 0
    own, accounts = calendars.own_calendar(actor), _assignees(requests)
    restricted = restricted_by_subject(request.id for request in requests)
    find_office = cache(agencies.find_second_contact)
    notices, overdue = list[Notice](), set[UUID]()
    for request in requests:
        calendar = own if calendars.counts_working_days(request.priority) else None
        left = [percent for percent in REMINDER_PERCENTS if percent > request.reminded_percent]
        begin, until, now = request.clock_from, request.due_at, actor.now()
        passed = left[:1] + [
            percent
            for percent in left[1:]
            if time_at_percent(begin, until, percent, calendar) <= now
        ]
        assignee = accounts.get(request.assignee_id)
        if assignee and assignee.agency in restricted[request.id]:
            assignee = None
        roles = request_roles(actor, restricted[request.id])
        notices += _notices(request, passed, assignee, roles, find_office)
        if DUE_PERCENT in passed:
            overdue.add(request.id)
        if COUNTED_PERCENT in passed:
            fact = OVERDUE.fact(request.owner_state, (request.priority,), actor.now().date())
            rollups.add_facts({fact: 1})
        workflow.set_reminded(request, passed[-1], calendar)
    db.session.flush()  # while its owner's rows may be written
    if overdue:
        rollups.count_now(actor.own_state(), COUNTED, overdue)
    notify_many(actor, notices)
    return len(requests)


def _assignees(requests: Sequence[TraceRequest]) -> dict[UUID | None, Any]:
    """Return the roles and agencies of active assignees."""
    ids = {request.assignee_id for request in requests if request.assignee_id}
    query = select(Account.id, Account.role, Account.agency)
    active = query.where(Account.id.in_(ids), Account.is_active)
    return {row.id: row for row in db.session.execute(active)} if ids else {}


def _notices(
    request: TraceRequest,
    passed: Sequence[int],
    assignee: Any,
    roles: tuple[str, ...],
    find_office: Callable[[str], agencies.ContactOffice | None],
) -> list[Notice]:
    """Return the reminder of the last percent reached, and the escalation to supervisors."""
    own, notices = request.owner_state, []
    data: dict[str, Any] = {"by": request.asking_state, "priority": request.priority}
    if reminders := [percent for percent in passed if percent <= DUE_PERCENT]:
        percent = reminders[-1]
        due, account = data | {"percent": percent}, None
        if percent == DUE_PERCENT:
            roles = ANALYST_ROLES
        elif assignee and percent == ASSIGNEE_PERCENT:
            roles, account = (assignee.role,), assignee.id
        notices.append(Notice(own, "request_due", request, due, roles, account))
    if DUE_PERCENT in passed:
        office = find_office(own)
        contact = {"agency": office.agency, "contact": office.kind} if office else {}
        notices.append(Notice(own, "request_overdue", request, data | contact))
    return notices


JOBS: Final = (DueJob("request_reminders", timedelta(minutes=1), send_reminders),)
