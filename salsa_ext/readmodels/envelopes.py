"""What a state said to others and what was said to it, and how far each came."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import case, select

from salsa_ext.db import db
from salsa_ext.errors import NotFound
from salsa_ext.models import Inbox, InboxProgress, Outbox, OutboxProgress
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.pages import Page
from salsa_ext.values.actor import Actor

Direction = Literal["in", "out"]


@dataclass(frozen=True)
class EnvelopeView:
    """An envelope without what it says.

    `status` of one that went out is `waiting`, `delivered` or, where its recipient set it aside,
    `refused`; of one that came in, `waiting`, `applied` or `refused`. `code` says why.
    """

    id: UUID
    other_state: str
    sequence: int
    kind: str
    case_number: str
    at: datetime
    status: str
    code: str | None
    attempts: int


def list_envelopes(actor: Actor, direction: Direction, limit: int) -> Page[EnvelopeView]:
    """Return the last envelopes of the actor's state, newest first."""
    require(actor, Permission.AUDIT_READ)
    query = _incoming(actor) if direction == "in" else _outgoing(actor)
    rows = db.session.execute(query.limit(limit + 1)).all()
    return Page(_views(rows[:limit]), str(rows[limit - 1].id) if len(rows) > limit else None)


def get_raw(actor: Actor, envelope_id: UUID) -> bytes:
    """Return the bytes of an envelope that the actor's state sent or received; raises NotFound."""
    require(actor, Permission.AUDIT_READ)
    for model in (Outbox, Inbox):
        mine = (model.owner_state == actor.state, model.id == envelope_id)
        if (raw := db.session.scalar(select(model.raw).where(*mine))) is not None:
            return bytes(raw)
    raise NotFound("envelope", envelope_id)


def _outgoing(actor: Actor) -> Any:
    progress = OutboxProgress
    status = case((progress.delivered_at.is_(None), "waiting"), (progress.failure.is_(None), "delivered"),
                  else_="refused")  # fmt: skip
    columns = (Outbox.id, Outbox.recipient.label("other_state"), Outbox.sequence, Outbox.kind,
               Outbox.case_number, Outbox.put_at.label("at"), status.label("status"),
               progress.failure.label("code"), progress.attempts)  # fmt: skip
    same = (progress.envelope_id == Outbox.id) & (progress.owner_state == Outbox.owner_state)
    mine = select(*columns).join(progress, same).where(Outbox.owner_state == actor.state)
    return mine.order_by(Outbox.id.desc())


def _incoming(actor: Actor) -> Any:
    progress = InboxProgress
    columns = (Inbox.id, Inbox.sender.label("other_state"), Inbox.sequence, Inbox.kind,
               Inbox.case_number, Inbox.received_at.label("at"), progress.status, progress.code,
               progress.attempts)  # fmt: skip
    same = (progress.envelope_id == Inbox.id) & (progress.owner_state == Inbox.owner_state)
    mine = select(*columns).join(progress, same).where(Inbox.owner_state == actor.state)
    return mine.order_by(Inbox.id.desc())


def _views(rows: Iterable[Any]) -> list[EnvelopeView]:
    return [EnvelopeView(**row._mapping) for row in rows]
