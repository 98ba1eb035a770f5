"""Keys by which a device encrypts the work of an account that it stores offline."""

from dataclasses import dataclass
from datetime import datetime

from salsa_ext.access.models import ApiKey
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.database.session import db


@dataclass(frozen=True)
class DeviceKey:
    """Key by which a device encrypts the stored work of an account.

    `owner` is a pseudonym of the account. Both are the same on each device and in each
    session. `ends_at` is the end of the session, and of the device's right to hold the key.
    """

    owner: str
    key: bytes
    ends_at: datetime | None


def device_key(*, actor: Actor) -> DeviceKey:
    """Return the key for the actor's device; raises NotConfigured."""
    require(actor, Permission.BOARD_READ)
    session = db.session.get(ApiKey, actor.key_id) if actor.key_id else None
    key = actor.vault.derive(f"device of {actor.account_id}")
    return DeviceKey(device_owner(actor), key, session.expires_at if session else None)


def device_owner(actor: Actor) -> str:
    """Return the pseudonym of an account on devices."""
    return actor.vault.derive(f"name on a device of {actor.account_id}")[:16].hex()
