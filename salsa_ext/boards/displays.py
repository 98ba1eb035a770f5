"""What a device needs to keep an account's work while it has no line: a name, a key, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from salsa_ext.access.models import ApiKey
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.database.session import db


@dataclass(frozen=True)
class Keeping:
    """By what a device keeps the work of an account: `owner` names it there and says nothing of it.

    The same for the account on each device and in each session, so that what was kept in one session
    is opened in the next. `ends_at` is when the session ends, and with it the device's right to hold
    the key.
    """

    owner: str
    key: bytes
    ends_at: datetime | None


def keeping(*, actor: Actor) -> Keeping:
    """Return by what the actor's device keeps his work; raises NotConfigured."""
    require(actor, Permission.BOARD_READ)
    session = db.session.get(ApiKey, actor.key_id) if actor.key_id else None
    key = actor.vault.derive(f"device of {actor.account_id}")
    return Keeping(owner_of(actor), key, session.expires_at if session else None)


def owner_of(actor: Actor) -> str:
    """Return what stands for an account on a device."""
    return actor.vault.derive(f"name on a device of {actor.account_id}")[:16].hex()
