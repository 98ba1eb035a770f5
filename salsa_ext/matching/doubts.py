"""What does not add up about a permit or a shipment, as its facts show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Doubt:
    """One thing that does not add up: a discrepancy's `kind`, and what tells it from its like.

    `key` is a field, a line, a stage or a state's code; empty where a document has one such doubt
    at most. `data` says what each side states, in codes, numbers, dates and serials, and never
    holds a personal value. A doubt that stands with other data is a new fact.
    """

    kind: str
    key: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
