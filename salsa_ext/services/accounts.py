"""Accounts of one state: opened and closed by its administrator."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update

from salsa_ext.audit import Act, Action, append
from salsa_ext.db import NO_STATE, db, insert_many
from salsa_ext.errors import Conflict, Invalid, NotFound, StaleVersion, say
from salsa_ext.models import Account, ApiKey
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import RULES, is_limited, permissions_of, require
from salsa_ext.readmodels.contacts import agency_codes
from salsa_ext.readmodels.crossings import sides_for
from salsa_ext.readmodels.reference import get_post
from salsa_ext.services.authentication import HASHER, new_key
from salsa_ext.services.fields import Problems, check_agency
from salsa_ext.values.actor import Actor
from salsa_ext.values.ids import new_id
from salsa_ext.values.texts import is_blank

SHORTEST_PASSWORD = 12
DISPLAY = "display"
LINK = timedelta(days=1)
"""For so long a link for a display can be used."""
OF_A_STATE = re.compile(r"[a-z]{3}\.", re.IGNORECASE)


@dataclass(frozen=True)
class AccountData:
    """Who gets an account; without `password` one is made. A display has a `post`, and no password."""

    username: str
    role: str
    agency: str
    password: str | None = None
    post: str | None = None


def open_account(*, actor: Actor, data: AccountData) -> tuple[UUID, str]:
    """Open an account in the actor's state; returns its id and its password, shown this once.

    A display gets a one-time link instead, by which its device signs in within a day.
    A user name in capitals is taken in small letters.
    By a key that carries less than its role may, none is opened that may more than the key.
    """
    require(actor, Permission.ACCOUNT_MANAGE)
    data = replace(data, username=data.username.lower())
    _check(actor, data)
    password = data.password or secrets.token_urlsafe(15)
    account_id = new_id()
    insert_many(Account, [{
        "id": account_id, "owner_state": actor.state or NO_STATE, "agency": data.agency,
        "role": data.role, "username": data.username, "password_hash": HASHER.hash(password),
        "is_active": True, "created_at": actor.now(), "post": data.post,
    }])  # fmt: skip
    append(actor, Act(Action.ACCOUNT_OPENED, "account", account_id, data={"role": data.role}))
    if data.role == DISPLAY:
        return account_id, _link(actor, account_id)
    return account_id, password


def close_account(*, actor: Actor, account_id: UUID, seen: int | None) -> None:
    """Close an account and end its keys and sessions at once; one that is closed stays as it is.

    Raises NotFound, StaleVersion, or Conflict for the last open administrator of a state.
    """
    require(actor, Permission.ACCOUNT_MANAGE)
    administrators = _lock_administrators()
    account = db.session.get(Account, account_id, populate_existing=True, with_for_update=True)
    if account is None:
        raise NotFound("account", account_id)
    if seen is not None and seen != account.version:
        raise StaleVersion(say("This was changed since you read it; read it again."))
    if not account.is_active:
        return
    if administrators == [account_id]:
        raise Conflict(say("{username} is the last open administrator of the state; open another"
                           " first.", username=account.username))  # fmt: skip
    account.is_active, account.version = False, account.version + 1
    _end_keys(actor, account_id)
    append(actor, Act(Action.ACCOUNT_CLOSED, "account", account_id))


def renew_password(*, actor: Actor, username: str) -> str:
    """Give an open account a new password and end its keys at once; raises as `find_open` does.

    Returns the password, shown this once.
    """
    require(actor, Permission.ACCOUNT_MANAGE)
    account, password = find_open(username), secrets.token_urlsafe(15)
    if account.role == DISPLAY:
        raise Conflict(say("{username} signs in by a link.", username=account.username))
    account.password_hash = HASHER.hash(password)
    _end_keys(actor, account.id)
    append(actor, Act(Action.ACCOUNT_RENEWED, "account", account.id))
    return password


def issue_link(*, actor: Actor, username: str) -> str:
    """Issue a new one-time link for a display, and end what it was signed in by; raises as `find_open`.

    Returns the link's token, shown this once.
    """
    require(actor, Permission.ACCOUNT_MANAGE)
    account = find_open(username)
    if account.role != DISPLAY:
        raise Conflict(say("{username} signs in by a password.", username=account.username))
    _end_keys(actor, account.id)
    append(actor, Act(Action.ACCOUNT_LINKED, "account", account.id))
    return _link(actor, account.id)


def _link(actor: Actor, account_id: UUID) -> str:
    token, row = new_key(actor, "link", (), LINK)
    insert_many(ApiKey, [row | {"account_id": account_id, "is_link": True}])
    return token


def find(username: str) -> Account:
    """Return an account of the own state, locked; raises NotFound.

    Capitals count as small letters, unless an account is written with them.
    """
    named = select(Account).where(Account.username.in_((username, username.lower())))
    exact_first = named.order_by((Account.username == username).desc()).limit(1)
    account = db.session.scalar(exact_first.with_for_update())
    if account is None:
        raise NotFound("account", username)
    return account


def find_open(username: str) -> Account:
    """Return an open account of the own state, locked; raises NotFound, or Conflict where closed."""
    account = find(username)
    if not account.is_active:
        raise Conflict(say("{username} is closed; open an account with another user name.",
                           username=account.username))  # fmt: skip
    return account


def _lock_administrators() -> list[UUID]:
    """Return who administers the own state; of two that close each other, one waits for the other."""
    administrators = select(Account.id).where(
        Account.role == "state_administrator", Account.is_active
    )
    return [*db.session.scalars(administrators.order_by(Account.id).with_for_update())]


def _end_keys(actor: Actor, account_id: UUID) -> None:
    """End the keys of an account, its sessions among them."""
    keys = update(ApiKey).where(ApiKey.account_id == account_id, ApiKey.revoked_at.is_(None))
    db.session.execute(keys.values(revoked_at=actor.now()))


def _check(actor: Actor, data: AccountData) -> None:
    if data.role not in RULES:
        raise Invalid({"role": [say("One of: {roles}.", roles=", ".join(RULES))]})
    if (data.role == "secretariat") != (actor.state is None):
        raise Invalid(
            {"role": [say("The secretariat has no state, and every other role has one.")]}
        )
    if data.password is not None and len(data.password) < SHORTEST_PASSWORD:
        raise Invalid({"password": [say("At least {count} characters.", count=SHORTEST_PASSWORD)]})
    problems = Problems()
    if is_limited(actor) and (beyond := sorted(permissions_of(data.role) - actor.permissions)):
        problems.add("role", say("Your own key does not carry {scopes}; it opens no account that may"
                                 " more than it.", scopes=", ".join(beyond)))  # fmt: skip
    _check_username(problems, data.username, actor.state)
    if data.role == DISPLAY and data.post is None:
        problems.add("post", say("Name the post at which the display hangs."))
    if data.role == DISPLAY and data.password is not None:
        problems.add("password", say("A display signs in by a link."))
    if data.role != DISPLAY and data.post is not None:
        problems.add("post", say("Only a display has a post."))
    check_agency(problems, "agency", data.agency, agency_codes(actor.state))
    problems.raise_any()
    if data.post is not None:
        sides_for(get_post(data.post), actor.state)


def _check_username(problems: Problems, username: str, state: str | None) -> None:
    """Names are unique among all states: in a space of its own, none learns another's."""
    prefix = f"{state.lower()}." if state else ""
    if not username.startswith(prefix) or is_blank(username.removeprefix(prefix)):
        problems.add("username", say("A user name of your state begins with {prefix}, such as"
                                     " {prefix}ana.", prefix=prefix))  # fmt: skip
    elif state is None and OF_A_STATE.match(username):
        problems.add("username", say("A user name that begins so is one of a state."))
