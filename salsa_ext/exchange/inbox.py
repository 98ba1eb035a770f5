"""The inbox of a state: envelopes checked, stored and queued in order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, update

from salsa_ext.access.audit import Action, AuditEvent, append_many
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import EnvelopeRefused
from salsa_ext.database.bulk import NO_STATEMENT, SqlStatement, insert_into_tables
from salsa_ext.database.session import db, execute_raw
from salsa_ext.exchange import pair_locks
from salsa_ext.exchange.envelopes import Envelope, KeyLookup, from_stored, parse, verify_signature
from salsa_ext.exchange.models import InboxEnvelope, InboxPair, InboxProgress
from salsa_ext.exchange.outbox import retry_delay

FOLLOWER_BATCH: Final = 500
_FIND: Final = "SELECT raw, hash FROM inbox WHERE owner_state = %s AND id = %s"
_FOLLOWERS: Final = (
    "SELECT id, sequence, previous, hash FROM inbox WHERE owner_state = %s AND sender = %s"
    " AND sequence > %s ORDER BY sequence LIMIT %s"
)
_READY: Final = (
    "SELECT received.raw, received.hash, received.received_at, progress.attempts, progress.code,"
    " progress.due_at FROM inbox_pair pair JOIN inbox received"
    " ON received.owner_state = pair.owner_state AND received.sender = pair.sender"
    " AND received.sequence > pair.processed_through"
    " AND received.sequence <= pair.received_through JOIN inbox_progress progress"
    " ON progress.owner_state = received.owner_state AND progress.envelope_id = received.id"
    " WHERE pair.owner_state = %s AND pair.sender = %s ORDER BY received.sequence LIMIT %s"
)
_MARK_PROCESSED: Final = (
    "UPDATE inbox_progress SET status = 'applied', processed_at = %s"
    " WHERE owner_state = %s AND envelope_id = ANY(%s::uuid[]);"
    " UPDATE inbox_pair SET processed_through = %s WHERE owner_state = %s AND sender = %s"
)
_LOAD_POSITION: Final = (
    "SELECT pair.received_through, pair.hash, pair.processed_through, EXISTS (SELECT 1 FROM inbox"
    " WHERE inbox.owner_state = pair.owner_state AND inbox.sender = pair.sender"
    " AND sequence > received_through),"
    " known.id, known.hash, known.received_at, known.sender, known.sequence"
    " FROM (SELECT 1) one LEFT JOIN inbox_pair pair"
    " ON pair.owner_state = %(state)s AND pair.sender = %(sender)s"
    " LEFT JOIN inbox known ON known.owner_state = %(state)s AND (known.id = ANY(%(ids)s::uuid[])"
    " OR (known.sender = %(sender)s AND known.sequence = ANY(%(sequences)s::bigint[])))"
)
_SAVE_POSITION: Final = (
    "INSERT INTO inbox_pair (owner_state, sender, received_through, hash, processed_through)"
    " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (owner_state, sender) DO UPDATE SET received_through"
    " = excluded.received_through, hash = excluded.hash, processed_through = excluded.processed_through"
)


@dataclass(frozen=True)
class DeliveryReceipt:
    """Proof of receipt of an envelope; equal for each delivery."""

    id: UUID
    hash: str
    received_at: datetime


@dataclass(frozen=True)
class PairPosition:
    """Position in the sequence of a sender; see `InboxPair`.

    `has_later`: envelopes that wait for their predecessor are stored.
    """

    received_through: int = 0
    hash: str | None = None
    processed_through: int = 0
    has_later: bool = True


@dataclass(frozen=True)
class QueuedEnvelope:
    """The next envelope to process; with a `code` it is refused."""

    envelope: Envelope
    attempts: int
    received_at: datetime
    code: str | None


@dataclass(frozen=True)
class ProcessedEnvelope:
    """A processed envelope: applied, or refused with a code."""

    envelope: Envelope
    code: str | None = None


def receive(actor: Actor, raw: bytes, keys: KeyLookup) -> DeliveryReceipt:
    """Receive an envelope for the actor's state; raises EnvelopeRefused.

    An envelope received before gets the same receipt and changes nothing. One whose predecessor is
    missing waits for it. The time of receipt is `actor.now()`.
    """
    outcome = receive_many(actor, [raw], keys)[0]
    if isinstance(outcome, EnvelopeRefused):
        raise outcome
    return outcome


def receive_many(
    actor: Actor, raws: Sequence[bytes], keys: KeyLookup
) -> list[DeliveryReceipt | EnvelopeRefused]:
    """Receive envelopes in any order; a refused one affects no other."""
    outcomes: dict[int, DeliveryReceipt | EnvelopeRefused] = {}
    by_sender: dict[str, list[tuple[int, Envelope]]] = defaultdict(list)
    for at, raw in enumerate(raws):
        try:
            envelope = parse(raw)
            if envelope.recipient != actor.own_state():
                raise EnvelopeRefused("other_recipient", field=envelope.recipient)
            verify_signature(envelope, keys, actor.now())
            by_sender[envelope.sender].append((at, envelope))
        except EnvelopeRefused as refused:
            outcomes[at] = refused
    pair_locks.lock_with(actor.own_state(), by_sender)
    for sender in sorted(by_sender):
        intake = _SenderIntake(actor, sender, [envelope for _, envelope in by_sender[sender]])
        for at, envelope in sorted(by_sender[sender], key=lambda item: item[1].sequence):
            outcomes[at] = intake.accept(envelope)
        intake.store()
    return [outcomes[at] for at in range(len(raws))]


class _SenderIntake:
    """Envelopes of one sender in a batch, accepted in the order of their sequence."""

    def __init__(self, actor: Actor, sender: str, envelopes: Sequence[Envelope]) -> None:
        self.actor, self.state, self.sender = actor, actor.own_state(), sender
        values = {
            "state": self.state,
            "sender": sender,
            "ids": [envelope.id for envelope in envelopes],
            "sequences": [envelope.sequence for envelope in envelopes],
        }
        rows = execute_raw(_LOAD_POSITION, values).fetchall()
        reached, known = rows[0][:4], [row[4:] for row in rows if row[4] is not None]
        self.position = PairPosition() if reached[0] is None else PairPosition(*reached)
        self.receipts = {row[0]: DeliveryReceipt(*row[:3]) for row in known}
        self.sequences = {sequence for *_, by, sequence in known if by == sender}
        self.accepted: list[Envelope] = []

    def accept(self, envelope: Envelope) -> DeliveryReceipt | EnvelopeRefused:
        """Accept an envelope, to be stored, or return the refusal."""
        if earlier := self.receipts.get(envelope.id):
            is_same = earlier.hash == envelope.hash
            return earlier if is_same else EnvelopeRefused("id_taken", field=str(envelope.id))
        if envelope.sequence in self.sequences:
            return EnvelopeRefused("sequence_taken", field=str(envelope.sequence))
        if envelope.sequence == self.position.received_through + 1:
            if envelope.previous != self.position.hash:
                return EnvelopeRefused("chain_broken", field=str(envelope.id))
            self._move_to(envelope.sequence, envelope.hash)
        receipt = DeliveryReceipt(envelope.id, envelope.hash, self.actor.now())
        self.receipts[envelope.id] = receipt
        self.sequences.add(envelope.sequence)
        self.accepted.append(envelope)
        return receipt

    def _move_to(self, sequence: int, digest: str) -> None:
        self.position = replace(self.position, received_through=sequence, hash=digest)

    def store(self) -> None:
        """Insert the accepted envelopes, and save the position."""
        if not self.accepted:
            return
        newest = max(envelope.sequence for envelope in self.accepted)
        has_gap = self.position.has_later or newest != self.position.received_through
        self._insert(NO_STATEMENT if has_gap else self._save_statement())
        if has_gap:
            self._advance()
            execute_raw(*self._save_statement())

    def _save_statement(self) -> SqlStatement:
        position = self.position
        reached = (position.received_through, position.hash, position.processed_through)
        return SqlStatement(_SAVE_POSITION, (self.state, self.sender, *reached))

    def _insert(self, save: SqlStatement) -> None:
        now = self.actor.now()
        received, progress = [], []
        names = ("id", "kind", "case_number", "previous", "hash", "raw")
        for envelope in self.accepted:
            common = {
                "owner_state": self.state,
                "sender": self.sender,
                "sequence": envelope.sequence,
            }
            content = {name: getattr(envelope, name) for name in names}
            received.append(common | content | {"received_at": now})
            outcome = {"status": "waiting", "code": None, "attempts": 0, "due_at": now}
            progress.append(common | outcome | {"envelope_id": envelope.id, "processed_at": None})
        insert_into_tables({InboxEnvelope: received, InboxProgress: progress}, save)

    def _advance(self) -> None:
        """Advance over stored envelopes that waited for their predecessor, up to a gap.

        Each is checked against it. One that does not follow its predecessor is refused in its turn:
        its sender signed two histories, which people have to look at.
        """
        while True:
            reached = self.position.received_through
            values = (self.state, self.sender, reached, FOLLOWER_BATCH)
            for envelope_id, sequence, previous, digest in execute_raw(
                _FOLLOWERS, values
            ).fetchall():
                if sequence != self.position.received_through + 1:
                    return
                if previous != self.position.hash:
                    _set_progress(self.state, envelope_id, code="chain_broken")
                self._move_to(sequence, digest)
            if self.position.received_through < reached + FOLLOWER_BATCH:
                return


def find_received(actor: Actor, envelope_id: UUID) -> Envelope | None:
    """Return an envelope that the actor's state received, or None."""
    row = execute_raw(_FIND, (actor.own_state(), envelope_id)).fetchone()
    return from_stored(bytes(row[0]), row[1]) if row else None


