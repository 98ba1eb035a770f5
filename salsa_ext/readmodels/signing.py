"""The public keys of all states: whoever holds a paper may check it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from salsa_ext.db import ask, db, once, remember
from salsa_ext.models import SigningKey
from salsa_ext.values.jwks import jwk
from salsa_ext.values.tokens import PublicKey

_NAMED = "SELECT kid, owner_state, public_key, compromised_at FROM signing_key WHERE kid = %s"


def key_set() -> dict[str, Any]:
    """Return the public keys of all states as a JWK set; retired ones too, which still verify."""
    order = (SigningKey.owner_state, SigningKey.valid_from, SigningKey.kid)
    rows = db.session.scalars(select(SigningKey).order_by(*order))
    return {"keys": [jwk(_public(row), row.valid_from, row.retired_at) for row in rows]}


def keys_named(kid: str | None) -> dict[str, PublicKey]:
    """Return the key of an id, by its id; nothing where there is none."""
    return once(("signing_key", kid), lambda: _named(kid)) if kid else {}


def know(kid: str, state: str, public: bytes, compromised_at: datetime | None) -> PublicKey:
    """Let the rest of the transaction know a key that was just read; returns it."""
    key = PublicKey(kid, state, bytes(public), compromised_at)
    remember(("signing_key", kid), {kid: key})
    return key


def standing_key(state: str) -> SigningKey | None:
    """Return the key by which a state signs now."""
    wanted = select(SigningKey).where(
        SigningKey.owner_state == state, SigningKey.retired_at.is_(None)
    )
    return db.session.scalars(wanted.execution_options(populate_existing=True)).first()


def _public(row: SigningKey) -> PublicKey:
    return PublicKey(row.kid, row.owner_state, bytes(row.public_key), row.compromised_at)


def _named(kid: str) -> dict[str, PublicKey]:
    row = ask(_NAMED, (kid,)).fetchone()
    return {kid: PublicKey(row[0], row[1], bytes(row[2]), row[3])} if row else {}
