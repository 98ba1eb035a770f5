"""Deliver envelopes: at least once on the way, exactly once in effect.

A command of a state sends, and delivers at once to states of this installation:

    envelope = outbox.send(actor, EnvelopeData("trace.request", case_number, "PRY", body))
    delivery.deliver_now(actor)

The handler of the asked state answers, acting as that state:

    @handles("trace.request")
    def _on_request(actor: Actor, envelope: Envelope) -> None:
        …
        data = EnvelopeData("trace.answer", envelope.case_number, envelope.sender, body, envelope)
        outbox.send(actor, data)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import text

from salsa_ext.access.rules import service
from salsa_ext.access.signing import find_public_key, signer
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import EnvelopeRefused
from salsa_ext.database.session import acting_as, db
from salsa_ext.exchange import inbox, outbox, pair_locks, processing
from salsa_ext.exchange.envelopes import Envelope, sign
from salsa_ext.exchange.outbox import PendingEnvelope
from salsa_ext.reference.names import participants

BATCH: Final = 100
MAX_ROUNDS: Final = 8
"""Rounds of answers delivered at once; the worker does the rest."""
_LOCK_TIMEOUT = text("SET LOCAL lock_timeout = '500ms'")


def deliver_now(actor: Actor) -> int:
    """Deliver the transaction's envelopes to local states and process them.

    Answers are delivered too, up to MAX_ROUNDS rounds, so that the command can show them. Failures
    wait for the worker. Returns the number processed.
    """
    db.session.flush()  # what the command changed is its state's to write, not the recipient's
    senders, applied = [actor], 0
    with acting_as(actor, actor.own_state()):  # also rows restricted for the actor's agency
        for _ in range(MAX_ROUNDS):
            recipients: set[str] = set()
            for sender in senders:
                with acting_as(actor, sender.own_state()):
                    counts = _offer_new(sender)
                recipients |= counts.keys()
                applied += sum(counts.values())
            # a recipient answers by its service, never by the command's officer
            senders = [service(name, actor.clock, actor.vault) for name in sorted(recipients)]
    return applied


def _offer_new(actor: Actor) -> dict[str, int]:
    """Offer and process new envelopes of a state; returns counts by recipient."""
    counts: dict[str, int] = {}
    for recipient, waiting in outbox.pending(actor, participants(), BATCH, is_first=True).items():
        if pair_locks.try_lock_with(actor.own_state(), recipient):
            _offer(actor, recipient, waiting)
            with acting_as(actor, recipient):
                receiver = service(recipient, actor.clock, actor.vault)
                counts[recipient] = processing.process(receiver, actor.own_state())
    return counts


def deliver_pending(actor: Actor) -> int:
    """Deliver and process pending envelopes with one other state; returns how many.

    Called by the worker in a transaction of the state, again until it returns 0. Safe to run
    concurrently: locked pairs are skipped. Waits at most half a second for a command.
    """
    state = actor.own_state()
    db.session.execute(_LOCK_TIMEOUT)
    for recipient, waiting in outbox.pending(actor, participants(), BATCH).items():
        if pair_locks.try_lock_with(state, recipient):
            _offer(actor, recipient, waiting)
            return len(waiting)
    for sender in inbox.ready_senders(actor):
        if pair_locks.try_lock_with(state, sender):
            return max(1, processing.process(actor, sender))
    return 0


def _offer(actor: Actor, recipient: str, waiting: Sequence[PendingEnvelope]) -> None:
    """Offer envelopes to the recipient, and store the outcomes."""
    raws = [_with_valid_key(actor, pending.envelope).raw for pending in waiting]
    with acting_as(actor, recipient):
        receiver = service(recipient, actor.clock, actor.vault)
        outcomes = inbox.receive_many(receiver, raws, find_public_key)
    delivered = []
    for pending, outcome in zip(waiting, outcomes, strict=True):
        if isinstance(outcome, EnvelopeRefused):
            outbox.retry_later(actor, pending, outcome.reason)
            processing.log_warning("envelope not delivered", pending.envelope, outcome.reason)
        else:
            delivered.append(outcome.id)
    if delivered:
        outbox.mark_delivered(actor, delivered)


def _with_valid_key(actor: Actor, envelope: Envelope) -> Envelope:
    """Sign an envelope again if its key was stolen."""
    key = find_public_key(envelope.kid).get(envelope.kid)
    is_valid = key is not None and key.compromised_at is None
    return envelope if is_valid else sign(envelope, signer(actor))
