"""The inbox of a state: envelopes checked, stored and queued in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
_FIND = "SELECT raw, hash FROM inbox WHERE owner_state = %s AND id = %s"
_FOLLOWERS = (
    "SELECT id, sequence, previous, hash FROM inbox WHERE owner_state = %s AND sender = %s"
    " AND sequence > %s AND sequence <= %s ORDER BY sequence"
)


@dataclass(frozen=True)
class DeliveryReceipt:
    """Proof of receipt of an envelope; equal for each delivery."""

    id: UUID
    hash: str
    received_at: datetime


@dataclass(frozen=True)
class IntakeResult:
    """The outcome of a batch of received envelopes.

    `told` has for each envelope its receipt or the refusal. `next_of` has, by sender, those that
    can be processed now, in order; for a sender that is not in it, ask the queue.
    """

    outcomes: list[DeliveryReceipt | EnvelopeRefused]
    next_of: Mapping[str, Sequence[Envelope]]


@dataclass(frozen=True)
class PairPosition:
    """Position in the sequence of a sender; see `InboxPair`.

    `has_later`: envelopes that wait for their predecessor are stored.
    """

    received_through: int = 0
    hash: str | None = None
    processed_through: int = 0
    has_later: bool = True


@dataclass
class _SenderIntake:
    """Envelopes of one sender in a batch; `known`: earlier receipts."""

    standing: PairPosition
    known: dict[UUID, DeliveryReceipt]
    sequences: set[int]
    taken: list[Envelope] = field(default_factory=list)


def receive(actor: Actor, raw: bytes, keys: KeyLookup) -> DeliveryReceipt:
    """Receive an envelope for the actor's state; raises EnvelopeRefused.

    An envelope received before gets the same receipt and changes nothing. One whose predecessor is
    missing waits for it. The time of receipt is `actor.now()`.
    """
    told = receive_many(actor, [raw], keys).outcomes[0]
    if isinstance(told, EnvelopeRefused):
        raise told
    return told


def receive_many(actor: Actor, raws: Sequence[bytes], keys: KeyLookup) -> IntakeResult:
    """Receive envelopes in any order; a refused one affects no other."""
    read = [_check_envelope(actor, raw, keys) for raw in raws]
    senders = {each.sender for each in read if isinstance(each, Envelope)}
    pair_locks.lock_with(actor.own_state(), senders)
    told: dict[int, DeliveryReceipt | EnvelopeRefused] = {
        at: each for at, each in enumerate(read) if isinstance(each, EnvelopeRefused)
    }
    next_of: dict[str, Sequence[Envelope]] = {}
    for sender in sorted(senders):
        said = {
            at: each
            for at, each in enumerate(read)
            if isinstance(each, Envelope) and each.sender == sender
        }
        taking = _start_intake(actor.own_state(), sender, list(said.values()))
        before = taking.standing
        told |= _accept_from(actor, sender, taking, said)
        if before.processed_through == before.received_through and _has_no_gap(taking):
            next_of[sender] = taking.taken
    return IntakeResult([told[at] for at in range(len(raws))], next_of)


def find_received(actor: Actor, envelope_id: UUID) -> Envelope | None:
    """Return an envelope that the actor's state received, or None."""
    row = execute_raw(_FIND, (actor.own_state(), envelope_id)).fetchone()
    return from_stored(bytes(row[0]), row[1]) if row else None


def _check_envelope(actor: Actor, raw: bytes, keys: KeyLookup) -> Envelope | EnvelopeRefused:
    try:
        envelope = parse(raw)
        if envelope.recipient != actor.own_state():
            raise EnvelopeRefused("other_recipient", field=envelope.recipient)
        verify_signature(envelope, keys, actor.now())
    except EnvelopeRefused as refused:
        return refused
    return envelope


def _accept_from(
    actor: Actor, sender: str, taking: _SenderIntake, said: Mapping[int, Envelope]
) -> dict[int, DeliveryReceipt | EnvelopeRefused]:
    state, before = actor.own_state(), taking.standing
    told = {
        at: _accept(actor, taking, envelope)
        for at, envelope in sorted(said.items(), key=lambda item: item[1].sequence)
    }
    if not taking.taken:
        return told
    if taking.standing == before:  # the one that is missed is missing still
        _insert(actor, taking.taken)
    elif _has_no_gap(taking):
        _insert(actor, taking.taken, position_statement(state, sender, taking.standing))
    else:
        _insert(actor, taking.taken)
        execute_raw(*position_statement(state, sender, _advance(state, sender, taking.standing)))
    return told


def _start_intake(state: str, sender: str, said: Sequence[Envelope]) -> _SenderIntake:
    """Load the position of the pair, and receipts of known envelopes."""
    ids, numbers = [each.id for each in said], [each.sequence for each in said]
    reached, rows = load_position(state, sender, ids, numbers)
    known = {row[0]: DeliveryReceipt(*row[:3]) for row in rows}
    taken = {sequence for *_, said_by, sequence in rows if said_by == sender}
    return _SenderIntake(reached, known, taken)


