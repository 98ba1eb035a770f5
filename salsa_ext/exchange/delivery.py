"""Deliver envelopes: at least once on the way, exactly once in effect.

A command of a state sends, and returns:

    outbox.send(actor, EnvelopeData("trace.request", case_number, "PRY", body))

The worker delivers it, and applies it as the recipient, whose handler may answer:

    @handles("trace.request")
    def _on_request(actor: Actor, envelope: Envelope) -> None:
        …
        data = EnvelopeData("trace.answer", envelope.case_number, envelope.sender, body, envelope)
        outbox.send(actor, data)
"""

from collections.abc import Sequence
from typing import Final

from salsa_ext.access.rules import service
from salsa_ext.access.signing import find_public_key, signer
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import EnvelopeRefused
from salsa_ext.database.session import acting_as, transaction
from salsa_ext.exchange import inbox, outbox, processing
from salsa_ext.exchange.envelopes import Envelope, sign
from salsa_ext.exchange.outbox import PendingEnvelope
from salsa_ext.jobs.runner import QueueJob
from salsa_ext.reference.names import participants

BATCH: Final = 100


def run_steps(*, actor: Actor) -> int:
    """Apply what a state received, and deliver what it sent; returns the number of envelopes.

    Some of each, so that other states have their turn. Safe to run concurrently: locked envelopes
    and pairs of states are skipped.
    """
    count = 0
    while count < BATCH and processing.apply_next(actor):
        count += 1
    return count + deliver(actor)


def deliver(actor: Actor) -> int:
    """Deliver due envelopes of the actor's state in one transaction; returns how many."""
    with transaction(actor):
        by_recipient = outbox.claim_pending(actor, participants(), BATCH)
        for recipient, pending in sorted(by_recipient.items()):
            _offer(actor, recipient, pending)
    return sum(map(len, by_recipient.values()))


def _offer(actor: Actor, recipient: str, envelopes: Sequence[PendingEnvelope]) -> None:
    """Offer envelopes to the recipient, and store the outcomes."""
    raws = [_with_valid_key(actor, pending.envelope).raw for pending in envelopes]
    with acting_as(actor, recipient):
        receiver = service(recipient, actor.clock, actor.vault)
        outcomes = inbox.receive_many(receiver, raws, find_public_key)
    delivered = []
    for pending, outcome in zip(envelopes, outcomes, strict=True):
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


JOBS: Final = (QueueJob("envelopes", run_steps, "SELECT * FROM salsa_envelope_states()"),)
