"""Accounts of one state."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import available_timezones

from sqlalchemy import func, select, union

from salsa_ext.access import second_factor
from salsa_ext.access.audit import AuditEvent, append
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.authentication import (
    PASSWORD_HASHER,
    check_strength,
    generate_key,
    is_real,
    revoke_keys,
)
from salsa_ext.access.models import Account, ApiKey, Passkey, SecondFactor
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import (
    OPERATOR_ROLE,
    ROLE_PERMISSIONS,
    has_limited_key,
    require,
    role_permissions,
)
from salsa_ext.core.actor import Actor
from salsa_ext.core.codes import LANGUAGES
from salsa_ext.core.errors import Conflict, Forbidden, Invalid, NotFound, message
from salsa_ext.core.field_checks import Problems, check_agency
from salsa_ext.core.ids import new_id
from salsa_ext.core.text import is_blank, remove_accents
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.locks import lock
from salsa_ext.database.paging import Page, fetch_page
from salsa_ext.database.session import NO_STATE, db, read_row
from salsa_ext.notifications.notice_rules import NOTIFICATION_KINDS
from salsa_ext.reference.agencies import agency_codes
from salsa_ext.reference.models import Agency, StateSetting
from salsa_ext.reference.post_sides import own_and_other_side
from salsa_ext.reference.queries import get_post

GUARDED_ROLES = ("supervisor", "state_administrator", "auditor")
"""Roles that approve what others did, or open accounts: two persons grant them."""
DISPLAY = "display"
LINK = timedelta(days=1)
"""For so long a link for a display can be used."""
USERNAME = re.compile(r"[a-z0-9]+([._-][a-z0-9]+)*")
STATE_PREFIX = re.compile(r"[a-z]{3}\.", re.IGNORECASE)


@dataclass(frozen=True)
class AccountData:
    """New account; a missing password is generated."""

    username: str
    role: str
    agency: str
    password: str | None = None
    post: str | None = None


def open_account(*, actor: Actor, data: AccountData) -> tuple[UUID, str]:
    """Open an account; returns its id and the password, shown only once.

    User names are stored in lower case. A limited key opens no account with more permissions than
    its own. Raises Invalid.
    """
    require(actor, Permission.ACCOUNT_MANAGE)
    data = replace(data, username=data.username.lower())
    _check_account(actor, data)
    password = data.password or secrets.token_urlsafe(15)
    account_id, needs_second = new_id(), data.role in GUARDED_ROLES and _is_guarded(actor)
    insert_many(
        Account,
        [
            {
                "id": account_id,
                "owner_state": actor.state or NO_STATE,
                "agency": data.agency,
                "role": data.role,
                "username": data.username,
                "password_hash": PASSWORD_HASHER.hash(password),
                "is_active": not needs_second,
                "password_given_at": _given_at(actor) if data.role != DISPLAY else None,
                "opened_by": actor.account_id if needs_second else None,
                "created_at": actor.now(),
                "post": data.post,
            }
        ],
    )
    append(
        actor, AuditEvent(Action.ACCOUNT_OPENED, "account", account_id, data={"role": data.role})
    )
    if data.role == DISPLAY:
        return account_id, _link(actor, account_id)
    return account_id, password


def _is_guarded(actor: Actor) -> bool:
    """Return whether a second person is needed; the server's own command line is one."""
    return actor.role != OPERATOR_ROLE and is_real()


def _given_at(actor: Actor) -> datetime | None:
    """Return when another person set a password; those that a demo is made with count as own."""
    return actor.now() if is_real() or actor.role != OPERATOR_ROLE else None


def confirm_account(
    *, actor: Actor, account_id: UUID, expected_version: int
) -> tuple[Account, str]:
    """Confirm an account that another person opened; returns it and a second part of its password.

    The first password is both parts with `+` between them, so neither person can use it alone.
    Raises NotFound, StaleVersion, Conflict if nothing waits, Forbidden for who opened it.
    """
    require(actor, Permission.ACCOUNT_CONFIRM)
    account = lock(Account, account_id, expected_version)
    if account.opened_by is None:
        raise Conflict(message("{username} waits for no confirmation.", username=account.username))
    if account.opened_by == actor.account_id:
        raise Forbidden(message("You opened this account. A second person has to confirm it."))
    part = secrets.token_urlsafe(12)
    account.second_hash, account.opened_by = PASSWORD_HASHER.hash(part), None
    account.password_given_at = _given_at(actor)
    account.is_active, account.version = True, account.version + 1
    append(actor, AuditEvent(Action.ACCOUNT_CONFIRMED, "account", account.id))
    return account, part