def _accept(
    actor: Actor, taking: _SenderIntake, envelope: Envelope
) -> DeliveryReceipt | EnvelopeRefused:
    if (before := taking.known.get(envelope.id)) is not None:
        same = before.hash == envelope.hash
        return before if same else EnvelopeRefused("id_taken", field=str(envelope.id))
    if envelope.sequence in taking.sequences:
        return EnvelopeRefused("sequence_taken", field=str(envelope.sequence))
    if envelope.sequence == taking.standing.received_through + 1:
        if envelope.previous != taking.standing.hash:
            return EnvelopeRefused("chain_broken", field=str(envelope.id))
        taking.standing = replace(
            taking.standing, received_through=envelope.sequence, hash=envelope.hash
        )
    receipt = DeliveryReceipt(envelope.id, envelope.hash, actor.now())
    taking.known[envelope.id] = receipt
    taking.sequences.add(envelope.sequence)
    taking.taken.append(envelope)
    return receipt


def _insert(actor: Actor, taken: Sequence[Envelope], reached: SqlStatement = NO_STATEMENT) -> None:
    now = actor.now()
    came = [
        {
            "owner_state": each.recipient,
            "id": each.id,
            "sender": each.sender,
            "sequence": each.sequence,
            "kind": each.kind,
            "case_number": each.case_number,
            "previous": each.previous,
            "hash": each.hash,
            "raw": each.raw,
            "received_at": now,
        }
        for each in taken
    ]
    progress = [
        {
            "owner_state": each.recipient,
            "envelope_id": each.id,
            "sender": each.sender,
            "sequence": each.sequence,
            "status": "waiting",
            "code": None,
            "attempts": 0,
            "due_at": now,
            "settled_at": None,
        }
        for each in taken
    ]
    insert_into_tables({InboxEnvelope: came, InboxProgress: progress}, reached)


def _has_no_gap(taking: _SenderIntake) -> bool:
    """Return whether no stored envelope waited for the accepted ones, without gaps."""
    newest = max((each.sequence for each in taking.taken), default=None)
    return newest == taking.standing.received_through and not taking.standing.has_later


def _advance(state: str, sender: str, reached: PairPosition) -> PairPosition:
    """Advance over stored envelopes that waited for their predecessor.

    Each is checked against it. One that does not follow its predecessor is refused in its turn: its
    sender signed two histories, which people have to look at.
    """
    for row in _followers(state, sender, reached.received_through):
        envelope_id, sequence, previous, digest = row
        if previous != reached.hash:
            _set_progress(state, envelope_id, code="chain_broken")
        reached = replace(reached, received_through=sequence, hash=digest)
    return reached


def _followers(state: str, sender: str, through: int) -> Iterator[Any]:
    """Yield stored envelopes after a sequence number, up to the first gap."""
    while True:
        rows = execute_raw(
            _FOLLOWERS, (state, sender, through, through + FOLLOWER_BATCH)
        ).fetchall()
        for row in rows:
            if row[1] != through + 1:
                return
            through = row[1]
            yield row
        if not rows:
            return


def _set_progress(state: str, envelope_id: UUID, **values: Any) -> None:
    mine = (InboxProgress.owner_state == state, InboxProgress.envelope_id == envelope_id)
    changed = update(InboxProgress).where(*mine).values(**values)
    db.session.execute(changed.execution_options(synchronize_session=False))


_READY = (
    "SELECT said.raw, said.hash, said.received_at, went.attempts, went.code, went.due_at"
    " FROM inbox_pair pair JOIN inbox said ON said.owner_state = pair.owner_state"
    " AND said.sender = pair.sender AND said.sequence > pair.settled_through"
    " AND said.sequence <= pair.received_through JOIN inbox_progress went"
    " ON went.owner_state = said.owner_state AND went.envelope_id = said.id"
    " WHERE pair.owner_state = %s AND pair.sender = %s ORDER BY said.sequence LIMIT %s"
)
_APPLIED = (
    "UPDATE inbox_progress SET status = 'applied', settled_at = %s"
    " WHERE owner_state = %s AND envelope_id = ANY(%s::uuid[])"
)


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


def ready_senders(actor: Actor) -> list[str]:
    """Return the senders with envelopes that can be processed now, in order."""
    next_one = (InboxProgress.sender == InboxPair.sender) & (
        InboxProgress.sequence == InboxPair.settled_through + 1
    )
    mine = (
        InboxPair.owner_state == actor.own_state(),
        InboxProgress.owner_state == actor.own_state(),
        InboxProgress.sequence <= InboxPair.received_through,
        InboxProgress.status == "waiting",
        InboxProgress.due_at <= actor.now(),
    )
    found = select(InboxPair.sender).join(InboxProgress, next_one).where(*mine)
    return list(db.session.scalars(found.order_by(InboxPair.sender)))


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


