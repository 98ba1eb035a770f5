"""Authentication: keys identify actors, passwords open sessions."""

import hashlib
import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from threading import BoundedSemaphore
from typing import Any, Final, NamedTuple
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import RowMapping, select, text, update
from zxcvbn import zxcvbn

from salsa_ext.access.audit import AuditEvent, append
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.models import Account, ApiKey
from salsa_ext.access.rules import ROLE_PERMISSIONS, role_permissions
from salsa_ext.access.second_factor import (
    REQUIRED_ROLES,
    WRONG_CODE,
    has_codes,
    has_passkey,
    use_code,
)
from salsa_ext.access.sign_in_attempts import count_attempt, forget_attempts
from salsa_ext.core.actor import NO_VAULT, Actor, Vault
from salsa_ext.core.clock import SYSTEM_CLOCK, Clock
from salsa_ext.core.errors import (
    CodeRequired,
    Forbidden,
    Invalid,
    PasswordChangeRequired,
    TooManyAttempts,
    Unauthenticated,
    Unavailable,
    message,
)
from salsa_ext.core.ids import new_id
from salsa_ext.core.ip_addresses import is_within
from salsa_ext.database.bulk import insert_many, is_any_of_param
from salsa_ext.database.locks import lock
from salsa_ext.database.models import Installation
from salsa_ext.database.session import (
    NO_STATE,
    db,
    execute_raw,
    fetch_alone,
    release_connection,
    transaction,
)

SESSION_LIFETIME = timedelta(hours=12)
DISPLAYED = timedelta(days=366)
"""For so long a display stays signed in."""
PASSWORD_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
SESSIONS: Final = ("session", "display")
"""Kinds of keys that pages accept: a key for a program has its own scopes and addresses."""
CALLERS: Final = ("key", *SESSIONS)
LINKS: Final = ("link",)
MIN_PASSWORD_LENGTH: Final = 12
MAX_CHECKED_LENGTH: Final = 32
MIN_GUESSES_LOG10: Final = 9
"""Passwords that fewer guesses find are refused, by zxcvbn's lists and patterns."""
PART_SEPARATOR: Final = "+"
"""Between the two parts of a first password that two persons gave."""
DIRECTORY_ALONE: Final = message("Your role signs in by the directory of your state alone.")
WRONG_PASSWORD: Final = message("The user name or the password is wrong.")
FIRST_PASSWORD: Final = message("This is your first password. Enter it again, and one of your own.")
EXPIRED_PASSWORD: Final = message(
    "This password was set by someone else and has expired. Ask your administrator for a new one."
)
GIVEN: Final = timedelta(days=7)
"""For so long a password is good that another person set."""
HASHING_SECONDS: Final = 2
_HASHING: Final = BoundedSemaphore(1)
_HASHING_OR_WAITING: Final = BoundedSemaphore(1 + 8)
_DUMMY_HASH = PASSWORD_HASHER.hash(secrets.token_urlsafe(16))
_KEY_COLUMNS = tuple(
    "key_id scopes expires_at account_id owner_state agency role kind used_at networks".split()
)
_FIND_KEY = f"SELECT {', '.join(_KEY_COLUMNS)} FROM salsa_api_key(%s)"  # noqa: S608 - names of columns
_NOTE_USE = """
    UPDATE api_key SET used_at = %s
    WHERE id = (SELECT id FROM api_key WHERE id = %s FOR UPDATE SKIP LOCKED)
"""
"""Waits for no other request of the same key."""
_FIND_ACCOUNT = text("SELECT * FROM salsa_account(:username)")


def authenticate_key(
    token: str,
    clock: Clock = SYSTEM_CLOCK,
    vault: Vault = NO_VAULT,
    *,
    address: str = "",
    kinds: Collection[str] = CALLERS,
    idle: timedelta | None = None,
    is_use: bool = True,
) -> Actor:
    """Return the actor of a key of these kinds; raises Unauthenticated for any other.

    So for one that has expired, or is used from other addresses than its own.

    A session that was not used for `idle` has expired, too; use is noted once in a tenth of it, and
    not at all unless `is_use`.
    """
    account = fetch_alone(_FIND_KEY, (token_digest(token),))
    row = dict(zip(_KEY_COLUMNS, account, strict=True)) if account else {}
    if not row or row["kind"] not in kinds:
        raise Unauthenticated(message("This key is unknown, revoked or its account is closed."))
    now = clock.now()
    if row["expires_at"] <= now:
        raise Unauthenticated(message("This key has expired; ask for a new one."))
    unused = now - row["used_at"]
    if idle and row["kind"] == "session" and unused > idle:
        raise Unauthenticated(message("Your session has ended. Sign in again."))
    allowed = role_permissions(row["role"])
    actor = Actor(
        state=None if row["owner_state"] == NO_STATE else row["owner_state"],
        role=row["role"],
        agency=row["agency"],
        permissions=frozenset(row["scopes"]) & allowed,
        account_id=row["account_id"],
        key_id=row["key_id"],
        clock=clock,
        vault=vault,
    )
    if row["networks"] and not is_within(address, row["networks"]):
        _audit_elsewhere(actor, address)
        raise Unauthenticated(
            message("This key is not for your address. Use it from its own network.")
        )
    if idle and is_use and unused > idle / 10:
        with transaction(actor):
            execute_raw(_NOTE_USE, (now, row["key_id"]))
    return actor


