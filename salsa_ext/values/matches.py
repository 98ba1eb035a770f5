"""What a person says to a match."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Deciding:
    """Why a match is confirmed or rejected; nobody outside the own state reads it."""

    reason: str | None = None
