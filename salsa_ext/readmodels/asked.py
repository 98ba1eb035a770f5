"""Makes, calibres and types that a typed text may mean, with how sure that is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select

from salsa_ext.db import db
from salsa_ext.matching.likeness import Candidate
from salsa_ext.matching.names import fold
from salsa_ext.models import Alias
from salsa_ext.readmodels import names
from salsa_ext.readmodels.pages import Page

MOST = 10


@dataclass(frozen=True)
class Asked:
    """A row of reference data with its name, and how sure it is that a text means it.

    Without a text sureness and `how` are None; what begins as the text does has no sureness.
    """

    row: Any
    name: str
    sureness: float | None = None
    how: str | None = None
    is_certain: bool | None = None


def find(
    kind: str, model: Any, language: str, text: str, limit: int, cursor: str | None
) -> Page[Asked]:
    """Return what a text may mean, the surest first, then what begins as it does, by code."""
    found = list(_found(kind, text))
    codes = [one.code for one in found]
    begin = codes.index(cursor) + 1 if cursor in codes else 0
    page = found[begin : begin + limit]
    wanted = select(model).where(model.code.in_([one.code for one in page]))
    rows = {row.code: row for row in db.session.scalars(wanted)}
    certain = names.resolve(kind, text)
    items = [
        replace(listed(kind, rows[one.code], language), sureness=one.sureness or None, how=one.how,
                is_certain=one.code == certain)
        for one in page
    ]  # fmt: skip
    return Page(items, page[-1].code if len(found) > begin + limit else None)


def _found(kind: str, text: str) -> Iterator[Candidate]:
    likely = names.candidates(kind, text, MOST)
    yield from likely
    if folded := fold(kind, text):  # every name begins with nothing
        begins = Alias.folded.startswith(folded, autoescape=True)
        known = [one.code for one in likely]
        wanted = select(Alias.code).where(Alias.kind == kind, begins, Alias.code.not_in(known))
        for code in db.session.scalars(wanted.distinct().order_by(Alias.code)):
            yield Candidate(code, 0.0, "begins")


def listed(kind: str, row: Any, language: str) -> Asked:
    """Return a row that nobody asked for, with its name in a language."""
    return Asked(row, getattr(row, "name", None) or names.label(kind, row.code, language))
