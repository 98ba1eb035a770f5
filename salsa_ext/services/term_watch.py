"""The watch over terms: who owes an answer is reminded, and at last the secretariat counts it.

At 50 % of a term whoever works on the request is told, all analysts where nobody does; at 80 and at
100 % all of them; at 100 % the supervisors too, with the second office to call; at 200 % one is
added to the figure that the secretariat reads: of which state, and nothing of the case.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.db import db
from salsa_ext.matching.calendars import Calendar
from salsa_ext.matching.requests import REMINDERS, RUNNING, reached_at
from salsa_ext.models import Account, TraceRequest
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import calendars, contacts
from salsa_ext.readmodels.statistics import OVERDUE
from salsa_ext.services import rollups, terms
from salsa_ext.services.notifications import notify_many
from salsa_ext.values.actor import Actor
from salsa_ext.values.notices import Notice

MOST: Final = 200
TO_WHO_WORKS_ON_IT: Final = 50
DUE, COUNTED = 100, 200
ANALYSTS: Final = ("trace_analyst",)
SUPERVISORS: Final = ("supervisor",)
Second = Callable[[str], contacts.Office | None]
"""The second office to call in a state, asked for once."""


def run(*, actor: Actor, most: int = MOST) -> int:
    """Tell of up to `most` requests of the actor's state whose moment has come; returns how many.

    Safe to run anywhere, twice, at once: what another run or a command holds is passed over, and
    each step is told once. Of several that passed unseen the last reminder alone is told.
    """
    require(actor, Permission.REQUEST_ANSWER)
    come = (TraceRequest.owner_state == actor.own_state(), TraceRequest.status.in_(RUNNING),
            TraceRequest.remind_at <= actor.now())  # fmt: skip
    rows = select(TraceRequest).where(*come).order_by(TraceRequest.remind_at, TraceRequest.id)
    locked = rows.limit(most).with_for_update(skip_locked=True)
    found = db.session.scalars(locked.execution_options(populate_existing=True)).all()
    if found:
        _remind_of(actor, found)
    return len(found)


def _remind_of(actor: Actor, requests: Sequence[TraceRequest]) -> None:
    working, own = _who_work(requests), calendars.of(actor)
    second = cache(contacts.second_contact_of)
    notices: list[Notice] = []
    for request in requests:
        calendar = own if calendars.counts_days(request.priority) else None
        passed = _passed(actor, request, calendar)
        notices += _notices(request, passed, working, second)
        if COUNTED in passed:
            rollups.add({rollups.Cell(OVERDUE, request.owner_state, request.priority,
                                      actor.now().date()): 1})  # fmt: skip
        terms.remember(request, passed[-1], calendar)
    db.session.flush()  # while its owner's rows may be written
    notify_many(actor, notices)


def _passed(actor: Actor, request: TraceRequest, calendar: Calendar | None) -> list[int]:
    """Return the steps that were reached and not told; at least the one that it was found by."""
    left = [percent for percent in REMINDERS if percent > request.reminded]
    begin, until = request.clock_from, request.due_at
    return left[:1] + [
        percent for percent in left[1:]
        if reached_at(begin, until, percent, calendar) <= actor.now()
    ]  # fmt: skip


def _notices(
    request: TraceRequest, passed: Sequence[int], working: Mapping[UUID, str], second: Second
) -> list[Notice]:
    reminders = [percent for percent in passed if percent <= DUE]
    told = [_reminder(request, reminders[-1], working)] if reminders else []
    return [*told, _escalation(request, second)] if DUE in passed else told


def _reminder(request: TraceRequest, percent: int, working: Mapping[UUID, str]) -> Notice:
    role = working.get(request.assignee_id) if request.assignee_id else None
    is_his = role is not None and percent == TO_WHO_WORKS_ON_IT
    roles, account = ((role,), request.assignee_id) if role and is_his else (ANALYSTS, None)
    return _notice(request, "request_due", roles, {"percent": percent}, account)


def _escalation(request: TraceRequest, second: Second) -> Notice:
    """Tell the supervisors that a term has passed, and whom of the state to call beside the first."""
    office = second(request.owner_state)
    called = {"agency": office.agency, "contact": office.kind} if office else {}
    return _notice(request, "request_overdue", SUPERVISORS, called)


def _notice(
    request: TraceRequest, code: str, roles: tuple[str, ...], more: Mapping[str, object],
    account: UUID | None = None,
) -> Notice:  # fmt: skip
    told = {"by": request.asking_state, "priority": request.priority, **more}
    own = request.owner_state
    return Notice(own, roles, code, "request", request.id, own, request.case_number, told, account)


def _who_work(requests: Sequence[TraceRequest]) -> dict[UUID, str]:
    """Return the roles of those who work on requests and have not left."""
    ids = {request.assignee_id for request in requests if request.assignee_id}
    if not ids:
        return {}
    rows = select(Account.id, Account.role).where(Account.id.in_(ids), Account.is_active)
    return {row.id: row.role for row in db.session.execute(rows)}
