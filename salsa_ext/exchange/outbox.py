"""The outbox of a state, written in the transaction of the command."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import update

from salsa_ext.access.audit import Action, AuditEvent, append, append_with_rows
from salsa_ext.core.actor import Actor
from salsa_ext.core.ids import new_id
from salsa_ext.database.bulk import SqlStatement
from salsa_ext.database.session import cached_per_transaction, db, execute_raw, set_cached
from salsa_ext.exchange import pair_locks
from salsa_ext.exchange.envelopes import Envelope, EnvelopeData, Signer, from_stored, seal
from salsa_ext.exchange.models import OutboxEnvelope, OutboxProgress

FIRST_RETRY: Final = timedelta(seconds=5)
MAX_RETRY: Final = timedelta(hours=1)
_PENDING = (
    "SELECT said.raw, said.hash, found.attempts FROM (SELECT owner_state, envelope_id, attempts"
    " FROM outbox_progress WHERE owner_state = %(state)s AND delivered_at IS NULL"
    " AND recipient = ANY(%(recipients)s::text[]) AND {when} ORDER BY envelope_id {order}"
    " LIMIT %(most)s) found"
    " JOIN outbox said ON said.owner_state = found.owner_state AND said.id = found.envelope_id"
)
_NEVER_OFFERED = _PENDING.format(when="attempts = 0", order="DESC")
_DUE = _PENDING.format(when="due_at <= %(now)s", order="")
_DELIVERED = (
    "UPDATE outbox_progress SET delivered_at = %s, attempts = attempts + 1, failure = NULL"
    " WHERE owner_state = %s AND envelope_id = ANY(%s::uuid[])"
)
_FIND = "SELECT raw, hash FROM outbox WHERE owner_state = %s AND id = %s"
_LAST_OF_PAIRS = (
    "SELECT recipient, sequence, hash FROM outbox_pair WHERE owner_state = %s"
    " AND recipient = ANY(%s::text[])"
)
_SAVE_PAIRS = (
    "INSERT INTO outbox_pair (owner_state, recipient, sequence, hash) VALUES {rows} ON CONFLICT"
    " (owner_state, recipient) DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash"
)


@dataclass(frozen=True)
class PendingEnvelope:
    """An envelope not delivered yet, with the number of attempts."""

    envelope: Envelope
    attempts: int


def enqueue(actor: Actor, signer: Signer, data: EnvelopeData) -> Envelope:
    """Seal an envelope and add it to the actor's state's outbox.

    Sent only if the caller's transaction commits, and never lost after that. Commands call
    `delivery.send`, which knows the keys. Raises EnvelopeRefused.
    """
    return enqueue_many(actor, signer, [data])[0]


def enqueue_many(actor: Actor, signer: Signer, items: Sequence[EnvelopeData]) -> list[Envelope]:
    """Seal envelopes of the actor's state in order; returns them.

    Each pair of states is locked until the end of the transaction.
    """
    state, recipients = actor.own_state(), {letter.recipient for letter in items}
    pair_locks.lock_with(state, recipients)
    ends, envelopes = _last_of_pairs(state, recipients), []
    for letter in items:
        sequence, last = ends.get(letter.recipient, (0, None))
        envelope = seal(_build_envelope(actor, letter, sequence + 1, last), signer)
        ends[letter.recipient] = (envelope.sequence, envelope.hash)
        envelopes.append(envelope)
        set_cached(_cache_key(state, envelope.id), envelope)
    if envelopes:
        _insert(
            actor,
            envelopes,
            _save_pairs_statement(state, {name: ends[name] for name in recipients}),
        )
    return envelopes


def pending(
    actor: Actor, recipients: Iterable[str], limit: int, *, is_first: bool = False
) -> dict[str, list[PendingEnvelope]]:
    """Return envelopes to deliver, by recipient and in order.

    Those that are due; or, with `is_first`, the newest that were never offered.
    """
    asked = {
        "state": actor.own_state(),
        "recipients": sorted(recipients),
        "most": limit,
        "now": actor.now(),
    }
    found: dict[str, list[PendingEnvelope]] = {}
    for raw, digest, attempts in execute_raw(_NEVER_OFFERED if is_first else _DUE, asked):
        envelope = from_stored(bytes(raw), digest)
        found.setdefault(envelope.recipient, []).append(PendingEnvelope(envelope, attempts))
    return {name: sorted(some, key=_sequence_of) for name, some in sorted(found.items())}


def _load_envelope(state: str, envelope_id: UUID) -> Envelope | None:
    row = execute_raw(_FIND, (state, envelope_id)).fetchone()
    return from_stored(bytes(row[0]), row[1]) if row else None


def _cache_key(state: str, envelope_id: UUID) -> tuple[str, str, UUID]:
    return ("sent", state, envelope_id)


def _sequence_of(undelivered: PendingEnvelope) -> int:
    return undelivered.envelope.sequence


def find_sent(actor: Actor, envelope_id: UUID) -> Envelope | None:
    """Return an envelope that the actor's state sent, or None."""
    state = actor.own_state()
    return cast(
        Envelope | None,
        cached_per_transaction(
            _cache_key(state, envelope_id), lambda: _load_envelope(state, envelope_id)
        ),
    )


