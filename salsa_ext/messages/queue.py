"""What is in the inbox and not applied yet: taken in its order, and marked when it is settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from salsa_ext.audit import Act, Action, append_many
from salsa_ext.db import Statement, ask, db
from salsa_ext.messages.envelopes import Envelope, kept
from salsa_ext.messages.outbox import pause
from salsa_ext.messages.standings import SETTLE
from salsa_ext.models import InboxPair, InboxProgress
from salsa_ext.values.actor import Actor

_READY = (
    "SELECT said.raw, said.hash, said.received_at, went.attempts, went.code, went.due_at"
    " FROM inbox_pair pair JOIN inbox said ON said.owner_state = pair.owner_state"
    " AND said.sender = pair.sender AND said.sequence > pair.settled_through"
    " AND said.sequence <= pair.received_through JOIN inbox_progress went"
    " ON went.owner_state = said.owner_state AND went.envelope_id = said.id"
    " WHERE pair.owner_state = %s AND pair.sender = %s ORDER BY said.sequence LIMIT %s"
)
_APPLIED = ("UPDATE inbox_progress SET status = 'applied', settled_at = %s"
            " WHERE owner_state = %s AND envelope_id = ANY(%s::uuid[])")  # fmt: skip


@dataclass(frozen=True)
class Waiting:
    """An envelope whose turn it is; `code` says why it is not to be applied, where it is not."""

    envelope: Envelope
    attempts: int
    received_at: datetime
    code: str | None


@dataclass(frozen=True)
class Settled:
    """One that is done with: applied, or set aside for a reason."""

    envelope: Envelope
    code: str | None = None


def senders(actor: Actor) -> list[str]:
    """Return who said something to the actor's state that can be applied now, in order."""
    next_one = (InboxProgress.sender == InboxPair.sender) & (
        InboxProgress.sequence == InboxPair.settled_through + 1
    )
    mine = (InboxPair.owner_state == actor.own_state(),
            InboxProgress.owner_state == actor.own_state(),
            InboxProgress.sequence <= InboxPair.received_through,
            InboxProgress.status == "waiting", InboxProgress.due_at <= actor.now())  # fmt: skip
    found = select(InboxPair.sender).join(InboxProgress, next_one).where(*mine)
    return list(db.session.scalars(found.order_by(InboxPair.sender)))


def ready(actor: Actor, sender: str, most: int) -> list[Waiting]:
    """Return what is to be applied next of what a sender said, in its order and without a gap.

    One that was put off keeps back those after it until its time has come. Whoever asks holds the
    lock of the pair.
    """
    rows = ask(_READY, (actor.own_state(), sender, most)).fetchall()
    return [
        Waiting(kept(bytes(raw), digest), attempts, received_at, code)
        for raw, digest, received_at, attempts, code, _ in takewhile(
            lambda row: row[-1] <= actor.now(), rows
        )
    ]


def just_taken(actor: Actor, envelopes: Sequence[Envelope]) -> list[Waiting]:
    """Return the same of envelopes that were taken this moment, and are the next of their sender."""
    return [Waiting(envelope, 0, actor.now(), None) for envelope in envelopes]


def settle(actor: Actor, sender: str, settled: Sequence[Settled]) -> None:
    """Mark envelopes as done with, in the transaction in which they were applied, and audit it.

    They are the next of their sender, in order and without a gap.
    """
    if not settled:
        return
    state, now = actor.own_state(), actor.now()
    applied = [each.envelope.id for each in settled if each.code is None]
    last = settled[-1].envelope.sequence
    done = Statement(f"{_APPLIED}; {SETTLE}", (now, state, applied, last, state, sender))
    append_many(actor, [_act(each) for each in settled], done)
    for each in settled:
        if each.code is not None:
            _mark(state, [each.envelope.id], status="refused", code=each.code, settled_at=now)


def put_off(actor: Actor, waiting: Waiting) -> None:
    """Note that an envelope could not be applied, and when that is tried again."""
    again = actor.now() + pause(waiting.attempts)
    attempts = waiting.attempts + 1
    _mark(actor.own_state(), [waiting.envelope.id], due_at=again, attempts=attempts)


def _mark(state: str, ids: Sequence[UUID], **values: Any) -> None:
    mine = (InboxProgress.owner_state == state, InboxProgress.envelope_id.in_(ids))
    changed = update(InboxProgress).where(*mine).values(**values)
    db.session.execute(changed.execution_options(synchronize_session=False))


def _act(settled: Settled) -> Act:
    envelope = settled.envelope
    told = {"kind": envelope.kind, "sender": envelope.sender, "sequence": envelope.sequence,
            "case_number": envelope.told_case, "hash": envelope.hash,
            "about": envelope.about}  # fmt: skip
    if settled.code is None:
        return Act(Action.ENVELOPE_APPLIED, "envelope", envelope.id, envelope.sender, data=told)
    told["code"] = settled.code
    if envelope.body.get("hidden_from"):  # what it says was not done: from whom it is kept neither
        told["case_number"] = None
    return Act(Action.ENVELOPE_REFUSED, "envelope", envelope.id, envelope.sender, data=told)
