"""What is said of legs, requests and traces: kept by each side for itself, and only added to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from salsa_ext.audit import Act, append_with
from salsa_ext.messages.envelopes import Envelope
from salsa_ext.models import TraceMessage
from salsa_ext.values.actor import Actor
from salsa_ext.values.ids import new_id

NOTE: Final = "note"
DECLINED: Final = "decline"
"""The kind of why a second person of the own state did not approve: a note in all else."""
SET_ASIDE: Final = "set_aside"
"""The kind of what the other side did not take; `code` says why."""


@dataclass(frozen=True)
class Word:
    """One thing that was said of a `leg`, a `request` or a `trace`; a note has no envelope."""

    about: str
    subject_id: UUID
    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)
    envelope: Envelope | None = None


def keep(actor: Actor, words: Iterable[Word], acts: Sequence[Act] = ()) -> None:
    """Keep what was said, for the actor's state alone; in the transaction of what it says.

    `acts` are written down in the same round trip.
    """
    append_with(actor, acts, {TraceMessage: [_row(actor, word) for word in words]})


def kind_of(envelope: Envelope) -> str:
    """Return the kind of what an envelope says: `answer` for `trace.answer`."""
    return envelope.kind.rpartition(".")[2]


def _row(actor: Actor, word: Word) -> dict[str, Any]:
    envelope, own = word.envelope, actor.own_state()
    sender = envelope.sender if envelope else own
    return {
        "id": new_id(), "owner_state": own, "subject_kind": word.about,
        "subject_id": word.subject_id, "kind": word.kind, "sender": sender,
        "by": actor.account_id if sender == own else None,
        "envelope_id": envelope.id if envelope else None, "data": dict(word.data),
        "at": actor.now(),
    }  # fmt: skip
