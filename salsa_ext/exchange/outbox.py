"""The outbox of a state, written in the transaction of the command."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import update

from salsa_ext.access.audit import AuditEvent, append, append_with_rows
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.signing import signer
from salsa_ext.core.actor import Actor
from salsa_ext.core.ids import new_id
from salsa_ext.database.bulk import SqlStatement
from salsa_ext.database.session import db, execute_raw, wake_after_commit
from salsa_ext.exchange.envelopes import Envelope, EnvelopeData, from_stored, seal
from salsa_ext.exchange.models import OutboxEnvelope, OutboxProgress
from salsa_ext.reference.names import require_participant

FIRST_RETRY: Final = timedelta(seconds=5)
MAX_RETRY: Final = timedelta(hours=1)
_PENDING: Final = (
    "SELECT sent.raw, sent.hash, pending.attempts FROM outbox_progress pending JOIN outbox sent"
    " ON sent.owner_state = pending.owner_state AND sent.id = pending.envelope_id"
    " WHERE pending.owner_state = %s AND pending.delivered_at IS NULL AND pending.due_at <= %s"
    " AND pending.recipient = ANY(%s::text[]) ORDER BY pending.recipient, pending.sequence"
    " LIMIT %s FOR UPDATE OF pending SKIP LOCKED"
)
_DELIVERED: Final = (
    "UPDATE outbox_progress SET delivered_at = %s, attempts = attempts + 1, failure = NULL"
    " WHERE owner_state = %s AND envelope_id = ANY(%s::uuid[])"
)
_FIND: Final = "SELECT raw, hash FROM outbox WHERE owner_state = %s AND id = %s"
_LOCK_PAIRS: Final = (
    "INSERT INTO outbox_pair (owner_state, recipient, sequence, hash)"
    " SELECT %s, recipient, 0, '' FROM unnest(%s::text[]) AS recipient ORDER BY recipient"
    " ON CONFLICT (owner_state, recipient) DO UPDATE SET hash = outbox_pair.hash"
    " RETURNING recipient, sequence, hash"
)
_SAVE_PAIRS: Final = (
    "UPDATE outbox_pair pair SET sequence = last.sequence, hash = last.hash FROM (VALUES {rows})"
    " AS last (recipient, sequence, hash)"
    " WHERE pair.owner_state = %s AND pair.recipient = last.recipient"
)


@dataclass(frozen=True)
class PendingEnvelope:
    """An envelope not delivered yet, with the number of attempts."""

    envelope: Envelope
    attempts: int


def send(actor: Actor, data: EnvelopeData) -> Envelope:
    """Send an envelope of the actor's state; see `send_many`."""
    return send_many(actor, [data])[0]


def send_many(actor: Actor, items: Sequence[EnvelopeData]) -> list[Envelope]:
    """Seal envelopes in order and add them to the outbox of the actor's state.

    Sent only if the command's transaction commits, and never lost after that. Called once, after
    the rows that the command changes are locked: other orders deadlock. Raises Invalid for a
    recipient that is no participant, EnvelopeRefused for a body that is no JSON object or too large.
    """
    if not items:
        return []
    state, now, sign = actor.own_state(), actor.now(), signer(actor)
    recipients = sorted({data.recipient for data in items})
    for recipient in recipients:
        require_participant(recipient)
    last, envelopes = lock_pairs(state, recipients), []
    wake_after_commit()
    for data in items:
        sequence, previous = last[data.recipient]
        request = data.in_reply_to
        draft = Envelope(
            id=new_id(),
            kind=data.kind,
            case_number=data.case_number,
            sender=state,
            recipient=data.recipient,
            sequence=sequence + 1,
            previous=previous or None,
            in_reply_to=request.id if request else None,
            request_hash=request.hash if request else None,
            created_at=now,
            body=data.body,
        )
        envelope = seal(draft, sign)
        last[data.recipient] = (envelope.sequence, envelope.hash)
        envelopes.append(envelope)
    _insert(actor, envelopes, last)
    return envelopes


