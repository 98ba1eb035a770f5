"""Who acts: detached from the database, so that it survives transactions and caches."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from salsa_ext.clock import SYSTEM, Clock


@dataclass(frozen=True)
class Purpose:
    """Why somebody looks: a code, and the case or, for `street` and `border`, the incident.

    `about` are the traces for which he does: what is written down is of them.
    """

    code: str
    case_number: str | None = None
    incident: str | None = None
    about: tuple[str, ...] = ()


@dataclass(frozen=True)
class Actor:
    """A person or program that acts for one agency of one state.

    `state` is None for the secretariat alone. `permissions` are what the key's scopes leave of
    the role's. `officer` is the agency's own number of the officer, never a name. `is_automatic` is the
    service itself, for which no person acts.
    """

    state: str | None
    role: str
    permissions: frozenset[str]
    agency: str | None = None
    account_id: UUID | None = None
    key_id: UUID | None = None
    officer: str | None = None
    purpose: Purpose | None = None
    request_id: str | None = None
    language: str = "en"
    is_automatic: bool = False
    clock: Clock = field(default=SYSTEM, compare=False)

    def now(self) -> datetime:
        """Return the present moment of the actor's clock."""
        return self.clock.now()

    def own_state(self) -> str:
        """Return the state; for commands whose permission no stateless role has."""
        if self.state is None:
            raise AssertionError("a command of a state was reached without one")
        return self.state

    def for_purpose(self, purpose: Purpose | None) -> Actor:
        """Return the same actor, looking for `purpose`."""
        return replace(self, purpose=purpose)
