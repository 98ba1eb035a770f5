"""Decisions on matches, and matches of a document's items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from salsa_ext.firearms.search.values import Candidate


@dataclass(frozen=True)
class DecisionData:
    """The reason of a decision on a match; internal to the state."""

    reason: str | None = None


@dataclass(frozen=True)
class ItemMatches:
    """One item's candidates; empty if matched later.

    `more` counts others that fit less well and are not listed; a check of the serial lists them.
    """

    line: int
    candidates: Sequence[Candidate]
    is_pending: bool = False
    more: int = 0
