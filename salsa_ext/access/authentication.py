"""Authentication: keys identify actors, passwords open sessions."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import RowMapping, select, text, update

from salsa_ext.access.audit import Action, AuditEvent, append
from salsa_ext.access.models import Account, ApiKey
from salsa_ext.access.rules import role_permissions
from salsa_ext.core.actor import NO_VAULT, Actor, Vault
from salsa_ext.core.clock import SYSTEM_CLOCK, Clock
from salsa_ext.core.errors import Unauthenticated, message
from salsa_ext.core.ids import new_id
from salsa_ext.database.bulk import insert_many, is_any_of_param
from salsa_ext.database.session import (
    NO_STATE,
    SET_ROW_SECURITY_SQL,
    db,
    execute_raw,
    mark_row_security_set,
)

SESSION_LIFETIME = timedelta(hours=12)
DISPLAYED = timedelta(days=366)
"""For so long a display stays signed in."""
PASSWORD_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_DUMMY_HASH = PASSWORD_HASHER.hash(secrets.token_urlsafe(16))
_KEY_COLUMNS = tuple("key_id scopes expires_at account_id owner_state agency role is_link".split())
_FIND_KEY = f"SELECT {', '.join(_KEY_COLUMNS)}, {SET_ROW_SECURITY_SQL} FROM salsa_api_key(%s)"  # noqa: S608 - names of columns
_FIND_ACCOUNT = text("SELECT * FROM salsa_account(:username)")


def authenticate_key(
    token: str, clock: Clock = SYSTEM_CLOCK, vault: Vault = NO_VAULT, *, is_link: bool = False
) -> Actor:
    """Return the actor of a key; raises Unauthenticated if unknown or expired."""
    account = execute_raw(_FIND_KEY, (token_digest(token),)).fetchone()
    row = dict(
        zip(_KEY_COLUMNS, account or (), strict=False)
    )  # behind them stands what ACTING says
    if not row or row["is_link"] != is_link:
        raise Unauthenticated(message("This key is unknown, revoked or its account is closed."))
    mark_row_security_set(row["owner_state"])
    if row["expires_at"] <= clock.now():
        raise Unauthenticated(message("This key has expired; ask for a new one."))
    allowed = role_permissions(row["role"])
    return Actor(
        state=None if row["owner_state"] == NO_STATE else row["owner_state"],
        role=row["role"],
        agency=row["agency"],
        permissions=frozenset(row["scopes"]) & allowed,
        account_id=row["account_id"],
        key_id=row["key_id"],
        clock=clock,
        vault=vault,
    )


def authenticate_password(username: str, password: str) -> Actor:
    """Return the actor of an account; raises Unauthenticated without details.

    An unknown name takes as long as a wrong password.
    """
    row = _find_account_row(username) or _find_account_row(username.lower())
    try:
        PASSWORD_HASHER.verify(row["password_hash"] if row else _DUMMY_HASH, password)
    except VerifyMismatchError:
        row = None
    if row is None:
        raise Unauthenticated(message("The user name or the password is wrong."))
    return Actor(
        state=None if row["owner_state"] == NO_STATE else row["owner_state"],
        role=row["role"],
        agency=row["agency"],
        permissions=role_permissions(row["role"]),
        account_id=row["account_id"],
    )


def _find_account_row(username: str) -> RowMapping | None:
    return db.session.execute(_FIND_ACCOUNT, {"username": username}).mappings().first()


def open_session(actor: Actor, lasts: timedelta = SESSION_LIFETIME) -> str:
    """Open a session; returns its token, an expiring key."""
    token, row = generate_key(actor, "session", sorted(actor.permissions), lasts)
    insert_many(ApiKey, [row])
    append(actor, AuditEvent(Action.SIGNED_IN, "key", row["id"]))
    return token


def open_by_link(actor: Actor) -> str:
    """Exchange the link by which a display came for a session; raises Unauthenticated.

    Of two devices that use it at once, one is signed in.
    """
    mine = update(ApiKey).where(ApiKey.id == actor.key_id, ApiKey.revoked_at.is_(None))
    if db.session.scalar(mine.values(revoked_at=actor.now()).returning(ApiKey.id)) is None:
        raise Unauthenticated(message("This key is unknown, revoked or its account is closed."))
    return open_session(replace(actor, permissions=role_permissions(actor.role)), DISPLAYED)


def close_session(actor: Actor) -> None:
    """Close the session of the actor's key."""
    mine = update(ApiKey).where(ApiKey.id == actor.key_id)
    db.session.execute(mine.values(revoked_at=actor.now()))
    append(actor, AuditEvent(Action.SIGNED_OUT, "key", str(actor.key_id)))


def generate_key(
    actor: Actor, name: str, scopes: Sequence[str], lifetime: timedelta
) -> tuple[str, dict[str, Any]]:
    """Return a token of 256 random bits and the row to insert."""
    token = f"salsa_{secrets.token_urlsafe(32)}"
    now = actor.now()
    return token, {
        "id": new_id(),
        "owner_state": actor.state or NO_STATE,
        "account_id": actor.account_id,
        "digest": token_digest(token),
        "name": name,
        "scopes": list(scopes),
        "created_at": now,
        "expires_at": now + lifetime,
        "revoked_at": None,
        "is_link": False,
    }


def token_digest(token: str) -> bytes:
    """Return the SHA-256 of a token; enough for random tokens."""
    return hashlib.sha256(token.encode()).digest()


_USERNAMES: Final = select(Account.id, Account.username).where(is_any_of_param(Account.id))


def usernames_by_id(ids: Iterable[UUID | None]) -> Mapping[UUID | None, str]:
    """Return the usernames of accounts of the own state."""
    known_ids = {account_id for account_id in ids if account_id is not None}
    if not known_ids:
        return {}
    rows = db.session.execute(_USERNAMES, {"ids": [*known_ids]})
    return {row.id: row.username for row in rows}
