"""Keys and sessions of accounts: issued, listed, rotated and ended by their own persons."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, func, select, update

from salsa_ext.access.audit import AuditEvent, append
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.authentication import generate_key
from salsa_ext.access.models import ApiKey
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import OPERATOR_ROLE, has_limited_key, require, role_permissions
from salsa_ext.administration.accounts import lock_open_account
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Conflict, Forbidden, NotFound, Unauthenticated, message
from salsa_ext.core.field_checks import Problems
from salsa_ext.core.ip_addresses import is_within
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.paging import Page, fetch_page
from salsa_ext.database.session import db

MAX_KEY_DAYS: Final = 366
MAX_OVERLAP_HOURS: Final = 7 * 24
MAX_NETWORKS: Final = 20


@dataclass(frozen=True)
class KeyData:
    """New key of an account; no `scopes` means all of its role, no `networks` any address."""

    username: str
    name: str
    days: int
    scopes: Sequence[str] = ()
    networks: Sequence[str] = ()


@dataclass(frozen=True)
class Rotation:
    """Hours for which the old key works with the new one."""

    hours: int = 24


def issue_key(*, actor: Actor, data: KeyData) -> tuple[UUID, str]:
    """Issue a key to one's own account; returns its id and token, shown only once.

    The server's command line may issue one for any account. A limited key issues no more
    permissions and addresses than its own. Raises Invalid, Forbidden, Unauthenticated, or as
    `lock_open_account`.
    """
    require(actor, Permission.KEY_ISSUE)
    account = lock_open_account(data.username)
    if actor.role != OPERATOR_ROLE and actor.account_id != account.id:
        raise Forbidden(message("A key is issued by the person of its account alone."))
    problems = Problems()
    networks = _check_networks(problems, actor, data.networks)
    scopes = _check_scopes(problems, actor, account.role, data.scopes)
    if not 1 <= data.days <= MAX_KEY_DAYS:
        problems.add("days", message("From 1 to {count} days.", count=MAX_KEY_DAYS))
    problems.raise_any()
    token, row = generate_key(actor, data.name, scopes, timedelta(days=data.days))
    insert_many(ApiKey, [row | {"account_id": account.id, "networks": networks}])
    _append(
        actor,
        Action.KEY_ISSUED,
        row["id"],
        scopes=scopes,
        account=str(account.id),
        networks=networks,
    )
    return row["id"], token


def rotate_key(*, actor: Actor, key_id: UUID, data: Rotation) -> tuple[UUID, str]:
    """Issue a key like an own one, which ends some hours later; returns its id and token.

    It lasts as long as the old one was to last. Raises NotFound, Conflict if it was rotated before,
    Invalid as `issue_key`.
    """
    require(actor, Permission.KEY_ISSUE)
    own = _own_keys(actor).where(ApiKey.id == key_id, ApiKey.kind == "key")
    old = db.session.scalar(own.with_for_update())
    if old is None:
        raise NotFound("key", key_id)
    if old.ends_at is not None:
        raise Conflict(message("This key was rotated before. Rotate the newer one."))
    problems = Problems()
    networks = _check_networks(problems, actor, old.networks)
    scopes = _check_scopes(problems, actor, actor.role, old.scopes)
    problems.raise_any()
    token, row = generate_key(actor, old.name, scopes, old.expires_at - old.created_at)
    insert_many(ApiKey, [row | {"networks": networks}])
    old.ends_at = actor.now() + timedelta(hours=data.hours)
    _append(actor, Action.KEY_ROTATED, old.id, new=str(row["id"]), hours=data.hours)
    return row["id"], token


def revoke_key(*, actor: Actor, key_id: UUID) -> None:
    """End a key or session at once: an own one, or with `key:manage` of the state; raises NotFound."""
    require(actor, Permission.KEY_ISSUE)
    key = update(ApiKey).where(ApiKey.id == key_id, ApiKey.revoked_at.is_(None))
    if Permission.KEY_MANAGE not in actor.permissions:
        key = key.where(ApiKey.account_id == actor.account_id)
    if db.session.scalar(key.values(revoked_at=actor.now()).returning(ApiKey.id)) is None:
        raise NotFound("key", key_id)
    _append(actor, Action.KEY_REVOKED, key_id)


def list_keys(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[ApiKey]:
    """Return a page of keys without tokens: the own ones, or with `key:manage` of the state."""
    require(actor, Permission.KEY_ISSUE)
    query = select(ApiKey)
    if Permission.KEY_MANAGE not in actor.permissions or filters.get("own"):
        query = query.where(ApiKey.account_id == actor.account_id)
    return fetch_page(query, ApiKey.id, limit, cursor)


def list_open_keys(actor: Actor) -> Sequence[ApiKey]:
    """Return the keys and sessions with which the actor's account can sign in, newest first."""
    require(actor, Permission.KEY_ISSUE)
    return db.session.scalars(_own_keys(actor).order_by(ApiKey.id.desc())).all()


def end_other_sessions(*, actor: Actor) -> None:
    """End the sessions of the actor's account, but the one of the actor."""
    require(actor, Permission.KEY_ISSUE)
    for key in db.session.scalars(_own_keys(actor).where(ApiKey.kind == "session")):
        if key.id != actor.key_id:
            key.revoked_at = actor.now()
            _append(actor, Action.KEY_REVOKED, key.id)


def _own_keys(actor: Actor) -> Select[ApiKey]:
    return select(ApiKey).where(
        ApiKey.account_id == actor.account_id,
        ApiKey.revoked_at.is_(None),
        func.least(ApiKey.expires_at, ApiKey.ends_at) > actor.now(),
    )


def _append(actor: Actor, action: Action, key_id: Any, **data: Any) -> None:
    append(actor, replace(AuditEvent(action, "key", key_id), data=data))


def _check_networks(problems: Problems, actor: Actor, named: Sequence[str]) -> list[str]:
    """Return ranges of addresses as CIDR; those of the actor's own key bound them."""
    networks = []
    for text in named:
        try:
            networks.append(str(ip_network(text.strip(), strict=False)))
        except ValueError:
            problems.add("networks", message("A range of addresses is written 10.1.0.0/16."))
    own = db.session.get(ApiKey, actor.key_id) if actor.key_id else None
    if own is not None and own.revoked_at is not None:  # a new password ended it meanwhile
        raise Unauthenticated(message("This key is unknown, revoked or its account is closed."))
    if own is not None and own.networks:
        networks = networks or own.networks
        if not all(is_within(network, own.networks) for network in networks):
            problems.add("networks", message("Your own key is for fewer addresses than these."))
    return networks


def _check_scopes(
    problems: Problems, actor: Actor, role: str, named_scopes: Sequence[str]
) -> list[str]:
    allowed = role_permissions(role)
    scopes = set(named_scopes or allowed)
    if unknown := sorted(scopes - allowed):
        problems.add(
            "scopes",
            message(
                "The role {role} does not include {scopes}.", role=role, scopes=", ".join(unknown)
            ),
        )
    elif has_limited_key(actor) and (beyond := sorted(scopes - actor.permissions)):
        problems.add(
            "scopes",
            message(
                "Your own key does not carry {scopes}; it issues no more than it carries.",
                scopes=", ".join(beyond),
            ),
        )
    return sorted(scopes)


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
