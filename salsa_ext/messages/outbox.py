"""The outbox of a state: what it says to others, written in the transaction of the act itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from salsa_ext.audit import Act, Action, append, append_many
from salsa_ext.db import db, insert_many
from salsa_ext.messages import pairs
from salsa_ext.messages.envelopes import Envelope, Letter, Signer, kept, seal
from salsa_ext.models import Outbox, OutboxPair, OutboxProgress
from salsa_ext.values.actor import Actor
from salsa_ext.values.ids import new_id

SOONEST: Final = timedelta(seconds=5)
LATEST: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Undelivered:
    """An envelope that its recipient has not taken yet, and how often it was offered."""

    envelope: Envelope
    attempts: int


def put(actor: Actor, signer: Signer, letter: Letter) -> Envelope:
    """Put one letter of the actor's state into its outbox; returns its envelope, sealed.

    Nothing is sent before the caller's transaction ends well, and nothing is lost after. Commands
    call `services.deliveries.send`, which knows the keys. Raises EnvelopeRefused.
    """
    return put_many(actor, signer, [letter])[0]


def put_many(actor: Actor, signer: Signer, letters: Sequence[Letter]) -> list[Envelope]:
    """Put letters of the actor's state into its outbox, in order; returns their envelopes.

    Each two states that the letters are between are kept from everybody else until the end.
    """
    state, recipients = actor.own_state(), {letter.recipient for letter in letters}
    pairs.lock(state, recipients)
    ends, envelopes = _ends(state, recipients), []
    for letter in letters:
        sequence, last = ends.get(letter.recipient, (0, None))
        envelope = seal(_envelope(actor, letter, sequence + 1, last), signer)
        ends[letter.recipient] = (envelope.sequence, envelope.hash)
        envelopes.append(envelope)
    _keep(actor, envelopes)
    _move(state, {name: ends[name] for name in recipients})
    append_many(actor, [_act(envelope) for envelope in envelopes])
    return envelopes


def waiting(
    actor: Actor, recipients: Iterable[str], most: int, *, is_first: bool = False
) -> dict[str, list[Undelivered]]:
    """Return what waits to be delivered, by recipient and in its order.

    Those whose time has come; or, where `is_first`, the newest that were never offered.
    """
    to = (OutboxProgress.owner_state == actor.own_state(), OutboxProgress.delivered_at.is_(None),
          OutboxProgress.recipient.in_(sorted(recipients)))  # fmt: skip
    when = OutboxProgress.attempts == 0 if is_first else OutboxProgress.due_at <= actor.now()
    order = OutboxProgress.envelope_id.desc() if is_first else OutboxProgress.envelope_id
    rows = select(OutboxProgress.envelope_id, OutboxProgress.attempts).where(*to, when)
    attempts = {row.envelope_id: row.attempts
                for row in db.session.execute(rows.order_by(order).limit(most))}  # fmt: skip
    found: dict[str, list[Undelivered]] = {}
    for envelope in _sent(actor, list(attempts)):
        some = found.setdefault(envelope.recipient, [])
        some.append(Undelivered(envelope, attempts[envelope.id]))
    return {name: sorted(some, key=_number) for name, some in sorted(found.items())}


def _number(undelivered: Undelivered) -> int:
    return undelivered.envelope.sequence


def find(actor: Actor, envelope_id: UUID) -> Envelope | None:
    """Return an envelope that the actor's state sent, or None."""
    return next(iter(_sent(actor, [envelope_id])), None)


def mark_delivered(actor: Actor, ids: Sequence[UUID]) -> None:
    """Note that recipients have taken envelopes: they are offered no more."""
    _progress(
        actor, ids, delivered_at=actor.now(), attempts=OutboxProgress.attempts + 1, failure=None
    )


def put_off(actor: Actor, undelivered: Undelivered, failure: str) -> None:
    """Note that an envelope was not taken, and when it is offered again; `failure` is a code."""
    again = actor.now() + pause(undelivered.attempts)
    attempts = undelivered.attempts + 1
    _progress(actor, [undelivered.envelope.id], due_at=again, attempts=attempts, failure=failure)


