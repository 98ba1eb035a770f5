"""Deliver envelopes: at least once on the way, exactly once in effect.

A command of a state sends, and delivers at once to states of this installation:

    envelope = send(actor, EnvelopeData("trace.request", case_number, "PRY", body))
    deliver_now(actor)

The handler of the asked state answers, acting as that state:

    @handles("trace.request")
    def _on_request(actor: Actor, envelope: Envelope) -> None:
        …
        send(actor, EnvelopeData("trace.answer", envelope.case_number, envelope.sender, body, envelope))
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import text

from salsa_ext.access.rules import service
from salsa_ext.access.signing import find_public_key, signer
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import EnvelopeRefused
from salsa_ext.database.session import acting_as, db
from salsa_ext.exchange import inbox, outbox, pair_locks, processing
from salsa_ext.exchange.envelopes import Envelope, EnvelopeData, sign_again
from salsa_ext.exchange.inbox import DeliveryReceipt, IntakeResult
from salsa_ext.exchange.outbox import PendingEnvelope
from salsa_ext.reference.names import participants, require_participant

__all__ = ["deliver_now", "deliver_pending", "send", "send_many"]

BATCH: Final = 100
MAX_ROUNDS: Final = 8
"""Rounds of answers delivered at once; the worker does the rest."""
Offer = tuple[PendingEnvelope, DeliveryReceipt | EnvelopeRefused]
"""An offered envelope with the recipient's receipt or refusal."""
_LOCK_TIMEOUT = text("SET LOCAL lock_timeout = '500ms'")


def send(actor: Actor, data: EnvelopeData) -> Envelope:
    """Send an envelope of the actor's state in the command's transaction.

    Called last, after the rows that the command changes: the pair is locked until the end. Raises
    Invalid for a recipient that is no participant, EnvelopeRefused for a body that is no JSON
    object or too large.
    """
    return send_many(actor, [data])[0]


def send_many(actor: Actor, items: Sequence[EnvelopeData]) -> list[Envelope]:
    """Send several envelopes in order; see `send`."""
    for recipient in sorted({letter.recipient for letter in items}):
        require_participant(recipient)
    return outbox.enqueue_many(actor, signer(actor), items)


def deliver_now(actor: Actor) -> int:
    """Deliver the transaction's envelopes to local states and process them.

    Answers are delivered too, up to MAX_ROUNDS rounds, so that the command can show them. Failures
    wait for the worker. Returns the number processed.
    """
    db.session.flush()  # what the command changed is its state's to write, not the recipient's
    speaking, here, applied = [actor], participants(), 0
    with acting_as(actor, actor.own_state()):  # also what is kept from the actor's agency
        for _ in range(MAX_ROUNDS):
            told: dict[str, int] = {}
            for each in speaking:
                with acting_as(actor, each.own_state()):
                    told |= (done := _offer_new(each, here))
                applied += sum(done.values())
            speaking = [_recipient_service(actor, name) for name in sorted(told)]
    return applied


def deliver_pending(actor: Actor) -> int:
    """Deliver and process pending envelopes with one other state; returns how many.

    Called by the worker in a transaction of the state, again until it returns 0. Safe to run
    concurrently: locked pairs are skipped. Waits at most half a second for a command.
    """
    state = actor.own_state()
    db.session.execute(_LOCK_TIMEOUT)
    for recipient, waiting in outbox.pending(actor, participants(), BATCH).items():
        if pair_locks.try_lock_with(state, recipient):
            return _offer(actor, recipient, waiting)
    for sender in inbox.ready_senders(actor):
        if pair_locks.try_lock_with(state, sender):
            return max(1, processing.process(actor, sender))
    return 0


def _recipient_service(actor: Actor, state: str) -> Actor:
    """Return the recipient's service actor, never the command's officer."""
    return service(state, actor.clock, actor.vault)


def _offer_new(actor: Actor, here: Iterable[str]) -> dict[str, int]:
    """Offer and process new envelopes of a state; returns counts by recipient."""
    applied, receipts = dict[str, int](), list[Offer]()
    said = outbox.pending(actor, here, BATCH, is_first=True)
    for recipient, waiting in said.items():
        if pair_locks.try_lock_with(actor.own_state(), recipient):
            raws = _signed_bytes(actor, waiting)
            taker = _recipient_service(actor, recipient)
            with acting_as(actor, recipient):
                intake = inbox.receive_many(taker, raws, find_public_key)
                applied[recipient] = _process_received(taker, actor.own_state(), intake)
            receipts += zip(waiting, intake.outcomes, strict=True)
    _store_outcomes(actor, receipts)
    return applied


def _process_received(taker: Actor, sender: str, intake: IntakeResult) -> int:
    """Process envelopes just received of a sender, after those that waited."""
    taken = intake.next_of.get(sender)
    ready = None if taken is None else inbox.as_queued(taker, taken)
    return processing.process(taker, sender, ready)


def _offer(actor: Actor, recipient: str, waiting: Sequence[PendingEnvelope]) -> int:
    """Offer envelopes to the recipient, store the outcomes; returns the number offered."""
    raws = _signed_bytes(actor, waiting)
    with acting_as(actor, recipient):
        intake = inbox.receive_many(_recipient_service(actor, recipient), raws, find_public_key)
    _store_outcomes(actor, list(zip(waiting, intake.outcomes, strict=True)))
    return len(waiting)


def _store_outcomes(actor: Actor, offered: Sequence[Offer]) -> None:
    for each, receipt in offered:
        if isinstance(receipt, EnvelopeRefused):
            outbox.retry_later(actor, each, receipt.reason)
            processing.log_warning("envelope not taken", each.envelope, receipt.reason)
    taken = [receipt.id for _, receipt in offered if isinstance(receipt, DeliveryReceipt)]
    if taken:
        outbox.mark_delivered(actor, taken)


def _signed_bytes(actor: Actor, waiting: Sequence[PendingEnvelope]) -> list[bytes]:
    return [_with_valid_key(actor, each.envelope).raw for each in waiting]


def _with_valid_key(actor: Actor, envelope: Envelope) -> Envelope:
    """Sign an envelope again if its key was stolen."""
    key = find_public_key(envelope.kid).get(envelope.kid)
    if key is not None and key.compromised_at is None:
        return envelope
    return sign_again(envelope, signer(actor))
