"""Call requests across a border post, and their answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import NAMESPACE_OID, UUID, uuid5
from zoneinfo import ZoneInfo

from sqlalchemy import Select, case, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from salsa_ext.access.audit import AuditEvent, append
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.boards.models import CallAnswer, CallRequest
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import (
    CallPending,
    Conflict,
    Forbidden,
    NotFound,
    TooManyCallRequests,
    message,
)
from salsa_ext.core.ids import new_id
from salsa_ext.database import locks
from salsa_ext.database.paging import Page, fetch_page
from salsa_ext.database.session import db
from salsa_ext.notifications.commands import notify_many
from salsa_ext.notifications.notice_rules import Notice, Subject
from salsa_ext.reference.agencies import ContactOffice, find_calling_offices, responsible_agencies
from salsa_ext.reference.post_sides import own_and_other_side
from salsa_ext.reference.queries import get_post
from salsa_ext.trade.shipments import queries as shipment_queries

REPEAT_AFTER: Final = timedelta(minutes=5)
"""Time after which an unanswered request may be repeated."""
WAITING_VISIBLE: Final = timedelta(hours=24)
"""Time for which a waiting request is on the boards."""
ANSWERED_VISIBLE: Final = timedelta(hours=1)
"""Time for which an answered request is on the boards."""
MAX_WAITING: Final = 10
"""Waiting requests of one side on the boards at once."""


@dataclass(frozen=True)
class CallRequestData:
    """A call request, about a shipment or none, with words for the other side."""

    shipment: UUID | None = None
    words: str | None = None


def request_call(*, actor: Actor, post: str, data: CallRequestData) -> UUID:
    """Request a call from the border officers of the other side.

    It is on the other side's board and desk, and notifies officers of the agencies at the post. A
    shipment is named only if it concerns the other state. Raises NotFound, Forbidden, CallPending
    if an equal request is waiting, TooManyCallRequests if the boards have no room.
    """
    require(actor, Permission.CHECKPOINT_RECORD)
    at, state, now = get_post(post), actor.own_state(), actor.now()
    own, other = own_and_other_side(at, state)
    if not other.state:
        raise Conflict(message("This post has one side. Call the authority of the other state."))
    shipment = (
        shipment_queries.get_overview(actor, data.shipment).shipment if data.shipment else None
    )
    if shipment and other.state not in shipment.concerned:
        shipment = None
    locks.lock_call_requests(state, at.code)
    waiting = _calls_at(at.code).where(CallRequest.owner_state == state, ~_has_answer())
    is_same = CallRequest.shipment_id.is_not_distinct_from(shipment.id if shipment else None)
    same = waiting.where(is_same, CallRequest.requested_at > now - REPEAT_AFTER).limit(1)
    if (pending := db.session.scalars(same).first()) is not None:
        raise CallPending(f"{pending.requested_at.astimezone(ZoneInfo(own.zone)):%H:%M}")
    visible = waiting.where(CallRequest.requested_at >= now - WAITING_VISIBLE).subquery()
    if (db.session.scalar(select(func.count()).select_from(visible)) or 0) >= MAX_WAITING:
        raise TooManyCallRequests(MAX_WAITING)
    call = CallRequest(
        id=new_id(),
        owner_state=state,
        concerned=sorted((state, other.state)),
        post=at.code,
        agency=actor.agency,
        shipment_id=shipment.id if shipment else None,
        shipment_number=shipment.number if shipment else None,
        words=data.words,
        requested_at=now,
    )
    db.session.add(call)
    subject = Subject(uuid5(NAMESPACE_OID, at.code), state, at.name)
    if shipment:
        subject = Subject(shipment.id, shipment.owner_state, shipment.number, "shipment")
    notice_data = {"post": at.code, "name": at.name, "call": str(call.id), "by": state}
    agencies = responsible_agencies(other.state, at.code)
    notify_many(
        actor, [Notice(other.state, "post_called", subject, notice_data, agencies=agencies)]
    )
    event_data = {"call": str(call.id), "for": "shipment" if shipment else "post"}
    append(actor, AuditEvent(Action.POST_CALLED, "post", at.code, None, [other.state], event_data))
    return call.id


def answer_call(*, actor: Actor, call_id: UUID) -> None:
    """Record that the other side was called, idempotent; raises NotFound, Forbidden."""
    require(actor, Permission.CHECKPOINT_RECORD)
    call, state = _find_call(call_id), actor.own_state()
    if call.owner_state == state:
        raise Forbidden(message("Your side asked for this call; the other side answers it."))
    answer = insert(CallAnswer).values(
        call_id=call.id,
        owner_state=state,
        concerned=call.concerned,
        agency=actor.agency,
        answered_at=actor.now(),
    )
    created = db.session.scalar(answer.on_conflict_do_nothing().returning(CallAnswer.call_id))
    if created is not None:
        states, data = [call.owner_state], {"call": str(call.id)}
        append(actor, AuditEvent(Action.POST_ANSWERED, "post", call.post, None, states, data))


@dataclass(frozen=True)
class CallView:
    """A call request with the requester's office and the answer."""

    call: CallRequest
    office: ContactOffice | None
    answer: CallAnswer | None

    @property
    def asked_state(self) -> str:
        """Return the state that should call."""
        return next(state for state in self.call.concerned if state != self.call.owner_state)

    @property
    def answered_at(self) -> datetime | None:
        """Return the time of the confirmation, or None."""
        return self.answer.answered_at if self.answer else None


