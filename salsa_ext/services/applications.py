"""What waits in an inbox is applied in its order: once, set aside for good, or tried again later."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy.exc import DataError

from salsa_ext.db import db
from salsa_ext.errors import (
    EnvelopeRefused,
    InFlight,
    NotConfigured,
    SalsaError,
    StaleVersion,
    Unavailable,
)
from salsa_ext.messages import outbox, queue
from salsa_ext.messages.envelopes import REFUSED, Envelope, Letter
from salsa_ext.messages.queue import Settled, Waiting
from salsa_ext.services import handlers
from salsa_ext.services.sealing import Vault
from salsa_ext.services.signing import signer
from salsa_ext.values.actor import Actor

log = logging.getLogger("salsa.worker")
MOST: Final = 100
HEALED_BY_TIME: Final = (Unavailable, NotConfigured, InFlight, StaleVersion)
PATIENCE: Final = timedelta(days=1)
"""How long an envelope waits for a program that knows its kind: an update may be under way."""


def settle(
    actor: Actor, vault: Vault, sender: str, ready: Sequence[Waiting] | None = None
) -> int:  # fmt: skip
    """Apply what is ready of what a sender said to the actor's state; returns how many were settled.

    `ready` is all of that, where it was just taken.
    The caller holds the lock of the pair, and acts as that state. Each is applied in a savepoint,
    and marked in the same transaction. The first that fails keeps back those after it.
    """
    settled: list[Settled] = []
    for waiting in queue.ready(actor, sender, MOST) if ready is None else ready:
        try:
            settled.append(Settled(waiting.envelope, _attempt(actor, vault, waiting)))
        except Exception as error:  # whatever it is, the next round tries again
            warn("envelope not applied", waiting.envelope, type(error).__name__)
            queue.put_off(actor, waiting)
            break
    queue.settle(actor, sender, settled)
    return len(settled)


def warn(said: str, envelope: Envelope, error: str) -> None:
    """Log what became of an envelope, without what it says."""
    told = {"envelope": str(envelope.id), "kind": envelope.kind, "sender": envelope.sender,
            "recipient": envelope.recipient, "error": error}  # fmt: skip
    log.warning(said, extra=told)


def _attempt(actor: Actor, vault: Vault, waiting: Waiting) -> str | None:
    """Apply an envelope; returns None, or the code for which it was set aside, told to its sender.

    Raises whatever time may heal.
    """
    code = waiting.code or _unknown(actor, waiting)
    if code is None:
        code = _applied(actor, vault, waiting.envelope)
    if code is not None:
        with db.session.begin_nested():
            _tell(actor, vault, waiting.envelope, code)
    return code


def _applied(actor: Actor, vault: Vault, envelope: Envelope) -> str | None:
    try:
        with db.session.begin_nested():
            handlers.apply(actor, vault, envelope)
    except HEALED_BY_TIME:
        raise
    except EnvelopeRefused as refused:
        return refused.reason
    except SalsaError as error:
        return error.code
    except DataError:  # a value that the database takes never
        return "malformed"
    return None


def _unknown(actor: Actor, waiting: Waiting) -> str | None:
    """Return the code for a kind that no program has known for a day."""
    kind = waiting.envelope.kind
    if kind in handlers.HANDLERS or kind == REFUSED:
        return None
    return "unknown_kind" if actor.now() - waiting.received_at >= PATIENCE else None


def _tell(actor: Actor, vault: Vault, envelope: Envelope, code: str) -> None:
    """Tell the sender that its envelope was set aside; of such news itself nothing is told."""
    warn("envelope set aside", envelope, code)
    if envelope.kind == REFUSED:
        return
    said = Letter(REFUSED, envelope.case_number, envelope.sender, {"code": code}, envelope)
    outbox.put(actor, signer(actor, vault), said)
