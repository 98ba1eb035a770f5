"""What is changed of a document that stands: the facts, and how the change is authenticated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from salsa_ext.values.permits import Authority


@dataclass(frozen=True)
class Amendment:
    """New values of amendable fields by name, and how the change is made visible (8.5).

    `authentication` is the sign on the face of the document: a stamp, a seal, a signature.
    """

    changes: Mapping[str, Any]
    authentication: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Decision:
    """Why an authority cancels, suspends or reinstates a document."""

    reason: str


@dataclass(frozen=True)
class Reissue:
    """A new permit for what is left of an old one: its own number and dates (8.2).

    `quantities` are by line; a line that is left out gets all that is left of it, and one of which
    nothing is left is not reissued.
    """

    number: str
    issued_on: date
    expires_on: date
    authority: Authority
    latest_import_on: date | None = None
    quantities: Mapping[int, Decimal] = field(default_factory=dict)
