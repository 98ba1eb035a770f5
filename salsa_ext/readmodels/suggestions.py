"""Known words that a word which nobody knows may stand for; never taken for it, only named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from salsa_ext.readmodels import names

MOST: Final = 3


@dataclass(frozen=True)
class Suggestion:
    """A code that a field takes, and its name."""

    code: str
    name: str


def nearest(kind: str, text: str, language: str) -> list[Suggestion]:
    """Return the makes, calibres or types that a text may mean, the surest first; no importers.

    What is asked of the database is kept, so that many words ask no more than one.
    """
    likely = [one.code for one in names.candidates(kind, text) if one.how != "importer"]
    return [Suggestion(code, names.title(kind, code, language)) for code in likely[:MOST]]
