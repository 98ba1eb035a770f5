"""The inbox of a state: what came, checked, and kept until it can be applied in its order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import update

from salsa_ext.db import NOTHING, Statement, ask, db, insert_together
from salsa_ext.errors import EnvelopeRefused
from salsa_ext.messages import pairs
from salsa_ext.messages.envelopes import Envelope, Keys, kept, parse, verify
from salsa_ext.messages.standings import Standing, keeping, standing
from salsa_ext.models import Inbox, InboxProgress
from salsa_ext.values.actor import Actor

TOGETHER: Final = 500
_FOUND = "SELECT raw, hash FROM inbox WHERE owner_state = %s AND id = %s"
_AFTER = ("SELECT id, sequence, previous, hash FROM inbox WHERE owner_state = %s AND sender = %s"
          " AND sequence > %s AND sequence <= %s ORDER BY sequence")  # fmt: skip


@dataclass(frozen=True)
class Receipt:
    """That an envelope is in the inbox of its recipient, since when; the same for each delivery."""

    id: UUID
    hash: str
    received_at: datetime


@dataclass(frozen=True)
class Intake:
    """What became of envelopes that came together: of each its receipt, or why it is refused.

    `next_of` are those of a sender that can be applied now, in order; of a sender that is not in it
    the queue has to be asked.
    """

    told: list[Receipt | EnvelopeRefused]
    next_of: Mapping[str, Sequence[Envelope]]


@dataclass
class _Taking:
    """What is taken of one sender at once; `known` are those of it that came before."""

    standing: Standing
    known: dict[UUID, Receipt]
    sequences: set[int]
    taken: list[Envelope] = field(default_factory=list)


def receive(actor: Actor, raw: bytes, keys: Keys) -> Receipt:
    """Take an envelope for the actor's state, which is the recipient, or raise EnvelopeRefused.

    One that came before gets the same receipt and changes nothing. One whose predecessor has not
    come yet is kept until it has. The moment of receipt is `actor.now()`.
    """
    told = receive_many(actor, [raw], keys).told[0]
    if isinstance(told, EnvelopeRefused):
        raise told
    return told


def receive_many(actor: Actor, raws: Sequence[bytes], keys: Keys) -> Intake:
    """Take envelopes for the actor's state, in any order; one that is refused spoils no other."""
    read = [_check(actor, raw, keys) for raw in raws]
    senders = {each.sender for each in read if isinstance(each, Envelope)}
    pairs.lock(actor.own_state(), senders)
    told: dict[int, Receipt | EnvelopeRefused] = {
        at: each for at, each in enumerate(read) if isinstance(each, EnvelopeRefused)
    }
    next_of: dict[str, Sequence[Envelope]] = {}
    for sender in sorted(senders):
        said = {at: each for at, each in enumerate(read)
                if isinstance(each, Envelope) and each.sender == sender}  # fmt: skip
        taking = _taking(actor.own_state(), sender, list(said.values()))
        before = taking.standing
        told |= _take(actor, sender, taking, said)
        if before.settled_through == before.received_through and _is_last(taking):
            next_of[sender] = taking.taken
    return Intake([told[at] for at in range(len(raws))], next_of)


def find(actor: Actor, envelope_id: UUID) -> Envelope | None:
    """Return an envelope that the actor's state received, or None."""
    row = ask(_FOUND, (actor.own_state(), envelope_id)).fetchone()
    return kept(bytes(row[0]), row[1]) if row else None


def _check(actor: Actor, raw: bytes, keys: Keys) -> Envelope | EnvelopeRefused:
    try:
        envelope = parse(raw)
        if envelope.recipient != actor.own_state():
            raise EnvelopeRefused("other_recipient", field=envelope.recipient)
        verify(envelope, keys, actor.now())
    except EnvelopeRefused as refused:
        return refused
    return envelope


def _take(
    actor: Actor, sender: str, taking: _Taking, said: Mapping[int, Envelope]
) -> dict[int, Receipt | EnvelopeRefused]:
    state, before = actor.own_state(), taking.standing
    told = {
        at: _take_one(actor, taking, envelope)
        for at, envelope in sorted(said.items(), key=lambda item: item[1].sequence)
    }
    if not taking.taken:
        return told
    if taking.standing == before:  # the one that is missed is missing still
        _keep(actor, taking.taken)
    elif _is_last(taking):
        _keep(actor, taking.taken, keeping(state, sender, taking.standing))
    else:
        _keep(actor, taking.taken)
        ask(*keeping(state, sender, _advanced(state, sender, taking.standing)))
    return told


def _taking(state: str, sender: str, said: Sequence[Envelope]) -> _Taking:
    """Return where the pair stands, and which of what is said came before."""
    ids, numbers = [each.id for each in said], [each.sequence for each in said]
    reached, rows = standing(state, sender, ids, numbers)
    known = {row[0]: Receipt(*row[:3]) for row in rows}
    taken = {sequence for *_, said_by, sequence in rows if said_by == sender}
    return _Taking(reached, known, taken)


def _take_one(actor: Actor, taking: _Taking, envelope: Envelope) -> Receipt | EnvelopeRefused:
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
    receipt = Receipt(envelope.id, envelope.hash, actor.now())
    taking.known[envelope.id] = receipt
    taking.sequences.add(envelope.sequence)
    taking.taken.append(envelope)
    return receipt


def _keep(actor: Actor, taken: Sequence[Envelope], reached: Statement = NOTHING) -> None:
    now = actor.now()
    came = [{
        "owner_state": each.recipient, "id": each.id, "sender": each.sender,
        "sequence": each.sequence, "kind": each.kind, "case_number": each.case_number,
        "previous": each.previous, "hash": each.hash, "raw": each.raw, "received_at": now,
    } for each in taken]  # fmt: skip
    progress = [{
        "owner_state": each.recipient, "envelope_id": each.id, "sender": each.sender,
        "sequence": each.sequence, "status": "waiting", "code": None, "attempts": 0,
        "due_at": now, "settled_at": None,
    } for each in taken]  # fmt: skip
    insert_together({Inbox: came, InboxProgress: progress}, reached)


def _is_last(taking: _Taking) -> bool:
    """Tell whether nothing is kept that waited for what was taken, which has no gap."""
    newest = max((each.sequence for each in taking.taken), default=None)
    return newest == taking.standing.received_through and not taking.standing.has_later


def _advanced(state: str, sender: str, reached: Standing) -> Standing:
    """Return the standing after those that waited for their predecessor, each checked against it.

    One that does not follow it, and came first, is set aside in its turn: its sender signed two
    histories, which people have to look at.
    """
    for row in _followers(state, sender, reached.received_through):
        envelope_id, sequence, previous, digest = row
        if previous != reached.hash:
            _mark(state, envelope_id, code="chain_broken")
        reached = replace(reached, received_through=sequence, hash=digest)
    return reached


def _followers(state: str, sender: str, through: int) -> Iterator[Any]:
    """Yield what is kept after a number, as far as there is no gap."""
    while True:
        rows = ask(_AFTER, (state, sender, through, through + TOGETHER)).fetchall()
        for row in rows:
            if row[1] != through + 1:
                return
            through = row[1]
            yield row
        if not rows:
            return


def _mark(state: str, envelope_id: UUID, **values: Any) -> None:
    mine = (InboxProgress.owner_state == state, InboxProgress.envelope_id == envelope_id)
    changed = update(InboxProgress).where(*mine).values(**values)
    db.session.execute(changed.execution_options(synchronize_session=False))