def mark_delivered(actor: Actor, ids: Sequence[UUID]) -> None:
    """Mark envelopes as delivered: they are not offered again."""
    execute_raw(_DELIVERED, (actor.now(), actor.own_state(), list(ids)))


def retry_later(actor: Actor, undelivered: PendingEnvelope, failure: str) -> None:
    """Store a failed delivery and the next time; `failure` is a code."""
    again = actor.now() + retry_delay(undelivered.attempts)
    attempts = undelivered.attempts + 1
    _set_progress(
        actor, [undelivered.envelope.id], due_at=again, attempts=attempts, failure=failure
    )


def mark_refused(actor: Actor, envelope: Envelope, code: str) -> None:
    """Mark and audit an envelope that the recipient refused."""
    _set_progress(actor, [envelope.id], failure=code)
    told = {"recipient": envelope.recipient, "code": code}
    append(actor, AuditEvent(Action.ENVELOPE_RETURNED, "envelope", envelope.id, data=told))


def retry_delay(attempts: int) -> timedelta:
    """Return the delay before the next attempt: doubled, up to an hour."""
    seconds = FIRST_RETRY.total_seconds() * 2.0 ** min(attempts, 20)
    return min(timedelta(seconds=seconds), MAX_RETRY)


def _last_of_pairs(state: str, recipients: Iterable[str]) -> dict[str, tuple[int, str | None]]:
    rows = execute_raw(_LAST_OF_PAIRS, (state, sorted(recipients)))
    return {recipient: (sequence, last) for recipient, sequence, last in rows}


def _build_envelope(
    actor: Actor, letter: EnvelopeData, sequence: int, last: str | None
) -> Envelope:
    asked = letter.in_reply_to
    return Envelope(
        new_id(),
        letter.kind,
        letter.case_number,
        actor.own_state(),
        letter.recipient,
        sequence,
        last,
        asked.id if asked else None,
        asked.hash if asked else None,
        actor.now(),
        letter.body,
    )


def _insert(actor: Actor, envelopes: Sequence[Envelope], moving: SqlStatement) -> None:
    now = actor.now()
    sent = [
        {
            "owner_state": each.sender,
            "id": each.id,
            "recipient": each.recipient,
            "sequence": each.sequence,
            "kind": each.kind,
            "case_number": each.case_number,
            "hash": each.hash,
            "raw": each.raw,
            "put_at": now,
        }
        for each in envelopes
    ]
    progress = [
        {
            "owner_state": each.sender,
            "envelope_id": each.id,
            "recipient": each.recipient,
            "sequence": each.sequence,
            "attempts": 0,
            "due_at": now,
            "delivered_at": None,
            "failure": None,
        }
        for each in envelopes
    ]
    acts = [_sent_entry(each) for each in envelopes]
    append_with_rows(actor, acts, {OutboxEnvelope: sent, OutboxProgress: progress}, moving)


def _save_pairs_statement(state: str, ends: dict[str, tuple[int, str | None]]) -> SqlStatement:
    rows = ", ".join(["(%s, %s, %s, %s)"] * len(ends))
    values = [value for name, end in ends.items() for value in (state, name, *end)]
    return SqlStatement(_SAVE_PAIRS.format(rows=rows), values)


def _set_progress(actor: Actor, ids: Sequence[UUID], **values: Any) -> None:
    mine = (OutboxProgress.owner_state == actor.own_state(), OutboxProgress.envelope_id.in_(ids))
    changed = update(OutboxProgress).where(*mine).values(**values)
    db.session.execute(changed.execution_options(synchronize_session=False))


def _sent_entry(envelope: Envelope) -> AuditEvent:
    data = {
        "kind": envelope.kind,
        "recipient": envelope.recipient,
        "sequence": envelope.sequence,
        "case_number": envelope.audited_case,
        "hash": envelope.hash,
        "about": envelope.subject_ids,
    }
    return AuditEvent(Action.ENVELOPE_SENT, "envelope", envelope.id, data=data)
