"""For which notifications somebody waits still: not for those of what was done since."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Uuid, and_, cast, not_, or_, select, tuple_

from salsa_ext.matching.requests import RUNNING
from salsa_ext.models import (
    Checkpoint,
    Event,
    Hit,
    Notification,
    PostCallAnswer,
    Shipment,
    Trace,
    TraceLeg,
    TraceRequest,
)
from salsa_ext.readmodels.incidents import OVER
from salsa_ext.values.codes import GRAVE_NOTIFICATIONS

_OF_REQUEST: Final = ("request_received", "request_renewed", "request_replied", "request_due",
                      "request_overdue", "request_assigned", "request_unassigned")  # fmt: skip
_OF_HIT: Final = ("hit_made", "hit_silent", "hit_extended", "hit_overdue", "hit_unanswered",
                  "hit_reopened")  # fmt: skip
_OF_TRACE: Final = (
    "trace_answered", "trace_corrected", "trace_no_record", "trace_refused", "trace_deferred",
    "trace_forwarded", "trace_not_taken", "trace_assigned", "trace_unassigned",
)  # fmt: skip


def is_settled() -> ColumnElement[bool]:
    """Tell whether what a notification asks for was done since, by whoever did it."""
    waits = and_(Trace.status == "draft", Trace.approval_asked_at.is_not(None))
    is_form = (TraceLeg.trace_id == Trace.id, TraceLeg.is_to_send,
               TraceLeg.state == Notification.data["by"].astext)  # fmt: skip
    ended = Trace.status.in_(("closed", "withdrawn"))
    is_question = (TraceLeg.trace_id == Trace.id, TraceLeg.status == "clarification")
    return or_(
        _once(_OF_REQUEST, TraceRequest, TraceRequest.status.not_in(RUNNING)),
        _once(_OF_TRACE, Trace, ended),
        _is_calm(),
        _once(("trace_to_approve", "trace_waiting"), Trace, not_(waits)),
        _once(("trace_approved", "trace_unsent"), Trace, Trace.status != "approved"),
        _once(("trace_declined",), Trace, or_(Trace.status != "draft", waits)),
        _once(("trace_unapprovable", "approval_lapsed"), Trace, Trace.status != "draft"),
        _once(
            ("trace_form_to_send",),
            Trace,
            or_(
                ended, ~select(TraceLeg.id).where(*is_form).correlate(Trace, Notification).exists()
            ),
        ),
        _once(("trace_asked",), Trace, ~select(TraceLeg.id).where(*is_question).exists()),
    )


def is_grave() -> ColumnElement[bool]:
    """Tell whether a notification is an alarm of which nothing became since."""
    return and_(Notification.code.in_(GRAVE_NOTIFICATIONS), ~_is_calm())


def _is_calm() -> ColumnElement[bool]:
    """Tell whether a hit was answered, a shipment with an incident is over, or who held it spoke since.

    His word is that it goes on, or a later one on the same shipment: then it stands on no board either.
    """
    return or_(
        _once(_OF_HIT, Hit, Hit.status.in_(("confirmed", "denied", "expired", "ended"))),
        _once(("shipment_incident",), Shipment, Shipment.status.in_(OVER)),
        and_(Notification.code == "shipment_passed_held",
             or_(*(said.correlate(Notification).exists() for said in _words()))),
        _once_answered(),
    )  # fmt: skip


def _words() -> tuple[Select[Any], Select[Any]]:
    """Return what the state that is told said of its shipment since."""
    since = tuple_(Notification.raised_at, Notification.id)
    event = select(Event.id).where(
        Event.subject_id == Notification.subject_id, Event.kind.in_(("held", "resumed")),
        Event.owner_state == Notification.owner_state, tuple_(Event.recorded_at, Event.id) > since,
    )  # fmt: skip
    tick = select(Checkpoint.id).where(
        Checkpoint.shipment_id == Notification.subject_id,
        Checkpoint.owner_state == Notification.owner_state,
        tuple_(Checkpoint.recorded_at, Checkpoint.id) > since,
    )  # fmt: skip
    return event, tick


def _once_answered() -> ColumnElement[bool]:
    """Tell whether the call that is asked for was answered."""
    call = cast(Notification.data["call"].astext, Uuid)
    answered = select(PostCallAnswer.call_id).where(PostCallAnswer.call_id == call)
    return and_(Notification.code == "post_called", answered.correlate(Notification).exists())


def _once(
    codes: tuple[str, ...], model: type[Any], done: ColumnElement[bool]
) -> ColumnElement[bool]:
    its_own = select(model.id).where(model.id == Notification.subject_id, done)
    return and_(Notification.code.in_(codes), its_own.correlate(Notification).exists())
