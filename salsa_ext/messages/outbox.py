"""The outbox of a state: what it says to others, written in the transaction of the act itself."""

from __future__ import annotations

from collections.abc import Sequence

from salsa_ext.messages.envelopes import Envelope, Letter, Signer
from salsa_ext.values.actor import Actor


def put(actor: Actor, signer: Signer, letter: Letter) -> Envelope:
    """Put one letter of the actor's state into its outbox; returns its envelope, sealed.

    Nothing is sent before the caller's transaction ends well, and nothing is lost after. Commands
    call `services.deliveries.send`, which knows the keys. Raises EnvelopeRefused.
    """
    return put_many(actor, signer, [letter])[0]


def put_many(actor: Actor, signer: Signer, letters: Sequence[Letter]) -> list[Envelope]:
    """Put letters of the actor's state into its outbox, in order; returns their envelopes.

    Each pair of states that the letters are between is kept from everybody else until the end.
    """
    raise NotImplementedError
