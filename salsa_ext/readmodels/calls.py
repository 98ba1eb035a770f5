"""Calls across border posts, as both sides see them: who is asked to call, and when he did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, func, select

from salsa_ext.db import db
from salsa_ext.errors import NotFound
from salsa_ext.models import PostCall, PostCallAnswer
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.contacts import Office, called_from
from salsa_ext.readmodels.crossings import sides_for
from salsa_ext.readmodels.pages import Page, page
from salsa_ext.readmodels.reference import get_post
from salsa_ext.values.actor import Actor

BACK: Final = timedelta(hours=24)
"""For so long a call that nobody answered stands on the boards."""
SETTLED: Final = timedelta(hours=1)
"""For so long one that was answered does."""
MOST: Final = 10
"""How many calls of one side stand on the boards at once."""


@dataclass(frozen=True)
class CallView:
    """A call that one side asked of the other; `office` is how who asked is reached."""

    call: PostCall
    office: Office | None
    answer: PostCallAnswer | None

    @property
    def asked_state(self) -> str:
        """Return the state that is asked."""
        return next(state for state in self.call.concerned if state != self.call.owner_state)

    @property
    def answered_at(self) -> datetime | None:
        """Return when the side that was asked said that it called."""
        return self.answer.answered_at if self.answer else None


def list_calls(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None, code: str
) -> Page[CallView]:
    """Return a page of the calls that the two sides of a post asked of each other, newest first."""
    require(actor, Permission.BOARD_READ)
    post = get_post(code)
    sides_for(post, actor.state)
    query = _at(post.code)
    if (is_answered := filters.get("answered")) is not None:
        query = query.where(_answered() if is_answered else ~_answered())
    found = page(query, PostCall.id, limit, cursor)
    return found.of(_views(found.items))


def on_board(actor: Actor, code: str) -> list[CallView]:
    """Return what stands on the boards of a post: what waits, the oldest first, then what is settled.

    All that waits: of each side no more than `MOST` can.
    """
    since = _at(code).where(PostCall.asked_at >= actor.now() - BACK)
    waiting = since.where(~_answered())
    lately = select(PostCallAnswer.call_id).where(
        PostCallAnswer.answered_at >= actor.now() - SETTLED
    )
    settled = since.where(PostCall.id.in_(lately))
    first = waiting.order_by(PostCall.asked_at, PostCall.id).limit(2 * MOST)
    newest = settled.order_by(PostCall.asked_at.desc()).limit(MOST)
    return _views([row for some in (first, newest) for row in db.session.scalars(some)])


def read(call_id: UUID) -> CallView:
    """Return a call that was just asked or answered; raises NotFound."""
    return _views([find(call_id)])[0]


def find(call_id: UUID) -> PostCall:
    """Return a call of one of the own state's posts, for a command; raises NotFound."""
    found = db.session.get(PostCall, call_id)
    if found is None:
        raise NotFound("call", call_id)
    return found


def waiting_since(
    actor: Actor, code: str, shipment: UUID | None, since: datetime
) -> PostCall | None:
    """Return what the own side asked about the same of late, and nobody answered yet."""
    query = _at(code).where(
        PostCall.owner_state == actor.state, PostCall.asked_at > since,
        PostCall.shipment_id.is_not_distinct_from(shipment), ~_answered(),
    )  # fmt: skip
    found: PostCall | None = db.session.scalars(query.limit(1)).first()
    return found


def waiting_of(actor: Actor, code: str) -> int:
    """Return how many calls of the own side stand on the boards and wait."""
    query = _at(code).where(
        PostCall.owner_state == actor.state, PostCall.asked_at >= actor.now() - BACK, ~_answered()
    )
    return db.session.scalar(select(func.count()).select_from(query.subquery())) or 0


def _at(code: str) -> Select[Any]:
    return select(PostCall).where(PostCall.post == code)


def _answered() -> Any:
    return select(PostCallAnswer).where(PostCallAnswer.call_id == PostCall.id).exists()


def _views(rows: Sequence[PostCall]) -> list[CallView]:
    if not rows:
        return []
    wanted = select(PostCallAnswer).where(PostCallAnswer.call_id.in_([row.id for row in rows]))
    answers = {answer.call_id: answer for answer in db.session.scalars(wanted)}
    offices = called_from({(row.owner_state, row.agency, row.post) for row in rows})
    return [CallView(row, offices.get((row.owner_state, row.agency, row.post)), answers.get(row.id))
            for row in rows]  # fmt: skip