def list_calls(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None, code: str
) -> Page[CallView]:
    """Return a page of a post's call requests, newest first."""
    require(actor, Permission.BOARD_READ)
    post = get_post(code)
    own_and_other_side(post, actor.state)
    query = _calls_at(post.code)
    if (is_answered := filters.get("answered")) is not None:
        query = query.where(_has_answer() if is_answered else ~_has_answer())
    page = fetch_page(query, CallRequest.id, limit, cursor)
    return page.with_items(_call_views(page.items))


def calls_on_board(actor: Actor, code: str) -> list[CallView]:
    """Return waiting requests, oldest first, then answered ones."""
    now = actor.now()
    is_answered = CallAnswer.call_id.is_not(None)
    query = (
        select(CallRequest, CallAnswer)
        .outerjoin(CallAnswer, CallAnswer.call_id == CallRequest.id)
        .where(
            CallRequest.post == code,
            CallRequest.requested_at >= now - WAITING_VISIBLE,
            or_(~is_answered, CallAnswer.answered_at >= now - ANSWERED_VISIBLE),
        )
        .order_by(
            is_answered,
            case((is_answered, None), else_=CallRequest.requested_at),
            CallRequest.requested_at.desc(),
            CallRequest.id,
        )
        .limit(3 * MAX_WAITING)
    )
    return _views_with_answers([(call, answer) for call, answer in db.session.execute(query)])


def load_call(call_id: UUID) -> CallView:
    """Return a call after a command; raises NotFound."""
    return _call_views([_find_call(call_id)])[0]


def _find_call(call_id: UUID) -> CallRequest:
    call = db.session.get(CallRequest, call_id)
    if call is None:
        raise NotFound("call", call_id)
    return call


def _calls_at(code: str) -> Select[Any]:
    return select(CallRequest).where(CallRequest.post == code)


def _has_answer() -> Any:
    return select(CallAnswer).where(CallAnswer.call_id == CallRequest.id).exists()


def _call_views(rows: Sequence[CallRequest]) -> list[CallView]:
    if not rows:
        return []
    query = select(CallAnswer).where(CallAnswer.call_id.in_([row.id for row in rows]))
    answers = {answer.call_id: answer for answer in db.session.scalars(query)}
    return _views_with_answers([(row, answers.get(row.id)) for row in rows])


def _views_with_answers(rows: Sequence[tuple[CallRequest, CallAnswer | None]]) -> list[CallView]:
    if not rows:
        return []
    offices = find_calling_offices({(row.owner_state, row.agency, row.post) for row, _ in rows})
    return [
        CallView(row, offices.get((row.owner_state, row.agency, row.post)), answer)
        for row, answer in rows
    ]
