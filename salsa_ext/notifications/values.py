"""Notices to states, and filters for marking them read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from salsa_ext.core.codes import NOTIFICATION_CODES, ROLES


@dataclass(frozen=True)
class Notice:
    """Notice to roles of `state` about one object.

    `subject_state` owns the object and may be another state. `number` is its natural number; `data`
    holds ids and codes, never personal values. With `account` only that account is notified; with
    `agencies` only their officers.
    """

    state: str
    roles: tuple[str, ...]
    code: str
    subject_kind: str
    subject_id: UUID
    subject_state: str
    number: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
    account: UUID | None = None
    agencies: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        """Raise AssertionError for an unknown code or role (a programming error)."""
        if self.code not in NOTIFICATION_CODES:
            raise AssertionError(f"no such notification: {self.code}")
        if not self.roles or not set(self.roles) <= set(ROLES):
            raise AssertionError(f"no roles to tell: {self.roles}")


@dataclass(frozen=True)
class ReadFilter:
    """Notifications to mark read: by kind or code, raised until a moment."""

    kind: str | None = None
    code: str | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class AssigneeData:
    """Username of the own state's account to assign."""

    username: str
