"""What a state asks of the origin of a record, and what the origin answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True)
class ConsentData:
    """A use of a record in a case: to name its private persons, in court, or onward to `to`.

    `compelled` asks nothing: it tells the origin that the law forces the disclosure (CIFTA XII).
    """

    record: UUID
    use: str
    case_number: str
    reason: str
    to: str | None = None


@dataclass(frozen=True)
class Granting:
    """Through which day a use is allowed, and what else the asking state should know."""

    expires_on: date
    reason: str | None = None
