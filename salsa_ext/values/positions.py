"""What a state says to a discrepancy."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Saying:
    """A state's words to a discrepancy: why it is so, or why it is looked at anew."""

    text: str | None = None


@dataclass(frozen=True)
class Assigning:
    """Who works on it: the user name of an account of the own state."""

    username: str
