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

from collections.abc import Callable

from salsa_ext.messages.envelopes import Envelope, Letter
from salsa_ext.services.sealing import Vault
from salsa_ext.values.actor import Actor

Handler = Callable[[Actor, Vault, Envelope], None]
RefusalHandler = Callable[[Actor, Vault, Envelope, str], None]


def handles(kind: str) -> Callable[[Handler], Handler]:
    """Name the function that applies envelopes of a kind, as the recipient's `operator`.

    It runs in a savepoint of its own, once: what it writes stands or falls with the mark that the
    envelope is applied. A SalsaError that time does not heal sets the envelope aside and is told to
    the sender; anything else is tried again by the worker. Objects of the sender may be in the
    session: read with `populate_existing`. The module has to be imported where the application is.
    """
    raise NotImplementedError


def when_refused(kind: str) -> Callable[[RefusalHandler], RefusalHandler]:
    """Name the function that the sender runs when its envelope of a kind was set aside.

    It gets the actor of the sender, the vault, its own envelope, and the code of the error.
    """
    raise NotImplementedError


def send(actor: Actor, vault: Vault, letter: Letter) -> Envelope:
    """Put a letter of the actor's state into its outbox, in the transaction of the command.

    No command of its own, as `audit.append` is none. Raises Invalid for a recipient that takes no
    part, EnvelopeRefused for a body that is no JSON object or too large.
    """
    raise NotImplementedError


def deliver_now(actor: Actor, vault: Vault) -> int:
    """Deliver what the actor's transaction sent to states of this installation, and apply it.

    Answers are delivered too, and answers to those, a few rounds deep, so that the command can show
    them. What fails waits for the worker, and the command goes on. Returns how many were applied.
    """
    raise NotImplementedError


def run(actor: Actor, vault: Vault) -> int:
    """Deliver and apply what waits for the actor's state, one pair of states; returns how many.

    Called in a transaction of that state by the worker alone, again until it returns none. Safe to
    run anywhere, twice, at once.
    """
    raise NotImplementedError
