"""Envelopes are sent, delivered and applied: at least once on the way, exactly once in effect.

A command of a state sends, and delivers what it sent to states of this installation at once:

    envelope = send(actor, vault, Letter("trace.request", case_number, "PRY", body))
    deliver_now(actor, vault)

The module of the asked state answers, in its own name and under its own eyes:

    @handles("trace.request")
    def _asked(actor: Actor, vault: Vault, envelope: Envelope) -> None:
        …
        send(actor, vault, Letter("trace.answer", envelope.case_number, envelope.sender, said, envelope))
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import text

from salsa_ext.db import as_state, db
from salsa_ext.errors import EnvelopeRefused
from salsa_ext.messages import inbox, outbox, pairs, queue
from salsa_ext.messages.envelopes import Envelope, Letter, sign_again
from salsa_ext.messages.inbox import Intake, Receipt
from salsa_ext.messages.outbox import Undelivered
from salsa_ext.policy.rules import service
from salsa_ext.readmodels.signing import keys_named
from salsa_ext.readmodels.states import participants, require_participant
from salsa_ext.services import applications
from salsa_ext.services.handlers import handles, when_refused
from salsa_ext.services.sealing import Vault
from salsa_ext.services.signing import signer
from salsa_ext.values.actor import Actor

__all__ = ["deliver_now", "handles", "run", "send", "send_many", "when_refused"]

MOST: Final = 100
ROUNDS: Final = 8
"""How often answers to answers are delivered at once; what goes on longer is for the worker."""
Offered = tuple[Undelivered, Receipt | EnvelopeRefused]
"""An envelope with what its recipient made of it."""
_GIVE_WAY = text("SET LOCAL lock_timeout = '500ms'")


def send(actor: Actor, vault: Vault, letter: Letter) -> Envelope:
    """Put a letter of the actor's state into its outbox, in the transaction of the command.

    No command of its own, as `audit.append` is none. It comes last, after the rows that the command
    changes: the two states are kept from other letters until the end. Raises Invalid for a
    recipient that takes no part, EnvelopeRefused for a body that is no JSON object or too large.
    """
    return send_many(actor, vault, [letter])[0]


def send_many(actor: Actor, vault: Vault, letters: Sequence[Letter]) -> list[Envelope]:
    """Put several letters into the outbox, in order; see `send`."""
    for recipient in sorted({letter.recipient for letter in letters}):
        require_participant(recipient)
    return outbox.put_many(actor, signer(actor, vault), letters)


def deliver_now(actor: Actor, vault: Vault) -> int:
    """Deliver what the actor's transaction sent to states of this installation, and apply it.

    Answers are delivered too, and answers to those, a few rounds deep, so that the command can show
    them. What fails waits for the worker, and the command goes on. Returns how many were applied.
    """
    db.session.flush()  # what the command changed is its state's to write, not the recipient's
    speaking, here, applied = [actor], participants(), 0
    with as_state(actor, actor.own_state()):  # also what is kept from the actor's agency
        for _ in range(ROUNDS):
            told: dict[str, int] = {}
            for each in speaking:
                with as_state(actor, each.own_state()):
                    told |= (done := _offer_first(each, vault, here))
                applied += sum(done.values())
            speaking = [_eyes(actor, name) for name in sorted(told)]
    return applied


def run(actor: Actor, vault: Vault) -> int:
    """Deliver and apply what waits for the actor's state, with one other; returns how much.

    Called in a transaction of that state by the worker alone, again until it returns none. Safe to
    run anywhere, twice, at once: two states whom another run holds are passed over. It waits for no
    command longer than half a second, and then tries again later.
    """
    state = actor.own_state()
    db.session.execute(_GIVE_WAY)
    for recipient, waiting in outbox.waiting(actor, participants(), MOST).items():
        if pairs.try_lock(state, recipient):
            return _offer(actor, vault, recipient, waiting)
    for sender in queue.senders(actor):
        if pairs.try_lock(state, sender):
            return max(1, applications.settle(actor, vault, sender))
    return 0


def _eyes(actor: Actor, state: str) -> Actor:
    """Return who acts for a state to which an envelope came, by the same clock.

    It is never the officer of the command: what comes is applied for the state, not for him.
    """
    return service(state, actor.clock)


def _offer_first(actor: Actor, vault: Vault, here: Iterable[str]) -> dict[str, int]:
    """Offer what a state put and never offered, and let it be applied; returns how much, by recipient."""
    applied, receipts = dict[str, int](), list[Offered]()
    said = outbox.waiting(actor, here, MOST, is_first=True)
    for recipient, waiting in said.items():
        if pairs.try_lock(actor.own_state(), recipient):
            raws = _signed(actor, vault, waiting)
            taker = _eyes(actor, recipient)
            with as_state(actor, recipient):
                intake = inbox.receive_many(taker, raws, keys_named)
                applied[recipient] = _apply(taker, vault, actor.own_state(), intake)
            receipts += zip(waiting, intake.told, strict=True)
    _note(actor, receipts)
    return applied


def _apply(taker: Actor, vault: Vault, sender: str, intake: Intake) -> int:
    """Let the recipient apply what it just took of a sender, and what waited before; returns how much."""
    taken = intake.next_of.get(sender)
    ready = None if taken is None else queue.just_taken(taker, taken)
    return applications.settle(taker, vault, sender, ready)


def _offer(actor: Actor, vault: Vault, recipient: str, waiting: Sequence[Undelivered]) -> int:
    """Let the recipient take envelopes, and note which it took; returns how many were offered."""
    raws = _signed(actor, vault, waiting)
    with as_state(actor, recipient):
        intake = inbox.receive_many(_eyes(actor, recipient), raws, keys_named)
    _note(actor, list(zip(waiting, intake.told, strict=True)))
    return len(waiting)


def _note(actor: Actor, offered: Sequence[Offered]) -> None:
    """Note which envelopes were taken, and when the others are offered again."""
    for each, receipt in offered:
        if isinstance(receipt, EnvelopeRefused):
            outbox.put_off(actor, each, receipt.reason)
            applications.warn("envelope not taken", each.envelope, receipt.reason)
    taken = [receipt.id for _, receipt in offered if isinstance(receipt, Receipt)]
    if taken:
        outbox.mark_delivered(actor, taken)


def _signed(actor: Actor, vault: Vault, waiting: Sequence[Undelivered]) -> list[bytes]:
    """Return the bytes of envelopes as they may be offered."""
    return [_with_good_key(actor, vault, each.envelope).raw for each in waiting]


def _with_good_key(actor: Actor, vault: Vault, envelope: Envelope) -> Envelope:
    """Return an envelope as it may be offered: by the key of now, where its own was stolen."""
    key = keys_named(envelope.kid).get(envelope.kid)
    if key is not None and key.compromised_at is None:
        return envelope
    return sign_again(envelope, signer(actor, vault))
