"""The acting person or program, with the clock and the vault of the installation."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from salsa_ext.core.clock import SYSTEM_CLOCK, Clock


class Vault(Protocol):
    """Encryption with the master key of the installation."""

    def seal(self, secret: bytes, name: str) -> bytes:
        """Encrypt a secret for storage under `name`."""

    def open(self, sealed: bytes, name: str) -> bytes:
        """Decrypt a secret of `name`."""

    def derive(self, name: str) -> bytes:
        """Derive a 32-byte key for `name`."""


class NoVault:
    """Vault of actors that sign nothing: any use is a defect."""

    def seal(self, secret: bytes, name: str) -> bytes:
        """Raise AssertionError."""
        raise AssertionError(f"an actor without a vault needs the key {name}")

    open = seal

    def derive(self, name: str) -> bytes:
        """Raise AssertionError."""
        return self.seal(b"", name)


NO_VAULT = NoVault()


@dataclass(frozen=True)
class Purpose:
    """Reason of a query: a code with its case or incident number.

    `incident` replaces the case for `street` and `border`. `about` holds the ids of the traces
    concerned; the audit refers to them.
    """

    code: str
    case_number: str | None = None
    incident: str | None = None
    about: tuple[str, ...] = ()


@dataclass(frozen=True)
class Actor:
    """Person or program acting for one agency of one state.

    `state` is None only for the secretariat. `permissions` are those of the role, reduced to the
    scopes of the key. `officer` is the agency's number of the officer, never a name. `is_automatic`
    marks acts of the service without a person; `cause` is the audit entry that a job follows.
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
    cause: UUID | None = None
    clock: Clock = field(default=SYSTEM_CLOCK, compare=False)
    vault: Vault = field(default=NO_VAULT, compare=False)

    def now(self) -> datetime:
        """Return the current time of the actor's clock."""
        return self.clock.now()

    def own_state(self) -> str:
        """Return the state; raises AssertionError for an actor without a state."""
        if self.state is None:
            raise AssertionError("a command of a state was reached without one")
        return self.state

    def for_purpose(self, purpose: Purpose | None) -> Actor:
        """Return a copy of the actor with this purpose."""
        return replace(self, purpose=purpose)

    def for_trace(self, case_number: str, trace_id: UUID | str) -> Actor:
        """Return a copy of the actor that investigates a case, for a trace."""
        return self.for_purpose(Purpose("investigation", case_number, about=(str(trace_id),)))
