"""Persons and firms as documents name them: the only place of personal values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Party:
    """Somebody that a document names (the party block of Model Regulations 2.2, 3.2 and 4.2)."""

    name: str
    kind: str
    country: str
    address: str | None = None
    contact: str | None = None
    identification: str | None = None
    licence: str | None = None
