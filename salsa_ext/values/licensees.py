"""Licensees as a state registers them, and what others ask of the register (CIFTA XIII)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from salsa_ext.values.parties import Party

TRANSITIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "suspend": {"active": "suspended"},
    "reinstate": {"suspended": "active"},
    "revoke": {"active": "revoked", "suspended": "revoked"},
    "close": {"active": "defunct", "suspended": "defunct", "revoked": "defunct"},
}
RENEWABLE: Final = ("active", "suspended")


@dataclass(frozen=True)
class LicenseeData:
    """Somebody with a licence: its number, what it is for, and from when to when it is valid.

    A licence without `valid_to` has no end.
    """

    number: str
    roles: tuple[str, ...]
    party: Party
    valid_from: date
    valid_to: date | None = None


@dataclass(frozen=True)
class Decision:
    """Why and on which day a licence changes its status.

    `books_with`, for a firm that closes, is the number of the licensee or the code of the agency
    of the same state that holds its books from now on.
    """

    reason: str
    on: date
    books_with: str | None = None


@dataclass(frozen=True)
class Asked:
    """Whether somebody may do, in one role on one day, what a document says of him.

    He is found by the number of his licence where the document gives it, else by his name. A licence
    that is suspended, revoked or closed `until` the last day of the document counts as it would on
    the day itself.
    """

    role: str
    name: str
    licence: str | None
    on: date
    until: date | None = None


class Verdict(StrEnum):
    """What a register says of somebody."""

    AUTHORISED = "authorised"
    """His licence gives the role, and did on that day."""
    NOT_ACTIVE = "not_active"
    """It was suspended, revoked or closed by then."""
    EXPIRED = "expired"
    """The day lies outside of its validity."""
    WRONG_ROLE = "wrong_role"
    """It gives other roles alone."""
    NOT_REGISTERED = "not_registered"
    """The register does not know him."""
    NO_REGISTER = "no_register"
    """The state keeps no licensee of that role, so that nothing can be said."""
