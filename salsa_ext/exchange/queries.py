"""Envelopes that a state sent and received, with their status."""

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
    envelope: Any = InboxEnvelope if direction == "in" else OutboxEnvelope
    progress: Any = InboxProgress if direction == "in" else OutboxProgress
    specific = (
        (
            InboxEnvelope.sender.label("other_state"),
            InboxEnvelope.received_at.label("at"),
            InboxProgress.status,
            InboxProgress.code,
        )
        if direction == "in"
        else (
            OutboxEnvelope.recipient.label("other_state"),
            OutboxEnvelope.queued_at.label("at"),
            case(
                (OutboxProgress.delivered_at.is_(None), "waiting"),
                (OutboxProgress.failure.is_(None), "delivered"),
                else_="refused",
            ).label("status"),
            OutboxProgress.failure.label("code"),
        )
    )
    common = (
        envelope.id,
        envelope.sequence,
        envelope.kind,
        envelope.case_number,
        progress.attempts,
    )
    query = (
        select(*common, *specific)
        .join(
            progress,
            (progress.envelope_id == envelope.id) & (progress.owner_state == envelope.owner_state),
        )
        .where(envelope.owner_state == actor.state)
        .order_by(envelope.id.desc())
    )
    rows = db.session.execute(query.limit(limit + 1)).all()
    views = [EnvelopeView(**row._mapping) for row in rows[:limit]]
    return Page(views, str(rows[limit - 1].id) if len(rows) > limit else None)


def get_raw(actor: Actor, envelope_id: UUID) -> bytes:
    """Return the bytes of an envelope, sent or received; raises NotFound."""
    require(actor, Permission.AUDIT_READ)
    for model in (OutboxEnvelope, InboxEnvelope):
        row = (model.owner_state == actor.state, model.id == envelope_id)
        if (raw := db.session.scalar(select(model.raw).where(*row))) is not None:
            return bytes(raw)
    raise NotFound("envelope", envelope_id)
