"""Figures of requests: how a state answers the others, and what is overdue."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.database.session import db
from salsa_ext.statistics.dataset_types import CountedKind, Dataset, Dimension, Facts
from salsa_ext.tracing.requests.models import TraceRequest
from salsa_ext.tracing.requests.values import FULL_PERCENT, WAITING_STATUSES

REQUESTS: Final = Dataset(
    "requests",
    base=(
        Dimension("asking", "state"),
        Dimension("priority", "priority"),
        Dimension("answer", "request_answer"),
    ),
)
"""Requests that a state received, by the day of receipt, with their answer now."""
OVERDUE: Final = Dataset(
    "overdue", base=(Dimension("priority", "priority"),), readers="secretariat"
)
"""Requests unanswered after twice their term, counted on the day of the reminder."""


def count_requests(state: str, ids: Collection[UUID]) -> dict[UUID, Facts]:
    """Return what each request counts: once, by its answer."""
    own = TraceRequest.owner_state == state, TraceRequest.id.in_(ids)
    return {
        each.id: _count_request(each)
        for each in db.session.scalars(select(TraceRequest).where(*own))
    }


def _count_request(request: TraceRequest) -> Facts:
    subject = (request.asking_state, request.priority, answer_of(request))
    return {REQUESTS.fact(request.owner_state, subject, request.received_at.date()): 1}


def answer_of(request: TraceRequest) -> str:
    """Return how it was answered; the last answer counts, and a referral is an answer."""
    if request.status in ("refused", "withdrawn"):
        return request.status
    if request.status in WAITING_STATUSES or request.answered_at is None:
        return "overdue" if request.reminded_percent >= FULL_PERCENT else "waiting"
    return "in_time" if request.answered_at <= request.due_at else "late"


COUNTED: Final = CountedKind("request", TraceRequest, count_requests)
