"""Second factor: codes of an authenticator application (TOTP, RFC 6238), or a passkey."""

import secrets
from datetime import timedelta
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor import InvalidToken
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from sqlalchemy import delete, select

from salsa_ext.access.audit import AuditEvent, append
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.models import ApiKey, Passkey, SecondFactor
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Conflict, Forbidden, Invalid, NotConfigured, message
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.session import NO_STATE, db

REQUIRED_ROLES: Final = frozenset(
    ("state_administrator", "supervisor", "trace_analyst", "auditor", "secretariat")
)
"""Roles that approve, trace or read much: on an installation of real records they need a code."""
SECRET_BYTES: Final = 20
DIGITS: Final = 6
STEP: Final = 30
"""Seconds of one code; that before and that after count, too."""
RECENT: Final = timedelta(minutes=15)
"""For so long after signing in a factor may be set up."""
WRONG_CODE: Final = message("The code is wrong or was used. Wait for the next one.")


def require_recent_session(actor: Actor) -> None:
    """Raise Forbidden unless the actor signed in a short time ago."""
    key = db.session.get(ApiKey, actor.key_id) if actor.key_id else None
    if key is None or key.kind != "session" or actor.now() - key.created_at > RECENT:
        text = message("You signed in some time ago. Sign out and in again, then set this up.")
        raise Forbidden(text)


def new_secret(actor: Actor) -> bytes:
    """Return a new secret, sealed for the account until it is confirmed."""
    return actor.vault.seal(secrets.token_bytes(SECRET_BYTES), _name(actor))


def is_own_secret(actor: Actor, sealed: bytes) -> bool:
    """Return whether a secret was sealed here for the actor's account."""
    try:
        return bool(actor.vault.open(sealed, _name(actor)))
    except (NotConfigured, ValueError):
        return False


def setup_address(actor: Actor, sealed: bytes, username: str) -> str:
    """Return the otpauth address of a sealed secret, which applications read as a QR code."""
    return _codes(actor.vault.open(sealed, _name(actor))).get_provisioning_uri(username, "SALSA")


def confirm(actor: Actor, sealed: bytes, code: str) -> None:
    """Store the account's secret once a code of it was given; raises Invalid, Conflict."""
    if db.session.get(SecondFactor, actor.account_id) is not None:
        raise Conflict(message("A second factor is set up already. End it first."))
    require_recent_session(actor)
    step = _matching_step(actor, sealed, code, after=0)
    if step is None:
        raise Invalid({"code": [WRONG_CODE]})
    row = {"account_id": actor.account_id, "sealed": sealed, "last_step": step}
    insert_many(SecondFactor, [row | {"owner_state": actor.state or NO_STATE}])
    append(actor, AuditEvent(Action.SECOND_FACTOR_SET, "account", str(actor.account_id)))


def has_codes(actor: Actor) -> bool:
    """Return whether the actor's account has codes of an application."""
    return db.session.get(SecondFactor, actor.account_id) is not None


def has_passkey(actor: Actor) -> bool:
    """Return whether the actor's account has a passkey."""
    own = select(Passkey.id).where(Passkey.account_id == actor.account_id)
    return db.session.scalar(own.limit(1)) is not None


def use_code(actor: Actor, code: str) -> bool:
    """Return whether a code is the account's own and was not used before; it is used then."""
    of_account = select(SecondFactor).where(SecondFactor.account_id == actor.account_id)
    factor = db.session.scalars(of_account.with_for_update()).one()
    step = _matching_step(actor, factor.sealed, code, after=factor.last_step)
    if step is not None:
        factor.last_step = step
    return step is not None


def remove(actor: Actor, account_id: UUID) -> None:
    """Remove an account's codes and passkeys."""
    for factor in (SecondFactor, Passkey):
        db.session.execute(delete(factor).where(factor.account_id == account_id))
    append(actor, AuditEvent(Action.SECOND_FACTOR_REMOVED, "account", account_id))


def _matching_step(actor: Actor, sealed: bytes, code: str, after: int) -> int | None:
    codes = _codes(actor.vault.open(sealed, _name(actor)))
    now = int(actor.now().timestamp()) // STEP
    for step in (now, now - 1, now + 1):
        try:
            codes.verify(code.replace(" ", "").encode(), step * STEP)
        except InvalidToken:
            continue
        return step if step > after else None
    return None


def _codes(secret: bytes) -> TOTP:
    return TOTP(secret, DIGITS, SHA1(), STEP)  # noqa: S303 - what all applications have


def _name(actor: Actor) -> str:
    return f"second factor {actor.account_id}"
