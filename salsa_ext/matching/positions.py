"""What the positions of the states make of a discrepancy."""

from __future__ import annotations

from collections.abc import Collection


def status_of(before: str, stances: Collection[str]) -> str:
    """Return the status of a discrepancy whose facts stand; `stances` are those of all states.

    It is agreed when every state agrees, explained when at least one has said why. Where none has
    said anything it is open, or reopened if it ever was more than that.
    """
    if all(stance == "agreed" for stance in stances):
        return "agreed"
    if any(stance != "open" for stance in stances):
        return "explained"
    return "open" if before == "open" else "reopened"
