"""Call requests across a border post, and their answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import NAMESPACE_OID, UUID, uuid5
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import insert

from salsa_ext.access.audit import Action, AuditEvent, append
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.boards.models import CallAnswer, CallRequest
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import CallPending, Forbidden, NotFound, TooManyCallRequests, message
from salsa_ext.core.ids import new_id
from salsa_ext.database import locks
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.paging import Page, fetch_page
from salsa_ext.database.session import db
from salsa_ext.notifications.commands import notify_many
from salsa_ext.notifications.values import Notice, Subject
from salsa_ext.reference.agencies import ContactOffice, find_calling_offices, responsible_agencies
from salsa_ext.reference.posts import own_and_other_side
from salsa_ext.reference.queries import get_post
from salsa_ext.trade import lookup
from salsa_ext.trade.shipments.models import Shipment

REPEAT_AFTER: Final = timedelta(minutes=5)
"""After so long the same may be asked again, though nobody answered."""


@dataclass(frozen=True)
class CallRequestData:
    """A call request, about a shipment or none."""

    shipment: UUID | None = None


def request_call(*, actor: Actor, post: str, data: CallRequestData) -> UUID:
    """Request a call from the border officers of the other side.

    It is on the other side's board and desk, and notifies officers of the agencies at the post. A
    shipment is named only if it concerns the other state. Raises NotFound, Forbidden, AlreadyAsked
    if an equal request is waiting, TooManyCalls if the boards have no room.
    """
    require(actor, Permission.CHECKPOINT_RECORD)
    at, state = get_post(post), actor.own_state()
    own, other = own_and_other_side(at, state)
    about = _concerned_shipment(actor, data, other.state)
    shipment = about.id if about else None
    locks.lock_call_requests(state, at.code)
    if waiting := find_waiting_call(actor, at.code, shipment, actor.now() - REPEAT_AFTER):
        raise CallPending(f"{waiting.asked_at.astimezone(ZoneInfo(own.zone)):%H:%M}")
    if count_waiting(actor, at.code) >= MAX_WAITING:
        raise TooManyCallRequests(MAX_WAITING)
    row = {
        "id": new_id(),
        "owner_state": state,
        "concerned": sorted((state, other.state)),
        "post": at.code,
        "agency": actor.agency,
        "shipment_id": shipment,
        "shipment_number": about.number if about else None,
        "asked_at": actor.now(),
    }
    insert_many(CallRequest, [row])
    notify_many(actor, [_call_notice(row, at.name, other.state, about)])
    said = {"call": str(row["id"]), "for": "shipment" if about else "post"}
    append(
        actor, AuditEvent(Action.POST_CALLED, "post", at.code, concerned=[other.state], data=said)
    )
    return UUID(str(row["id"]))


def answer_call(*, actor: Actor, call_id: UUID) -> None:
    """Record that the other side was called; idempotent.

    Raises NotFound, or Forbidden for the side that requested it.
    """
    require(actor, Permission.CHECKPOINT_RECORD)
    call = find_call(call_id)
    state = actor.own_state()
    if call.owner_state == state:
        raise Forbidden(message("Your side asked for this call; the other side answers it."))
    first = insert(CallAnswer).values(
        call_id=call.id,
        owner_state=state,
        concerned=call.concerned,
        agency=actor.agency,
        answered_at=actor.now(),
    )
    made = first.on_conflict_do_nothing().returning(CallAnswer.call_id)
    if db.session.scalar(made) is not None:
        said = {"call": str(call.id)}
        concerned = [call.owner_state]
        append(
            actor,
            AuditEvent(Action.POST_ANSWERED, "post", call.post, concerned=concerned, data=said),
        )


def _concerned_shipment(actor: Actor, data: CallRequestData, other: str) -> Shipment | None:
    if data.shipment is None:
        return None
    row = lookup.get_shipment_overview(actor, data.shipment).shipment
    return row if other in row.concerned else None


def _call_notice(call: Mapping[str, Any], name: str, other: str, about: Shipment | None) -> Notice:
    code, state = call["post"], call["owner_state"]
    subject = Subject(_post_uuid(code), state, name)
    if about is not None:
        subject = Subject(about.id, about.owner_state, about.number, "shipment")
    data = {"post": code, "name": name, "call": str(call["id"]), "by": state}
    return Notice(other, "post_called", subject, data, agencies=responsible_agencies(other, code))


def _post_uuid(code: str) -> UUID:
    """Return a UUID for a post: posts have only codes."""
    return uuid5(NAMESPACE_OID, code)


WAITING_VISIBLE: Final = timedelta(hours=24)
"""For so long a call that nobody answered stands on the boards."""
ANSWERED_VISIBLE: Final = timedelta(hours=1)
"""For so long one that was answered does."""
MAX_WAITING: Final = 10
"""How many calls of one side stand on the boards at once."""


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
    found = fetch_page(query, CallRequest.id, limit, cursor)
    return found.of(_call_views(found.items))


def calls_on_board(actor: Actor, code: str) -> list[CallView]:
    """Return waiting requests, oldest first, then answered ones.

    All waiting ones of the last 24 hours: no side can have more than `MAX_WAITING`.
    """
    since = _calls_at(code).where(CallRequest.asked_at >= actor.now() - WAITING_VISIBLE)
    waiting = since.where(~_has_answer())
    lately = select(CallAnswer.call_id).where(
        CallAnswer.answered_at >= actor.now() - ANSWERED_VISIBLE
    )
    settled = since.where(CallRequest.id.in_(lately))
    first = waiting.order_by(CallRequest.asked_at, CallRequest.id).limit(2 * MAX_WAITING)
    newest = settled.order_by(CallRequest.asked_at.desc()).limit(MAX_WAITING)
    return _call_views([row for some in (first, newest) for row in db.session.scalars(some)])


def load_call(call_id: UUID) -> CallView:
    """Return a call after a command; raises NotFound."""
    return _call_views([find_call(call_id)])[0]


def find_call(call_id: UUID) -> CallRequest:
    """Return a call request for a command; raises NotFound."""
    found = db.session.get(CallRequest, call_id)
    if found is None:
        raise NotFound("call", call_id)
    return found


def find_waiting_call(
    actor: Actor, code: str, shipment: UUID | None, since: datetime
) -> CallRequest | None:
    """Return the own side's equal unanswered request since a time."""
    query = _calls_at(code).where(
        CallRequest.owner_state == actor.state,
        CallRequest.asked_at > since,
        CallRequest.shipment_id.is_not_distinct_from(shipment),
        ~_has_answer(),
    )
    found: CallRequest | None = db.session.scalars(query.limit(1)).first()
    return found


def count_waiting(actor: Actor, code: str) -> int:
    """Count the own side's waiting requests on the boards."""
    query = _calls_at(code).where(
        CallRequest.owner_state == actor.state,
        CallRequest.asked_at >= actor.now() - WAITING_VISIBLE,
        ~_has_answer(),
    )
    return db.session.scalar(select(func.count()).select_from(query.subquery())) or 0


def _calls_at(code: str) -> Select[Any]:
    return select(CallRequest).where(CallRequest.post == code)


def _has_answer() -> Any:
    return select(CallAnswer).where(CallAnswer.call_id == CallRequest.id).exists()


def _call_views(rows: Sequence[CallRequest]) -> list[CallView]:
    if not rows:
        return []
    wanted = select(CallAnswer).where(CallAnswer.call_id.in_([row.id for row in rows]))
    answers = {answer.call_id: answer for answer in db.session.scalars(wanted)}
    offices = find_calling_offices({(row.owner_state, row.agency, row.post) for row in rows})
    return [
        CallView(row, offices.get((row.owner_state, row.agency, row.post)), answers.get(row.id))
        for row in rows
    ]