def _audit_elsewhere(actor: Actor, address: str) -> None:
    """Audit the use of a key from another address; many are braked as wrong passwords are."""
    with suppress(TooManyAttempts), transaction(actor):
        count_attempt(str(actor.key_id), address, actor.now())
        refused = AuditEvent(Action.KEY_REFUSED, "key", str(actor.key_id))
        append(actor, replace(refused, data={"address": address}))


class PasswordCheck(NamedTuple):
    """Account of a user name, whether the password was right, and when another person set it."""

    actor: Actor | None
    is_right: bool
    given_at: datetime | None
    hashes: tuple[str | None, str | None]


def check_password(username: str, password: str) -> PasswordCheck:
    """Compare a password, one at a time; raises TooManyAttempts or Unavailable if many wait."""
    row = _find_account_row(username) or _find_account_row(username.lower())
    release_connection()
    stored, parts = [row["password_hash"] if row else _DUMMY_HASH], [password]
    if row and row["second_hash"]:
        stored, parts = [*stored, row["second_hash"]], [*password.rpartition(PART_SEPARATOR)[::2]]
    is_right = row is not None
    with _turn_to_hash():
        try:
            for one_hash, part in zip(stored, parts, strict=True):
                PASSWORD_HASHER.verify(one_hash, part)
        except VerifyMismatchError:
            is_right = False
    if row is None:
        return PasswordCheck(None, False, None, (None, None))
    actor = Actor(
        state=None if row["owner_state"] == NO_STATE else row["owner_state"],
        role=row["role"],
        agency=row["agency"],
        permissions=role_permissions(row["role"]),
        account_id=row["account_id"],
    )
    hashes = row["password_hash"], row["second_hash"]
    return PasswordCheck(actor, is_right, row["password_given_at"], hashes)


@contextmanager
def _turn_to_hash() -> Iterator[None]:
    busy = message("Many are signing in at this moment; try again shortly.")
    if not _HASHING_OR_WAITING.acquire(blocking=False):
        raise TooManyAttempts(busy)
    try:
        if not _HASHING.acquire(timeout=HASHING_SECONDS):
            raise Unavailable(busy)
        try:
            yield
        finally:
            _HASHING.release()
    finally:
        _HASHING_OR_WAITING.release()


def sign_in(
    actor: Actor,
    username: str,
    password: str,
    address: str,
    new_password: str | None = None,
    *,
    code: str = "",
    browser: str | None = None,
    roles: Collection[str] = ROLE_PERMISSIONS,
    given: timedelta = GIVEN,
) -> str:
    """Open a session by a password, and change it to `new_password`; returns the session's token.

    `actor` is the visitor. A password that another person set is good for `given`. Where the account
    has a second factor, its `code` is needed; where its role needs one, and it has none,
    the session may do nothing but set it up. Runs transactions of its own. Raises TooManyAttempts,
    Unauthenticated, CodeRequired, PasswordChangeRequired if another person set the password, or
    Invalid for a weak new one.
    """
    with transaction(actor):
        count_attempt(username, address, actor.now())
    check = check_password(username, password)
    if check.actor is None:
        raise Unauthenticated(WRONG_PASSWORD)
    known = replace(check.actor, clock=actor.clock, vault=actor.vault, request_id=actor.request_id)
    if not check.is_right:
        _audit_refusal(known, address)
        raise Unauthenticated(WRONG_PASSWORD)
    if known.role not in roles:
        raise Unauthenticated(DIRECTORY_ALONE)
    if check.given_at and check.given_at + given <= known.now():
        _audit_refusal(known, address, expired=True)
        raise Unauthenticated(EXPIRED_PASSWORD)
    has_factor = _check_code(known, code, address)
    with transaction(known):
        forget_attempts(username, address, known.now())
    if check.given_at and new_password is None:
        raise PasswordChangeRequired(FIRST_PASSWORD)
    new_hash = None if new_password is None else _hash_new(username, password, new_password)
    with transaction(known):
        _store_password(known, check, new_hash)
        if not has_factor and known.role in REQUIRED_ROLES and is_real():
            known = replace(known, permissions=frozenset())
        return open_session(known, address=address, browser=browser)


def change_password(
    actor: Actor, username: str, old: str, new: str, address: str, browser: str | None = None
) -> str:
    """Change a password; ends keys, returns a session. Raises TooManyAttempts, Invalid."""
    with transaction(actor):
        count_attempt(username, address, actor.now())
    check = check_password(username, old)
    if not check.is_right or check.actor is None or check.actor.account_id != actor.account_id:
        _audit_refusal(actor, address)
        raise Invalid({"old": [message("This is not your password. Enter it again.")]})
    new_hash = _hash_new(username, old, new)
    with transaction(actor):
        forget_attempts(username, address, actor.now())
        _store_password(actor, check, new_hash)
        return open_session(actor, address=address, browser=browser)


