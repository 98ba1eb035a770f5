"""The inbox of a state: envelopes checked, stored and queued in order."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import update

from salsa_ext.access.audit import AuditEvent, append_many
from salsa_ext.access.audit_actions import Action
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import EnvelopeRefused
from salsa_ext.database.bulk import NO_STATEMENT, SqlStatement, insert_into_tables
from salsa_ext.database.session import db, execute_raw
from salsa_ext.exchange.envelopes import Envelope, KeyLookup, from_stored, parse, verify_signature
from salsa_ext.exchange.models import InboxEnvelope, InboxProgress
from salsa_ext.exchange.outbox import retry_delay

FOLLOWER_BATCH: Final = 500
_FIND: Final = "SELECT raw, hash FROM inbox WHERE owner_state = %s AND id = %s"
_FOLLOWERS: Final = (
    "SELECT id, sequence, previous, hash FROM inbox WHERE owner_state = %s AND sender = %s"
    " AND sequence > %s ORDER BY sequence LIMIT %s"
)
_CLAIM: Final = (
    "SELECT received.raw, received.hash, received.received_at, progress.attempts, progress.code"
    " FROM inbox_pair pair JOIN inbox_progress progress"
    " ON progress.owner_state = pair.owner_state AND progress.sender = pair.sender"
    " AND progress.sequence = pair.processed_through + 1"
    " JOIN inbox received ON received.owner_state = progress.owner_state"
    " AND received.id = progress.envelope_id"
    " WHERE pair.owner_state = %s AND pair.received_through > pair.processed_through"
    " AND progress.status = 'waiting' AND progress.due_at <= %s"
    " ORDER BY progress.due_at LIMIT 1 FOR UPDATE OF pair, progress SKIP LOCKED"
)
_MARK_PROCESSED: Final = (
    "WITH envelope AS (UPDATE inbox_progress SET status = %s, code = %s, processed_at = %s"
    " WHERE owner_state = %s AND envelope_id = %s)"
    " UPDATE inbox_pair SET processed_through = %s WHERE owner_state = %s AND sender = %s"
)
_LOCK_PAIR: Final = (
    "INSERT INTO inbox_pair (owner_state, sender, received_through, hash, processed_through)"
    " VALUES (%s, %s, 0, NULL, 0) ON CONFLICT (owner_state, sender) DO UPDATE"
    " SET hash = inbox_pair.hash RETURNING received_through, hash, processed_through"
)
_KNOWN: Final = (
    "SELECT EXISTS (SELECT 1 FROM inbox WHERE owner_state = %(state)s AND sender = %(sender)s"
    " AND sequence > %(reached)s), known.id, known.hash, known.received_at, known.sender,"
    " known.sequence FROM (SELECT 1) one LEFT JOIN inbox known ON known.owner_state = %(state)s"
    " AND (known.id = ANY(%(ids)s::uuid[])"
    " OR (known.sender = %(sender)s AND known.sequence = ANY(%(sequences)s::bigint[])))"
)
_SAVE_POSITION: Final = (
    "UPDATE inbox_pair SET received_through = %s, hash = %s WHERE owner_state = %s AND sender = %s"
)


@dataclass(frozen=True)
class DeliveryReceipt:
    """Proof of receipt of an envelope; equal for each delivery."""

    id: UUID
    hash: str
    received_at: datetime


@dataclass(frozen=True)
class QueuedEnvelope:
    """The next envelope of a sender to process, with the number of this try. With a `code` it is refused."""

    envelope: Envelope
    attempt: int
    received_at: datetime
    code: str | None


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
        # the known ones are read after the lock, by a statement of their own
        self.reached, self.hash, _ = lock_pair(self.state, sender)
        values = {
            "state": self.state,
            "sender": sender,
            "reached": self.reached,
            "ids": [envelope.id for envelope in envelopes],
            "sequences": [envelope.sequence for envelope in envelopes],
        }
        rows = execute_raw(_KNOWN, values).fetchall()
        self.has_later, known = rows[0][0], [row[1:] for row in rows if row[1] is not None]
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
        if envelope.sequence == self.reached + 1:
            if envelope.previous != self.hash:
                return EnvelopeRefused("chain_broken", field=str(envelope.id))
            self._move_to(envelope.sequence, envelope.hash)
        receipt = DeliveryReceipt(envelope.id, envelope.hash, self.actor.now())
        self.receipts[envelope.id] = receipt
        self.sequences.add(envelope.sequence)
        self.accepted.append(envelope)
        return receipt

    def _move_to(self, sequence: int, digest: str) -> None:
        self.reached, self.hash = sequence, digest

    def store(self) -> None:
        """Insert the accepted envelopes, and save the position."""
        if not self.accepted:
            return
        newest = max(envelope.sequence for envelope in self.accepted)
        has_gap = self.has_later or newest != self.reached
        self._insert(NO_STATEMENT if has_gap else self._save_statement())
        if has_gap:
            self._advance()
            execute_raw(*self._save_statement())

    def _save_statement(self) -> SqlStatement:
        return SqlStatement(_SAVE_POSITION, (self.reached, self.hash, self.state, self.sender))

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
            reached = self.reached
            values = (self.state, self.sender, reached, FOLLOWER_BATCH)
            for envelope_id, sequence, previous, digest in execute_raw(
                _FOLLOWERS, values
            ).fetchall():
                if sequence != self.reached + 1:
                    return
                if previous != self.hash:
                    set_progress(self.state, envelope_id, code="chain_broken")
                self._move_to(sequence, digest)
            if self.reached < reached + FOLLOWER_BATCH:
                return


def find_received(actor: Actor, envelope_id: UUID) -> Envelope | None:
    """Return an envelope that the actor's state received, or None."""
    row = execute_raw(_FIND, (actor.own_state(), envelope_id)).fetchone()
    return from_stored(bytes(row[0]), row[1]) if row else None


