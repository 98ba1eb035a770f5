"""Passkeys (WebAuthn): a device that knows its person signs in without password and code.

A challenge is signed for one browser or session, lives ten minutes and is used once: what visitors
ask for writes nothing.
"""

import hmac
import secrets
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final, NamedTuple, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import webauthn
from sqlalchemy import delete, select, text
from webauthn.helpers import parse_client_data_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from salsa_ext.access.audit import AuditEvent, append
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.authentication import DIRECTORY_ALONE, is_real, open_session
from salsa_ext.access.models import Account, Passkey
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import ROLE_PERMISSIONS, require, role_permissions
from salsa_ext.access.second_factor import REQUIRED_ROLES, has_codes, require_recent_session
from salsa_ext.access.sign_in_attempts import count_attempt
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import (
    Conflict,
    Invalid,
    NotFound,
    TooManyAttempts,
    Unauthenticated,
    message,
)
from salsa_ext.core.ids import new_id
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.locks import lock
from salsa_ext.database.session import NO_STATE, db, transaction

CHALLENGE_LIFE: Final = timedelta(minutes=10)
MAX_PASSKEYS: Final = 20
SITE_NAME: Final = "SALSA"
REFUSED: Final = message("This passkey was not accepted. Try again, or use your password.")
_FIND = text("SELECT * FROM salsa_passkey(:credential_id)")
_USE_CHALLENGE = text("""
    WITH old AS (DELETE FROM used_challenge WHERE until < :now)
    INSERT INTO used_challenge VALUES (:challenge, :until) ON CONFLICT DO NOTHING RETURNING until
""")
Verified = TypeVar("Verified")


class Ceremony(NamedTuple):
    """Where a passkey is set up or used: origin of the pages, and whose browser or session it is."""

    origin: str
    bound_to: str

    @property
    def site(self) -> str:
        """Return the name to which passkeys are bound (relying party)."""
        return urlsplit(self.origin).hostname or ""


def creation_options(actor: Actor, ceremony: Ceremony, username: str) -> str:
    """Return what a browser needs to set up a passkey, as JSON; raises Forbidden for displays."""
    _require_own(actor)
    options = webauthn.generate_registration_options(
        rp_id=ceremony.site,
        rp_name=SITE_NAME,
        user_id=_handle(actor),
        user_name=username,
        challenge=_new_challenge(actor, ceremony),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=each.credential_id) for each in _read_own(actor)
        ],
    )
    return webauthn.options_to_json(options)


def request_options(actor: Actor, ceremony: Ceremony) -> str:
    """Return what a browser needs to use a passkey, as JSON; `actor` is the visitor."""
    options = webauthn.generate_authentication_options(
        rp_id=ceremony.site,
        challenge=_new_challenge(actor, ceremony),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options)


def add_passkey(*, actor: Actor, ceremony: Ceremony, name: str, answer: str) -> None:
    """Add a passkey to the actor's account by the browser's answer (JSON); raises Invalid."""
    _require_own(actor)
    require_recent_session(actor)
    if not name or len(name) > 100:
        raise Invalid({"name": [message("A name of 1 to 100 characters is needed.")]})
    if db.session.get_one(Account, actor.account_id).subject is not None:
        raise Conflict(message("You sign in by your directory. Set up a passkey there."))
    if len(_read_own(actor)) >= MAX_PASSKEYS:
        raise Conflict(message("You have {count} passkeys. Remove one first.", count=MAX_PASSKEYS))

    def verify() -> Any:
        credential = webauthn.helpers.parse_registration_credential_json(answer)
        return webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=_use_challenge(
                actor, ceremony, credential.response.client_data_json
            ),
            expected_rp_id=ceremony.site,
            expected_origin=ceremony.origin,
            require_user_verification=True,
        )

    verified = _verified(verify)
    if verified is None:
        raise Invalid({"name": [message("The device did not set up a passkey. Try again.")]})
    row = {
        "id": new_id(),
        "owner_state": actor.state or NO_STATE,
        "account_id": actor.account_id,
        "credential_id": verified.credential_id,
        "public_key": verified.credential_public_key,
        "sign_count": verified.sign_count,
        "name": name,
        "created_at": actor.now(),
    }
    insert_many(Passkey, [row])
    append(actor, AuditEvent(Action.SECOND_FACTOR_SET, "account", str(actor.account_id)))


