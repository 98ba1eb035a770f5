"""The outbox of a state: what it says to others, written in the transaction of the act itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import update

from salsa_ext.audit import Act, Action, append, append_with
from salsa_ext.db import Statement, ask, db, once, remember
from salsa_ext.messages import pairs
from salsa_ext.messages.envelopes import Envelope, Letter, Signer, kept, seal
from salsa_ext.models import Outbox, OutboxProgress
from salsa_ext.values.actor import Actor
from salsa_ext.values.ids import new_id

SOONEST: Final = timedelta(seconds=5)
LATEST: Final = timedelta(hours=1)
_WAITING = (
    "SELECT said.raw, said.hash, found.attempts FROM (SELECT owner_state, envelope_id, attempts"
    " FROM outbox_progress WHERE owner_state = %(state)s AND delivered_at IS NULL"
    " AND recipient = ANY(%(recipients)s::text[]) AND {when} ORDER BY envelope_id {order}"
    " LIMIT %(most)s) found"
    " JOIN outbox said ON said.owner_state = found.owner_state AND said.id = found.envelope_id"
)
_FIRST = _WAITING.format(when="attempts = 0", order="DESC")
_DUE = _WAITING.format(when="due_at <= %(now)s", order="")
_DELIVERED = ("UPDATE outbox_progress SET delivered_at = %s, attempts = attempts + 1, failure = NULL"
              " WHERE owner_state = %s AND envelope_id = ANY(%s::uuid[])")  # fmt: skip
_FOUND = "SELECT raw, hash FROM outbox WHERE owner_state = %s AND id = %s"
_ENDS = ("SELECT recipient, sequence, hash FROM outbox_pair WHERE owner_state = %s"
         " AND recipient = ANY(%s::text[])")  # fmt: skip
_MOVE = (
    "INSERT INTO outbox_pair (owner_state, recipient, sequence, hash) VALUES {rows} ON CONFLICT"
    " (owner_state, recipient) DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash"
)


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
        remember(_at_hand(state, envelope.id), envelope)
    if envelopes:
        _keep(actor, envelopes, _moving(state, {name: ends[name] for name in recipients}))
    return envelopes


def waiting(
    actor: Actor, recipients: Iterable[str], most: int, *, is_first: bool = False
) -> dict[str, list[Undelivered]]:
    """Return what waits to be delivered, by recipient and in its order.

    Those whose time has come; or, where `is_first`, the newest that were never offered.
    """
    asked = {"state": actor.own_state(), "recipients": sorted(recipients), "most": most,
             "now": actor.now()}  # fmt: skip
    found: dict[str, list[Undelivered]] = {}
    for raw, digest, attempts in ask(_FIRST if is_first else _DUE, asked):
        envelope = kept(bytes(raw), digest)
        found.setdefault(envelope.recipient, []).append(Undelivered(envelope, attempts))
    return {name: sorted(some, key=_number) for name, some in sorted(found.items())}


def _find(state: str, envelope_id: UUID) -> Envelope | None:
    row = ask(_FOUND, (state, envelope_id)).fetchone()
    return kept(bytes(row[0]), row[1]) if row else None


def _at_hand(state: str, envelope_id: UUID) -> tuple[str, str, UUID]:
    """Return by what an envelope of a state is known to the rest of the transaction that put it."""
    return ("sent", state, envelope_id)


def _number(undelivered: Undelivered) -> int:
    return undelivered.envelope.sequence


def find(actor: Actor, envelope_id: UUID) -> Envelope | None:
    """Return an envelope that the actor's state sent, or None."""
    state = actor.own_state()
    return cast(
        Envelope | None, once(_at_hand(state, envelope_id), lambda: _find(state, envelope_id))
    )


def mark_delivered(actor: Actor, ids: Sequence[UUID]) -> None:
    """Note that recipients have taken envelopes: they are offered no more."""
    ask(_DELIVERED, (actor.now(), actor.own_state(), list(ids)))


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


def _ends(state: str, recipients: Iterable[str]) -> dict[str, tuple[int, str | None]]:
    rows = ask(_ENDS, (state, sorted(recipients)))
    return {recipient: (sequence, last) for recipient, sequence, last in rows}


def _envelope(actor: Actor, letter: Letter, sequence: int, last: str | None) -> Envelope:
    asked = letter.in_reply_to
    return Envelope(
        new_id(), letter.kind, letter.case_number, actor.own_state(), letter.recipient, sequence,
        last, asked.id if asked else None, asked.hash if asked else None, actor.now(), letter.body,
    )  # fmt: skip


def _keep(actor: Actor, envelopes: Sequence[Envelope], moving: Statement) -> None:
    now = actor.now()
    sent = [{
        "owner_state": each.sender, "id": each.id, "recipient": each.recipient,
        "sequence": each.sequence, "kind": each.kind, "case_number": each.case_number,
        "hash": each.hash, "raw": each.raw, "put_at": now,
    } for each in envelopes]  # fmt: skip
    progress = [{
        "owner_state": each.sender, "envelope_id": each.id, "recipient": each.recipient,
        "sequence": each.sequence, "attempts": 0, "due_at": now, "delivered_at": None,
        "failure": None,
    } for each in envelopes]  # fmt: skip
    acts = [_act(each) for each in envelopes]
    append_with(actor, acts, {Outbox: sent, OutboxProgress: progress}, moving)


def _moving(state: str, ends: dict[str, tuple[int, str | None]]) -> Statement:
    rows = ", ".join(["(%s, %s, %s, %s)"] * len(ends))
    values = [value for name, end in ends.items() for value in (state, name, *end)]
    return Statement(_MOVE.format(rows=rows), values)


def _progress(actor: Actor, ids: Sequence[UUID], **values: Any) -> None:
    mine = (OutboxProgress.owner_state == actor.own_state(), OutboxProgress.envelope_id.in_(ids))
    changed = update(OutboxProgress).where(*mine).values(**values)
    db.session.execute(changed.execution_options(synchronize_session=False))


def _act(envelope: Envelope) -> Act:
    data = {"kind": envelope.kind, "recipient": envelope.recipient, "sequence": envelope.sequence,
            "case_number": envelope.told_case, "hash": envelope.hash,
            "about": envelope.about}  # fmt: skip
    return Act(Action.ENVELOPE_SENT, "envelope", envelope.id, data=data)
