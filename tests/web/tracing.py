"""Asking for a trace on its page, and taking a step of one, as tests of these pages do."""

import re
from typing import Any

SEEN = re.compile(r'name="expected_version" value="([0-9]+)"')


def typed(**changes: str) -> dict[str, str]:
    """Return what is typed to ask for a trace; a dot of a field is two lines under."""
    result = {
        "firearm.serial": "ABC123456",
        "firearm.type": "pistol",
        "firearm.make": "Taurus",
        "firearm.calibre": "9x19",
        "found_on": "2026-03-01",
        "case_number": "C-9",
        "priority": "routine",
        "legal_basis": "Law 1",
        "illicit_reason": "used_in_crime",
        "circumstances": "Found in a vehicle",
        "intended_use": "intelligence",
    }
    return result | {name.replace("__", "."): text for name, text in changes.items()}


def step(
    analyst: Any, trace: Any, name: str, expect: int = 303, seen: str | None = None, **fields: str
) -> Any:
    """Take a step of a trace as its form was opened, or as a version that was `seen`."""
    path = f"/traces/{trace['id']}/{name}"
    [shown] = SEEN.findall(analyst.open(path))
    return analyst.send(path, {"expected_version": seen or shown} | fields, expect)
