"""The watch over terms: who owes an answer is reminded, and at last the secretariat counts it.

At 50 % of a term whoever works on the request is told, all analysts where nobody does; at 80 and at
100 % all of them; at 100 % the supervisors too, with the second office to call; at 200 % one is
added to the figure that the secretariat reads: of which state, and nothing of the case. Who must not
see a request is passed over, and where no analyst may see it its supervisors are reminded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.db import db
from salsa_ext.matching.calendars import Calendar
from salsa_ext.matching.requests import REMINDERS, RUNNING, reached_at
from salsa_ext.models import Account, TraceRequest
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import calendars, contacts
from salsa_ext.readmodels.requests import hidden_from
from salsa_ext.readmodels.statistics import OVERDUE
from salsa_ext.services import assignees, rollups, terms
from salsa_ext.services.assignees import ANALYSTS, SUPERVISORS
from salsa_ext.services.notifications import notify_many
from salsa_ext.values.actor import Actor
from salsa_ext.values.notices import Notice

MOST: Final = 200
TO_WHO_WORKS_ON_IT: Final = 50
DUE, COUNTED = 100, 200
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
    told, own = _readers(actor, requests), calendars.of(actor)
    second = cache(contacts.second_contact_of)
    notices: list[Notice] = []
    for request in requests:
        calendar = own if calendars.counts_days(request.priority) else None
        passed = _passed(actor, request, calendar)
        notices += _notices(request, passed, told[request.id], second)
        if COUNTED in passed:
            rollups.add({rollups.Cell(OVERDUE, request.owner_state, request.priority,
                                      actor.now().date()): 1})  # fmt: skip
        terms.remember(request, passed[-1], calendar)
    db.session.flush()  # while its owner's rows may be written
    notify_many(actor, notices)


@dataclass(frozen=True)
class Readers:
    """Who is told of a request: the role of who works on it and may see it, and of who answers those."""

    working: str | None
    roles: tuple[str, ...]


def _readers(actor: Actor, requests: Sequence[TraceRequest]) -> dict[UUID, Readers]:
    """Return who may be told of each request: nobody of an agency that is kept from it."""
    working, kept = _who_work(requests), hidden_from(request.id for request in requests)

    @cache
    def roles(agencies: tuple[str, ...]) -> tuple[str, ...]:
        return assignees.answering(actor, agencies)

    found = {}
    for request in requests:
        account = working.get(request.assignee_id) if request.assignee_id else None
        is_his = account is not None and account.agency not in kept[request.id]
        role = account.role if account and is_his else None
        found[request.id] = Readers(role, roles(tuple(kept[request.id])))
    return found


def _passed(actor: Actor, request: TraceRequest, calendar: Calendar | None) -> list[int]:
    """Return the steps that were reached and not told; at least the one that it was found by."""
    left = [percent for percent in REMINDERS if percent > request.reminded]
    begin, until = request.clock_from, request.due_at
    return left[:1] + [
        percent for percent in left[1:]
        if reached_at(begin, until, percent, calendar) <= actor.now()
    ]  # fmt: skip


def _notices(
    request: TraceRequest, passed: Sequence[int], told: Readers, second: Second
) -> list[Notice]:
    reminders = [percent for percent in passed if percent <= DUE]
    reminded = [_reminder(request, reminders[-1], told)] if reminders else []
    return [*reminded, _escalation(request, second)] if DUE in passed else reminded


def _reminder(request: TraceRequest, percent: int, told: Readers) -> Notice:
    """Remind of a step; of the last the supervisors are told otherwise, whoever else there is."""
    said = {"percent": percent}
    if told.working and percent == TO_WHO_WORKS_ON_IT:
        return _notice(request, "request_due", (told.working,), said, request.assignee_id)
    return _notice(request, "request_due", ANALYSTS if percent == DUE else told.roles, said)


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


def _who_work(requests: Sequence[TraceRequest]) -> dict[UUID, Any]:
    """Return the roles and agencies of those who work on requests and have not left."""
    ids = {request.assignee_id for request in requests if request.assignee_id}
    if not ids:
        return {}
    working = select(Account.id, Account.role, Account.agency)
    rows = db.session.execute(working.where(Account.id.in_(ids), Account.is_active))
    return {row.id: row for row in rows}
