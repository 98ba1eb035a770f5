"""Signing keys of a state: made, retired and reported stolen; and the signing itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache, partial

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete, text

from salsa_ext.audit import Act, Action, append_many
from salsa_ext.db import as_state, ask, db, insert_many
from salsa_ext.errors import Conflict, Invalid, NotConfigured, NotFound, say
from salsa_ext.models import SigningKey, SigningSecret
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.signing import know, standing_key
from salsa_ext.services.sealing import Vault
from salsa_ext.values.actor import Actor
from salsa_ext.values.tokens import Claims, encode, key_id

_SIGNS_NOW = ("SELECT s.sealed, k.kid, k.owner_state, k.public_key, k.compromised_at"
              " FROM signing_key k JOIN signing_secret s ON s.kid = k.kid"
              " WHERE k.owner_state = %s AND k.retired_at IS NULL")  # fmt: skip
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext(:name))")


def rotate(*, actor: Actor, vault: Vault) -> str:
    """Make a new key for the own state and retire the one before it; returns the new key's id.

    The private part of the old one is deleted, so that nobody signs by it again; papers that it
    signed stay good.
    """
    require(actor, Permission.SIGNING_KEY_MANAGE)
    state = actor.own_state()
    db.session.execute(_ONE_AT_A_TIME, {"name": f"signing_key {state}"})
    acts = [_retire(old, actor.now())] if (old := standing_key(state)) else []
    kid, made = _make(state, vault, actor.now())
    append_many(actor, [*acts, made])
    return kid


def compromise(*, actor: Actor, kid: str, since: datetime) -> None:
    """Report a key of the own state as stolen: what it signed from `since` on is refused.

    Raises NotFound, Invalid for a moment that is not yet or before the key was, or Conflict where
    an earlier moment was reported already.
    """
    require(actor, Permission.SIGNING_KEY_MANAGE)
    row = db.session.get(SigningKey, kid, populate_existing=True)
    if row is None or row.owner_state != actor.state:
        raise NotFound("signing_key", kid)
    if not row.valid_from <= since <= actor.now():
        raise Invalid({"since": [say("From when the key was made until now.")]})
    if row.compromised_at and row.compromised_at <= since:
        raise Conflict(say("This key was reported stolen already, from an earlier moment on."))
    acts = [] if row.retired_at else [_retire(row, actor.now())]
    row.compromised_at = since
    told = {"since": since.isoformat()}
    append_many(actor, [*acts, Act(Action.SIGNING_KEY_COMPROMISED, "signing_key", kid, data=told)])


def sign(actor: Actor, vault: Vault, claims: Claims) -> str:
    """Return the token of a paper, signed by the state that issued it, whoever may have the paper."""
    return encode(claims, *key_of(actor, vault, claims.state))


def signer(actor: Actor, vault: Vault) -> Callable[[str], tuple[str, Ed25519PrivateKey]]:
    """Return what gives the key of a state, looked up once for all that one command signs."""
    return cache(partial(key_of, actor, vault))


def key_of(actor: Actor, vault: Vault, state: str) -> tuple[str, Ed25519PrivateKey]:
    """Return the key by which a state signs now, with its id.

    A state that has no key gets its first one; two requests that both need it make one. Raises
    NotConfigured where the private part is gone or does not open.
    """
    made: list[Act] = []
    with as_state(actor, state):
        kid, sealed = _secret(state) or _first(state, vault, actor.now(), made)
    if made:
        append_many(actor.for_purpose(None), made)  # it signs what comes later too, of other cases
    return kid, Ed25519PrivateKey.from_private_bytes(vault.open(sealed, kid))


def _secret(state: str) -> tuple[str, bytes] | None:
    """Return the key that signs now and its sealed part, in one look that no rotation comes between.

    What it signs here may be checked here at once: its public part is looked up no more.
    """
    row = ask(_SIGNS_NOW, (state,)).fetchone()
    if row is None:
        return None
    sealed, *public = row
    return know(*public).kid, bytes(sealed)


def _first(state: str, vault: Vault, now: datetime, acts: list[Act]) -> tuple[str, bytes]:
    db.session.execute(_ONE_AT_A_TIME, {"name": f"signing_key {state}"})
    if found := _secret(state):
        return found
    if lost := standing_key(state):
        raise NotConfigured(say("The private part of {name} is missing; make a new key by salsa"
                                " signing-key rotate.", name=lost.kid))  # fmt: skip
    acts.append(_make(state, vault, now)[1])
    made = _secret(state)
    assert made is not None
    return made


def _make(state: str, vault: Vault, now: datetime) -> tuple[str, Act]:
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    kid = key_id(state, now.year, public)
    sealed = vault.seal(private.private_bytes_raw(), kid)
    insert_many(SigningKey, [{
        "kid": kid, "owner_state": state, "public_key": public, "valid_from": now,
        "retired_at": None, "compromised_at": None,
    }])  # fmt: skip
    insert_many(SigningSecret, [{"kid": kid, "owner_state": state, "sealed": sealed}])
    return kid, Act(Action.SIGNING_KEY_MADE, "signing_key", kid, state, concerned=[state])


def _retire(row: SigningKey, now: datetime) -> Act:
    row.retired_at = now
    db.session.execute(delete(SigningSecret).where(SigningSecret.kid == row.kid))
    db.session.flush()
    return Act(Action.SIGNING_KEY_RETIRED, "signing_key", row.kid)
