"""What every check tells and what seldom changes: kept by each process for a minute, and no secret.

Whom to call in a state, and how far its records reach. Both are public among the participating
states, and neither is read where something is decided.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from salsa_ext.readmodels import contacts, marks
from salsa_ext.readmodels.contacts import Office
from salsa_ext.readmodels.marks import Coverage

FRESH: Final = 60.0  # seconds
_kept: dict[str, tuple[float, Any]] = {}


def office_of(state: str) -> Office | None:
    """Return whom to call in a state, as it was at most a minute ago."""
    found: Office | None = _lately(state, lambda: contacts.contact_of(state))
    return found


def coverage() -> Sequence[Coverage]:
    """Return every state's coverage, as it was at most a minute ago."""
    found: Sequence[Coverage] = _lately("coverage", marks.coverage)
    return found


def forget() -> None:
    """Drop what is kept in memory; for tests and for those who fill a database."""
    _kept.clear()


def _lately(name: str, read: Callable[[], Any]) -> Any:
    since, found = _kept.get(name, (float("-inf"), None))
    if time.monotonic() - since >= FRESH:
        found = read()
        _kept[name] = time.monotonic(), found
    return found
