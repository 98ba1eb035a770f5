"""Known words that a word which nobody knows may stand for; never taken for it, only named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract
from sqlalchemy import select

from salsa_ext.db import db
from salsa_ext.matching.names import fold
from salsa_ext.models import Alias, Calibre, Make
from salsa_ext.readmodels import names

MOST: Final = 3
LIKE: Final = 0.65
"""The least share of a word that has to be the same."""
NAMED: Final[Mapping[str, type[Make] | type[Calibre]]] = {"make": Make, "calibre": Calibre}


@dataclass(frozen=True)
class Suggestion:
    """A code that a field takes, and its name."""

    code: str
    name: str


def nearest(kind: str, text: str, language: str) -> list[Suggestion]:
    """Return the makes, calibres or types that are written most like a text, the nearest first."""
    known = dict(
        db.session.execute(select(Alias.folded, Alias.code).where(Alias.kind == kind)).all()
    )
    found = extract(fold(kind, text), known.keys(), scorer=OSA.normalized_similarity,
                    processor=None, score_cutoff=LIKE, limit=MOST * 10)  # fmt: skip
    codes = list(dict.fromkeys(known[folded] for folded, *_ in found))[:MOST]
    named = _names(kind, codes, language)
    return [Suggestion(code, named.get(code, code)) for code in codes]


def _names(kind: str, codes: list[str], language: str) -> dict[str, str]:
    """Return the names of codes: those of types by language, of makes and calibres their own."""
    if (table := NAMED.get(kind)) is None:
        return names.labels(kind, language)
    wanted = select(table.code, table.name).where(table.code.in_(codes))
    return dict(db.session.execute(wanted).all()) if codes else {}
