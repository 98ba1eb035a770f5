"""Signing keys of states: creation, rotation, compromise, lookup, signatures."""

from collections.abc import Callable
from datetime import datetime
from functools import cache, partial
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete, select, text

from salsa_ext.access.audit import AuditEvent, append_many
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.models import SigningKey, SigningSecret
from salsa_ext.access.paper_tokens import Claims, PublicKey, key_id, sign_token, to_jwk
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Conflict, Invalid, NotConfigured, NotFound, message
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.session import (
    acting_as,
    cached_per_transaction,
    db,
    execute_raw,
    set_cached,
)

_SELECT_CURRENT = (
    "SELECT s.sealed, k.kid, k.owner_state, k.public_key, k.compromised_at"
    " FROM signing_key k JOIN signing_secret s ON s.kid = k.kid"
    " WHERE k.owner_state = %s AND k.retired_at IS NULL"
)
_LOCK = text("SELECT pg_advisory_xact_lock(hashtext(:name))")


def rotate_key(*, actor: Actor) -> str:
    """Create a key for the own state and retire the current one.

    Returns the new key's id. The old private key is deleted; papers signed by it remain valid.
    """
    require(actor, Permission.SIGNING_KEY_MANAGE)
    state = actor.own_state()
    db.session.execute(_LOCK, {"name": f"signing_key {state}"})
    acts = [_retire_key(old, actor.now())] if (old := current_key(state)) else []
    kid, events = _create_key(actor, state)
    append_many(actor, [*acts, events])
    return kid


def report_compromise(*, actor: Actor, kid: str, since: datetime) -> None:
    """Report an own key as stolen; signatures from `since` on are refused.

    Raises NotFound, Invalid for a time in the future or before the key, Conflict if an earlier time
    was already reported.
    """
    require(actor, Permission.SIGNING_KEY_MANAGE)
    row = db.session.get(SigningKey, kid, populate_existing=True)
    if row is None or row.owner_state != actor.state:
        raise NotFound("signing_key", kid)
    if not row.valid_from <= since <= actor.now():
        raise Invalid({"since": [message("From when the key was made until now.")]})
    if row.compromised_at and row.compromised_at <= since:
        raise Conflict(message("This key was reported stolen already, from an earlier moment on."))
    acts = [] if row.retired_at else [_retire_key(row, actor.now())]
    row.compromised_at = since
    audit_data = {"since": since.isoformat()}
    append_many(
        actor,
        [*acts, AuditEvent(Action.SIGNING_KEY_COMPROMISED, "signing_key", kid, data=audit_data)],
    )


def sign(actor: Actor, claims: Claims) -> str:
    """Return the token of a paper, signed by its issuing state."""
    return sign_token(claims, *current_private_key(actor, claims.state))


def signer(actor: Actor) -> Callable[[str], tuple[str, Ed25519PrivateKey]]:
    """Return a cached lookup of signing keys for one command."""
    return cache(partial(current_private_key, actor))


def current_private_key(actor: Actor, state: str) -> tuple[str, Ed25519PrivateKey]:
    """Return a state's current key id and private key.

    The first use creates the key, once even for concurrent requests. Raises NotConfigured if the
    private key is missing or cannot be decrypted.
    """
    events: list[AuditEvent] = []
    with acting_as(actor, state):
        kid, sealed = _read_secret(state) or _create_first(actor, state, events)
    if events:
        append_many(
            actor.for_purpose(None), events
        )  # it signs what comes later too, of other cases
    return kid, Ed25519PrivateKey.from_private_bytes(actor.vault.open(sealed, kid))


def _read_secret(state: str) -> tuple[str, bytes] | None:
    """Return the current key id and encrypted private key in one query."""
    row = execute_raw(_SELECT_CURRENT, (state,)).fetchone()
    if row is None:
        return None
    sealed, *public = row
    return cache_public_key(*public).kid, bytes(sealed)


def _create_first(actor: Actor, state: str, acts: list[AuditEvent]) -> tuple[str, bytes]:
    db.session.execute(_LOCK, {"name": f"signing_key {state}"})
    if existing := _read_secret(state):
        return existing
    if lost := current_key(state):
        raise NotConfigured(
            message(
                "The private part of {name} is missing; make a new key by salsa"
                " signing-key rotate.",
                name=lost.kid,
            )
        )
    acts.append(_create_key(actor, state)[1])
    secret = _read_secret(state)
    assert secret is not None
    return secret


def _create_key(actor: Actor, state: str) -> tuple[str, AuditEvent]:
    private, now = Ed25519PrivateKey.generate(), actor.now()
    public = private.public_key().public_bytes_raw()
    kid = key_id(state, now.year, public)
    sealed = actor.vault.seal(private.private_bytes_raw(), kid)
    insert_many(
        SigningKey,
        [
            {
                "kid": kid,
                "owner_state": state,
                "public_key": public,
                "valid_from": now,
                "retired_at": None,
                "compromised_at": None,
            }
        ],
    )
    insert_many(SigningSecret, [{"kid": kid, "owner_state": state, "sealed": sealed}])
    return kid, AuditEvent(Action.SIGNING_KEY_MADE, "signing_key", kid, state, concerned=[state])


def _retire_key(row: SigningKey, now: datetime) -> AuditEvent:
    row.retired_at = now
    db.session.execute(delete(SigningSecret).where(SigningSecret.kid == row.kid))
    db.session.flush()
    return AuditEvent(Action.SIGNING_KEY_RETIRED, "signing_key", row.kid)


_SELECT_KEY = "SELECT kid, owner_state, public_key, compromised_at FROM signing_key WHERE kid = %s"


def key_set() -> dict[str, Any]:
    """Return the JWK set of all states, retired keys included."""
    order = (SigningKey.owner_state, SigningKey.valid_from, SigningKey.kid)
    rows = db.session.scalars(select(SigningKey).order_by(*order))
    return {"keys": [to_jwk(_to_public_key(row), row.valid_from, row.retired_at) for row in rows]}


def find_public_key(kid: str | None) -> dict[str, PublicKey]:
    """Return the key with this id as a mapping; empty if unknown."""
    return (
        cached_per_transaction(("signing_key", kid), lambda: _read_public_key(kid)) if kid else {}
    )


def cache_public_key(
    kid: str, state: str, public: bytes, compromised_at: datetime | None
) -> PublicKey:
    """Cache a key for the rest of the transaction; returns it."""
    key = PublicKey(kid, state, bytes(public), compromised_at)
    set_cached(("signing_key", kid), {kid: key})
    return key


def current_key(state: str) -> SigningKey | None:
    """Return a state's current signing key."""
    query = select(SigningKey).where(
        SigningKey.owner_state == state, SigningKey.retired_at.is_(None)
    )
    return db.session.scalars(query.execution_options(populate_existing=True)).first()


def _to_public_key(row: SigningKey) -> PublicKey:
    return PublicKey(row.kid, row.owner_state, bytes(row.public_key), row.compromised_at)


def _read_public_key(kid: str) -> dict[str, PublicKey]:
    row = execute_raw(_SELECT_KEY, (kid,)).fetchone()
    return {kid: PublicKey(row[0], row[1], bytes(row[2]), row[3])} if row else {}
