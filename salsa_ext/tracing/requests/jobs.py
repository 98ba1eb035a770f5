"""Remind the asked state of unanswered requests, and count overdue ones.

At 50 % of the time the assignee is reminded, or all analysts without one; at 80 and 100 % all
analysts; at 100 % the supervisors too, with the second contact to call; at 200 % one is added to
the secretariat's statistics: by state, without the case. Restricted agencies are left out; a
request that no analyst may see is reminded of to the supervisors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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
from salsa_ext.notifications import commands as notification_commands
from salsa_ext.notifications.commands import ANALYST_ROLES, notify_many
from salsa_ext.notifications.values import Notice
from salsa_ext.reference import agencies, calendars
from salsa_ext.reference.working_time import Calendar
from salsa_ext.statistics import rollups
from salsa_ext.statistics.queries import OVERDUE_DATASET
from salsa_ext.tracing.requests import workflow
from salsa_ext.tracing.requests.lifecycle import REMINDER_PERCENTS, time_at_percent
from salsa_ext.tracing.requests.models import TraceRequest
from salsa_ext.tracing.requests.values import RUNNING_STATUSES

BATCH: Final = 200
ASSIGNEE_PERCENT: Final = 50
DUE_PERCENT, COUNTED_PERCENT = 100, 200
SecondContact = Callable[[str], agencies.ContactOffice | None]
"""Returns the second contact of a state, cached."""


def send_reminders(*, actor: Actor, limit: int = BATCH) -> int:
    """Send due reminders of up to `limit` requests; returns how many.

    Safe to run concurrently: locked requests are skipped, and each step is sent once. Of several
    missed steps only the last is sent.
    """
    require(actor, Permission.REQUEST_ANSWER)
    come = (
        TraceRequest.owner_state == actor.own_state(),
        TraceRequest.status.in_(RUNNING_STATUSES),
        TraceRequest.remind_at <= actor.now(),
    )
    rows = select(TraceRequest).where(*come).order_by(TraceRequest.remind_at, TraceRequest.id)
    locked = rows.limit(limit).with_for_update(skip_locked=True)
    found = db.session.scalars(locked.execution_options(populate_existing=True)).all()
    if found:
        _remind(actor, found)
    return len(found)


def _remind(actor: Actor, requests: Sequence[TraceRequest]) -> None:
    told, own = _roles_by_request(actor, requests), calendars.own_calendar(actor)
    second = cache(agencies.find_second_contact)
    notices: list[Notice] = []
    for request in requests:
        calendar = own if calendars.counts_working_days(request.priority) else None
        passed = _reached_percents(actor, request, calendar)
        notices += _notices(request, passed, told[request.id], second)
        if COUNTED_PERCENT in passed:
            rollups.add_counts(
                {
                    rollups.CountKey(
                        OVERDUE_DATASET, request.owner_state, request.priority, actor.now().date()
                    ): 1
                }
            )
        workflow.set_reminded(request, passed[-1], calendar)
    db.session.flush()  # while its owner's rows may be written
    notify_many(actor, notices)


@dataclass(frozen=True)
class ReminderRoles:
    """Roles to remind of a request: assignee, and others that answer."""

    working: str | None
    roles: tuple[str, ...]


def _roles_by_request(actor: Actor, requests: Sequence[TraceRequest]) -> dict[UUID, ReminderRoles]:
    """Return the roles to remind of each request, without restricted agencies."""
    working, kept = (
        _active_assignees(requests),
        restricted_by_subject(request.id for request in requests),
    )

    @cache
    def roles(agencies: tuple[str, ...]) -> tuple[str, ...]:
        return notification_commands.request_roles(actor, agencies)

    found = {}
    for request in requests:
        account = working.get(request.assignee_id) if request.assignee_id else None
        is_his = account is not None and account.agency not in kept[request.id]
        role = account.role if account and is_his else None
        found[request.id] = ReminderRoles(role, roles(tuple(kept[request.id])))
    return found


def _reached_percents(actor: Actor, request: TraceRequest, calendar: Calendar | None) -> list[int]:
    """Return the percents reached and not sent, at least one."""
    left = [percent for percent in REMINDER_PERCENTS if percent > request.reminded_percent]
    begin, until = request.clock_from, request.due_at
    return left[:1] + [
        percent
        for percent in left[1:]
        if time_at_percent(begin, until, percent, calendar) <= actor.now()
    ]


def _notices(
    request: TraceRequest, passed: Sequence[int], told: ReminderRoles, second: SecondContact
) -> list[Notice]:
    reminders = [percent for percent in passed if percent <= DUE_PERCENT]
    reminded = [_reminder(request, reminders[-1], told)] if reminders else []
    return [*reminded, _escalation(request, second)] if DUE_PERCENT in passed else reminded


def _reminder(request: TraceRequest, percent: int, told: ReminderRoles) -> Notice:
    """Return the reminder of a percent."""
    said = {"percent": percent}
    if told.working and percent == ASSIGNEE_PERCENT:
        return _notice(request, "request_due", (told.working,), said, request.assignee_id)
    return _notice(
        request, "request_due", ANALYST_ROLES if percent == DUE_PERCENT else told.roles, said
    )


def _escalation(request: TraceRequest, second: SecondContact) -> Notice:
    """Return the notice to the supervisors, with the second contact to call."""
    office = second(request.owner_state)
    called = {"agency": office.agency, "contact": office.kind} if office else {}
    return _notice(request, "request_overdue", (), called)


def _notice(
    request: TraceRequest,
    code: str,
    roles: tuple[str, ...],
    more: Mapping[str, object],
    account: UUID | None = None,
) -> Notice:
    data = {"by": request.asking_state, "priority": request.priority, **more}
    return Notice(request.owner_state, code, request, data, roles, account)


def _active_assignees(requests: Sequence[TraceRequest]) -> dict[UUID, Any]:
    """Return the roles and agencies of active assignees."""
    ids = {request.assignee_id for request in requests if request.assignee_id}
    if not ids:
        return {}
    working = select(Account.id, Account.role, Account.agency)
    rows = db.session.execute(working.where(Account.id.in_(ids), Account.is_active))
    return {row.id: row for row in rows}
