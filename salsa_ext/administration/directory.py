"""Accounts of persons whom a directory of the state knows (OpenID Connect)."""

import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, select

from salsa_ext.access.audit import AuditEvent, append
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.authentication import PASSWORD_HASHER, is_real, open_session, revoke_keys
from salsa_ext.access.models import Account
from salsa_ext.access.rules import ROLE_PERMISSIONS, role_permissions
from salsa_ext.access.second_factor import REQUIRED_ROLES
from salsa_ext.administration.accounts import DISPLAY, GUARDED_ROLES
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import NotConfigured, Unauthenticated, message
from salsa_ext.core.ids import new_id
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.session import db, transaction
from salsa_ext.reference.agencies import agency_codes

LOCAL_ROLES: Final = frozenset(("state_administrator",))
"""Roles that sign in without the directory even where local accounts are off."""
STRONG_METHODS: Final = frozenset(("mfa", "otp", "hwk", "swk", "fpt", "face", "sc"))
"""Values of `amr` (RFC 8176) that tell of a second factor."""


@dataclass(frozen=True)
class Directory:
    """Settings of a directory: whom it is for, and which of its groups have which role here.

    `roles` is by group; the first that a person is in counts. `two_persons`: a supervisor or
    administrator waits for a second person. `local_accounts` False leaves administrators alone to
    sign in by password.
    """

    issuer: str
    client_id: str
    client_secret_file: str
    state: str
    agency: str
    roles: Mapping[str, str]
    name_claim: str = "preferred_username"
    agency_claim: str = "agency"
    groups_claim: str = "groups"
    two_persons: bool = True
    local_accounts: bool = True

    @property
    def client_secret(self) -> str:
        """Return the secret of this client; raises OSError."""
        return Path(self.client_secret_file).read_text().strip()


def load_directory(path: Path) -> Directory:
    """Read the settings in a TOML file; raises NotConfigured."""
    try:
        directory = Directory(**tomllib.loads(path.read_text()))
        directory.client_secret  # noqa: B018 - fails at the start, not at the first sign-in
    except (OSError, TypeError, ValueError) as error:
        problem = message(
            "{path} does not describe a directory: {cause}.", path=str(path), cause=str(error)
        )
        raise NotConfigured(problem) from None
    unknown = {*directory.roles.values()} - ({*ROLE_PERMISSIONS} - {DISPLAY, "secretariat"})
    if unknown:
        problem = message(
            "{path} names no role: {names}.", path=str(path), names=", ".join(sorted(unknown))
        )
        raise NotConfigured(problem)
    return directory


def enter(
    actor: Actor,
    directory: Directory,
    claims: Mapping[str, Any],
    address: str,
    browser: str | None = None,
) -> str:
    """Open a session for a person whom the directory just proved; returns its token.

    `actor` is the service of the directory's state. The person's account is opened, or gets the role
    and agency that the directory names now. Raises Unauthenticated where it may not enter.
    """
    groups, methods = _texts(claims, directory.groups_claim), _texts(claims, "amr")
    role = next((role for group, role in directory.roles.items() if group in groups), "")
    needs_factor = role in REQUIRED_ROLES and not STRONG_METHODS & methods
    with transaction(actor):
        account = _find_account(directory, claims)
        if account is not None and not role:
            revoke_keys(actor, account.id)
        needs_factor = needs_factor and is_real()
    if not role:
        raise Unauthenticated(message("Your directory gives you no role here. Ask who keeps it."))
    if needs_factor:
        raise Unauthenticated(
            message("Your role needs a second factor. Sign in to your directory with one.")
        )
    with transaction(actor):
        account = _find_account(directory, claims)
        agency = str(claims.get(directory.agency_claim) or directory.agency)
        if agency not in agency_codes(directory.state):
            raise Unauthenticated(message("Your directory names an agency that is unknown here."))
        if account is None:
            account = _open_account(actor, directory, claims, role, agency)
        elif (account.role, account.agency) != (role, agency):
            _change_account(actor, directory, account, role, agency)
        is_open, is_waiting = account.is_active, account.opened_by is not None
        known = Actor(
            state=directory.state,
            role=role,
            agency=agency,
            permissions=role_permissions(role),
            account_id=account.id,
            clock=actor.clock,
            request_id=actor.request_id,
        )
    if is_waiting:
        raise Unauthenticated(message("A second person has to confirm your account first."))
    if not is_open:
        raise Unauthenticated(message("Your account is closed. Ask your administrator."))
    with transaction(known):
        return open_session(known, address=address, browser=browser)


def _texts(claims: Mapping[str, Any], name: str) -> set[str]:
    listed = claims.get(name)
    return {*map(str, listed)} if isinstance(listed, list) else set()


def _subject(directory: Directory, claims: Mapping[str, Any]) -> str:
    return f"{directory.issuer}#{claims['sub']}"


def _find_account(directory: Directory, claims: Mapping[str, Any]) -> Account | None:
    own = select(Account).where(Account.subject == _subject(directory, claims))
    return db.session.scalar(own.with_for_update())


def _open_account(
    actor: Actor, directory: Directory, claims: Mapping[str, Any], role: str, agency: str
) -> Account:
    name = str(claims.get(directory.name_claim) or "").lower().partition("@")[0]
    username = f"{directory.state.lower()}.{name}"
    is_taken = select(Account.id).where(func.lower(Account.username) == username)
    if not name or db.session.scalar(is_taken) is not None:
        raise Unauthenticated(
            message("Another account has your user name, or you have none. Ask your administrator.")
        )
    account_id, waits = new_id(), _needs_second(directory, role)
    row = {
        "id": account_id,
        "owner_state": directory.state,
        "agency": agency,
        "role": role,
        "username": username,
        "password_hash": PASSWORD_HASHER.hash(secrets.token_urlsafe(32)),
        "is_active": not waits,
        "opened_by": account_id if waits else None,
        "created_at": actor.now(),
        "subject": _subject(directory, claims),
    }
    insert_many(Account, [row])
    append(actor, AuditEvent(Action.ACCOUNT_OPENED, "account", account_id, data={"role": role}))
    return db.session.get_one(Account, account_id)


def _change_account(
    actor: Actor, directory: Directory, account: Account, role: str, agency: str
) -> None:
    """Give an account another role or agency; its keys and sessions end."""
    is_raised = role != account.role and _needs_second(directory, role)
    db.session.execute(select(func.salsa_set_directory_role(account.id, role, agency)))
    db.session.refresh(account)
    if is_raised and account.is_active:
        account.is_active, account.opened_by = False, account.id
    account.version += 1
    revoke_keys(actor, account.id)
    append(actor, AuditEvent(Action.ACCOUNT_CHANGED, "account", account.id, data={"role": role}))


def _needs_second(directory: Directory, role: str) -> bool:
    return directory.two_persons and role in GUARDED_ROLES and is_real()
