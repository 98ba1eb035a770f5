"""A permit in the hands of the authority that issued it: locked, and as the caller has seen it."""

from __future__ import annotations

from uuid import UUID

from salsa_ext.db import db
from salsa_ext.errors import NotFound, StaleVersion, say
from salsa_ext.models import Permit
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.services import families
from salsa_ext.values.actor import Actor


def take(actor: Actor, permit_id: UUID, seen: int | None, follower: str | None = None) -> Permit:
    """Return a permit of the own state for a change, with its whole family locked.

    `follower` is the number of the permit that is to replace it, whose family is locked too. Raises
    NotFound, Forbidden for another state's, or StaleVersion.
    """
    permit = db.session.get(Permit, permit_id)
    if permit is None:
        raise NotFound("permit", permit_id)
    require(actor, Permission.PERMIT_RECORD, permit.owner_state)
    numbers = (permit.number, *([follower] if follower else []))
    keys = [(permit.owner_state, permit.kind, number) for number in numbers]
    families.lock(actor, keys, permit.concerned)
    permit = db.session.get_one(Permit, permit_id, populate_existing=True, with_for_update=True)
    if seen is not None and seen != permit.version:
        raise StaleVersion(say("This was changed since you read it; read it again."))
    return permit