def mark_refused(actor: Actor, envelope: Envelope, code: str) -> None:
    """Note that the recipient took an envelope of the actor's state and set it aside, and audit it."""
    _progress(actor, [envelope.id], failure=code)
    told = {"recipient": envelope.recipient, "code": code}
    append(actor, Act(Action.ENVELOPE_RETURNED, "envelope", envelope.id, data=told))


def pause(attempts: int) -> timedelta:
    """Return how long to wait after so many attempts: twice as long each time, up to an hour."""
    seconds = SOONEST.total_seconds() * 2.0 ** min(attempts, 20)
    return min(timedelta(seconds=seconds), LATEST)


def _sent(actor: Actor, ids: Sequence[UUID]) -> list[Envelope]:
    mine = (Outbox.owner_state == actor.own_state(), Outbox.id.in_(ids))
    raws = db.session.scalars(select(Outbox.raw).where(*mine)) if ids else ()
    return [kept(bytes(raw)) for raw in raws]


def _ends(state: str, recipients: Iterable[str]) -> dict[str, tuple[int, str | None]]:
    """Return the number and hash of the last envelope to each recipient."""
    mine = (OutboxPair.owner_state == state, OutboxPair.recipient.in_(sorted(recipients)))
    rows = select(OutboxPair.recipient, OutboxPair.sequence, OutboxPair.hash).where(*mine)
    return {row.recipient: (row.sequence, row.hash) for row in db.session.execute(rows)}


def _envelope(actor: Actor, letter: Letter, sequence: int, last: str | None) -> Envelope:
    asked = letter.in_reply_to
    return Envelope(
        new_id(), letter.kind, letter.case_number, actor.own_state(), letter.recipient, sequence,
        last, asked.id if asked else None, asked.hash if asked else None, actor.now(), letter.body,
    )  # fmt: skip


def _keep(actor: Actor, envelopes: Sequence[Envelope]) -> None:
    now = actor.now()
    insert_many(Outbox, [{
        "owner_state": each.sender, "id": each.id, "recipient": each.recipient,
        "sequence": each.sequence, "kind": each.kind, "case_number": each.case_number,
        "hash": each.hash, "raw": each.raw, "put_at": now,
    } for each in envelopes])  # fmt: skip
    insert_many(OutboxProgress, [{
        "owner_state": each.sender, "envelope_id": each.id, "recipient": each.recipient,
        "sequence": each.sequence, "attempts": 0, "due_at": now, "delivered_at": None,
        "failure": None,
    } for each in envelopes])  # fmt: skip


def _move(state: str, ends: dict[str, tuple[int, str | None]]) -> None:
    if not ends:
        return
    rows = [{"owner_state": state, "recipient": name, "sequence": sequence, "hash": last}
            for name, (sequence, last) in ends.items()]  # fmt: skip
    made = insert(OutboxPair).values(rows)
    moved = {"sequence": made.excluded.sequence, "hash": made.excluded.hash}
    key = [OutboxPair.owner_state, OutboxPair.recipient]
    db.session.execute(made.on_conflict_do_update(index_elements=key, set_=moved))


def _progress(actor: Actor, ids: Sequence[UUID], **values: Any) -> None:
    mine = (OutboxProgress.owner_state == actor.own_state(), OutboxProgress.envelope_id.in_(ids))
    changed = update(OutboxProgress).where(*mine).values(**values)
    db.session.execute(changed.execution_options(synchronize_session=False))


def _act(envelope: Envelope) -> Act:
    data = {"kind": envelope.kind, "recipient": envelope.recipient, "sequence": envelope.sequence,
            "case_number": envelope.case_number, "hash": envelope.hash,
            "about": envelope.about}  # fmt: skip
    return Act(Action.ENVELOPE_SENT, "envelope", envelope.id, data=data)
