"""Envelopes that a state sent and received, with their status."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import case, select

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import NotFound
from salsa_ext.database.paging import Page
from salsa_ext.database.session import db
from salsa_ext.exchange.models import InboxEnvelope, InboxProgress, OutboxEnvelope, OutboxProgress

Direction = Literal["in", "out"]


@dataclass(frozen=True)
class EnvelopeView:
    """An envelope without its body.

    `status` of a sent one is `waiting`, `delivered` or `refused` (by the recipient); of a received
    one `waiting`, `applied` or `refused`. `code` is the reason.
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
    """Return the bytes of an envelope, sent or received; raises NotFound."""
    require(actor, Permission.AUDIT_READ)
    for model in (OutboxEnvelope, InboxEnvelope):
        mine = (model.owner_state == actor.state, model.id == envelope_id)
        if (raw := db.session.scalar(select(model.raw).where(*mine))) is not None:
            return bytes(raw)
    raise NotFound("envelope", envelope_id)


def _outgoing(actor: Actor) -> Any:
    progress = OutboxProgress
    status = case(
        (progress.delivered_at.is_(None), "waiting"),
        (progress.failure.is_(None), "delivered"),
        else_="refused",
    )
    columns = (
        OutboxEnvelope.id,
        OutboxEnvelope.recipient.label("other_state"),
        OutboxEnvelope.sequence,
        OutboxEnvelope.kind,
        OutboxEnvelope.case_number,
        OutboxEnvelope.put_at.label("at"),
        status.label("status"),
        progress.failure.label("code"),
        progress.attempts,
    )
    same = (progress.envelope_id == OutboxEnvelope.id) & (
        progress.owner_state == OutboxEnvelope.owner_state
    )
    mine = select(*columns).join(progress, same).where(OutboxEnvelope.owner_state == actor.state)
    return mine.order_by(OutboxEnvelope.id.desc())


def _incoming(actor: Actor) -> Any:
    progress = InboxProgress
    columns = (
        InboxEnvelope.id,
        InboxEnvelope.sender.label("other_state"),
        InboxEnvelope.sequence,
        InboxEnvelope.kind,
        InboxEnvelope.case_number,
        InboxEnvelope.received_at.label("at"),
        progress.status,
        progress.code,
        progress.attempts,
    )
    same = (progress.envelope_id == InboxEnvelope.id) & (
        progress.owner_state == InboxEnvelope.owner_state
    )
    mine = select(*columns).join(progress, same).where(InboxEnvelope.owner_state == actor.state)
    return mine.order_by(InboxEnvelope.id.desc())


def _views(rows: Iterable[Any]) -> list[EnvelopeView]:
    return [EnvelopeView(**row._mapping) for row in rows]
