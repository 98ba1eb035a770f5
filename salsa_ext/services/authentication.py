"""Who is asking: a key becomes an actor, a password a session."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import RowMapping, text, update

from salsa_ext.audit import Act, Action, append
from salsa_ext.clock import SYSTEM, Clock
from salsa_ext.db import ACTING, NO_STATE, ask, begin_acting, db, insert_many
from salsa_ext.errors import Unauthenticated, say
from salsa_ext.models import ApiKey
from salsa_ext.policy.rules import permissions_of
from salsa_ext.values.actor import Actor
from salsa_ext.values.ids import new_id

SESSION = timedelta(hours=12)
DISPLAYED = timedelta(days=366)
"""For so long a display stays signed in."""
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODY = HASHER.hash(secrets.token_urlsafe(16))
_KNOWN = ("key_id", "scopes", "expires_at", "account_id", "owner_state", "agency", "role",
          "is_link")  # fmt: skip
_FIND_KEY = f"SELECT {', '.join(_KNOWN)}, {ACTING} FROM salsa_key(%s)"  # noqa: S608 - names of columns
_FIND_ACCOUNT = text("SELECT * FROM salsa_account(:username)")


def actor_of(token: str, clock: Clock = SYSTEM, *, is_link: bool = False) -> Actor:
    """Return who holds the key, or the one-time link; raises Unauthenticated where unknown or over."""
    found = ask(_FIND_KEY, (digest(token),)).fetchone()
    row = dict(zip(_KNOWN, found or (), strict=False))  # behind them stands what ACTING says
    if not row or row["is_link"] != is_link:
        raise Unauthenticated(say("This key is unknown, revoked or its account is closed."))
    begin_acting(row["owner_state"])
    if row["expires_at"] <= clock.now():
        raise Unauthenticated(say("This key has expired; ask for a new one."))
    allowed = permissions_of(row["role"])
    return Actor(
        state=None if row["owner_state"] == NO_STATE else row["owner_state"],
        role=row["role"], agency=row["agency"],
        permissions=frozenset(row["scopes"]) & allowed,
        account_id=row["account_id"], key_id=row["key_id"], clock=clock,
    )  # fmt: skip


def find_account(username: str, password: str) -> Actor:
    """Return who signs in; raises Unauthenticated, which does not say what was wrong.

    An unknown name costs as much time as a wrong password.
    """
    row = _account(username) or _account(username.lower())
    try:
        HASHER.verify(row["password_hash"] if row else _NOBODY, password)
    except VerifyMismatchError:
        row = None
    if row is None:
        raise Unauthenticated(say("The user name or the password is wrong."))
    return Actor(
        state=None if row["owner_state"] == NO_STATE else row["owner_state"],
        role=row["role"], agency=row["agency"],
        permissions=permissions_of(row["role"]), account_id=row["account_id"],
    )  # fmt: skip


def _account(username: str) -> RowMapping | None:
    return db.session.execute(_FIND_ACCOUNT, {"username": username}).mappings().first()


def open_session(actor: Actor, lasts: timedelta = SESSION) -> str:
    """Return the token of a new session: a key that ends by itself."""
    token, row = new_key(actor, "session", sorted(actor.permissions), lasts)
    insert_many(ApiKey, [row])
    append(actor, Act(Action.SIGNED_IN, "key", row["id"]))
    return token


def open_by_link(actor: Actor) -> str:
    """Exchange the link by which a display came for a session; raises Unauthenticated.

    Of two devices that use it at once, one is signed in.
    """
    mine = update(ApiKey).where(ApiKey.id == actor.key_id, ApiKey.revoked_at.is_(None))
    if db.session.scalar(mine.values(revoked_at=actor.now()).returning(ApiKey.id)) is None:
        raise Unauthenticated(say("This key is unknown, revoked or its account is closed."))
    return open_session(replace(actor, permissions=permissions_of(actor.role)), DISPLAYED)


def close_session(actor: Actor) -> None:
    """End the session whose key the actor came with."""
    mine = update(ApiKey).where(ApiKey.id == actor.key_id)
    db.session.execute(mine.values(revoked_at=actor.now()))
    append(actor, Act(Action.SIGNED_OUT, "key", str(actor.key_id)))


def new_key(
    actor: Actor, name: str, scopes: Sequence[str], lasts: timedelta
) -> tuple[str, dict[str, Any]]:
    """Return a token of 256 random bits and the row that knows it by its digest alone."""
    token = f"salsa_{secrets.token_urlsafe(32)}"
    now = actor.now()
    return token, {
        "id": new_id(), "owner_state": actor.state or NO_STATE, "account_id": actor.account_id,
        "digest": digest(token), "name": name, "scopes": list(scopes),
        "created_at": now, "expires_at": now + lasts, "revoked_at": None, "is_link": False,
    }  # fmt: skip


def digest(token: str) -> bytes:
    """Return what a key is stored as: it is random, so that one SHA-256 is enough."""
    return hashlib.sha256(token.encode()).digest()