def ready_senders(actor: Actor) -> list[str]:
    """Return the senders with envelopes that can be processed now, in order."""
    is_next = (InboxProgress.sender == InboxPair.sender) & (
        InboxProgress.sequence == InboxPair.processed_through + 1
    )
    ready = (
        InboxPair.owner_state == actor.own_state(),
        InboxProgress.owner_state == actor.own_state(),
        InboxProgress.sequence <= InboxPair.received_through,
        InboxProgress.status == "waiting",
        InboxProgress.due_at <= actor.now(),
    )
    senders = select(InboxPair.sender).join(InboxProgress, is_next).where(*ready)
    return list(db.session.scalars(senders.order_by(InboxPair.sender)))


def next_envelopes(actor: Actor, sender: str, limit: int) -> list[QueuedEnvelope]:
    """Return a sender's next envelopes, in order and without a gap.

    A postponed one blocks those after it until its time. The caller holds the lock of the pair.
    """
    rows = execute_raw(_READY, (actor.own_state(), sender, limit)).fetchall()
    return [
        QueuedEnvelope(from_stored(bytes(raw), digest), attempts, received_at, code)
        for raw, digest, received_at, attempts, code, _ in takewhile(
            lambda row: row[-1] <= actor.now(), rows
        )
    ]


def mark_processed(actor: Actor, sender: str, processed: Sequence[ProcessedEnvelope]) -> None:
    """Mark envelopes as processed in the transaction that applied them, with audit.

    They are the next of their sender, in order and without a gap.
    """
    if not processed:
        return
    state, now = actor.own_state(), actor.now()
    applied = [item.envelope.id for item in processed if item.code is None]
    last = processed[-1].envelope.sequence
    mark = SqlStatement(_MARK_PROCESSED, (now, state, applied, last, state, sender))
    append_many(actor, [_processing_entry(item) for item in processed], mark)
    for item in processed:
        if item.code is not None:
            _set_progress(
                state, item.envelope.id, status="refused", code=item.code, processed_at=now
            )


def _processing_entry(item: ProcessedEnvelope) -> AuditEvent:
    envelope, action = item.envelope, Action.ENVELOPE_APPLIED
    data = envelope.audit_data | {"sender": envelope.sender}
    if item.code is not None:
        action = Action.ENVELOPE_REFUSED
        data["code"] = item.code
        if envelope.body.get("hidden_from"):  # its restriction was not stored, so no case either
            data["case_number"] = None
    return AuditEvent(action, "envelope", envelope.id, envelope.sender, data=data)


def retry_later(actor: Actor, waiting: QueuedEnvelope) -> None:
    """Store a failed attempt, and the time of the next one."""
    due_at, attempts = actor.now() + retry_delay(waiting.attempts), waiting.attempts + 1
    _set_progress(actor.own_state(), waiting.envelope.id, due_at=due_at, attempts=attempts)


def _set_progress(state: str, envelope_id: UUID, **values: Any) -> None:
    row = (InboxProgress.owner_state == state, InboxProgress.envelope_id == envelope_id)
    change = update(InboxProgress).where(*row).values(**values)
    db.session.execute(change.execution_options(synchronize_session=False))
