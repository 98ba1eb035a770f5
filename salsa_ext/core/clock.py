"""Clocks of actors; only the demo and tests use a fixed one."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Source of the current time."""

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""


class SystemClock:
    """Clock of the machine."""

    def now(self) -> datetime:
        """Return the current time in UTC."""
        return datetime.now(UTC)


@dataclass(frozen=True)
class FixedClock:
    """Clock stopped at `at` (aware)."""

    at: datetime

    def now(self) -> datetime:
        """Return `at`."""
        return self.at


SYSTEM_CLOCK = SystemClock()
