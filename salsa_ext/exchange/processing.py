"""Process received envelopes in order: applied once, refused, or tried again later.

One envelope is one transaction of its recipient, claimed by the row lock on its pair of states:
effect and mark commit together. Tries are counted before, so that a crash keeps the count. Modules
register a handler for each kind when they are imported.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy.exc import DataError

from salsa_ext.access.rules import service
from salsa_ext.access.signing import find_public_key, signer
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import (
    EnvelopeRefused,
    NotConfigured,
    RequestInProgress,
    SalsaError,
    StaleVersion,
    Unavailable,
)
from salsa_ext.database.session import acting_as, db, transaction
from salsa_ext.exchange import inbox, outbox, processing
from salsa_ext.exchange.envelopes import REFUSED_KIND, Envelope, EnvelopeData, sign
from salsa_ext.exchange.inbox import QueuedEnvelope
from salsa_ext.exchange.outbox import PendingEnvelope
from salsa_ext.jobs.runner import QueueJob
from salsa_ext.reference.names import participants

log = logging.getLogger("salsa.worker")
MAX_TRIES: Final = 10
"""Tries of a failing envelope, over 40 minutes, before it is refused as `failed`."""
TRANSIENT_ERRORS: Final = (Unavailable, NotConfigured, RequestInProgress, StaleVersion)
UNKNOWN_KIND_DELAY: Final = timedelta(days=1)
"""Time before refusing an unknown kind, for updates under way."""
Handler = Callable[[Actor, Envelope], None]
RefusalHandler = Callable[[Actor, Envelope, str], None]
HANDLERS: Final[dict[str, Handler]] = {}
REFUSAL_HANDLERS: Final[dict[str, RefusalHandler]] = {}


def handles(*kinds: str) -> Callable[[Handler], Handler]:
    """Register the function that applies envelopes of some kinds.

    It acts as the recipient's service, once, in a savepoint that commits with the mark that the
    envelope is applied. A SalsaError that is not transient refuses the envelope and informs the
    sender; any other error is tried again later. The module has to be imported where the
    application is.
    """

    def register(handler: Handler) -> Handler:
        assert not HANDLERS.keys() & set(kinds), f"{kinds} have a handler already"
        HANDLERS.update(dict.fromkeys(kinds, handler))
        return handler

    return register


def handles_refusal(*kinds: str) -> Callable[[RefusalHandler], RefusalHandler]:
    """Register the sender's function for refused envelopes: its actor, envelope, code."""

    def register(handler: RefusalHandler) -> RefusalHandler:
        assert not REFUSAL_HANDLERS.keys() & set(kinds), f"{kinds} have a handler already"
        REFUSAL_HANDLERS.update(dict.fromkeys(kinds, handler))
        return handler

    return register


def apply_next(actor: Actor) -> bool:
    """Apply the next due envelope of one sender; returns False if there is none."""
    with transaction(actor):
        queued = inbox.claim_next(actor)
    if queued is None:
        return False
    envelope = queued.envelope
    try:
        with transaction(actor):
            *_, processed_through = inbox.lock_pair(actor.own_state(), envelope.sender)
            if processed_through < envelope.sequence:  # else another worker was faster
                inbox.mark_processed(actor, envelope, _process(actor, queued))
    except Exception as error:  # whatever it is, it is tried again
        log_warning("envelope not applied", envelope, type(error).__name__)
        if isinstance(error, TRANSIENT_ERRORS):  # not its fault, however long that takes
            with transaction(actor):
                attempts = min(queued.attempt, MAX_TRIES - 1)
                inbox.set_progress(actor.own_state(), envelope.id, attempts=attempts)
    return True


def log_warning(text: str, envelope: Envelope, error: str) -> None:
    """Log a problem with an envelope, without its body."""
    details = {
        "envelope": str(envelope.id),
        "kind": envelope.kind,
        "sender": envelope.sender,
        "recipient": envelope.recipient,
        "error": error,
    }
    log.warning(text, extra=details)


def _process(actor: Actor, queued: QueuedEnvelope) -> str | None:
    """Apply an envelope; returns None or a refusal's code. Raises LookupError, TRANSIENT_ERRORS."""
    envelope, code = queued.envelope, queued.code
    if envelope.kind not in (*HANDLERS, REFUSED_KIND):
        is_over = actor.now() - queued.received_at >= UNKNOWN_KIND_DELAY
        code = code or ("unknown_kind" if is_over else None)
    elif queued.attempt > MAX_TRIES:
        code = code or "failed"
    if code is None:
        code = _apply_in_savepoint(actor, envelope)
    if code is not None:
        log_warning("envelope refused", envelope, code)
        if envelope.kind != REFUSED_KIND:  # a refusal is not refused in turn
            body = {"code": code}
            with db.session.begin_nested():
                outbox.send(
                    actor,
                    EnvelopeData(
                        REFUSED_KIND, envelope.case_number, envelope.sender, body, envelope
                    ),
                )
    return code


def _apply_in_savepoint(actor: Actor, envelope: Envelope) -> str | None:
    try:
        with db.session.begin_nested():
            _apply(actor, envelope)
    except TRANSIENT_ERRORS:
        raise
    except EnvelopeRefused as refused:
        return refused.reason
    except SalsaError as error:
        return error.code
    except DataError:  # a value that the database never accepts
        return "malformed"
    return None


def _apply(actor: Actor, envelope: Envelope) -> None:
    """Apply an envelope by its handler; raises LookupError for an unknown kind.

    A reply must name a request of the actor's state to the sender, with its hash; otherwise raises
    EnvelopeRefused.
    """
    request = None
    if envelope.in_reply_to is not None:
        request = outbox.find_sent(actor, envelope.in_reply_to)
        is_to_sender = request is not None and request.recipient == envelope.sender
        if request is None or not is_to_sender or request.hash != envelope.request_hash:
            raise EnvelopeRefused("other_request", field=str(envelope.in_reply_to))
    if envelope.kind != REFUSED_KIND:
        HANDLERS[envelope.kind](actor, envelope)
        return
    code = envelope.body.get("code")
    if request is None or not isinstance(code, str):
        raise EnvelopeRefused("malformed", field="body")
    outbox.mark_refused(actor, request, code)
    if request.kind in REFUSAL_HANDLERS:
        REFUSAL_HANDLERS[request.kind](actor, request, code)


BATCH: Final = 100


def run_steps(*, actor: Actor) -> int:
    """Apply what a state received and deliver what it sent, some of each; returns how many."""
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
