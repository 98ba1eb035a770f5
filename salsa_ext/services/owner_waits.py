"""Questions of which owners of `silent` records are told later, written with the question itself."""

from __future__ import annotations

from uuid import UUID

from salsa_ext.db import insert_many
from salsa_ext.models import OwnerWait
from salsa_ext.values.actor import Actor
from salsa_ext.values.ids import new_id


def add(actor: Actor, kind: str, cause: UUID) -> None:
    """Let a `seizure` or a `trace` wait, whatever it hit: that there is a row tells nothing."""
    insert_many(OwnerWait, [{
        "id": new_id(), "owner_state": actor.own_state(), "kind": kind, "cause_id": cause,
        "at": actor.now(),
    }])  # fmt: skip
