"""Who applies which kind of envelope: modules name their functions here when they are imported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from salsa_ext.errors import EnvelopeRefused
from salsa_ext.messages import outbox
from salsa_ext.messages.envelopes import REFUSED, Envelope
from salsa_ext.services.sealing import Vault
from salsa_ext.values.actor import Actor

Handler = Callable[[Actor, Vault, Envelope], None]
RefusalHandler = Callable[[Actor, Vault, Envelope, str], None]

HANDLERS: Final[dict[str, Handler]] = {}
REFUSALS: Final[dict[str, RefusalHandler]] = {}


def handles(kind: str) -> Callable[[Handler], Handler]:
    """Name the function that applies envelopes of a kind, as the recipient's `operator`.

    It runs in a savepoint of its own, once: what it writes stands or falls with the mark that the
    envelope is applied. A SalsaError that time does not heal sets the envelope aside and is told to
    the sender; anything else is tried again by the worker. Objects of the sender may be in the
    session: read with `populate_existing`. The module has to be imported where the application is.
    """

    def keep(handler: Handler) -> Handler:
        assert kind not in HANDLERS, f"{kind} has a handler already"
        HANDLERS[kind] = handler
        return handler

    return keep


def when_refused(kind: str) -> Callable[[RefusalHandler], RefusalHandler]:
    """Name the function that the sender runs when its envelope of a kind was set aside.

    It gets the actor of the sender, the vault, its own envelope, and the code of the error.
    """

    def keep(handler: RefusalHandler) -> RefusalHandler:
        assert kind not in REFUSALS, f"{kind} has one already"
        REFUSALS[kind] = handler
        return handler

    return keep


def apply(actor: Actor, vault: Vault, envelope: Envelope) -> None:
    """Apply an envelope as its kind wants it; raises LookupError for a kind that nobody handles.

    What it says to answer has to be what the actor's state asked of its sender, in the same words.
    """
    asked = _asked(actor, envelope)
    if envelope.kind == REFUSED:
        _hear(actor, vault, envelope, asked)
    else:
        HANDLERS[envelope.kind](actor, vault, envelope)


def _asked(actor: Actor, envelope: Envelope) -> Envelope | None:
    if envelope.in_reply_to is None:
        return None
    asked = outbox.find(actor, envelope.in_reply_to)
    same = asked is not None and asked.recipient == envelope.sender
    if asked is None or not same or asked.hash != envelope.request_hash:
        raise EnvelopeRefused("other_request", field=str(envelope.in_reply_to))
    return asked


def _hear(actor: Actor, vault: Vault, envelope: Envelope, mine: Envelope | None) -> None:
    """Let the module that sent something hear that it was set aside."""
    code = envelope.body.get("code")
    if mine is None or not isinstance(code, str):
        raise EnvelopeRefused("malformed", field="body")
    outbox.mark_refused(actor, mine, code)
    if mine.kind in REFUSALS:
        REFUSALS[mine.kind](actor, vault, mine, code)