def close_account(*, actor: Actor, account_id: UUID, expected_version: int | None) -> None:
    """Close an account with its keys and sessions; raises NotFound, StaleVersion, Conflict."""
    require(actor, Permission.ACCOUNT_MANAGE)
    administrators = _lock_administrators()
    account = lock(Account, account_id, expected_version)
    if not account.is_active and account.opened_by is None:
        return
    if administrators == [account_id]:
        raise Conflict(
            message(
                "{username} is the last open administrator of the state; open another first.",
                username=account.username,
            )
        )
    account.is_active, account.opened_by, account.version = False, None, account.version + 1
    revoke_keys(actor, account_id)
    append(actor, AuditEvent(Action.ACCOUNT_CLOSED, "account", account_id))


def reset_password(*, actor: Actor, username: str) -> str:
    """Set a new password, and end the account's codes, passkeys, keys and sessions.

    For who runs the server, who counts as two persons. Returns the password, shown only once. Raises
    as `lock_open_account`.
    """
    require(actor, Permission.ACCOUNT_MANAGE)
    account, password = lock_open_account(username), secrets.token_urlsafe(15)
    if account.role == DISPLAY:
        raise Conflict(message("{username} signs in by a link.", username=account.username))
    account.password_hash, account.second_hash = PASSWORD_HASHER.hash(password), None
    account.password_given_at = _given_at(actor)
    second_factor.remove(actor, account.id)
    revoke_keys(actor, account.id)
    append(actor, AuditEvent(Action.ACCOUNT_RENEWED, "account", account.id))
    return password


def issue_link(*, actor: Actor, username: str) -> str:
    """Issue a new one-time link for a display, and end what it was signed in by; raises as `find_open`.

    Returns the link's token, shown this once.
    """
    require(actor, Permission.ACCOUNT_MANAGE)
    account = lock_open_account(username)
    if account.role != DISPLAY:
        raise Conflict(message("{username} signs in by a password.", username=account.username))
    revoke_keys(actor, account.id)
    append(actor, AuditEvent(Action.ACCOUNT_LINKED, "account", account.id))
    return _link(actor, account.id)


def _link(actor: Actor, account_id: UUID) -> str:
    token, row = generate_key(actor, "link", (), LINK)
    insert_many(ApiKey, [row | {"account_id": account_id, "kind": "link"}])
    return token


def lock_account(username: str) -> Account:
    """Return an account of the own state, locked; raises NotFound."""
    named = select(Account).where(Account.username.in_((username, username.lower())))
    exact_first = named.order_by((Account.username == username).desc()).limit(1)
    account = db.session.scalar(exact_first.with_for_update())
    if account is None:
        raise NotFound("account", username)
    return account


def lock_open_account(username: str) -> Account:
    """Return an open account, locked; raises NotFound, or Conflict if closed."""
    account = lock_account(username)
    if not account.is_active:
        raise Conflict(
            message(
                "{username} is closed; open an account with another user name.",
                username=account.username,
            )
        )
    return account


def _lock_administrators() -> list[UUID]:
    """Lock the own state's administrators against closing each other."""
    administrators = select(Account.id).where(
        Account.role == "state_administrator", Account.is_active
    )
    return [*db.session.scalars(administrators.order_by(Account.id).with_for_update())]


def _check_account(actor: Actor, data: AccountData) -> None:
    if data.role not in ROLE_PERMISSIONS:
        raise Invalid({"role": [message("One of: {roles}.", roles=", ".join(ROLE_PERMISSIONS))]})
    if (data.role == "secretariat") != (actor.state is None):
        raise Invalid(
            {"role": [message("The secretariat has no state, and every other role has one.")]}
        )
    if data.password is not None:
        check_strength(data.password, data.username)
    problems = Problems()
    if has_limited_key(actor) and (
        beyond := sorted(role_permissions(data.role) - actor.permissions)
    ):
        problems.add(
            "role",
            message(
                "Your own key does not carry {scopes}; it opens no account that may more than it.",
                scopes=", ".join(beyond),
            ),
        )
    _check_username(problems, data.username, actor.state)
    if data.role == DISPLAY and data.post is None:
        problems.add("post", message("Name the post at which the display hangs."))
    if data.role == DISPLAY and data.password is not None:
        problems.add("password", message("A display signs in by a link."))
    if data.role != DISPLAY and data.post is not None:
        problems.add("post", message("Only a display has a post."))
    check_agency(problems, "agency", data.agency, agency_codes(actor.state))
    problems.raise_any()
    if data.post is not None:
        own_and_other_side(get_post(data.post), actor.state)


