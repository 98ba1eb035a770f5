"""For which notifications somebody waits still: not for those of what was done since."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, and_, not_, or_, select

from salsa_ext.matching.requests import RUNNING
from salsa_ext.models import Hit, Notification, Trace, TraceApproval, TraceLeg, TraceRequest

_OF_REQUEST: Final = ("request_received", "request_renewed", "request_replied", "request_due",
                      "request_overdue", "request_assigned")  # fmt: skip
_OF_HIT: Final = ("hit_made", "hit_extended", "hit_expired", "hit_overdue", "hit_unanswered")


def is_settled() -> ColumnElement[bool]:
    """Tell whether what a notification asks for was done since, by whoever did it."""
    waits = and_(Trace.status == "draft", Trace.approval_asked_at.is_not(None))
    is_question = (TraceLeg.trace_id == Trace.id, TraceLeg.status == "clarification")
    return or_(
        _once(_OF_REQUEST, TraceRequest, TraceRequest.status.not_in(RUNNING)),
        _once(_OF_HIT, Hit, Hit.status.in_(("confirmed", "denied"))),
        _once(
            ("approval_asked", "approval_waiting"), TraceApproval, TraceApproval.status != "asked"
        ),
        _once(("trace_to_approve", "trace_waiting"), Trace, not_(waits)),
        _once(("trace_approved", "trace_unsent"), Trace, Trace.status != "approved"),
        _once(("trace_declined",), Trace, or_(Trace.status != "draft", waits)),
        _once(("trace_unapprovable", "approval_lapsed"), Trace, Trace.status != "draft"),
        _once(("trace_asked",), Trace, ~select(TraceLeg.id).where(*is_question).exists()),
    )


def _once(
    codes: tuple[str, ...], model: type[Any], done: ColumnElement[bool]
) -> ColumnElement[bool]:
    its_own = select(model.id).where(model.id == Notification.subject_id, done)
    return and_(Notification.code.in_(codes), its_own.correlate(Notification).exists())
