"""What a state is told of what others did."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from salsa_ext.values.codes import NOTIFICATIONS, ROLES


@dataclass(frozen=True)
class Notice:
    """One thing that `state` is told: to which of its roles, what happened, and to which object.

    `subject_state` owns the object, which may be another state than the one that is told. `number`
    is the object's natural number; `data` holds ids and codes, never a personal value. Where an
    `account` is named, it alone is told; where `agencies` are, the officers of these.
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
        """Refuse what no reader could be told: an error of the command, never of its caller."""
        if self.code not in NOTIFICATIONS:
            raise AssertionError(f"no such notification: {self.code}")
        if not self.roles or not set(self.roles) <= set(ROLES):
            raise AssertionError(f"no roles to tell: {self.roles}")


@dataclass(frozen=True)
class ReadingMany:
    """Notifications that somebody read at once: those of a kind or of a code, told until a moment."""

    kind: str | None = None
    code: str | None = None
    until: datetime | None = None
