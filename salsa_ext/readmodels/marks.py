"""The search over mark_key: the one reader that sees the keys of all states."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import func, select, text

from salsa_ext.db import NO_STATE, ask, db
from salsa_ext.matching import neighbours
from salsa_ext.matching.events import SETTLING_NOTHING
from salsa_ext.matching.evidence import WEIGHTS, Description
from salsa_ext.matching.marks import skeleton
from salsa_ext.matching.neighbours import make_code
from salsa_ext.readmodels import names

CANDIDATES = 60
TIER_BITS: Final = (-8.0, -17.0, -12.0)  # one error, two, a part: before each is compared
FITS: Final = 10.0  # bits; what fits all that was read of a mark in part


class Held(NamedTuple):
    """One key that some state holds, of a version of its record."""

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
    record_version: int


@dataclass(frozen=True)
class Sought:
    """A mark that is looked for.

    `is_whole` where every glyph of it was read, so that its own key is looked up; `is_near` where
    marks that are near are looked for too. `is_mark` is False of a text that holds marks beside other
    words: it is looked for as it was written, and each of its marks by itself.
    """

    norm: str
    value: int
    is_whole: bool = True
    is_near: bool = False
    is_mark: bool = True


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
    place. Where `settles`, what is only near a mark is not looked for where a record that is shown
    settles it (`settles_one`); it does so for who asks without what is silent alone.
    """
    asker = asker or NO_STATE
    found = _exact(sought, asker) if settles and silent is False else []
    settling = [held for held in found if settles_one(held, asked, asker)]
    left = unsettled(sought, settling)
    if settling and not left and _are_few(found):
        return found
    gun = _asked_by(sought, left and [*left, *_texts_of(sought)], asked)
    rows = db.session.execute(_STATEMENT, gun | _asked_of_all(asker, silent))
    return [Held(*row) for row in rows]


def holding_each(
    guns: Sequence[tuple[Sequence[Sought], Description]], asker: str | None, *, silent: bool | None
) -> list[list[Held]]:
    """Return what `holding` does of each of several guns where nothing settles it, by one question for all."""
    asked = [
        _asked_by(sought, [*unsettled(sought, ()), *_texts_of(sought)], gun) | {"at": at}
        for at, (sought, gun) in enumerate(guns)
    ]
    found: list[list[Held]] = [[] for _ in guns]
    said = _asked_of_all(asker or NO_STATE, silent) | {"asked": json.dumps(asked)}
    for at, *row in db.session.execute(_STATEMENT_OF_EACH, said) if asked else ():
        found[at].append(Held(*row))
    return found


def _asked_by(
    sought: Sequence[Sought], near: Sequence[Sought], asked: Description
) -> dict[str, Any]:
    return _keys(sought, near) | {
        "make": asked.make, "make_code": make_code(asked.make), "type": asked.type,
        "country": asked.country, "year": asked.year,
        "calibres": _texts(names.calibres(asked.calibre_family)), "patterns": _patterns(sought),
    }  # fmt: skip


def _asked_of_all(asker: str, silent: bool | None) -> dict[str, Any]:
    return {"asker": asker, "silent": silent, "weights": _WEIGHTS, "most": CANDIDATES}


def _exact(sought: Sequence[Sought], asker: str) -> list[Held]:
    """Return who holds the very marks and may be shown: most that is asked for is held as it was read."""
    if not (keys := [one.value for one in sought if one.is_whole]):
        return []
    rows = ask(EXACT, {"keys": keys, "asker": asker, "most": CANDIDATES + 1})
    return [Held(*row) for row in rows.fetchall()]


def _are_few(found: Sequence[Held]) -> bool:
    """Tell whether all that was found is shown; a crowd is left to `salsa_near`, which ranks before it cuts."""
    return len(found) <= CANDIDATES


def unsettled(sought: Iterable[Sought], settling: Iterable[Held]) -> list[Sought]:
    """Return the marks that are looked for by what is near them, and that no record settles.

    A gun bears several numbers. That one of them is held somewhere says nothing of what was misread
    of another: the number of a barrel may be the serial of a gun of the same make.
    """
    settled = {skeleton(one.serial_norm) for one in settling}
    return [
        one for one in sought
        if one.is_near and one.is_mark and not (one.is_whole and skeleton(one.norm) in settled)
    ]  # fmt: skip


def _texts_of(sought: Iterable[Sought]) -> list[Sought]:
    return [one for one in sought if one.is_near and not one.is_mark]


def settles_one(
    held: Held, asked: Description, asker: str, nothing: Collection[str] = SETTLING_NOTHING
) -> bool:
    """Tell whether a record settles what is asked of its mark: the asker may read it, and it agrees in all.

    Make and calibre it has to say itself, where they are asked: a bare one agrees with every gun.
    `nothing` are the events that settle nothing.
    """
    if held.is_superseded or held.event in nothing or not (
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


def _keys(sought: Sequence[Sought], near: Sequence[Sought]) -> dict[str, str | None]:
    """Return the keys of all that is sought, and by how near it can be what is found `near` some of it."""
    forms = [neighbours.sought(one.norm) for one in near]
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
    f"SELECT {', '.join(Held._fields)} FROM salsa_near(:asker, :keys, :norms, :one,"  # noqa: S608 - names of columns
    " :two, :part, CAST(:make_code AS smallint), :make, :calibres, :type, :country,"
    " CAST(:year AS smallint), :weights, :silent, :most, :patterns)"
)
_STATEMENT_OF_EACH = text(
    f"SELECT a.at, {', '.join(f'n.{name}' for name in Held._fields)}"  # noqa: S608 - names of columns
    " FROM jsonb_to_recordset(CAST(:asked AS jsonb)) AS a (at integer, keys text, norms text, one text,"
    " two text, part text, make_code smallint, make text, calibres text, type text, country text,"
    " year smallint, patterns text)"
    " CROSS JOIN LATERAL salsa_near(:asker, CAST(a.keys AS bigint[]), CAST(a.norms AS text[]),"
    " CAST(a.one AS bigint[]), CAST(a.two AS bigint[]), CAST(a.part AS bigint[]), a.make_code, a.make,"
    " CAST(a.calibres AS text[]), a.type, CAST(a.country AS char(3)), a.year, :weights, :silent, :most,"
    f" CAST(a.patterns AS text[])) WITH ORDINALITY AS n ({', '.join(Held._fields)}, place)"
    " ORDER BY a.at, n.place"
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