def _check_username(problems: Problems, username: str, state: str | None) -> None:
    """Check the state's prefix, so that user names are unique among states."""
    prefix = f"{state.lower()}." if state else ""
    if not username.startswith(prefix) or is_blank(username.removeprefix(prefix)):
        problems.add(
            "username",
            message(
                "A user name of your state begins with {prefix}, such as {prefix}ana.",
                prefix=prefix,
            ),
        )
    elif state is None and STATE_PREFIX.match(username):
        problems.add("username", message("A user name that begins so is one of a state."))
    elif not USERNAME.fullmatch(username):
        words = re.findall("[0-9a-z]+", remove_accents(username))
        problems.add(
            "username",
            message(
                "A user name has letters from a to z without accents, digits, dots and hyphens."
                " Enter {right}.",
                right=".".join(words),
            ),
        )


def list_accounts(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[Account]:
    """Return a page of the own state's accounts, also to who may confirm them; no passwords."""
    require(actor, Permission.ACCOUNT_CONFIRM)
    query = select(Account)
    if (role := filters.get("role")) is not None:
        query = query.where(Account.role == role)
    return fetch_page(query, Account.id, limit, cursor)


def get_account(actor: Actor, account_id: UUID) -> Account:
    """Return an account of the own state, also to who may confirm it; raises NotFound."""
    require(actor, Permission.ACCOUNT_CONFIRM)
    return load_account(account_id)


def has_second_factor(actor: Actor, account_id: UUID) -> bool:
    """Return whether an account of the own state has codes of an application, or a passkey."""
    require(actor, Permission.ACCOUNT_CONFIRM)
    return account_id in find_protected(actor, [account_id])


def find_protected(actor: Actor, ids: Sequence[UUID]) -> set[UUID]:
    """Return which accounts have a second factor, in one query."""
    require(actor, Permission.ACCOUNT_CONFIRM)
    codes = select(SecondFactor.account_id).where(SecondFactor.account_id.in_(ids))
    keys = select(Passkey.account_id).where(Passkey.account_id.in_(ids))
    return {*db.session.scalars(union(codes, keys))}


def load_account(account_id: UUID) -> Account:
    """Return an account by id; checks no permission, raises NotFound."""
    return read_row(Account, account_id)


def list_eligible(actor: Actor, permission: Permission) -> Sequence[Any]:
    """Return user names and agencies of open accounts with a permission."""
    require(actor, permission)
    roles = [role for role, may in ROLE_PERMISSIONS.items() if permission in may]
    open_ = (Account.owner_state == actor.state, Account.is_active, Account.role.in_(roles))
    query = select(Account.username, Account.agency).where(*open_)
    return db.session.execute(query.order_by(Account.username)).all()


@dataclass(frozen=True)
class Preferences:
    """Language and IANA time zone in which a person reads pages; None for those of the agency.

    `muted_kinds` are kinds of notifications that the person does not want, but for alarms.
    """

    language: str | None = None
    time_zone: str | None = None
    muted_kinds: Sequence[str] = ()


def set_preferences(*, actor: Actor, data: Preferences) -> None:
    """Set the preferences of the own account; raises Invalid for an unknown zone."""
    require(actor, Permission.KEY_ISSUE)
    if data.time_zone is not None and data.time_zone not in available_timezones():
        raise Invalid({"time_zone": [message("A time zone is written America/Asuncion.")]})
    if data.language is not None and data.language not in LANGUAGES:
        raise Invalid({"language": [message("One of: {choices}.", choices=", ".join(LANGUAGES))]})
    if unknown := {*data.muted_kinds} - {*NOTIFICATION_KINDS}:
        text = message("There is no kind “{kind}” of notifications.", kind=min(unknown))
        raise Invalid({"muted_kinds": [text]})
    account = lock(Account, actor.account_id)
    account.language, account.time_zone = data.language, data.time_zone
    account.muted_kinds = sorted(data.muted_kinds)


def read_preferences(actor: Actor) -> Preferences:
    """Return the preferences of the own account."""
    account = db.session.get_one(Account, actor.account_id)
    return Preferences(account.language, account.time_zone, account.muted_kinds)


class Identity(NamedTuple):
    """Who is signed in: user name, agency, name of the authority above the pages."""

    username: str
    agency: str
    authority: str


def read_identity(actor: Actor) -> Identity | None:
    """Return who is signed in; None without an account."""
    agency = func.coalesce(Agency.name, Account.agency)
    authority = func.coalesce(func.nullif(StateSetting.authority_name, ""), agency)
    own = (
        select(Account.username, agency, authority)
        .outerjoin(Agency, Agency.code == Account.agency)
        .outerjoin(StateSetting, StateSetting.owner_state == Account.owner_state)
    )
    row = db.session.execute(own.where(Account.id == actor.account_id)).first()
    return Identity(*row) if row else None
