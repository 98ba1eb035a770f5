"""The search over mark_key: the one reader that sees the keys of all states."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import func, select, text

from salsa_ext.db import NO_STATE, ask, db
from salsa_ext.matching import neighbours
from salsa_ext.matching.events import SETTLING_NOTHING
from salsa_ext.matching.evidence import WEIGHTS, Description
from salsa_ext.matching.neighbours import make_code
from salsa_ext.readmodels import names

CANDIDATES = 60
ENOUGH = (
    12  # marks of the make at one error; of what is further away none would be among the ten shown
)
TIER_BITS: Final = (-8.0, -17.0, -12.0)  # one error, two, a part: before each is compared
FITS: Final = 10.0  # bits; what fits all that was read of a mark in part


class Held(NamedTuple):
    """One key that some state holds."""

    record_id: UUID
    state: str
    serial_norm: str
    event: str
    occurred_on: date
    make: str | None
    model: str | None
    calibre: str | None
    type: str | None
    country: str | None
    year: int | None
    visibility: str
    is_superseded: bool


@dataclass(frozen=True)
class Sought:
    """A mark that is looked for.

    `is_whole` where every glyph of it was read, so that its own key is looked up; `is_near` where
    marks that are near are looked for too.
    """

    norm: str
    value: int
    is_whole: bool = True
    is_near: bool = False


class Coverage(NamedTuple):
    """How far the records of a state reach: how many, and the day of the newest."""

    state: str
    records: int
    through: date


def holding(
    sought: Sequence[Sought],
    asked: Description,
    asker: str | None,
    *,
    settles: bool = True,
    silent: bool | None = None,
) -> list[Held]:
    """Return who holds marks that are, or are near, the sought ones, whatever their visibility.

    The caller must heed it, or asks with `silent` for what others keep silent alone (True) or for
    all but that (False). Of a crowd the likeliest come first, before the rest is cut: what has
    the same key, then what is nearer, then what agrees in the fields that `asked` gives. What the
    asker may not read is placed by its nearness alone, and what must not be shown takes nobody's
    place. Where `settles`, marks that are only near are looked for unless a record that is shown
    agrees in all that is asked.
    """
    if settles and silent is False and (found := _settled(sought, asked, asker or NO_STATE)):
        return found
    rows = db.session.execute(_STATEMENT, _keys(sought) | {
        "settles": settles, "asker": asker or NO_STATE, "make": asked.make,
        "make_code": make_code(asked.make), "type": asked.type, "country": asked.country,
        "year": asked.year, "calibres": _texts(names.calibres(asked.calibre_family)),
        "weights": _WEIGHTS, "silent": silent, "most": CANDIDATES, "patterns": _patterns(sought),
    })  # fmt: skip
    return [Held(*row) for row in rows]


def _settled(sought: Sequence[Sought], asked: Description, asker: str) -> list[Held]:
    """Return who holds the very marks, where one of them settles the search; else nobody.

    Most that is asked for is held as it was read, and such a look costs a tenth of a search. What
    `salsa_near` says settles is said here again; a crowd is left to it, which ranks before it cuts.
    """
    if not (keys := [one.value for one in sought if one.is_whole]):
        return []
    rows = ask(EXACT, {"keys": keys, "asker": asker, "most": CANDIDATES + 1}).fetchall()
    found = [Held(*row) for row in rows]
    is_settled = any(_settles(held, asked, asker) for held in found)
    return found if is_settled and len(found) <= CANDIDATES else []


def _settles(held: Held, asked: Description, asker: str) -> bool:
    """Tell whether a record that the asker may read agrees in all that is asked."""
    if held.is_superseded or held.event in SETTLING_NOTHING or not (
        held.state == asker or held.visibility == "open"
    ):  # fmt: skip
        return False
    calibres = names.calibres(asked.calibre_family)
    return (
        (asked.make is None or held.make == asked.make)
        and (calibres is None or held.calibre in calibres)
        and _agrees(held.type, asked.type)
        and _agrees(held.country, asked.country)
        and _agrees(held.year, asked.year)
    )


def _agrees(held: object, asked: object) -> bool:
    return asked is None or held is None or held == asked


def _keys(sought: Sequence[Sought]) -> dict[str, str | None]:
    """Return the keys of all that is sought, by how near what they find can be."""
    forms = [neighbours.sought(one.norm) for one in sought if one.is_near]
    return {
        "keys": _numbers(one.value for one in sought if one.is_whole),
        "norms": _texts([one.norm for one in sought if one.is_whole]),
        "one": _numbers(key for form in forms for key in form.one),
        "two": _numbers(key for form in forms for key in form.two),
        "part": _numbers(key for form in forms for key in form.part),
    }


def _patterns(sought: Sequence[Sought]) -> str | None:
    return _texts([found for one in sought if (found := neighbours.pattern(one.norm))])


def _numbers(values: Iterable[float]) -> str:
    """Return PostgreSQL's text of an array: it is read much faster than an expression of so many."""
    return "{" + ",".join(map(str, values)) + "}"


def _texts(values: Sequence[str] | None) -> str | None:
    if values is None:
        return None
    return "{" + ",".join('"' + re.sub(r'(["\\])', r"\\\1", value) + '"' for value in values) + "}"


_STATEMENT = text(
    f"SELECT {', '.join(Held._fields)} FROM salsa_near(:asker, :settles, :keys, :norms, :one,"  # noqa: S608 - names of columns
    " :two, :part, CAST(:make_code AS smallint), :make, :calibres, :type, :country,"
    " CAST(:year AS smallint), :weights, :silent, :most, :patterns)"
)
EXACT: Final = (
    f"SELECT {', '.join(Held._fields)} FROM mark_key"  # noqa: S608 - names of columns
    " WHERE key = ANY(%(keys)s::bigint[]) AND NOT is_void"
    " AND (state = %(asker)s OR visibility <> 'silent') ORDER BY is_superseded,"
    " CASE WHEN state = %(asker)s OR visibility = 'open' THEN occurred_on END DESC NULLS LAST,"
    " mark_id LIMIT %(most)s"
)
_COVERAGE: Final = (
    "SELECT state, sum(amount), max(period) FROM ("
    "SELECT state, period, sum(amount) AS amount FROM ("
    "SELECT state, amount, period FROM rollup WHERE dataset = 'coverage'"
    " UNION ALL SELECT state, amount, period FROM rollup_delta WHERE dataset = 'coverage'"
    ") told GROUP BY state, period HAVING sum(amount) > 0) days GROUP BY state ORDER BY state"
)
_PLACED_BY = ("make", "calibre_family", "type", "country", "year")
_WEIGHTS = _numbers(
    [bits for name in _PLACED_BY for weight in WEIGHTS if weight.name == name
     for bits in (weight.agrees, weight.differs)] + [*TIER_BITS, FITS]
)  # fmt: skip


def owner_of(record_id: UUID) -> tuple[str, str] | None:
    """Return the state that owns a record, and the record's visibility."""
    found = func.salsa_record(record_id).table_valued("state", "visibility")
    row = db.session.execute(select(found.c.state, found.c.visibility)).first()
    return (row.state, row.visibility) if row else None


def coverage() -> list[Coverage]:
    """Return every state's coverage, from sums that leave `silent` records out.

    A day of which nothing is left does not count: that it is there would tell of what became
    `silent`, and so would a state without any record.
    """
    rows = ask(_COVERAGE).fetchall()
    return [Coverage(state, int(records), through) for state, records, through in rows]