def as_queued(actor: Actor, envelopes: Sequence[Envelope]) -> list[QueuedEnvelope]:
    """Return envelopes received now, the next of their sender, as queued ones."""
    return [QueuedEnvelope(envelope, 0, actor.now(), None) for envelope in envelopes]


def mark_processed(actor: Actor, sender: str, processed: Sequence[ProcessedEnvelope]) -> None:
    """Mark envelopes as processed in the transaction that applied them, with audit.

    They are the next of their sender, in order and without a gap.
    """
    if not processed:
        return
    state, now = actor.own_state(), actor.now()
    applied = [each.envelope.id for each in processed if each.code is None]
    last = processed[-1].envelope.sequence
    done = SqlStatement(f"{_APPLIED}; {_SET_PROCESSED}", (now, state, applied, last, state, sender))
    append_many(actor, [_processing_entry(each) for each in processed], done)
    for each in processed:
        if each.code is not None:
            _set_progress_of(
                state, [each.envelope.id], status="refused", code=each.code, settled_at=now
            )


def retry_later(actor: Actor, waiting: QueuedEnvelope) -> None:
    """Store a failed attempt, and the time of the next one."""
    again = actor.now() + retry_delay(waiting.attempts)
    attempts = waiting.attempts + 1
    _set_progress_of(actor.own_state(), [waiting.envelope.id], due_at=again, attempts=attempts)


def _set_progress_of(state: str, ids: Sequence[UUID], **values: Any) -> None:
    mine = (InboxProgress.owner_state == state, InboxProgress.envelope_id.in_(ids))
    changed = update(InboxProgress).where(*mine).values(**values)
    db.session.execute(changed.execution_options(synchronize_session=False))


def _processing_entry(settled: ProcessedEnvelope) -> AuditEvent:
    envelope = settled.envelope
    told = {
        "kind": envelope.kind,
        "sender": envelope.sender,
        "sequence": envelope.sequence,
        "case_number": envelope.audited_case,
        "hash": envelope.hash,
        "about": envelope.subject_ids,
    }
    if settled.code is None:
        return AuditEvent(
            Action.ENVELOPE_APPLIED, "envelope", envelope.id, envelope.sender, data=told
        )
    told["code"] = settled.code
    if envelope.body.get("hidden_from"):  # what it says was not done: from whom it is kept neither
        told["case_number"] = None
    return AuditEvent(Action.ENVELOPE_REFUSED, "envelope", envelope.id, envelope.sender, data=told)


_LOAD_POSITION = (
    "SELECT pair.received_through, pair.hash, pair.settled_through, EXISTS (SELECT 1 FROM inbox"
    " WHERE inbox.owner_state = pair.owner_state AND inbox.sender = pair.sender"
    " AND sequence > received_through),"
    " said.id, said.hash, said.received_at, said.sender, said.sequence"
    " FROM (SELECT 1) asked LEFT JOIN inbox_pair pair"
    " ON pair.owner_state = %(state)s AND pair.sender = %(sender)s"
    " LEFT JOIN inbox said ON said.owner_state = %(state)s AND (said.id = ANY(%(ids)s::uuid[])"
    " OR (said.sender = %(sender)s AND said.sequence = ANY(%(numbers)s::bigint[])))"
)
_SAVE_POSITION = (
    "INSERT INTO inbox_pair (owner_state, sender, received_through, hash, settled_through)"
    " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (owner_state, sender) DO UPDATE SET received_through"
    " = excluded.received_through, hash = excluded.hash, settled_through = excluded.settled_through"
)
_SET_PROCESSED = "UPDATE inbox_pair SET settled_through = %s WHERE owner_state = %s AND sender = %s"
"""Sets the sequence up to which a sender's envelopes are processed."""


def load_position(
    state: str, sender: str, ids: Sequence[UUID] = (), numbers: Sequence[int] = ()
) -> tuple[PairPosition, list[Any]]:
    """Return the position of a pair, and the named envelopes received.

    The first position where nothing was received. Rows: id, hash, time of receipt, sender,
    sequence.
    """
    asked = {"state": state, "sender": sender, "ids": list(ids), "numbers": list(numbers)}
    rows = execute_raw(_LOAD_POSITION, asked).fetchall()
    reached, came = rows[0][:4], [row[4:] for row in rows if row[4] is not None]
    return (PairPosition() if reached[0] is None else PairPosition(*reached)), came


def position_statement(state: str, sender: str, reached: PairPosition) -> SqlStatement:
    """Return the statement that stores the position of a pair."""
    kept = (reached.received_through, reached.hash, reached.processed_through)
    return SqlStatement(_SAVE_POSITION, (state, sender, *kept))