def lock_pairs(state: str, recipients: Iterable[str]) -> dict[str, tuple[int, str]]:
    """Lock the pairs of a sender, in the order of commit; returns their last sequences."""
    rows = execute_raw(_LOCK_PAIRS, (state, sorted({*recipients})))
    return {recipient: (sequence, digest) for recipient, sequence, digest in rows}


def _insert(actor: Actor, envelopes: Sequence[Envelope], last: dict[str, tuple[int, str]]) -> None:
    now = actor.now()
    sent, progress, acts = [], [], []
    for envelope in envelopes:
        common = {
            "owner_state": envelope.sender,
            "recipient": envelope.recipient,
            "sequence": envelope.sequence,
        }
        content = {name: getattr(envelope, name) for name in ("kind", "case_number", "hash", "raw")}
        sent.append(common | content | {"id": envelope.id, "queued_at": now})
        outcome = {"attempts": 0, "due_at": now, "delivered_at": None, "failure": None}
        progress.append(common | outcome | {"envelope_id": envelope.id})
        data = envelope.audit_data | {"recipient": envelope.recipient}
        acts.append(AuditEvent(Action.ENVELOPE_SENT, "envelope", envelope.id, data=data))
    rows = ", ".join(["(%s, %s, %s)"] * len(last))
    values = [value for name, end in last.items() for value in (name, *end)]
    save_pairs = SqlStatement(_SAVE_PAIRS.format(rows=rows), (*values, actor.own_state()))
    append_with_rows(actor, acts, {OutboxEnvelope: sent, OutboxProgress: progress}, save_pairs)


def claim_pending(
    actor: Actor, recipients: Iterable[str], limit: int
) -> dict[str, list[PendingEnvelope]]:
    """Lock due envelopes that no other worker delivers; returns them by recipient, in order."""
    values = (actor.own_state(), actor.now(), sorted(recipients), limit)
    by_recipient: dict[str, list[PendingEnvelope]] = {}
    for raw, digest, attempts in execute_raw(_PENDING, values):
        envelope = from_stored(bytes(raw), digest)
        by_recipient.setdefault(envelope.recipient, []).append(PendingEnvelope(envelope, attempts))
    return by_recipient


def find_sent(actor: Actor, envelope_id: UUID) -> Envelope | None:
    """Return an envelope that the actor's state sent, or None."""
    row = execute_raw(_FIND, (actor.own_state(), envelope_id)).fetchone()
    return from_stored(bytes(row[0]), row[1]) if row else None


def mark_delivered(actor: Actor, ids: Sequence[UUID]) -> None:
    """Mark envelopes as delivered: they are not offered again."""
    execute_raw(_DELIVERED, (actor.now(), actor.own_state(), list(ids)))


def retry_later(actor: Actor, undelivered: PendingEnvelope, failure: str) -> None:
    """Store a failed delivery and the next time; `failure` is a code."""
    due_at, attempts = actor.now() + retry_delay(undelivered.attempts), undelivered.attempts + 1
    _set_progress(actor, undelivered.envelope, due_at=due_at, attempts=attempts, failure=failure)


def mark_refused(actor: Actor, envelope: Envelope, code: str) -> None:
    """Mark and audit an envelope that the recipient refused."""
    _set_progress(actor, envelope, failure=code)
    data = {"recipient": envelope.recipient, "code": code}
    append(actor, AuditEvent(Action.ENVELOPE_RETURNED, "envelope", envelope.id, data=data))


def _set_progress(actor: Actor, envelope: Envelope, **values: Any) -> None:
    row = (
        OutboxProgress.owner_state == actor.own_state(),
        OutboxProgress.envelope_id == envelope.id,
    )
    change = update(OutboxProgress).where(*row).values(**values)
    db.session.execute(change.execution_options(synchronize_session=False))


def retry_delay(attempts: int) -> timedelta:
    """Return the delay before the next attempt: doubled, up to an hour."""
    return min(FIRST_RETRY * float(2 ** min(attempts, 20)), MAX_RETRY)
