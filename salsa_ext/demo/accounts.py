"""Agencies, accounts and credentials of the demo region."""

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from salsa_ext.access import authentication
from salsa_ext.access.rules import operator
from salsa_ext.administration import accounts, agencies, keys
from salsa_ext.administration.accounts import AccountData
from salsa_ext.administration.agencies import AgencyData, ContactData
from salsa_ext.administration.keys import KeyData
from salsa_ext.core.actor import Actor
from salsa_ext.core.codes import LICENSEE_ROLES, REGISTERS, ROLES
from salsa_ext.core.errors import NotFound, Unauthenticated
from salsa_ext.core.text import official_language
from salsa_ext.database.session import transaction
from salsa_ext.demo.investigation import TRACING_STATES
from salsa_ext.demo.world import DATA, STATES
from salsa_ext.reference.participation import declarations
from salsa_ext.reference.participation.rules import Declaration
from salsa_ext.reference.queries import list_posts
from salsa_ext.reference.state_settings import SettingsChange

AGENCIES: Final[Mapping[str, Mapping[str, str]]] = DATA["agencies"]
"""Agencies by kind, in the language of their state; pages add the state."""
CONTACTS: Final = {
    "national_point_of_contact": ("specialised_unit", "Mo-Fr 08:00-17:00", 1),
    "duty_24h": ("police", "24/7", 2),
    "licensing": ("licensing", "Mo-Fr 08:00-16:00", 3),
    "border_post": ("border", "24/7", 4),
}
POST_AGENCY_KINDS: Final = ("border", "customs")
MAX_POSTS: Final = 200
SECRETARIAT: Final = "SECRETARIAT"
DECLARED_SINCE: Final = date(2020, 1, 1)
BY_PERSON: Final = {"mode": "person"}
ONLY_CRIME: Final = dict.fromkeys(REGISTERS) | {"seizures": {}, "lost_stolen": {}}
REGISTERS_BY_STATE: Final[Mapping[str, Mapping[str, Any]]] = {
    # 18 U.S.C. 926(a) forbids a register of sales; makers and dealers are asked by telephone
    "USA": {"sale_holding": None}
    | dict.fromkeys(("manufacture", "import", "export", "permits"), BY_PERSON),
    "MEX": dict.fromkeys(REGISTERS, BY_PERSON),
    "CAN": {"sale_holding": BY_PERSON},
    "COL": {"sale_holding": {"complete": False}},
    "CHL": {"sale_holding": {"year_from": 1990}},
    "PER": {"import": {"makes": ("taurus", "glock", "Smith & Wesson")}},
    **dict.fromkeys(("JAM", "TTO"), ONLY_CRIME),
    **dict.fromkeys(("KNA", "VCT"), dict.fromkeys(REGISTERS)),
}
"""Registers that are not complete and answered by the service; None is not declared."""


def agency_code(state: str, kind: str) -> str:
    """Return an agency's code, such as BRA-SPECIALISED-UNIT."""
    return f"{state}-{kind.upper().replace('_', '-')}"


def register_state(actor: Actor) -> None:
    """Register a state's agencies, their posts and contacts."""
    state = actor.own_state()
    zone, languages = STATES[state]
    posts = tuple(post.code for post in list_posts(actor, {"state": state}, MAX_POSTS, None).items)
    for kind, names in AGENCIES.items():
        agencies.register_agency(
            actor=actor,
            data=AgencyData(
                agency_code(state, kind),
                kind,
                names[official_language(state)],
                zone,
                posts if kind in POST_AGENCY_KINDS else (),
            ),
        )
    for kind, (agency, hours, extension) in CONTACTS.items():
        agencies.add_contact(
            actor=actor,
            data=ContactData(
                agency_code(state, agency),
                kind,
                languages,
                hours,
                telephone=f"+000 {list(STATES).index(state) + 10} 555 010{extension}",
                email=f"{kind.replace('_', '-')}@{state.lower()}.example.org",
            ),
        )


def declare_registers(actor: Actor) -> None:
    """Let a state take part with its registers."""
    for register in REGISTERS:
        changes = REGISTERS_BY_STATE.get(actor.own_state(), {}).get(register, {})
        if changes is not None:
            complete: dict[str, Any] = {
                "mode": "service",
                "since": DECLARED_SINCE,
                "complete": True,
            }
            data = Declaration(register, **complete | changes)
            declarations.declare(actor=actor, data=data)


def register_secretariat(actor: Actor) -> None:
    """Register the secretariat, which has no state."""
    data = AgencyData(SECRETARIAT, "secretariat", "CIFTA secretariat (demo)", STATES["USA"][0])
    agencies.register_agency(actor=actor, data=data)


# Chile offers copies to Peru, which has not agreed yet.
STATE_SETTINGS: Final[Mapping[str, SettingsChange]] = {
    "ARG": SettingsChange(
        electronic_copies_with=("BRA", "URY"), published_roles=("exporter", "importer")
    ),
    "BRA": SettingsChange(electronic_copies_with=("ARG", "PRY"), published_roles=LICENSEE_ROLES),
    "CHL": SettingsChange(counterpart_days=45, electronic_copies_with=("PER",)),
    "COL": SettingsChange(counterpart_days=60),
    "PER": SettingsChange(overdue_hours=48),
    "PRY": SettingsChange(
        electronic_copies_with=("BRA",), published_roles=("dealer", "importer", "manufacturer")
    ),
    "URY": SettingsChange(overdue_hours=12, electronic_copies_with=("ARG",)),
}


AGENCY_KIND_BY_ROLE: Final[Mapping[str, str]] = DATA["agency_kind_by_role"]
KEY_DAYS: Final = 366


@dataclass(frozen=True)
class DemoAccount:
    """A demo account with password and key. `token` is a key with all scopes of the role."""

    state: str | None
    role: str
    username: str
    password: str
    token: str


def planned_accounts() -> list[tuple[str | None, str, str]]:
    """Return the accounts to open as (state, role, agency)."""
    of_states = [
        (state, role, agency_code(state, AGENCY_KIND_BY_ROLE[role]))
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
    """Return whether any of the tokens is valid here. Single ones may be revoked."""
    return any(_is_valid_token(account.token) for account in accounts)


def _is_valid_token(token: str) -> bool:
    try:
        with transaction(operator(None)):
            authentication.authenticate_key(token)
    except Unauthenticated:
        return False
    return True


def renew_accounts() -> list[DemoAccount]:
    """Give every open account a new password and key. The old ones are stored as hashes only."""
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