def _store_password(actor: Actor, check: PasswordCheck, new_hash: str | None) -> None:
    """Store a new password unless the old one was changed, reset or closed while it was hashed."""
    account = lock(Account, actor.account_id)
    if (account.password_hash, account.second_hash) != check.hashes or not account.is_active:
        raise Unauthenticated(WRONG_PASSWORD)
    if new_hash is not None:
        account.password_hash, account.second_hash = new_hash, None
        account.password_given_at = None
        revoke_keys(actor, account.id)
        append(actor, AuditEvent(Action.PASSWORD_CHANGED, "account", account.id))


def is_real() -> bool:
    """Return whether this holds real records: a demo, whose passwords are printed, is not guarded."""
    return db.session.get(Installation, "real") is not None


def renew_session(actor: Actor) -> str:
    """End the session of the actor's key, and open one with all permissions of the role."""
    close_session(actor)
    old = db.session.get_one(ApiKey, actor.key_id)
    known = replace(actor, permissions=role_permissions(actor.role))
    return open_session(known, address=old.address, browser=old.browser)


def _audit_refusal(actor: Actor, address: str, **more: Any) -> None:
    with transaction(actor):
        refused = AuditEvent(Action.SIGN_IN_REFUSED, "account", str(actor.account_id))
        append(actor, replace(refused, data={"address": address} | more))


def _check_code(actor: Actor, code: str, address: str) -> bool:
    """Return whether the account has a second factor, by whose code it signs in; raises CodeRequired.

    Attempts with a right password and no right code are counted, as those with a wrong password are.
    """
    with transaction(actor):
        if not has_codes(actor):
            if has_passkey(actor):
                raise CodeRequired(message("Your account has a passkey. Sign in with that."))
            return False
        is_right = bool(code and use_code(actor, code))
    if code and not is_right:
        _audit_refusal(actor, address)
        raise CodeRequired(WRONG_CODE)
    if not is_right:
        raise CodeRequired(
            message("Your password is right. Enter it again, with the code of your application.")
        )
    return True


def _hash_new(username: str, old: str, new: str) -> str:
    """Return the hash of a new password, which takes no connection; raises Invalid."""
    check_strength(new, username)
    if new == old:
        raise Invalid({"password": [message("The new password is the old one. Choose another.")]})
    with _turn_to_hash():
        return PASSWORD_HASHER.hash(new)


def revoke_keys(actor: Actor, account_id: UUID) -> None:
    """Revoke an account's keys and sessions."""
    keys = update(ApiKey).where(ApiKey.account_id == account_id, ApiKey.revoked_at.is_(None))
    db.session.execute(keys.values(revoked_at=actor.now()))


def check_strength(password: str, username: str) -> None:
    """Raise Invalid for a password that is short, common or made of the user name."""
    if len(password) < MIN_PASSWORD_LENGTH:
        raise Invalid(
            {"password": [message("At least {count} characters.", count=MIN_PASSWORD_LENGTH)]}
        )
    known = [username.lower(), *username.lower().split("."), "salsa"]
    guesses = zxcvbn(password[:MAX_CHECKED_LENGTH].lower(), user_inputs=known)["guesses_log10"]
    if guesses < MIN_GUESSES_LOG10:
        raise Invalid(
            {"password": [message("This password is easy to guess. Use three or four words.")]}
        )


def _find_account_row(username: str) -> RowMapping | None:
    return db.session.execute(_FIND_ACCOUNT, {"username": username}).mappings().first()


def open_session(
    actor: Actor,
    lasts: timedelta = SESSION_LIFETIME,
    *,
    address: str | None = None,
    browser: str | None = None,
) -> str:
    """Open a session; returns its token, an expiring key."""
    token, row = generate_key(actor, "session", sorted(actor.permissions), lasts)
    kind = "display" if lasts == DISPLAYED else "session"
    insert_many(ApiKey, [row | {"kind": kind, "address": address, "browser": browser}])
    append(actor, AuditEvent(Action.SIGNED_IN, "key", row["id"]))
    return token


def open_by_link(actor: Actor) -> str:
    """Exchange the link of a display for a session, once; raises Unauthenticated."""
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
        "kind": "key",
        "used_at": now,
        "ends_at": None,
        "networks": [],
        "address": None,
        "browser": None,
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


def account_actor(account_id: UUID, worker: Actor) -> Actor:
    """Return the actor of an account for what it left to a job; raises Forbidden if closed."""
    account = db.session.get(Account, account_id, populate_existing=True)
    if account is None or not account.is_active:
        raise Forbidden(message("The account that began this is closed. Begin it again."))
    return Actor(
        state=account.owner_state,
        role=account.role,
        agency=account.agency,
        permissions=role_permissions(account.role),
        account_id=account.id,
        clock=worker.clock,
        vault=worker.vault,
    )
