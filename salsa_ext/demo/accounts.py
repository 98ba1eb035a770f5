"""Accounts of the demo, with passwords and keys."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from salsa_ext.access import authentication
from salsa_ext.access.rules import operator
from salsa_ext.administration import accounts, keys
from salsa_ext.administration.accounts import AccountData
from salsa_ext.administration.keys import KeyData
from salsa_ext.core.actor import Actor
from salsa_ext.core.codes import ROLES
from salsa_ext.core.errors import NotFound, Unauthenticated
from salsa_ext.database.session import transaction
from salsa_ext.demo import agencies
from salsa_ext.demo.agencies import SECRETARIAT
from salsa_ext.demo.investigation import TRACING_STATES

AGENCY_KIND_BY_ROLE: Final = {
    "licensing_officer": "licensing",
    "police_officer": "police",
    "forensic_examiner": "forensic",
    "trace_analyst": "specialised_unit",
    "border_officer": "border",
    "supervisor": "prosecution",
    "state_administrator": "licensing",
    "auditor": "prosecution",
}
KEY_DAYS: Final = 366


@dataclass(frozen=True)
class DemoAccount:
    """A demo account with password and key.

    `token` is a key with all scopes of the role.
    """

    state: str | None
    role: str
    username: str
    password: str
    token: str


def planned_accounts() -> list[tuple[str | None, str, str]]:
    """Return the accounts to open as (state, role, agency)."""
    of_states = [
        (state, role, agencies.agency_code(state, AGENCY_KIND_BY_ROLE[role]))
        for state in TRACING_STATES
        for role in ROLES
        if role in AGENCY_KIND_BY_ROLE
    ]
    return [*of_states, (None, "secretariat", SECRETARIAT)]


def open_account(actor: Actor, role: str, agency: str) -> DemoAccount:
    """Open an account with a key; password and token are random."""
    username = _username(actor.state, role)
    _, password = accounts.open_account(actor=actor, data=AccountData(username, role, agency))
    return _issue_key(actor, role, password)


def has_valid_token(accounts: Sequence[DemoAccount]) -> bool:
    """Return whether any of the tokens is valid here.

    Single ones may be revoked.
    """
    return any(_is_valid_token(account.token) for account in accounts)


def _is_valid_token(token: str) -> bool:
    try:
        with transaction(operator(None)):
            authentication.authenticate_key(token)
    except Unauthenticated:
        return False
    return True


def renew_accounts() -> list[DemoAccount]:
    """Give every open account a new password and key.

    The old ones are stored as hashes only.
    """
    renewed = []
    for state, role, _ in planned_accounts():
        actor = operator(state)
        with transaction(actor), suppress(NotFound):
            password = accounts.reset_password(actor=actor, username=_username(state, role))
            renewed.append(_issue_key(actor, role, password))
    return renewed


def _username(state: str | None, role: str) -> str:
    return f"{state.lower()}.{role}" if state else role


def _issue_key(actor: Actor, role: str, password: str) -> DemoAccount:
    username = _username(actor.state, role)
    _, token = keys.issue_key(actor=actor, data=KeyData(username, "demo", KEY_DAYS))
    return DemoAccount(actor.state, role, username, password, token)


def read_credentials(path: Path) -> list[DemoAccount] | None:
    """Return the accounts in the file; None if missing or invalid."""
    try:
        return [
            DemoAccount(**account) for account in json.loads(path.read_text("utf-8"))["accounts"]
        ]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_credentials(path: Path, base_url: str, demo_accounts: Sequence[DemoAccount]) -> None:
    """Write the accounts to a file atomically, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"base_url": base_url, "accounts": [asdict(account) for account in demo_accounts]}
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
