"""Process received envelopes in order: applied once, refused, or tried again later.

Modules register a handler for each kind when they are imported.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy.exc import DataError

from salsa_ext.access.signing import signer
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import (
    EnvelopeRefused,
    NotConfigured,
    RequestInProgress,
    SalsaError,
    StaleVersion,
    Unavailable,
)
from salsa_ext.database.session import db
from salsa_ext.exchange import inbox, outbox
from salsa_ext.exchange.envelopes import REFUSED_KIND, Envelope, EnvelopeData
from salsa_ext.exchange.inbox import ProcessedEnvelope, QueuedEnvelope

log = logging.getLogger("salsa.worker")
BATCH: Final = 100
TRANSIENT_ERRORS: Final = (Unavailable, NotConfigured, RequestInProgress, StaleVersion)
UNKNOWN_KIND_DELAY: Final = timedelta(days=1)
"""Time before refusing an unknown kind, for updates under way."""


def process(actor: Actor, sender: str, ready: Sequence[QueuedEnvelope] | None = None) -> int:
    """Process the next envelopes of a sender; returns how many.

    `ready` are those, if just received. The caller holds the lock of the pair and acts as the
    recipient. Each is applied in a savepoint and marked in the same transaction. The first that
    fails blocks those after it.
    """
    settled: list[ProcessedEnvelope] = []
    for waiting in inbox.next_envelopes(actor, sender, BATCH) if ready is None else ready:
        try:
            settled.append(ProcessedEnvelope(waiting.envelope, _process_one(actor, waiting)))
        except Exception as error:  # whatever it is, the next round tries again
            log_warning("envelope not applied", waiting.envelope, type(error).__name__)
            inbox.retry_later(actor, waiting)
            break
    inbox.mark_processed(actor, sender, settled)
    return len(settled)


def log_warning(text: str, envelope: Envelope, error: str) -> None:
    """Log a problem with an envelope, without its body."""
    told = {
        "envelope": str(envelope.id),
        "kind": envelope.kind,
        "sender": envelope.sender,
        "recipient": envelope.recipient,
        "error": error,
    }
    log.warning(text, extra=told)


def _process_one(actor: Actor, waiting: QueuedEnvelope) -> str | None:
    """Apply an envelope; returns None, or the code of its refusal.

    Raises TRANSIENT_ERRORS.
    """
    code = waiting.code or _unknown_kind(actor, waiting)
    if code is None:
        code = _apply_in_savepoint(actor, waiting.envelope)
    if code is not None:
        with db.session.begin_nested():
            _send_refusal(actor, waiting.envelope, code)
    return code


def _apply_in_savepoint(actor: Actor, envelope: Envelope) -> str | None:
    try:
        with db.session.begin_nested():
            apply_envelope(actor, envelope)
    except TRANSIENT_ERRORS:
        raise
    except EnvelopeRefused as refused:
        return refused.reason
    except SalsaError as error:
        return error.code
    except DataError:  # a value that the database takes never
        return "malformed"
    return None


def _unknown_kind(actor: Actor, waiting: QueuedEnvelope) -> str | None:
    """Return the refusal code for a kind without handler for a day."""
    kind = waiting.envelope.kind
    if kind in HANDLERS or kind == REFUSED_KIND:
        return None
    return "unknown_kind" if actor.now() - waiting.received_at >= UNKNOWN_KIND_DELAY else None


def _send_refusal(actor: Actor, envelope: Envelope, code: str) -> None:
    """Inform the sender of a refusal; refusals of refusals are only logged."""
    log_warning("envelope set aside", envelope, code)
    if envelope.kind == REFUSED_KIND:
        return
    said = EnvelopeData(
        REFUSED_KIND, envelope.case_number, envelope.sender, {"code": code}, envelope
    )
    outbox.enqueue(actor, signer(actor), said)


Handler = Callable[[Actor, Envelope], None]
RefusalHandler = Callable[[Actor, Envelope, str], None]

HANDLERS: Final[dict[str, Handler]] = {}
REFUSAL_HANDLERS: Final[dict[str, RefusalHandler]] = {}


def handles(kind: str) -> Callable[[Handler], Handler]:
    """Register the function that applies envelopes of a kind.

    It acts as the recipient's service, once, in a savepoint that commits with the mark that the
    envelope is applied. A SalsaError that is not transient refuses the envelope and informs the
    sender; any other error is tried again by the worker. Objects of the sender may be in the
    session: read with `populate_existing`. The module has to be imported where the application is.
    """

    def keep(handler: Handler) -> Handler:
        assert kind not in HANDLERS, f"{kind} has a handler already"
        HANDLERS[kind] = handler
        return handler

    return keep


def handles_refusal(kind: str) -> Callable[[RefusalHandler], RefusalHandler]:
    """Register the function of the sender for refused envelopes of a kind.

    It gets the sender's actor, its own envelope, and the code of the refusal.
    """

    def keep(handler: RefusalHandler) -> RefusalHandler:
        assert kind not in REFUSAL_HANDLERS, f"{kind} has one already"
        REFUSAL_HANDLERS[kind] = handler
        return handler

    return keep


def apply_envelope(actor: Actor, envelope: Envelope) -> None:
    """Apply an envelope by its handler; raises LookupError for an unknown kind.

    A reply must name a request of the actor's state to the sender, with its hash; otherwise raises
    EnvelopeRefused.
    """
    asked = _request_replied_to(actor, envelope)
    if envelope.kind == REFUSED_KIND:
        _apply_refusal(actor, envelope, asked)
    else:
        HANDLERS[envelope.kind](actor, envelope)


def _request_replied_to(actor: Actor, envelope: Envelope) -> Envelope | None:
    if envelope.in_reply_to is None:
        return None
    asked = outbox.find_sent(actor, envelope.in_reply_to)
    same = asked is not None and asked.recipient == envelope.sender
    if asked is None or not same or asked.hash != envelope.request_hash:
        raise EnvelopeRefused("other_request", field=str(envelope.in_reply_to))
    return asked


def _apply_refusal(actor: Actor, envelope: Envelope, mine: Envelope | None) -> None:
    """Mark an own envelope as refused and call its refusal handler."""
    code = envelope.body.get("code")
    if mine is None or not isinstance(code, str):
        raise EnvelopeRefused("malformed", field="body")
    outbox.mark_refused(actor, mine, code)
    if mine.kind in REFUSAL_HANDLERS:
        REFUSAL_HANDLERS[mine.kind](actor, mine, code)
