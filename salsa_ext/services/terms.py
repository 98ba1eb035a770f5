"""The term of a request: when it began, until when it runs, and when somebody is reminded of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from salsa_ext.matching import requests
from salsa_ext.matching.calendars import Calendar
from salsa_ext.matching.requests import REMINDERS, reached_at, resumed
from salsa_ext.models import TraceRequest
from salsa_ext.readmodels import calendars, settings
from salsa_ext.values.actor import Actor
from salsa_ext.values.settings import Settings


def begun(actor: Actor, priority: str, own: Settings) -> dict[str, Any]:
    """Return the columns of a term that begins now, as the own state's settings have it."""
    calendar = calendars.for_priority(actor, priority, own)
    target = own.target(priority)
    return _columns(actor.now(), requests.due(target, actor.now(), calendar), calendar)


def begin(actor: Actor, request: TraceRequest) -> None:
    """Let the term of a request begin anew."""
    own = settings.of([actor.own_state()])[actor.own_state()]
    _set(request, begun(actor, request.priority, own))


def put_off(actor: Actor, request: TraceRequest, due_at: datetime) -> None:
    """Let a term begin that the own state chose itself, until a moment of the clock."""
    calendar = calendars.for_priority(actor, request.priority)
    _set(request, _columns(actor.now(), due_at, calendar))


def resume(actor: Actor, request: TraceRequest) -> None:
    """Let the clock of a request that was stopped go on; what was told of it is not told again."""
    if request.stopped_at is None:
        return
    calendar = calendars.for_priority(actor, request.priority)
    for name in ("clock_from", "due_at"):
        moment = resumed(getattr(request, name), request.stopped_at, actor.now(), calendar)
        setattr(request, name, moment)
    request.stopped_at = None
    remember(request, request.reminded, calendar)


def remember(request: TraceRequest, reminded: int, calendar: Calendar | None) -> None:
    """Keep up to which percent of its term was told, and when the next is reached; None is never."""
    request.reminded = reminded
    request.remind_at = _next(request.clock_from, request.due_at, reminded, calendar)


def _set(request: TraceRequest, columns: dict[str, Any]) -> None:
    for name, value in columns.items():
        setattr(request, name, value)


def _columns(begin: datetime, due_at: datetime, calendar: Calendar | None) -> dict[str, Any]:
    return {"clock_from": begin, "due_at": due_at, "reminded": 0,
            "remind_at": _next(begin, due_at, 0, calendar)}  # fmt: skip


def _next(
    begin: datetime, due_at: datetime, reminded: int, calendar: Calendar | None
) -> datetime | None:
    left = [percent for percent in REMINDERS if percent > reminded]
    return reached_at(begin, due_at, left[0], calendar) if left else None
