"""The inbox of a state: what came, checked, in the order in which it was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from salsa_ext.errors import EnvelopeRefused
from salsa_ext.messages.envelopes import Envelope, Keys
from salsa_ext.values.actor import Actor


@dataclass(frozen=True)
class Receipt:
    """That an envelope is in the inbox of its recipient, since when; the same for each delivery."""

    id: UUID
    hash: str
    received_at: datetime


def receive(actor: Actor, raw: bytes, keys: Keys) -> Receipt:
    """Take an envelope for the actor's state, which is the recipient, or raise EnvelopeRefused.

    One that came before gets the same receipt and changes nothing. One whose predecessor has not
    come yet is kept until it has. The moment of receipt is `actor.now()`.
    """
    told = receive_many(actor, [raw], keys)[0]
    if isinstance(told, EnvelopeRefused):
        raise told
    return told


def receive_many(
    actor: Actor, raws: Sequence[bytes], keys: Keys
) -> list[Receipt | EnvelopeRefused]:
    """Take envelopes for the actor's state, in any order; one that is refused spoils no other."""
    raise NotImplementedError


def ready(actor: Actor, sender: str, most: int) -> list[Envelope]:
    """Return what is to be applied next of what a sender said, in its order and without a gap."""
    raise NotImplementedError