def lock_pair(state: str, sender: str) -> tuple[int, str | None, int]:
    """Lock an `InboxPair`; returns `received_through` with its hash, and `processed_through`."""
    position: tuple[int, str | None, int] = execute_raw(_LOCK_PAIR, (state, sender)).fetchone()
    return position


def claim_next(actor: Actor) -> QueuedEnvelope | None:
    """Count a try of the next due envelope of one sender; returns it, or None.

    In a transaction of its own, so that a crash of the try keeps the count. A postponed envelope
    blocks those after it until its time; pairs that another worker holds are skipped.
    """
    row = execute_raw(_CLAIM, (actor.own_state(), actor.now())).fetchone()
    if row is None:
        return None
    raw, digest, received_at, attempts, code = row
    envelope, due_at = from_stored(bytes(raw), digest), actor.now() + retry_delay(attempts)
    set_progress(actor.own_state(), envelope.id, attempts=attempts + 1, due_at=due_at)
    return QueuedEnvelope(envelope, attempts + 1, received_at, code)


def mark_processed(actor: Actor, envelope: Envelope, code: str | None) -> None:
    """Mark an envelope as applied, or refused with a code, with audit."""
    state, sender = actor.own_state(), envelope.sender
    outcome = ("refused" if code else "applied", code, actor.now(), state, envelope.id)
    mark = SqlStatement(_MARK_PROCESSED, (*outcome, envelope.sequence, state, sender))
    data = envelope.audit_data | {"sender": sender}
    if code is not None:
        data["code"] = code
        if envelope.body.get("hidden_from"):  # its restriction was not stored, so no case either
            data["case_number"] = None
    action = Action.ENVELOPE_REFUSED if code else Action.ENVELOPE_APPLIED
    append_many(actor, [AuditEvent(action, "envelope", envelope.id, sender, data=data)], mark)


def set_progress(state: str, envelope_id: UUID, **values: Any) -> None:
    """Update what became of a received envelope."""
    row = (InboxProgress.owner_state == state, InboxProgress.envelope_id == envelope_id)
    change = update(InboxProgress).where(*row).values(**values)
    db.session.execute(change.execution_options(synchronize_session=False))