def remove_passkey(*, actor: Actor, passkey_id: UUID) -> None:
    """Remove an own passkey; raises NotFound, Conflict for the last factor of one who needs one."""
    require(actor, Permission.KEY_ISSUE)
    own = _read_own(actor)
    if passkey_id not in {each.id for each in own}:
        raise NotFound("passkey", passkey_id)
    needs_factor = actor.role in REQUIRED_ROLES and is_real()
    if needs_factor and len(own) == 1 and not has_codes(actor):
        raise Conflict(message("This is your last second factor. Set up another first."))
    db.session.execute(delete(Passkey).where(Passkey.id == passkey_id))
    append(actor, AuditEvent(Action.SECOND_FACTOR_REMOVED, "account", str(actor.account_id)))


def list_passkeys(actor: Actor) -> Sequence[Passkey]:
    """Return the passkeys of the actor's account, oldest first."""
    require(actor, Permission.KEY_ISSUE)
    return _read_own(actor)


def sign_in(
    actor: Actor,
    ceremony: Ceremony,
    answer: str,
    address: str,
    browser: str | None = None,
    roles: Collection[str] = ROLE_PERMISSIONS,
) -> str:
    """Open a session by a passkey; returns its token.

    `actor` is the visitor. Runs transactions of its own. A signature counter that did not grow tells
    of a copied passkey. Raises Unauthenticated.
    """
    credential = _verified(lambda: webauthn.helpers.parse_authentication_credential_json(answer))
    if credential is None:
        raise Unauthenticated(REFUSED)
    with transaction(actor):
        row = db.session.execute(_FIND, {"credential_id": credential.raw_id}).mappings().first()
    if row is None:
        raise Unauthenticated(REFUSED)
    known = replace(
        actor,
        state=None if row["owner_state"] == NO_STATE else row["owner_state"],
        role=row["role"],
        agency=row["agency"],
        permissions=role_permissions(row["role"]),
        account_id=row["account_id"],
    )
    if known.role not in roles:
        raise Unauthenticated(DIRECTORY_ALONE)
    with transaction(known):
        account = lock(Account, known.account_id)
        is_open = account.is_active and account.subject is None
        passkey = lock(Passkey, row["passkey_id"])
        verified = _verified(
            lambda: webauthn.verify_authentication_response(
                credential=credential,
                expected_challenge=_use_challenge(
                    known, ceremony, credential.response.client_data_json
                ),
                expected_rp_id=ceremony.site,
                expected_origin=ceremony.origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=passkey.sign_count,
                require_user_verification=True,
            )
        )
        is_own = credential.response.user_handle in (None, _handle(known))
        if verified and is_open and is_own:
            passkey.sign_count, passkey.used_at = verified.new_sign_count, known.now()
            return open_session(known, address=address, browser=browser)
    with suppress(TooManyAttempts), transaction(known):
        count_attempt(str(passkey.id), address, known.now())
        refused = AuditEvent(Action.SIGN_IN_REFUSED, "account", str(known.account_id))
        append(known, replace(refused, data={"address": address}))
    raise Unauthenticated(REFUSED)


def _require_own(actor: Actor) -> None:
    """Let a session without permissions set up the factor that it needs, and no display."""
    if actor.permissions:
        require(actor, Permission.KEY_ISSUE)


def _read_own(actor: Actor) -> Sequence[Passkey]:
    own = select(Passkey).where(Passkey.account_id == actor.account_id)
    return db.session.scalars(own.order_by(Passkey.id)).all()


def _handle(actor: Actor) -> bytes:
    assert actor.account_id
    return actor.account_id.bytes


def _verified(verify: Callable[[], Verified]) -> Verified | None:
    """Return what an answer of a browser proves; None for one that proves nothing."""
    try:
        return verify()
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return None


def _new_challenge(actor: Actor, ceremony: Ceremony) -> bytes:
    until = int((actor.now() + CHALLENGE_LIFE).timestamp())
    head = secrets.token_bytes(16) + until.to_bytes(8)
    return head + _sign(actor, ceremony, head)


def _use_challenge(actor: Actor, ceremony: Ceremony, client_data: bytes) -> bytes:
    """Return the challenge in an answer, now used; raises ValueError unless it was open here."""
    challenge: bytes = parse_client_data_json(client_data).challenge
    head, until = challenge[:24], int.from_bytes(challenge[16:24])
    if not hmac.compare_digest(challenge[24:], _sign(actor, ceremony, head)):
        raise ValueError("a challenge of another browser or session")
    now = actor.now()
    if until < now.timestamp():
        raise ValueError("a challenge of long ago")
    values = {"challenge": challenge, "until": now + CHALLENGE_LIFE, "now": now}
    if db.session.execute(_USE_CHALLENGE, values).first() is None:
        raise ValueError("a challenge that was used")
    return challenge


def _sign(actor: Actor, ceremony: Ceremony, head: bytes) -> bytes:
    key = actor.vault.derive("passkey challenges")
    return hmac.digest(key, head + ceremony.bound_to.encode(), "sha256")
