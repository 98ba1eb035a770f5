"""Authorities, contacts and accounts of the demo region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from api.demo.traces import ASKING
from api.demo.world import STATES
from salsa_ext.db import transaction
from salsa_ext.errors import NotFound, Unauthenticated
from salsa_ext.policy.rules import operator
from salsa_ext.readmodels.reference import list_posts
from salsa_ext.services import accounts, agencies, authentication, keys
from salsa_ext.services.accounts import AccountData
from salsa_ext.services.agencies import AgencyData, ContactData
from salsa_ext.services.keys import KeyData
from salsa_ext.values.actor import Actor
from salsa_ext.values.codes import ROLES
from salsa_ext.values.languages import official_language

AGENCIES: Final[Mapping[str, Mapping[str, str]]] = {
    "licensing": {"en": "Firearms licensing authority", "es": "Autoridad de control de armas",
                  "fr": "Autorité de contrôle des armes", "pt": "Autoridade de controle de armas"},
    "police": {"en": "National police", "es": "Policía Nacional",
               "fr": "Police nationale", "pt": "Polícia Nacional"},
    "customs": {"en": "Customs", "es": "Aduana Nacional", "fr": "Douane nationale", "pt": "Aduana Nacional"},
    "border": {"en": "Border control", "es": "Control de Fronteras",
               "fr": "Contrôle des frontières", "pt": "Controle de Fronteiras"},
    "forensic": {"en": "Forensic laboratory", "es": "Laboratorio de Balística Forense",
                 "fr": "Laboratoire de balistique", "pt": "Laboratório de Balística Forense"},
    "prosecution": {"en": "Public prosecution", "es": "Ministerio Público",
                    "fr": "Ministère public", "pt": "Ministério Público"},
    "specialised_unit": {"en": "Firearms tracing unit", "es": "Unidad de Rastreo de Armas",
                         "fr": "Unité de traçage des armes", "pt": "Unidade de Rastreamento de Armas"},
}  # fmt: skip
"""Agencies by kind, in the language of their state; pages put the state beside them."""
CONTACTS: Final = {
    "national_point_of_contact": ("specialised_unit", "Mo-Fr 08:00-17:00", 1),
    "duty_24h": ("police", "24/7", 2),
    "licensing": ("licensing", "Mo-Fr 08:00-16:00", 3),
    "border_post": ("border", "24/7", 4),
}  # fmt: skip
WORKPLACES: Final = {
    "licensing_officer": "licensing", "police_officer": "police", "forensic_examiner": "forensic",
    "trace_analyst": "specialised_unit", "border_officer": "border", "supervisor": "prosecution",
    "state_administrator": "licensing", "auditor": "prosecution",
}  # fmt: skip
AT_POSTS: Final = ("border", "customs")
ALL_POSTS: Final = 200
SECRETARIAT: Final = "SECRETARIAT"
LASTING_DAYS: Final = 366


@dataclass(frozen=True)
class Account:
    """An account with what it signs in by; `token` is a key with every scope of its role."""

    state: str | None
    role: str
    username: str
    password: str
    token: str


def code(state: str, kind: str) -> str:
    """Return an agency's code, such as BRA-SPECIALISED-UNIT."""
    return f"{state}-{kind.upper().replace('_', '-')}"


def register_state(actor: Actor) -> None:
    """Register the agencies of the actor's state, some of them at its border posts, and whom to call."""
    state = actor.own_state()
    zone, languages = STATES[state]
    posts = tuple(post.code for post in list_posts(actor, {"state": state}, ALL_POSTS, None).items)
    for kind, names in AGENCIES.items():
        agencies.register(actor=actor, data=AgencyData(
            code(state, kind), kind, names[official_language(state)], zone,
            posts if kind in AT_POSTS else ()))  # fmt: skip
    for kind, (agency, hours, extension) in CONTACTS.items():
        agencies.add_contact(actor=actor, data=ContactData(
            code(state, agency), kind, languages, hours,
            telephone=f"+000 {list(STATES).index(state) + 10} 555 010{extension}",
            email=f"{kind.replace('_', '-')}@{state.lower()}.example.org",
        ))  # fmt: skip


def register_secretariat(actor: Actor) -> None:
    """Register the secretariat, which has no state."""
    data = AgencyData(SECRETARIAT, "secretariat", "CIFTA secretariat (demo)", STATES["USA"][0])
    agencies.register(actor=actor, data=data)


def wanted() -> list[tuple[str | None, str, str]]:
    """Return the accounts to be opened: state, role and agency."""
    of_states = [(state, role, code(state, WORKPLACES[role]))
                 for state in ASKING for role in ROLES if role in WORKPLACES]  # fmt: skip
    return [*of_states, (None, "secretariat", SECRETARIAT)]


def open_account(actor: Actor, role: str, agency: str) -> Account:
    """Open an account of a role, with a key; passwords and tokens are random, not facts."""
    username = _username(actor.state, role)
    _, password = accounts.open_account(actor=actor, data=AccountData(username, role, agency))
    return _with_key(actor, role, password)


def are_of_this_region(known: Sequence[Account]) -> bool:
    """Tell whether any of the tokens opens it; single ones may have been revoked meanwhile."""
    return any(_opens(account.token) for account in known)


def _opens(token: str) -> bool:
    try:
        with transaction(operator(None)):
            authentication.actor_of(token)
    except Unauthenticated:
        return False
    return True


def renew_all() -> list[Account]:
    """Give every account that is still open a new password and key: the old ones stand hashed."""
    renewed = []
    for state, role, _ in wanted():
        actor = operator(state)
        with transaction(actor), suppress(NotFound):
            password = accounts.renew_password(actor=actor, username=_username(state, role))
            renewed.append(_with_key(actor, role, password))
    return renewed


def _username(state: str | None, role: str) -> str:
    return f"{state.lower()}.{role}" if state else role


def _with_key(actor: Actor, role: str, password: str) -> Account:
    username = _username(actor.state, role)
    _, token = keys.issue(actor=actor, data=KeyData(username, "demo", LASTING_DAYS))
    return Account(actor.state, role, username, password, token)
