"""The outbox of a state, written in the transaction of the command."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import update

from salsa_ext.access.audit import Action, AuditEvent, append, append_with_rows
from salsa_ext.access.signing import signer
from salsa_ext.core.actor import Actor
from salsa_ext.core.ids import new_id
from salsa_ext.database.bulk import SqlStatement
from salsa_ext.database.session import cached_per_transaction, db, execute_raw, set_cached
from salsa_ext.exchange import pair_locks
from salsa_ext.exchange.envelopes import Envelope, EnvelopeData, from_stored, seal
from salsa_ext.exchange.models import OutboxEnvelope, OutboxProgress
from salsa_ext.reference.names import require_participant

FIRST_RETRY: Final = timedelta(seconds=5)
MAX_RETRY: Final = timedelta(hours=1)
_PENDING: Final = (
    "SELECT sent.raw, sent.hash, pending.attempts FROM (SELECT owner_state, envelope_id, attempts"
    " FROM outbox_progress WHERE owner_state = %(state)s AND delivered_at IS NULL"
    " AND recipient = ANY(%(recipients)s::text[]) AND {condition} ORDER BY envelope_id {order}"
    " LIMIT %(limit)s) pending"
    " JOIN outbox sent ON sent.owner_state = pending.owner_state AND sent.id = pending.envelope_id"
)
_NEVER_OFFERED: Final = _PENDING.format(condition="attempts = 0", order="DESC")
_DUE: Final = _PENDING.format(condition="due_at <= %(now)s", order="")
_DELIVERED: Final = (
    "UPDATE outbox_progress SET delivered_at = %s, attempts = attempts + 1, failure = NULL"
    " WHERE owner_state = %s AND envelope_id = ANY(%s::uuid[])"
)
_FIND: Final = "SELECT raw, hash FROM outbox WHERE owner_state = %s AND id = %s"
_LAST_OF_PAIRS: Final = (
    "SELECT recipient, sequence, hash FROM outbox_pair WHERE owner_state = %s"
    " AND recipient = ANY(%s::text[])"
)
_SAVE_PAIRS: Final = (
    "INSERT INTO outbox_pair (owner_state, recipient, sequence, hash) VALUES {rows} ON CONFLICT"
    " (owner_state, recipient) DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash"
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

    Sent only if the command's transaction commits, and never lost after that. Called last, after
    the rows that the command changes: each pair of states is locked until the end. Raises Invalid
    for a recipient that is no participant, EnvelopeRefused for a body that is no JSON object or too
    large.
    """
    if not items:
        return []
    state, now, sign = actor.own_state(), actor.now(), signer(actor)
    recipients = sorted({data.recipient for data in items})
    for recipient in recipients:
        require_participant(recipient)
    pair_locks.lock_with(state, recipients)
    rows = execute_raw(_LAST_OF_PAIRS, (state, recipients))
    last: dict[str, tuple[int, str | None]] = {row[0]: (row[1], row[2]) for row in rows}
    envelopes = []
    for data in items:
        sequence, previous = last.get(data.recipient, (0, None))
        request = data.in_reply_to
        draft = Envelope(
            id=new_id(),
            kind=data.kind,
            case_number=data.case_number,
            sender=state,
            recipient=data.recipient,
            sequence=sequence + 1,
            previous=previous,
            in_reply_to=request.id if request else None,
            request_hash=request.hash if request else None,
            created_at=now,
            body=data.body,
        )
        envelope = seal(draft, sign)
        last[data.recipient] = (envelope.sequence, envelope.hash)
        envelopes.append(envelope)
        set_cached(_cache_key(state, envelope.id), envelope)
    _insert(actor, envelopes, {name: last[name] for name in recipients})
    return envelopes


def _insert(
    actor: Actor, envelopes: Sequence[Envelope], last: dict[str, tuple[int, str | None]]
) -> None:
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
    rows = ", ".join(["(%s, %s, %s, %s)"] * len(last))
    values = [value for name, end in last.items() for value in (actor.own_state(), name, *end)]
    save_pairs = SqlStatement(_SAVE_PAIRS.format(rows=rows), values)
    append_with_rows(actor, acts, {OutboxEnvelope: sent, OutboxProgress: progress}, save_pairs)


def pending(
    actor: Actor, recipients: Iterable[str], limit: int, *, is_first: bool = False
) -> dict[str, list[PendingEnvelope]]:
    """Return envelopes to deliver, by recipient and in order.

    Those that are due; or, with `is_first`, the newest that were never offered.
    """
    values = {
        "state": actor.own_state(),
        "recipients": sorted(recipients),
        "limit": limit,
        "now": actor.now(),
    }
    by_recipient: dict[str, list[PendingEnvelope]] = {}
    for raw, digest, attempts in execute_raw(_NEVER_OFFERED if is_first else _DUE, values):
        envelope = from_stored(bytes(raw), digest)
        by_recipient.setdefault(envelope.recipient, []).append(PendingEnvelope(envelope, attempts))
    for envelopes in by_recipient.values():
        envelopes.sort(key=lambda pending: pending.envelope.sequence)
    return dict(sorted(by_recipient.items()))


def _cache_key(state: str, envelope_id: UUID) -> tuple[str, str, UUID]:
    return ("sent", state, envelope_id)


def find_sent(actor: Actor, envelope_id: UUID) -> Envelope | None:
    """Return an envelope that the actor's state sent, or None."""
    state = actor.own_state()

    def load() -> Envelope | None:
        row = execute_raw(_FIND, (state, envelope_id)).fetchone()
        return from_stored(bytes(row[0]), row[1]) if row else None

    return cast(Envelope | None, cached_per_transaction(_cache_key(state, envelope_id), load))


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
