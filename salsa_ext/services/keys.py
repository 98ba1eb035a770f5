"""Keys of programs: issued with scopes and an end, and revoked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import update

from salsa_ext.audit import Act, Action, append
from salsa_ext.db import db, insert_many
from salsa_ext.errors import Invalid, NotFound, say
from salsa_ext.models import ApiKey
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import is_limited, permissions_of, require
from salsa_ext.services.accounts import find_open
from salsa_ext.services.authentication import new_key
from salsa_ext.values.actor import Actor

LONGEST_DAYS = 366


@dataclass(frozen=True)
class KeyData:
    """A key for an account; without `scopes` it may all that the account's role may."""

    username: str
    name: str
    days: int
    scopes: Sequence[str] = ()


def issue(*, actor: Actor, data: KeyData) -> tuple[UUID, str]:
    """Issue a key; returns its id and the token, shown this once; raises Invalid, or as `find_open` does.

    Who acts with all that his role may issues what the account's role may; by a key that carries
    less, no more is issued than it carries.
    """
    require(actor, Permission.KEY_MANAGE)
    account = find_open(data.username)
    scopes = _scopes(actor, account.role, data.scopes)
    if not 1 <= data.days <= LONGEST_DAYS:
        raise Invalid({"days": [say("From 1 to {count} days.", count=LONGEST_DAYS)]})
    token, row = new_key(actor, data.name, scopes, timedelta(days=data.days))
    row["account_id"] = account.id
    insert_many(ApiKey, [row])
    append(
        actor,
        Act(
            Action.KEY_ISSUED, "key", row["id"], data={"scopes": scopes, "account": str(account.id)}
        ),
    )
    return UUID(str(row["id"])), token


def revoke(*, actor: Actor, key_id: UUID) -> None:
    """End a key at once; raises NotFound."""
    require(actor, Permission.KEY_MANAGE)
    mine = update(ApiKey).where(ApiKey.id == key_id, ApiKey.revoked_at.is_(None))
    ended = db.session.scalar(mine.values(revoked_at=actor.now()).returning(ApiKey.id))
    if ended is None:
        raise NotFound("key", key_id)
    append(actor, Act(Action.KEY_REVOKED, "key", key_id))


def _scopes(actor: Actor, role: str, wanted: Sequence[str]) -> list[str]:
    allowed = permissions_of(role)
    unknown = sorted(set(wanted) - allowed)
    if unknown:
        raise Invalid({"scopes": [say("The role {role} does not include {scopes}.", role=role,
                                      scopes=", ".join(unknown))]})  # fmt: skip
    scopes = set(wanted or allowed)
    if is_limited(actor) and (beyond := sorted(scopes - actor.permissions)):
        raise Invalid({"scopes": [say("Your own key does not carry {scopes}; it issues no more than it"
                                      " carries.", scopes=", ".join(beyond))]})  # fmt: skip
    return sorted(scopes)
